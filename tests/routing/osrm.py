"""A small HTTP server that answers as OSRM does, or as it should not."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tiffin.base.geo import Point

_HEAD = "HTTP/1.1 {status} Any\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n"


def answer(content: Any, *, status: int = 200, more: str = "") -> bytes:
    """A whole HTTP answer; content that is bytes goes out as it is."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return _HEAD.format(status=status, length=len(body), more=more).encode() + body


def route(*line: Point, duration: Any = 60.0) -> dict[str, Any]:
    """What OSRM says of a way, as far as it matters."""
    geometry = {"type": "LineString", "coordinates": [[point.longitude, point.latitude] for point in line]}
    return {"code": "Ok", "waypoints": [], "routes": [{"distance": 1.0, "duration": duration, "geometry": geometry}]}


class Osrm:
    """Gives the same `reply` to every question, piece by piece, and remembers the paths that were asked."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self.reply: Callable[[], AsyncIterator[bytes]] = self.silence

    def say(self, reply: bytes) -> None:
        """Answer with these bytes from now on."""

        async def pieces() -> AsyncIterator[bytes]:
            yield reply

        self.reply = pieces

    @staticmethod
    async def silence() -> AsyncIterator[bytes]:
        """Never answer."""
        await asyncio.get_running_loop().create_future()
        yield b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One question."""
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(request.split(b" ")[1].decode())
            async for piece in self.reply():
                writer.write(piece)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def osrm() -> AsyncIterator[Osrm]:
    """The server, listening."""
    router = Osrm()
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.get_running_loop().create_task(router.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    router.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield router
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
