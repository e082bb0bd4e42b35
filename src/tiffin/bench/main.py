"""`tiffin bench NAME`: run it, show it."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from tiffin.bench import api, chat, fanout, idle, images, location, orders, reconnect, start
from tiffin.bench.report import write_report
from tiffin.bench.result import Result, describe_environment

# tells progress; silent with --json
Say = Callable[[str], None]
Benchmark = Callable[[Say], Awaitable[Result]]

BENCHMARKS: dict[str, Benchmark] = {
    "api": api.measure,
    "chat": chat.measure,
    "fanout": fanout.measure,
    "idle": idle.measure,
    "images": images.measure,
    "location": location.measure,
    "orders": orders.measure,
    "reconnect": reconnect.measure,
    "start": start.measure,
}
_DOCS = Path("docs")

console = Console(highlight=False, soft_wrap=True)
error_console = Console(stderr=True, highlight=False, soft_wrap=True)


def run(name: str, *, as_json: bool) -> None:
    """Run one benchmark, or `all`, which also writes docs/benchmarks.md. Exits with 2 for an unknown name."""
    if name != "all" and name not in BENCHMARKS:
        error_console.print(f"There is no benchmark {name!r}; known are: {', '.join(sorted(BENCHMARKS))}, all.")
        raise typer.Exit(2)
    if name != "all":
        _run_one(name, as_json=as_json)
        return
    results = [_run_or_tell(one, as_json=as_json) for one in BENCHMARKS]
    write_report(results, _DOCS)
    if not all(result.figures for result in results):
        raise typer.Exit(1)


def _run_or_tell(name: str, *, as_json: bool) -> Result:
    """One of all: what breaks it stands in the report and takes nothing from the others."""
    try:
        return _run_one(name, as_json=as_json)
    except Exception as error:
        error_console.print(f"{name} failed: {type(error).__name__}: {error}", markup=False)
        return Result(name, {}, describe_environment(), (f"failed: {type(error).__name__}: {error}",))


def _run_one(name: str, *, as_json: bool) -> Result:
    def say(line: str) -> None:
        error_console.print(f"[dim]{line}[/]")

    async def measure() -> Result:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # leave nothing behind
        return await BENCHMARKS[name](say)

    try:
        result = uvloop.run(measure())
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(result.to_json())
    else:
        _show(result)
    return result


def _show(result: Result) -> None:
    table = Table(title=f"bench {result.name}", title_justify="left")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for key, value in result.figures.items():
        table.add_row(key, f"{value:,}")
    console.print(table)
    for note in result.notes:
        console.print(f"· {note}", markup=False)
    console.print("  ".join(f"{key}: {value}" for key, value in result.environment.items()), style="dim", markup=False)
