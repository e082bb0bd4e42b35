"""What every request passes: a body limit, security headers, a request id, a metric and a log line.

Plain ASGI, no per-request task. Streams do not pass here.
"""

import time
from uuid import uuid4

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tiffin.base.errors import TooLarge
from tiffin.base.telemetry import get_logger
from tiffin.http.problems import problem_response

_log = get_logger("http")
_SECONDS = Histogram("tiffin_request_seconds", "Duration of requests", ["method", "route", "status"])

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class RequestMiddleware:
    """Wraps the API."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, secure: bool) -> None:
        self._app = app
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

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *self._headers, (b"x-request-id", request_id.encode())]
            await send(message)

        if _declared_length(scope) > self._max_body_bytes:
            await self._too_large()(scope, receive, send_with_headers)
        else:
            await self._app(scope, _Limited(receive, self._max_body_bytes), send_with_headers)
        seconds = time.perf_counter() - started
        route = getattr(scope.get("route"), "path", "unknown")
        _SECONDS.labels(scope["method"], route, status).observe(seconds)
        _log.debug("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))

    def _too_large(self) -> ASGIApp:
        detail = f"The body is larger than the {self._max_body_bytes} bytes this endpoint takes."
        return problem_response(413, "Content Too Large", "too_large", detail, None, {"connection": "close"})


class _Limited:
    """Receives a body up to a limit; a body without a declared length is counted as it comes."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise TooLarge()
        return message


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0
