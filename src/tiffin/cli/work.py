"""`tiffin work`: long work beside other processes, at low priority; start as many as there are cores to spare."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from tiffin.base.telemetry import configure_logging
from tiffin.cli.console import load_settings, run
from tiffin.cli.serve import RoleName, serve_roles
from tiffin.cli.servers import required_urls

# behind everything that somebody waits for
_NICENESS = 10


class WorkName(StrEnum):
    """Kinds of long work."""

    IMAGES = "images"


def work(kind: Annotated[WorkName, typer.Argument(help="What to do.")]) -> None:
    """Do long work against TIFFIN_DATABASE_URL and TIFFIN_NATS_URL, with the same storage as the web role."""
    settings = load_settings()
    required_urls(settings)
    configure_logging(settings.log_level, settings.log_style)
    os.nice(_NICENESS)
    run(serve_roles(settings, frozenset((RoleName(kind.value),))))
