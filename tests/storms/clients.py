"""Clients for storms: raw sockets that keep what came and come back from where they stood.

A follower asks for its exact position every time, so on the wire, too, every event must come exactly once and in
order: `complain` says what is wrong with what it saw.
"""

import asyncio
import base64
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import orjson
from tests.realtime.harness import KernelNode, Written, connect, masked_frame, open_sse

from tiffin.db import Database

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class RawSocket:
    """One WebSocket of the protocol, frame by frame."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        # the code of the server's close frame
        self.close_code: int | None = None

    def send(self, **message: Any) -> None:
        self.send_frame(orjson.dumps(message))

    def send_frame(self, payload: bytes, opcode: int = TEXT, *, final: bool = True) -> None:
        frame = bytearray(masked_frame(payload, opcode))
        if not final:
            frame[0] &= 0x7F
        self.writer.write(frame)

    def hello(self, topics: Mapping[str, str | None]) -> None:
        self.send(type="hello", device_id=str(uuid4()), device="storm", topics=topics)

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload. Raises IncompleteReadError at the end."""
        first, length = await self.reader.readexactly(2)
        if length > 125:
            length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
        return first & 15, await self.reader.readexactly(length)

    async def next(self, *types: str, seconds: float = 5) -> dict[str, Any]:
        """The next message of one of `types` (any, if none is named). Raises EOFError at the end."""
        async with asyncio.timeout(seconds):
            while True:
                opcode, payload = await self.frame()
                if opcode == CLOSE:
                    self.close_code = int.from_bytes(payload[:2], "big")
                    raise EOFError
                message: dict[str, Any] = orjson.loads(payload) if opcode == TEXT else {"type": f"opcode {opcode}"}
                if message["type"] in types or not types:
                    return message

    async def closed(self, *, seconds: float = 5) -> int | None:
        """Read to the end; the close code, None if there was none."""
        with suppress(EOFError, ConnectionError):
            while True:
                await self.next(seconds=seconds)
        return self.close_code

    def abort(self) -> None:
        self.writer.transport.abort()


async def open_raw_socket(port: int, bearer: UUID | str, *, receive_buffer: int | None = None) -> RawSocket:
    """A WebSocket after its handshake, before hello. Raises EOFError or OSError."""
    reader, writer = await connect(port, receive_buffer=receive_buffer)
    writer.write(handshake(bearer))
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head.partition(b"\r\n")[0], head
    return RawSocket(reader, writer)


def handshake(bearer: UUID | str) -> bytes:
    """The request that opens a WebSocket; the bearer token of the kernel's harness is the account."""
    key = base64.b64encode(os.urandom(16))
    return (
        b"GET /v1/socket HTTP/1.1\r\nHost: storm\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: tiffin.v1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n"
        b"Authorization: Bearer %b\r\n\r\n" % (key, str(bearer).encode())
    )


class Follower(ABC):
    """A client that follows topics for ever, from position to position."""

    def __init__(self, port: int, account: UUID, positions: Mapping[str, str]) -> None:
        self._port = port
        self._account = account
        self.positions = dict(positions)
        # the seqs of each topic, as they came
        self.seen: dict[str, list[int]] = {topic: [] for topic in positions}
        self._begin = {topic: seq_of(position) for topic, position in positions.items()}
        # syncs that were not ok
        self.resets: list[dict[str, Any]] = []
        # times it was connected and told where each topic begins
        self.attached = 0
        self.is_attached = False
        self._cut_now: asyncio.Event = asyncio.Event()

    async def run(self) -> None:
        """Connect, follow, come back; until cancelled."""
        while True:
            self._cut_now.clear()
            following = asyncio.create_task(self._once())
            cutting = asyncio.create_task(self._cut_now.wait())
            try:
                await asyncio.wait((following, cutting), return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.is_attached = False
                self._abort()
                following.cancel()
                cutting.cancel()
                await asyncio.gather(following, cutting, return_exceptions=True)
            await asyncio.sleep(0.002)

    async def _once(self) -> None:
        with suppress(EOFError, OSError):
            await self._follow()

    def cut(self) -> None:
        """Lose the connection, whatever it is doing."""
        self._cut_now.set()

    @abstractmethod
    def _abort(self) -> None: ...

    @abstractmethod
    async def _follow(self) -> None: ...

    def _synced(self, sync: dict[str, Any], count: int) -> None:
        if not sync["ok"]:
            self.resets.append(sync)
        if count == len(self.positions):
            self.attached += 1
            self.is_attached = True

    def _take(self, event: dict[str, Any]) -> None:
        self.seen[event["topic"]].append(event["seq"])
        self.positions[event["topic"]] = f"{event['epoch']}:{event['seq']}"

    def complain(self, heads: Mapping[str, int]) -> str | None:
        """What is wrong with what was seen up to `heads`: a gap, a double, the wrong order, a lost position."""
        if self.resets:
            return f"positions were lost: {self.resets[:3]}"
        for topic, seqs in self.seen.items():
            if seqs != list(range(self._begin[topic] + 1, heads[topic] + 1)):
                return f"{topic}: {seqs} from {self._begin[topic]} to {heads[topic]}"
        return None

    def has_all(self, heads: Mapping[str, int]) -> bool:
        """True once the newest event of every topic came."""
        return all(seq_of(position) >= heads[topic] for topic, position in self.positions.items())


class SseFollower(Follower):
    """By SSE; comes back with the cursor of the last id, as a browser does."""

    def __init__(self, port: int, account: UUID, positions: Mapping[str, str]) -> None:
        super().__init__(port, account, positions)
        self._writer: asyncio.StreamWriter | None = None

    async def _follow(self) -> None:
        cursor = ";".join(self.positions.values())
        client = await open_sse(self._port, *self.positions, account=self._account, last_id=cursor)
        self._writer = client.writer
        syncs = 0
        while True:
            block = await client.event(seconds=20)
            if block.event == "sync":
                syncs += 1
                self._synced(block.data, syncs)
            elif block.event == "bye":
                return
            else:
                self._take(block.data)

    def _abort(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()


class SocketFollower(Follower):
    """By WebSocket; says hello with its positions."""

    def __init__(self, port: int, account: UUID, positions: Mapping[str, str]) -> None:
        super().__init__(port, account, positions)
        self._socket: RawSocket | None = None

    async def _follow(self) -> None:
        self._socket = socket = await open_raw_socket(self._port, self._account)
        socket.hello(self.positions)
        syncs = 0
        while True:
            message = await socket.next("sync", "event", seconds=20)
            if message["type"] == "sync":
                syncs += 1
                self._synced(message, syncs)
            else:
                self._take(message["event"])

    def _abort(self) -> None:
        if self._socket is not None:
            self._socket.abort()


@asynccontextmanager
async def following(followers: Iterable[Follower]) -> AsyncIterator[None]:
    """All of them running."""
    tasks = [asyncio.create_task(follower.run()) for follower in followers]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def seq_of(position: str) -> int:
    """The seq in `epoch:seq`."""
    return int(position.rpartition(":")[2])


async def heads_of(node: KernelNode, topics: Iterable[str]) -> dict[str, int]:
    """Where the topics stand now."""
    return {topic: seq_of(await node.position(topic)) for topic in topics}


async def publish(node: KernelNode, database: Database, topics: Iterable[str], text: str) -> None:
    """Commit one event on each of `topics`, in one transaction of `database`; repeated if it had to be."""

    async def append(transaction: Any) -> None:
        for topic in topics:
            node.events.append(transaction, topic, Written(text=text))

    await database.run(append)
