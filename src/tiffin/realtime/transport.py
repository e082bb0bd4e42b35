"""The direct way to a socket: uvicorn's protocols, made to hand their transport to the kernel.

`HttpProtocol` and `WebSocketProtocol` are given to uvicorn by import string. They put a function into the ASGI
scope's extensions; a stream endpoint that calls it gets the connection's `Link` and from then on writes whole HTTP
chunks or whole frames to the transport itself. uvicorn still begins and ends every response, so its own state stays
right. What is assumed of uvicorn (version pinned) is checked by `tests/realtime/test_transport.py`.

Under another ASGI server there is no such extension; `SendLink` then awaits `send` in a task: slower, and right.

A link is *writable* until its transport's buffer passes the high mark, and again once it has drained below the low
mark. Nobody writes to a link that is not writable, so a slow client costs one buffer. Kernel buffers are kept small,
because what the kernel holds cannot be taken back when a right is lost.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

from tiffin.realtime.lean import NO_PIPELINE, LeanEvent, LeanQueue

EXTENSION = "tiffin.link"

_HIGH_BYTES = 64 * 1024
_LOW_BYTES = 16 * 1024
_KERNEL_BUFFER_BYTES = 32 * 1024  # doubled by Linux; 3.9 MB were seen ahead of the mark without it
_USER_TIMEOUT_MS = 20_000
_MOST_FRAGMENTS = 1000


class Listener(Protocol):
    """Who is told what happens to a link."""

    def on_drained(self) -> None:
        """The link is writable again."""

    def on_lost(self) -> None:
        """The connection is gone; nothing can be written any more."""


class Link(Protocol):
    """One connection's way out."""

    # False while its buffer stands above the mark, or when it is gone
    writable: bool
    # True: takes whole chunks and frames; False: takes payloads
    framed: bool

    @property
    def unsent_bytes(self) -> int:
        """What the kernel has not taken yet."""
        ...

    def write(self, data: bytes) -> None:
        """Write now. Never raises; a lost connection is told through the listener."""

    def close_output(self) -> None:
        """Nothing may be written from here on: the end belongs to `send`."""

    def abort(self) -> None:
        """Drop the connection and what the kernel still holds for it."""


class TransportLink:
    """A link that writes straight to uvicorn's transport."""

    framed = True

    def __init__(self, transport: asyncio.Transport, listener: Listener) -> None:
        self.writable = True
        self._transport = transport
        self._listener = listener
        # set by close_output: the response is being ended by `send`
        self._closed = False
        with suppress(OSError, RuntimeError, ValueError):  # uvloop raises on a connection that is already lost
            transport.set_write_buffer_limits(_HIGH_BYTES, _LOW_BYTES)
            _tune(transport)

    @property
    def unsent_bytes(self) -> int:
        return 0 if self._closed else self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        if self._closed:
            return
        try:
            self._transport.write(data)
        except (OSError, RuntimeError):  # uvloop raises on a transport whose connection is lost
            self.lost()

    def close_output(self) -> None:
        self._closed = True
        self.writable = False

    def abort(self) -> None:
        self._closed = True
        self.writable = False
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            with suppress(OSError, ValueError):  # drop unsent bytes instead of delivering them after the end
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def paused(self) -> None:
        """The transport's buffer passed the high mark."""
        self.writable = False

    def resumed(self) -> None:
        """The transport's buffer drained below the low mark."""
        if not self._closed:
            self.writable = True
            self._listener.on_drained()

    def lost(self) -> None:
        """The connection is gone."""
        self._closed = True
        self.writable = False
        self._listener.on_lost()


