"""`tiffin demo`: customers and kitchens of the demo city at work, through the public API."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def demo(
    seconds: Annotated[float | None, typer.Option(min=1, help="End after this long; without it, on Ctrl-C.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of all data; without it, a temporary one.")] = None,
    seed: Annotated[int, typer.Option(help="The same number gives the same crowd.")] = 1,
    orders_per_second: Annotated[float, typer.Option(min=0.01, help="How busy the city is.")] = 2.0,
) -> None:
    """Watch a city order, cook and deliver; ends with a count of what was lost or came twice."""
    from tiffin.demo import simulate

    asyncio.run(simulate.main(seconds=seconds, data_dir=data_dir, seed=seed, orders_per_second=orders_per_second))
