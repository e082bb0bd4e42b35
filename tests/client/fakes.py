"""Servers of the client's tests: small, on real sockets, and told by each test what to do with every connection."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve

from tiffin.client.reconnect import Reconnect


def quick(*origins: str) -> Reconnect:
    """Comes back at once."""
    return Reconnect(origins, first_seconds=0.01, most_seconds=0.02)


async def nobody(refused: str | None) -> str | None:
    """Has no token."""
    return None


def event(seq: int, topic: str = "t.1", epoch: str = "e") -> dict[str, Any]:
    """An event's JSON object."""
    return {"topic": topic, "epoch": epoch, "seq": seq, "type": "it.happened", "at": "", "data": {"n": seq}}


def sync(topic: str = "t.1", *, ok: bool = True, begin: int = 0, to: int = 0, **more: Any) -> dict[str, Any]:
    """A sync's JSON object."""
    return {"topic": topic, "ok": ok, "epoch": "e", "from": begin, "to": to, **more}


class Exchange:
    """One HTTP request and its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.target = ""
        self.headers: dict[str, str] = {}
        self.closed = asyncio.Event()

    async def read(self) -> None:
        """Read the request."""
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        self.target = lines[0].split(" ")[1]
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}

    async def start(self, status: int = 200, **headers: str) -> None:
        """Send the status and headers."""
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
        if status == 200:
            lines.append("transfer-encoding: chunked")
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        await self._writer.drain()

    async def raw(self, data: bytes) -> None:
        """Send these bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def send(self, name: str, body: dict[str, Any], event_id: str | None = None) -> None:
        """Send one block as one chunk."""
        block = f"event: {name}\n" + (f"id: {event_id}\n" if event_id else "") + f"data: {orjson.dumps(body).decode()}"
        payload = f"{block}\n\n".encode()
        await self.raw(b"%x\r\n%b\r\n" % (len(payload), payload))

    async def events(self, *numbers: int, **more: Any) -> None:
        """Send these events."""
        for number in numbers:
            await self.send("it.happened", event(number, **more))

    async def bye(self, code: int, reason: str, *, come_back: bool = True) -> None:
        """Say bye and end."""
        await self.send("bye", {"reason": reason, "code": code, "come_back": come_back, "after_ms": 1})
        await self.end()

    async def end(self) -> None:
        """End the response in good order."""
        with contextlib.suppress(OSError):
            await self.raw(b"0\r\n\r\n")
        self.cut()

    def cut(self) -> None:
        """Vanish."""
        self._writer.transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the client has left."""
        await self._reader.read()


class StreamServer:
    """Hands every request to the test."""

    def __init__(self) -> None:
        self.origin = ""
        self._waiting: asyncio.Queue[Exchange] = asyncio.Queue()
        self._exchanges: list[Exchange] = []

    async def accept(self, status: int = 200, **headers: str) -> Exchange:
        """The next request, answered with this status."""
        async with asyncio.timeout(5):
            exchange = await self._waiting.get()
        await exchange.start(status, **headers)
        return exchange

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange(reader, writer)
        self._exchanges.append(exchange)
        with contextlib.suppress(asyncio.IncompleteReadError):
            await exchange.read()
            self._waiting.put_nowait(exchange)

    @classmethod
    @contextlib.asynccontextmanager
    async def run(cls) -> AsyncIterator["StreamServer"]:
        """Serve for as long as the context lasts."""
        fake = cls()
        server = await asyncio.start_server(fake._take, "127.0.0.1", 0)
        fake.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield fake
        finally:
            server.close()
            for exchange in fake._exchanges:
                exchange.cut()
            await server.wait_closed()


class Peer:
    """The server's end of one WebSocket."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection

    @property
    def authorization(self) -> str | None:
        """The header."""
        assert self.connection.request is not None
        return self.connection.request.headers.get("Authorization")

    async def receive(self, kind: str) -> dict[str, Any]:
        """The next message, which has to be of this type."""
        async with asyncio.timeout(5):
            message: dict[str, Any] = orjson.loads(await self.connection.recv())
        assert message["type"] == kind
        return message

    async def send(self, *messages: dict[str, Any]) -> None:
        """Send each in a frame of its own."""
        for message in messages:
            await self.connection.send(orjson.dumps(message), text=True)

    async def greet(self, *syncs: dict[str, Any]) -> dict[str, Any]:
        """Answer hello; returns the topics it named."""
        hello = await self.receive("hello")
        await self.send({"type": "hello", "connection_id": "c", "heartbeat_ms": 15000})
        await self.send(*({"type": "sync", **body} for body in syncs))
        topics: dict[str, Any] = hello["topics"]
        return topics

    async def events(self, *numbers: int, **more: Any) -> None:
        """Send these events."""
        await self.send(*({"type": "event", "event": event(number, **more)} for number in numbers))

    def cut(self) -> None:
        """Vanish."""
        self.connection.transport.abort()


class SocketServer:
    """Hands every socket to the test."""

    def __init__(self) -> None:
        self.origin = ""
        self._waiting: asyncio.Queue[Peer] = asyncio.Queue()

    async def accept(self) -> Peer:
        """The next socket."""
        async with asyncio.timeout(5):
            return await self._waiting.get()

    async def _take(self, connection: ServerConnection) -> None:
        self._waiting.put_nowait(Peer(connection))
        await connection.wait_closed()

    @classmethod
    @contextlib.asynccontextmanager
    async def run(cls) -> AsyncIterator["SocketServer"]:
        """Serve for as long as the context lasts."""
        fake = cls()
        server: Server
        async with serve(fake._take, "127.0.0.1", 0, subprotocols=["tiffin.v1"], close_timeout=0.1) as server:  # type: ignore[list-item]
            fake.origin = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            yield fake