def _tune(transport: asyncio.Transport) -> None:
    sock = transport.get_extra_info("socket")
    if sock is None:
        return
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER_BYTES)
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's httptools protocol with a link for streams."""

    link: TransportLink | None = None

    def open_link(self, listener: Listener) -> TransportLink:
        """Called by a stream endpoint after its response has started."""
        if self.pipeline:  # a further request came with the first: uvicorn does not read on, and would miss the close
            self.transport.abort()
        self.link = TransportLink(self.transport, listener)
        self.pipeline = cast("Any", NO_PIPELINE)
        self.cycle.message_event = cast("Any", LeanEvent(is_set=False))  # streams do not receive: nobody waits for it
        if self.transport.is_closing():  # its end was told before anybody listened
            asyncio.get_running_loop().call_soon(self.link.lost)
        return self.link

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow._is_writable_event = cast("Any", LeanEvent(is_set=True))

    def on_message_begin(self) -> None:
        if self.link is not None:  # a pipelined request behind a stream hides the close from uvicorn
            self.transport.abort()
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["extensions"] = {EXTENSION: self.open_link}

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.link is not None:
            self.link.paused()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.link is not None:
            self.link.resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.link is not None:
            link, self.link = self.link, None
            link.lost()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's sans-I/O WebSocket protocol with a link."""

    link: TransportLink | None = None

    def open_link(self, listener: Listener) -> TransportLink:
        """Called by the socket endpoint after it has accepted."""
        self.link = TransportLink(self.transport, listener)
        if self.transport.is_closing() or self.close_sent:
            asyncio.get_running_loop().call_soon(self.link.lost)
        return self.link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.queue = cast("Any", LeanQueue())
        self.writable = cast("Any", LeanEvent(is_set=True))

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast("dict[str, Any]", self.scope["extensions"])[EXTENSION] = self.open_link

    def handle_cont(self, event: Any) -> None:
        if self.transport.is_closing():
            return
        if len(self.frames) < _MOST_FRAGMENTS:
            super().handle_cont(event)
        else:  # the size limit counts bytes, and empty fragments have none
            self.conn.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
            self.handle_parser_exception()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:  # uvicorn would log a client's nonsense as an error of ours
                self.conn.fail(CloseCode.INVALID_DATA, "not UTF-8")
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        if self.link is not None and not self.link.writable:
            self.conn.data_to_send()  # a pong that nobody reads; the next one answers this ping too (RFC 6455, 5.5.3)
        else:
            super().handle_ping()

    def handle_close(self, event: Any) -> None:
        if self.link is not None:  # nothing may follow the close frame that is about to be echoed
            self.link.close_output()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        if self.link is not None:
            self.link.close_output()
        super().handle_parser_exception()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.link is not None:
            self.link.paused()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.link is not None:
            self.link.resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.link is not None:
            link, self.link = self.link, None
            link.lost()


class SendLink:
    """A link for any ASGI server: one task a connection awaits `send` for what was written since the last."""

    framed = False

    def __init__(self, send_payload: Callable[[bytes], Awaitable[None]], listener: Listener) -> None:
        self.writable = True
        self._send_payload = send_payload
        self._listener = listener
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def unsent_bytes(self) -> int:
        return self._bytes

    def write(self, data: bytes) -> None:
        if self._closed:
            return
        self._waiting.append(data)
        self._bytes += len(data)
        self.writable = self._bytes < _HIGH_BYTES
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._waiting and not self._closed:
                payloads, self._waiting, self._bytes = self._waiting, [], 0
                for payload in payloads:
                    await self._send_payload(payload)
                if not self.writable and not self._closed:
                    self.writable = True
                    self._listener.on_drained()
        except Exception:  # whatever the server raises for a client that has gone
            self.close_output()
            self._listener.on_lost()
        finally:
            self._task = None

    def close_output(self) -> None:
        self._closed = True
        self.writable = False

    def abort(self) -> None:
        self.close_output()
        if self._task is not None:
            self._task.cancel()
        self._listener.on_lost()


def open_link(
    scope: Any, listener: Listener, send_payload: Callable[[bytes], Awaitable[None]]
) -> "TransportLink | SendLink":
    """The connection's link: direct where the server offers it, else through `send_payload`."""
    opener = (scope.get("extensions") or {}).get(EXTENSION)
    if opener is None:
        return SendLink(send_payload, listener)
    link: TransportLink = opener(listener)
    return link
