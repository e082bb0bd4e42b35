"""`tiffin epoch renew`: after a restore from a backup, tell clients that positions they hold mean nothing any more.

A restored database counts on from an earlier moment, so a position a client holds may soon stand for another event.
A new incarnation changes every topic's epoch; clients then load their state afresh.
"""

import typer

from tiffin.base.ids import new_secret
from tiffin.cli.console import console, load_settings, run
from tiffin.cli.servers import connected, reachable

app = typer.Typer(help="The line of history that clients' positions belong to.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Makes `renew` a command of its own, and leaves room for more."""


@app.command()
def renew() -> None:
    """Invalidate every client's positions; run it once after restoring a backup, before starting Tiffin."""
    run(_renew())


async def _renew() -> None:
    async with reachable(load_settings()) as settings, connected(settings) as connection:
        before = await connection.fetchval("SELECT cluster_epoch()")
        await connection.execute("UPDATE cluster SET incarnation = $1", new_secret()[:8])
        after = await connection.fetchval("SELECT cluster_epoch()")
    console.print(f"[green]✓[/] Epoch {before} is over, {after} has begun; clients load their state afresh")
