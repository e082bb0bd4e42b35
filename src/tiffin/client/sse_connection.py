"""One streaming GET on a connection of its own: httptools parses the response, chunks and all; reading is pulled.

A general HTTP client costs several times as much for each piece of a long answer, and a process may hold hundreds of
these. A reader that does not keep up stops the transport, so memory is bounded.
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import httptools

from tiffin.client.errors import ConnectionLost

_MOST_UNREAD_BYTES = 256 * 1024
_OPEN_SECONDS = 10.0


class SseConnection(asyncio.Protocol):
    """The response to one GET."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        # resolved with the status once all headers are there
        self.status: asyncio.Future[int] = loop.create_future()
        self.headers: dict[str, str] = {}
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._unread: list[bytes] = []
        self._unread_bytes = 0
        self._paused = False
        # who waits in `read`
        self._waiter: asyncio.Future[None] | None = None
        # the body is complete, in an orderly way
        self._complete = False
        self._lost: BaseException | None = None

    @classmethod
    async def open(cls, origin: str, target: str, headers: Mapping[str, str]) -> "SseConnection":
        """Connect, send the request, wait for the response's headers. Raises OSError, TimeoutError among them."""
        url = urlsplit(origin)
        host = url.hostname or ""
        context = ssl.create_default_context() if url.scheme == "https" else None
        port = url.port or (443 if context else 80)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_OPEN_SECONDS):
            _, connection = await loop.create_connection(cls, host, port, ssl=context)
            try:
                connection._request(target, {"Host": url.netloc.rpartition("@")[2], **headers})
                await connection.status
            except BaseException:
                connection.close()
                raise
        return connection

    async def read(self, timeout_seconds: float) -> bytes:
        """The next bytes of the body, b"" at its end. Raises ConnectionLost, TimeoutError."""
        if not self._unread:
            if self._complete:
                return b""
            if self._lost is not None:
                raise ConnectionLost("the stream was cut") from self._lost
            self._waiter = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(timeout_seconds):
                await self._waiter
            return await self.read(timeout_seconds)
        data = b"".join(self._unread)
        self._unread.clear()
        self._unread_bytes = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    def close(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()
        self.status.cancel()

    def _request(self, target: str, headers: Mapping[str, str]) -> None:
        assert self._transport is not None
        lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header with a line break")
        self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    # called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._end(error)
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio. A body that ends with the connection alone was cut: streams are chunked."""
        self._end(exc or ConnectionLost("the server closed the connection"))

    # called by httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by httptools."""
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Called by httptools."""
        if not self.status.done():
            self.status.set_result(self._parser.get_status_code())

    def on_body(self, body: bytes) -> None:
        """Called by httptools."""
        self._unread.append(body)
        self._unread_bytes += len(body)
        if self._unread_bytes > _MOST_UNREAD_BYTES and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        """Called by httptools."""
        self._complete = True
        self._wake()

    def _end(self, error: BaseException) -> None:
        self._lost = self._lost or error
        if not self.status.done():
            self.status.set_exception(ConnectionLost("the server closed the connection before it answered"))
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
