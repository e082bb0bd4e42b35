"""`tiffin demo`: customers and kitchens of the demo city at work, through the public API, beside real visitors."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from tiffin.cli.console import CommandFailed
from tiffin.cli.up import require_free_port


def demo(
    seconds: Annotated[float | None, typer.Option(min=1, help="End after this long; without it, on Ctrl-C.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of all data; without it, a temporary one.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on.", show_default="8000, or a free one where that is taken")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same number gives the same crowd.")] = 1,
    orders_per_second: Annotated[float, typer.Option(min=0.01, help="How busy the city is.")] = 0.3,
) -> None:
    """Watch a city order, cook and deliver; ends with a count of what was lost or came twice."""
    from tiffin.demo import simulate

    chosen = port if port is not None else _usual_or_free()
    day = simulate.Day(seconds, data_dir, chosen, seed, orders_per_second)
    asyncio.run(simulate.main(day))


def _usual_or_free() -> int:
    """8000, or 0 where something listens there."""
    try:
        require_free_port("127.0.0.1", 8000)
    except CommandFailed:
        return 0
    return 8000
