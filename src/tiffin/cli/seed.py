"""`tiffin seed`: fill a Tiffin with the demo city, for looking around and for development.

The city is made over the public API, as people would. That is the API of `--origin`, or of the `tiffin up` that runs
on the data folder, or at TIFFIN_PUBLIC_ORIGIN if the servers are given; else one is started for as long as it takes.
"""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import typer
from rich.progress import Progress

from tiffin.base.settings import Settings
from tiffin.cli.console import CommandFailed, console, load_settings, run, step
from tiffin.cli.servers import is_held, read_running

_RESTAURANTS, _STAFF, _CUSTOMERS = 12, 2, 20


def seed(
    origin: Annotated[str | None, typer.Option(help="The Tiffin to fill, as http://127.0.0.1:8000.")] = None,
) -> None:
    """Fill a Tiffin with twelve restaurants in Helsinki, their menus, staff and customers."""
    run(_seed(load_settings(), origin))


async def _seed(settings: Settings, given: str | None) -> None:
    from tiffin.demo import city

    steps = city.count_steps(restaurants=_RESTAURANTS, staff=_STAFF, customers=_CUSTOMERS)
    async with _api(settings, given) as origin:
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("Seeding the demo city", total=steps)
            with _unreachable_is_one_sentence(origin):
                said = await city.seed(
                    origin,
                    restaurants=_RESTAURANTS,
                    staff=_STAFF,
                    customers=_CUSTOMERS,
                    on_progress=lambda done: progress.advance(task, done),
                )
    console.print(f"[green]✓[/] {said}")


@contextlib.contextmanager
def _unreachable_is_one_sentence(origin: str) -> Iterator[None]:
    """Many requests run at once, so a lost connection comes as a group of errors."""
    from tiffin.client import ConnectionLost

    try:
        yield
    except ExceptionGroup as group:
        if group.subgroup(ConnectionLost) is None:
            raise
        raise CommandFailed(f"no Tiffin answers at {origin}: start one with `tiffin up`, or correct --origin") from None


@contextlib.asynccontextmanager
async def _api(settings: Settings, given: str | None) -> AsyncIterator[str]:
    """The origin of a Tiffin that runs."""
    running = read_running(settings.data_dir) if is_held(settings.data_dir) else None
    if given is not None:
        yield given.rstrip("/")
    elif running is not None and running.origin is not None:
        yield running.origin
    elif settings.database_url is not None:
        yield settings.public_origin
    else:
        from tiffin.demo.system import run_system

        async with contextlib.AsyncExitStack() as stack:
            with step("Starting Tiffin for this command"):
                system = await stack.enter_async_context(run_system(settings.data_dir))
            yield system.origin
