"""What every request passes: a body limit, security headers, a request id, a metric and a log line.

Plain ASGI, no per-request task. Streams do not pass here.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from uuid import uuid4

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tiffin.base.errors import TooLarge
from tiffin.base.telemetry import get_logger
from tiffin.http.problems import problem_response

_log = get_logger("http")
_SECONDS = Histogram("tiffin_request_seconds", "Duration of requests", ["method", "route", "status"])

_DISCARD_SECONDS = 2.0

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class RequestMiddleware:
    """Wraps the API."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int,
        secure: bool,
        is_draining: Callable[[], bool],
        large_bodies: Sequence[tuple[str, int]] = (),
    ) -> None:
        self._app = app
        # patterns of paths that take more
        self._large_bodies = [(re.compile(pattern), limit) for pattern, limit in large_bodies]
        self._is_draining = is_draining
        self._max_body_bytes = max_body_bytes
        self._headers = list(_HEADERS)
        if secure:
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = uuid4().hex
        status = 500
        most_bytes = self._limit_of(scope["path"])
        body = _Limited(receive, most_bytes)

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers, (b"x-request-id", request_id.encode())]
                if self._is_draining():  # the next request goes to another node, and none into a closing connection
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        async def send_unless_too_large(message: Message) -> None:
            if not body.is_too_large:
                await send_with_headers(message)

        if _declared_length(scope) <= most_bytes:
            with suppress(TooLarge):
                await self._app(scope, body, send_unless_too_large)
        if body.is_too_large or _declared_length(scope) > most_bytes:
            await self._discard(receive, most_bytes)
            await _too_large(most_bytes)(scope, receive, send_with_headers)
        seconds = time.perf_counter() - started
        route = getattr(scope.get("route"), "path", "unknown")
        _SECONDS.labels(scope["method"], route, status).observe(seconds)
        _log.debug("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))

    def _limit_of(self, path: str) -> int:
        for pattern, limit in self._large_bodies:
            if pattern.fullmatch(path):
                return limit
        return self._max_body_bytes

    async def _discard(self, receive: Receive, left: int) -> None:
        """Read on for a moment: a client that is still sending would see a reset instead of the answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_DISCARD_SECONDS):
                while left > 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return


class _Limited:
    """Receives a body up to a limit; a body without a declared length is counted as it comes, and cut off."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        # True once more came than may; what the application says of the rest does not count
        self.is_too_large = False

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.is_too_large = True
                raise TooLarge()  # whatever came before the limit must have no effect
        return message


def _too_large(most_bytes: int) -> ASGIApp:
    detail = f"The body is larger than the {most_bytes} bytes this endpoint takes."
    return problem_response(413, "Content Too Large", "too_large", detail, None, {"connection": "close"})


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
