"""Runs a process in its roles until it is told to stop.

`web` answers requests and holds streams, `consumers` does work the queue brings, `relay` runs what the queue did not
and the housekeeping, `images` makes pictures of uploads. One process may have any of them; any number of processes
may have the same.
"""

import asyncio
import gc
import signal
from collections.abc import Callable
from enum import StrEnum

from tiffin.app.server import bind, make_server
from tiffin.app.wiring import Node
from tiffin.base.settings import Settings
from tiffin.base.telemetry import get_logger

_log = get_logger("app")
# a busy kept-alive connection has its last answer within this; one that stays idle is closed
_LEAVE_SECONDS = 1.0
_DEFAULT_ORIGIN = Settings.model_fields["public_origin"].default


class Role(StrEnum):
    """What a process does."""

    WEB = "web"
    RELAY = "relay"
    CONSUMERS = "consumers"
    IMAGES = "images"


async def run(settings: Settings, roles: frozenset[Role], *, on_ready: Callable[[str], None] | None = None) -> None:
    """Run until SIGINT or SIGTERM, then drain and return. `on_ready` gets the origin once everything answers.

    Raises Unavailable if the database cannot be reached at the start, OSError if the port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    try:
        await run_until(stop, settings, roles, on_ready=on_ready)
    finally:
        for signum in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(signum)


async def run_until(
    stop: asyncio.Event,
    settings: Settings,
    roles: frozenset[Role],
    *,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Run until `stop` is set. See `run`."""
    listener = bind(settings.host, settings.port) if Role.WEB in roles else None
    if listener is not None and settings.public_origin == _DEFAULT_ORIGIN:
        port = listener.getsockname()[1]
        settings = settings.model_copy(update={"public_origin": f"http://{settings.host}:{port}"})
    async with Node.open(
        settings, relay=Role.RELAY in roles, consumers=Role.CONSUMERS in roles, images=Role.IMAGES in roles
    ) as node:
        _spare_collector()
        if listener is None:
            if on_ready is not None:
                on_ready("")
            await stop.wait()
            return
        server = make_server(node.asgi(), settings)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        listening = asyncio.create_task(server.listening.wait())
        await asyncio.wait((listening, serving), return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        _log.info("serving", origin=settings.public_origin, roles=sorted(roles))
        if on_ready is not None:
            on_ready(settings.public_origin)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((stopping, serving), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await node.hub.drain(settings.drain_seconds if len(node.hub.subscribers) > 50 else 0)
        await server.wait_until_left(min(settings.drain_seconds, _LEAVE_SECONDS))
        server.should_exit = True
        await serving


def _spare_collector() -> None:
    """Let the garbage collector leave alone what stays for good, and look for cycles less often.

    Objects go by their counts; cycles are rare here. At the default thresholds 5 % of an order's processor time went
    into looking for them, and a look at all objects of ten thousand connections holds up everything else for a quarter
    of a second; so does one at the middle generation, unless that is kept small.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 4, 500)
