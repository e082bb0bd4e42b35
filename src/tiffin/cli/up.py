"""`tiffin up`: everything on this machine, in one process and three children.

Starts PostgreSQL and NATS on the data folder, migrates, then runs every role until Ctrl-C. With
TIFFIN_DATABASE_URL and TIFFIN_NATS_URL set, it uses those servers and starts none.
"""

import asyncio
import contextlib
import importlib
import os
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from tiffin import __version__
from tiffin.base.settings import DEVELOPMENT_SECRET, Settings
from tiffin.base.telemetry import configure_logging
from tiffin.cli.console import CommandFailed, console, load_settings, run, step, warn
from tiffin.cli.servers import (
    Running,
    announce_running,
    describe_upgrade,
    forget_running,
    private_secret_key,
    required_urls,
    with_urls,
)
from tiffin.cli.worker import image_worker
from tiffin.demo.helsinki import BASEMAP, STREETS
from tiffin.embedded import EmbeddedServers


def up(
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one.", show_default="8000")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of all data.", show_default=".tiffin")] = None,
) -> None:
    """Start everything on this machine; Ctrl-C stops it."""
    settings = load_settings(port=port, host=host, data_dir=data_dir)
    configure_logging(settings.log_level, settings.log_style)
    run(_up(with_demo_city(with_local_origin(settings))))


async def _up(settings: Settings) -> None:
    begun = time.perf_counter()
    require_free_port(settings.host, settings.port)
    console.print(f"[bold]Tiffin {__version__}[/] · data in {escape(str(settings.data_dir.resolve()))}")
    importing = asyncio.create_task(asyncio.to_thread(_import_the_rest))
    async with _servers(settings) as connected:
        await importing
        await _migrate(connected)
        await _run_roles(connected, begun)
    console.print("[green]✓[/] Stopped")


def _import_the_rest() -> None:
    """What takes as long to import as the servers take to start, done meanwhile in a thread."""
    importlib.import_module("tiffin.db.migrations")
    importlib.import_module("tiffin.app.roles")


@contextlib.asynccontextmanager
async def _servers(settings: Settings) -> AsyncIterator[Settings]:
    """The settings with the URLs of servers that run: given ones, or the folder's own."""
    if settings.database_url is not None or settings.nats_url is not None:
        required_urls(settings)  # one alone is a mistake
        yield with_private_key(settings)
        return
    async with contextlib.AsyncExitStack() as stack:
        with step("Starting PostgreSQL and NATS") as said:
            servers = await stack.enter_async_context(EmbeddedServers(settings.data_dir, on_event=warn))
            said.append("PostgreSQL and NATS run")
        stack.callback(forget_running, servers.data_dir)
        yield with_private_key(with_urls(settings, servers.database_url, servers.nats_url))


async def _migrate(settings: Settings) -> None:
    from tiffin.db.migrations import upgrade

    database_url, nats_url = required_urls(settings)
    with step("Bringing the database up to date") as said:
        done = describe_upgrade(*await upgrade(database_url))
        said.append(done[0].upper() + done[1:])
    announce_running(settings.data_dir, Running(os.getpid(), database_url, nats_url, None))


async def _run_roles(settings: Settings, begun: float) -> None:
    from tiffin.app.roles import Role, run

    database_url, nats_url = required_urls(settings)

    def ready(origin: str) -> None:
        announce_running(settings.data_dir, Running(os.getpid(), database_url, nats_url, origin))
        seconds = time.perf_counter() - begun
        console.print(f"[green]✓[/] Web, relay, consumers and a worker for images run [dim]{seconds:.2f} s in all[/]")
        console.print(f"\nTiffin is ready at [bold]{origin}[/]")
        for name, path in (("API", "/docs"), ("Live", "/asyncapi.json"), ("Health", "/healthz")):
            console.print(f"  {name:<8}{origin}{path}")
        console.print("\nCtrl-C stops everything.")

    async with image_worker(settings, warn):
        await run(settings, frozenset(Role) - {Role.IMAGES}, on_ready=ready)


def with_local_origin(settings: Settings) -> Settings:
    """Without a public origin of its own, a development server is reached where it listens."""
    if settings.environment == "production" or "public_origin" in settings.model_fields_set or settings.port == 0:
        return settings
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared, not bound
    return settings.model_copy(update={"public_origin": f"http://{host}:{settings.port}"})


def with_demo_city(settings: Settings) -> Settings:
    """Without a map and streets of its own, a development server knows the demo's city."""
    if settings.environment == "production":
        return settings
    city = {"basemap": settings.basemap or BASEMAP, "street_graph": settings.street_graph or STREETS}
    return settings.model_copy(update=city)


def with_private_key(settings: Settings) -> Settings:
    """In development, a key of the data folder's own in place of the one in the source."""
    if settings.secret_key.get_secret_value() != DEVELOPMENT_SECRET:
        return settings
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return settings.model_copy(update={"secret_key": private_secret_key(settings.data_dir)})


def require_free_port(host: str, port: int) -> None:
    """Fail before anything starts, not after. Raises CommandFailed."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandFailed(
            f"cannot listen on {host} port {port} ({error.strerror}): stop what does, or choose another with --port"
        ) from error
