"""`tiffin serve`: chosen roles against given servers, for installations of more than one process or machine."""

from enum import StrEnum
from typing import Annotated

import typer

from tiffin.base.settings import DEVELOPMENT_SECRET, Settings
from tiffin.base.telemetry import configure_logging
from tiffin.cli.console import CommandFailed, console, load_settings, run, warn
from tiffin.cli.servers import connected, required_urls


class RoleName(StrEnum):
    """What a process can do; the same names as `tiffin.app.roles.Role`, which is costly to import."""

    WEB = "web"
    RELAY = "relay"
    CONSUMERS = "consumers"
    IMAGES = "images"


def serve(
    role: Annotated[
        list[RoleName] | None, typer.Option(help="What this process does; repeat for several. Default: all.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port of the web role; 0 takes a free one.", show_default="8000")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address of the web role.", show_default="127.0.0.1")] = None,
) -> None:
    """Run roles against TIFFIN_DATABASE_URL and TIFFIN_NATS_URL."""
    settings = load_settings(port=port, host=host)
    required_urls(settings)
    configure_logging(settings.log_level, settings.log_style)
    if settings.secret_key.get_secret_value() == DEVELOPMENT_SECRET:
        warn("TIFFIN_SECRET_KEY is the default, which anybody can read; set a random one")
    run(serve_roles(settings, frozenset(role or RoleName)))


async def serve_roles(settings: Settings, names: frozenset[RoleName]) -> None:
    """Run these roles until told to stop, once the database is as this program knows it. Raises CommandFailed."""
    await _require_migrated(settings)
    from tiffin.app.roles import Role, run

    listed = ", ".join(sorted(names))

    def ready(origin: str) -> None:
        console.print(
            f"[green]✓[/] {listed} run at [bold]{origin}[/]" if RoleName.WEB in names else f"[green]✓[/] {listed} run"
        )

    await run(settings, frozenset(Role(name.value) for name in names), on_ready=ready)


async def _require_migrated(settings: Settings) -> None:
    """A newer database is fine (a rolling deploy migrates first); an older one is not."""
    from tiffin.db.migrations import current_revision, is_behind

    database_url, _ = required_urls(settings)
    async with connected(settings):
        revision = await current_revision(database_url)
    if is_behind(revision):
        raise CommandFailed(
            f"the database is at {revision or 'nothing'}, older than this program: run `tiffin migrate`"
        )
