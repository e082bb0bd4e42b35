"""A server that does what a peer of the benchmarks does: `GET` is a stream, `POST` sends its body to every stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from tests.waiting import eventually

# turns the body of a POST into what each stream is sent, piece by piece
Pieces = Callable[[bytes], list[bytes]]


class Broadcast:
    """What the server has seen, and how it should behave."""

    def __init__(self) -> None:
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()
        self.requests: list[bytes] = []
        self.streams: list[asyncio.StreamWriter] = []
        # the first bytes of a stream, after the head
        self.greeting = b""
        self.pieces: Pieces = lambda body: [body + b"\n"]
        self.answer = b"HTTP/1.1 204 No Content\r\n\r\n"

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await self._answer(await reader.readuntil(b"\r\n\r\n"), reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._open.discard(writer)

    async def _answer(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(head)
        if head.startswith(b"GET "):
            self.streams.append(writer)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + self.greeting)
            return
        await self._publish(await reader.readexactly(_length(head)))
        writer.write(self.answer)

    async def _publish(self, body: bytes) -> None:
        for piece in self.pieces(body):
            for stream in self.streams:
                stream.write(piece)
            await asyncio.sleep(0.02)  # pieces must not arrive in one read

    async def close(self) -> None:
        for writer in self._open:
            writer.close()
        await eventually(lambda: not self._open)

    def lose_everybody(self) -> None:
        for stream in self.streams:
            stream.close()
        self.streams.clear()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


@contextlib.asynccontextmanager
async def run_broadcast() -> AsyncIterator[Broadcast]:
    broadcast = Broadcast()
    server = await asyncio.start_server(broadcast.serve, "127.0.0.1", 0)
    broadcast.port = server.sockets[0].getsockname()[1]
    try:
        yield broadcast
    finally:
        server.close()
        await broadcast.close()
