"""`tiffin doctor`: look at every part and say what to do about each that is not well.

With no servers given and no data yet, it starts the embedded ones in a temporary folder, to show that they can.
"""

import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from tiffin.base.settings import Settings
from tiffin.cli.checks import Finding, Verdict, check_database, check_machine, check_nats, check_storage, finding
from tiffin.cli.console import CommandFailed, console, load_settings, run
from tiffin.cli.servers import reachable
from tiffin.embedded import EmbeddedServerFailed

_MARKS = {Verdict.FINE: "[green]✓[/]", Verdict.WATCH: "[yellow]![/]", Verdict.FAILED: "[bold red]✗[/]"}


def doctor() -> None:
    """Check every part and say what to do."""
    findings = run(_examine(load_settings()))
    _show(findings)
    failed = sum(one.verdict is Verdict.FAILED for one in findings)
    if failed:
        console.print(f"[bold red]✗[/] {failed} of {len(findings)} need something done")
        raise typer.Exit(1)
    console.print(f"[green]✓[/] All {len(findings)} in order")


def _show(findings: list[Finding]) -> None:
    table = Table("", "part", "found", "what to do")
    for one in findings:
        table.add_row(_MARKS[one.verdict], *map(escape, (one.part, one.found, one.advice)))
    console.print(table)


async def _examine(settings: Settings) -> list[Finding]:
    findings = [*check_machine(settings), await check_storage(settings)]
    try:
        async with _servers(settings) as (where, found):
            findings.append(finding("Servers", where))
            assert found.database_url is not None
            findings += await check_database(found.database_url.get_secret_value())
            if found.nats_url is None:
                findings.append(finding("NATS", "not set", failed="set TIFFIN_NATS_URL as well"))
            else:
                findings += await check_nats(found.nats_url.get_secret_value())
    except (CommandFailed, EmbeddedServerFailed) as error:
        findings.append(finding("Servers", "cannot be reached", failed=str(error)))
    return findings


@contextlib.asynccontextmanager
async def _servers(settings: Settings) -> AsyncIterator[tuple[str, Settings]]:
    """Where the servers are, and settings that point at them."""
    if settings.database_url is not None:
        yield "as TIFFIN_DATABASE_URL and TIFFIN_NATS_URL say", settings
    elif (settings.data_dir / "postgres" / "data").exists():
        async with reachable(settings) as found:
            yield "embedded, in the data folder", found
    else:
        with _temporary_folder() as folder:
            trial = settings.model_copy(update={"data_dir": folder})
            async with reachable(trial, create=True) as found:
                yield "embedded, tried in a temporary folder", found


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tiffin-doctor-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
