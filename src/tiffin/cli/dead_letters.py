"""`tiffin dead-letters`: work that failed every attempt; look at it, mend the cause, put it back."""

from typing import Annotated
from uuid import UUID

import orjson
import typer
from rich.markup import escape
from rich.table import Table

from tiffin.cli.console import CommandFailed, console, load_settings, run
from tiffin.cli.servers import connected, reachable

app = typer.Typer(help="Work that failed every attempt.", no_args_is_help=True)

_PAGE = 1000


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1, max=_PAGE, help="At most so many, newest first.")] = 50) -> None:
    """List them, newest first."""
    run(_list(limit))


@app.command()
def show(letter_id: Annotated[UUID, typer.Argument(metavar="ID", help="As listed.")]) -> None:
    """Show one with its payload and its error."""
    run(_show(letter_id))


@app.command()
def requeue(
    letter_id: Annotated[UUID | None, typer.Argument(metavar="[ID]", help="As listed.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Put one, or all with --all, back among the work, with fresh attempts."""
    if (letter_id is None) != all_:
        raise CommandFailed("name one by its id, or all of them with --all", exit_code=2)
    run(_requeue(letter_id))


async def _list(limit: int) -> None:
    from tiffin.work.dead_letters import list_dead_letters

    async with reachable(load_settings()) as settings, connected(settings) as connection:
        letters = await list_dead_letters(connection, limit)
    if not letters:
        console.print("[green]✓[/] No dead letters")
        return
    table = Table("id", "consumer", "attempts", "died", "error")
    for letter in letters:
        lines = letter.error.strip().splitlines() or [""]
        cells = (letter.id, letter.consumer, letter.attempts, f"{letter.died_at:%Y-%m-%d %H:%M:%S}", lines[-1])
        table.add_row(*(escape(str(cell)) for cell in cells))
    console.print(table)


async def _show(letter_id: UUID) -> None:
    from tiffin.work.dead_letters import get_dead_letter

    async with reachable(load_settings()) as settings, connected(settings) as connection:
        letter = await get_dead_letter(connection, letter_id)
    if letter is None:
        raise CommandFailed(f"there is no dead letter {letter_id}: `tiffin dead-letters list` shows those there are")
    for name in ("id", "consumer", "subject", "attempts", "created_at", "died_at"):
        console.print(f"[bold]{name:<12}[/]{escape(str(getattr(letter, name)))}")
    console.print("[bold]payload[/]")
    console.print(orjson.dumps(letter.payload, option=orjson.OPT_INDENT_2).decode(), markup=False)
    console.print("[bold]error[/]")
    console.print(letter.error, markup=False)


async def _requeue(letter_id: UUID | None) -> None:
    from tiffin.work.dead_letters import list_dead_letters, requeue

    done = 0
    async with reachable(load_settings()) as settings, connected(settings) as connection:
        if letter_id is not None:
            if not await requeue(connection, letter_id):
                raise CommandFailed(
                    f"there is no dead letter {letter_id}: `tiffin dead-letters list` shows those there are"
                )
            done = 1
        else:
            while letters := await list_dead_letters(connection, _PAGE):
                for letter in letters:
                    done += await requeue(connection, letter.id)
    console.print(f"[green]✓[/] Put back: {done}")
