"""uvicorn, made to drain: its clients are told to come back elsewhere before it closes a socket.

uvicorn itself closes WebSockets with 1012 at once and ends the lifespan last; here the process listens for signals,
drains the hub while the server still answers, and only then lets uvicorn exit.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from tiffin.base.settings import Settings

_LOOK_SECONDS = 0.02


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the process's roles."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        # set once connections are accepted
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def wait_until_left(self, seconds: float) -> None:
        """Return when the last client has left, or after `seconds`; answers of a draining node send them away."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.server_state.connections:  # noqa: ASYNC110 - uvicorn has no event for it
                    await asyncio.sleep(_LOOK_SECONDS)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError with the address if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=4096)


def make_server(app: ASGIApp, settings: Settings) -> Server:
    """The server for `app`, with the protocols that hand their transport to the kernel."""
    config = uvicorn.Config(
        app,
        http="tiffin.realtime.transport:HttpProtocol",
        ws="tiffin.realtime.transport:WebSocketProtocol",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        ws_ping_timeout=None,
        ws_max_size=settings.max_frame_bytes,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=65,
        timeout_graceful_shutdown=5,
        backlog=4096,
    )
    return Server(config)
