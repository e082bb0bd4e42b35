"""`tiffin bench`: measure one promise of the design, on servers of the benchmark's own."""

from typing import Annotated

import typer


def bench(
    name: Annotated[str, typer.Argument(help="Which benchmark, or `all`.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Run a benchmark and print its figures."""
    from tiffin.bench.main import run

    run(name, as_json=as_json)
