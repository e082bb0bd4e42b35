"""A TCP proxy that can be told to misbehave: to cut, to swallow in silence, or to lose single NATS messages.

A connection that has swallowed bytes stays a black hole until its ends give it up, since what was lost cannot be made
good; neither end sees the other close. New connections meet the mode that holds when they come.
"""

import asyncio
import contextlib
from collections.abc import Callable
from enum import StrEnum

_PIECE_BYTES = 65536


class Mode(StrEnum):
    """What happens to bytes."""

    PASS = "pass"
    CUT = "cut"
    SWALLOW = "swallow"
    # what clients send arrives, the answers do not
    MUTE = "mute"


class PublishFilter:
    """The client's side of one NATS connection, message by message; leaves out those whose subject is to be lost."""

    def __init__(self, is_lost: Callable[[str], bool]) -> None:
        self._is_lost = is_lost
        self._buffer = bytearray()

    def feed(self, data: bytes) -> bytes:
        """What of the bytes so far goes on; an unfinished message waits."""
        self._buffer += data
        passed = bytearray()
        while (line_end := self._buffer.find(b"\r\n")) >= 0:
            words = bytes(self._buffer[:line_end]).split()
            is_message = bool(words) and words[0].upper() in (b"PUB", b"HPUB")
            length = line_end + 2 + (int(words[-1]) + 2 if is_message else 0)
            if len(self._buffer) < length:
                break
            if not (is_message and self._is_lost(words[1].decode())):
                passed += self._buffer[:length]
            del self._buffer[:length]
        return bytes(passed)


class _Link:
    """One connection through the proxy: the writers of both ends."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter | None) -> None:
        self.client = client
        self.server = server
        self.mode = Mode.PASS

    def swallows(self, source: asyncio.StreamWriter | None) -> bool:
        """True if what comes from this end is lost."""
        return self.mode is Mode.SWALLOW or (self.mode is Mode.MUTE and source is self.server)

    def abort(self) -> None:
        for writer in (self.client, self.server):
            if writer is not None:
                writer.transport.abort()


class Proxy:
    """Listens on a port of its own and leads to `target` (host, port), which may change for new connections."""

    def __init__(self, target: tuple[str, int], *, speaks_nats: bool = False) -> None:
        self.target = target
        self.mode = Mode.PASS
        # which published NATS subjects are lost
        self.is_lost: Callable[[str], bool] = lambda subject: False
        self.lost_messages = 0
        self._speaks_nats = speaks_nats
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        assert self._server is not None
        self._server.close()
        self._abort_all()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Reset every connection, and every new one at once, until `heal`."""
        self.mode = Mode.CUT
        self._abort_all()

    def swallow(self) -> None:
        """From now on nothing comes through, and nobody is told, until `heal`."""
        self.mode = Mode.SWALLOW
        for link in self._links:
            link.mode = Mode.SWALLOW

    def mute(self) -> None:
        """From now on clients hear nothing, though they are heard, until `heal`."""
        self.mode = Mode.MUTE
        for link in self._links:
            if link.mode is Mode.PASS:
                link.mode = Mode.MUTE

    def heal(self) -> None:
        """New connections pass; those that swallowed stay lost."""
        self.mode = Mode.PASS

    def _abort_all(self) -> None:
        for link in list(self._links):
            link.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode is Mode.CUT:
            writer.transport.abort()
            return
        link = _Link(writer, None)
        link.mode = self.mode
        self._links.add(link)
        try:
            await self._lead(link, reader)
        finally:
            link.abort()
            self._links.discard(link)

    async def _lead(self, link: _Link, reader: asyncio.StreamReader) -> None:
        if link.mode is Mode.SWALLOW:
            await self._pump(link, reader, None, None)
            return
        try:
            server_reader, link.server = await asyncio.open_connection(*self.target)
        except OSError:
            return
        publishes = PublishFilter(self._loses) if self._speaks_nats else None
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pump(link, reader, link.client, link.server, publishes))
            tasks.create_task(self._pump(link, server_reader, link.server, link.client))

    def _loses(self, subject: str) -> bool:
        lost = self.is_lost(subject)
        self.lost_messages += lost
        return lost

    @staticmethod
    async def _pump(
        link: _Link,
        reader: asyncio.StreamReader,
        own: asyncio.StreamWriter | None,
        other: asyncio.StreamWriter | None,
        publishes: PublishFilter | None = None,
    ) -> None:
        """Carry bytes from one end to the other until an end closes; then close both, unless the link swallows."""
        with contextlib.suppress(OSError):
            while data := await reader.read(_PIECE_BYTES):
                if other is None or link.swallows(own):
                    continue
                other.write(data if publishes is None else publishes.feed(data))
                await other.drain()
        if own is not None:
            own.close()
        if other is not None and not link.swallows(own):
            other.close()
