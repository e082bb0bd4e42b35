"""A node with nothing but the kernel, on real sockets, and the barest clients.

Topics: `log.{key}` and `last.{key}` (newest value only, guarded by `guard.{key}`) may be read by the accounts in
`rights[key]`; `open.{key}` by anybody. The token of an account is its id. The clients read raw bytes, so that what is
tested is the wire and not our SDK.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar
from uuid import UUID

import httptools
import orjson
from pydantic import BaseModel
from starlette.routing import Route, Router, WebSocketRoute

from tiffin.app.server import Server, bind, make_server
from tiffin.base.errors import Unauthenticated
from tiffin.base.principal import Principal
from tiffin.base.settings import Settings
from tiffin.db import Connection, Database, Transaction
from tiffin.http.authentication import Credential
from tiffin.nats import NatsConnection
from tiffin.realtime import Caller, Command, Event, EventLog, Grant, LatestValue, ReadRequest, TopicKind
from tiffin.realtime.access import Access
from tiffin.realtime.announcer import Announcer
from tiffin.realtime.head_check import HeadCheck
from tiffin.realtime.hub import Hub
from tiffin.realtime.latest import LatestValues
from tiffin.realtime.presence import Presence
from tiffin.realtime.sse import Streams
from tiffin.realtime.topic import TopicKinds
from tiffin.realtime.websocket import SocketEndpoint


class Written(Event):
    """Something was written."""

    type = "log.written"
    text: str = ""


class RightsChanged(Event):
    """Somebody's rights may have changed."""

    type = "rights.changed"
    rights: ClassVar[bool] = True


class Say(BaseModel):
    """Body of the test's command."""

    text: str


class Said(BaseModel):
    """Answer of the test's command."""

    text: str


def user_topic(principal: Principal) -> str:
    return f"user.{principal.account_id}"


class KernelNode:
    """Hub, head check and endpoints on a free port."""

    def __init__(self, settings: Settings, database: Database) -> None:
        assert settings.database_url is not None
        assert settings.nats_url is not None
        self.settings = settings
        self.database = database
        # who may read `log.{key}`
        self.rights: dict[str, set[UUID]] = {}
        self.ended: set[UUID] = set()
        # of `last.{key}`: what a feature would keep, and which generation readers may see
        self.kept: dict[str, LatestValue] = {}
        self.generations: dict[str, int] = {}
        self.acks: list[tuple[UUID, UUID, str, int]] = []
        self.nats = NatsConnection(settings.nats_url.get_secret_value(), "test", self._trouble)
        # how often the sampled topic was computed
        self.samples = 0
        self.announcer = Announcer(self.nats)
        self.events = EventLog(self.announcer.announce)
        self.kinds = TopicKinds(
            [
                TopicKind(
                    "log.{key}", self._readers, (Written,), "a log", on_ack=self._ack, on_presence=self._tell_rooms
                ),
                TopicKind(
                    "last.{key}",
                    self._latest_readers,
                    (),
                    "newest only",
                    durability="latest",
                    read_latest=self._read_latest,
                ),
                TopicKind(
                    "sampled",
                    self._public,
                    (),
                    "computed anew every second",
                    durability="latest",
                    read_latest=self._sample,
                    sampled=True,
                ),
                TopicKind("open.{key}", self._public, (Written,), "a public log"),
                TopicKind("user.{key}", self._own, (RightsChanged, Written), "an account's own"),
            ]
        )
        self.access = Access(database, self.kinds, self._sessions, user_topic)
        self.hub = Hub(
            database,
            self.access,
            lifetime_seconds=settings.stream_lifetime_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
        )
        self.announcer.attach(self.hub)
        self.latest = LatestValues(self.nats, database)
        self.latest.attach(self.hub)
        self.head_check = HeadCheck(self.hub, settings.database_url.get_secret_value(), settings.head_check_seconds)
        self.rooms_told: list[list[str]] = []
        self.presence = Presence(database, self._tell_rooms)
        self.streams = Streams(self.hub, self, settings.origins, max_topics=settings.max_topics)
        self.port = 0
        self.server: Server

    async def authenticate(self, credential: Credential) -> Principal:
        try:
            account_id = UUID(credential.secret)
        except ValueError:
            raise Unauthenticated() from None
        if account_id in self.ended:
            raise Unauthenticated()
        return Principal(account_id, account_id)

    async def _sessions(self, _: Connection, principals: Sequence[Principal]) -> list[Principal | None]:
        return [None if principal.account_id in self.ended else principal for principal in principals]

    async def _readers(self, _: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
        return [
            Grant() if r.principal is not None and r.principal.account_id in self.rights.get(r.key, set()) else None
            for r in requests
        ]

    async def _latest_readers(self, connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
        return [
            grant and Grant((f"guard.{request.key}",), generation=self.generations.get(request.key, 0))
            for request, grant in zip(requests, await self._readers(connection, requests), strict=True)
        ]

    async def _read_latest(self, _: Connection, keys: Sequence[str]) -> list[LatestValue | None]:
        return [self.kept.get(key) for key in keys]

    async def _sample(self, _: Connection, keys: Sequence[str]) -> list[LatestValue | None]:
        self.samples += 1
        return [LatestValue("sampled", 0, self.samples, orjson.dumps({"at": self.samples}))]

    def tell_latest(self, key: str, at: int, *, generation: int = 0, keep: bool = True) -> None:
        """A newer value of `last.{key}`; its data is where it stands."""
        data = orjson.dumps({"generation": generation, "at": at})
        value = LatestValue(f"last.{key}", generation, at, data)
        if keep:
            self.kept[key] = value
        self.latest.publish([value])

    async def _public(self, _: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
        return [Grant(public=True) for _ in requests]

    async def _own(self, _: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
        return [Grant() if r.principal is not None and str(r.principal.account_id) == r.key else None for r in requests]

    async def _ack(self, principal: Principal, device_id: UUID, topic: str, seq: int) -> None:
        self.acks.append((principal.account_id, device_id, topic, seq))

    async def _tell_rooms(self, transaction: Transaction, rooms: Sequence[str]) -> None:
        self.rooms_told.append(list(rooms))

    async def _say(self, caller: Caller, body: Say) -> Said:
        return Said(text=f"{caller.principal.account_id}: {body.text}")

    def _trouble(self) -> None:
        self.head_check.check_all_now()

    def asgi(self) -> Router:
        socket = SocketEndpoint(
            self.hub,
            self,
            self.kinds,
            (Command("say", Say, self._say, "Say something", Said),),
            self.presence,
            self.settings.origins,
            max_topics=self.settings.max_topics,
            heartbeat_seconds=self.settings.heartbeat_seconds,
        )
        return Router([Route("/v1/events", self.streams), WebSocketRoute("/v1/socket", socket)])

    async def write(self, topic: str, *events: Event) -> None:
        """Commit events on a topic."""
        async with self.database.transaction() as transaction:
            for event in events:
                self.events.append(transaction, topic, event)

    async def write_texts(self, topic: str, *texts: str) -> None:
        """Commit one event a text, a transaction each."""
        for text in texts:
            await self.write(topic, Written(text=text))

    async def position(self, topic: str) -> str:
        """The topic's position, as a snapshot would give it."""
        rights = await self.database.pool.fetchrow(
            "SELECT cluster_epoch() || epoch AS epoch, last_seq FROM topic_head WHERE topic = $1", topic
        )
        return "0:0" if rights is None else f"{rights['epoch']}:{rights['last_seq']}"


@asynccontextmanager
async def run_node(settings: Settings, database: Database, *, connected: bool = True) -> AsyncIterator[KernelNode]:
    """A running node."""
    node = KernelNode(settings, database)
    node.hub.start()
    node.head_check.start()
    node.presence.start()
    node.latest.start()
    if connected:
        node.nats.start()
    listener = bind("127.0.0.1", 0)
    node.port = listener.getsockname()[1]
    node.server = make_server(node.asgi(), settings)
    serving = asyncio.create_task(node.server.serve(sockets=[listener]))
    async with asyncio.timeout(5):
        while not (node.server.started and node.hub.is_fresh):
            await asyncio.sleep(0.005)
        while connected and not node.nats.is_connected:
            await asyncio.sleep(0.005)
    try:
        yield node
    finally:
        await node.hub.drain(0)
        await close_all()
        node.server.should_exit = True
        await serving
        for part in (node.latest, node.presence, node.head_check, node.hub, node.nats):
            await part.stop()


class Block:
    """One block of an event stream."""

    def __init__(self, text: str) -> None:
        fields = dict(line.partition(": ")[::2] for line in text.split("\n"))
        self.event = fields.get("event", "")
        self.id = fields.get("id")
        self.data: dict[str, Any] = orjson.loads(fields["data"]) if "data" in fields else {}
        self.text: str = self.data.get("data", {}).get("text", "") if "seq" in self.data else ""

    def __repr__(self) -> str:
        return f"<{self.event or 'id'} {self.id} {self.data}>"


class SseClient:
    """Reads one stream, block by block. `reading` False leaves the bytes in the kernel: a slow client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._parser = httptools.HttpResponseParser(self)
        self._buffer = ""
        self._blocks: list[Block] = []
        self.status = 0
        self.headers: dict[str, str] = {}
        # true once the response has ended as it should
        self.complete = False
        self.last_id: str | None = None
        self._has_headers = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._has_headers = True

    def on_body(self, body: bytes) -> None:
        self._buffer += body.decode()
        *whole, self._buffer = self._buffer.split("\n\n")
        self._blocks += [Block(text) for text in whole]

    def on_message_complete(self) -> None:
        self.complete = True

    async def _fill(self) -> bool:
        data = await self._reader.read(65536)
        if not data:
            return False
        self._parser.feed_data(data)
        return True

    async def headers_read(self) -> None:
        async with asyncio.timeout(5):
            while not self._has_headers and await self._fill():
                pass

    async def next(self, *, seconds: float = 5) -> Block:
        """The next block, heartbeats and bare ids too. Raises EOFError at the end."""
        async with asyncio.timeout(seconds):
            while not self._blocks:
                if self.complete or not await self._fill():
                    raise EOFError
        block = self._blocks.pop(0)
        if block.id is not None:
            self.last_id = block.id
        return block

    async def event(self, *, seconds: float = 5) -> Block:
        """The next block that is an event of a topic, a sync or a bye."""
        while True:
            block = await self.next(seconds=seconds)
            if block.event and block.event != "heartbeat":
                return block

    async def texts(self, amount: int, *, seconds: float = 5) -> list[str]:
        """The texts of the next `amount` events; anything else in between is an error."""
        found: list[str] = []
        while len(found) < amount:
            block = await self.event(seconds=seconds)
            assert block.event == "log.written", block
            found.append(block.text)
        return found

    async def until_end(self) -> list[Block]:
        """Everything up to the end of the stream."""
        blocks = []
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                blocks.append(await self.next())
        return blocks

    def close(self) -> None:
        self.writer.close()


async def open_sse(
    port: int,
    *topics: str,
    account: UUID | None = None,
    since: str | None = None,
    last_id: str | None = None,
    receive_buffer: int | None = None,
) -> SseClient:
    """Open `/v1/events` and read its head."""
    reader, writer = await connect(port, receive_buffer=receive_buffer)
    query = "&".join(f"topic={topic}" for topic in topics) + (f"&since={since}" if since else "")
    lines = [f"GET /v1/events?{query} HTTP/1.1", "Host: test"]
    if account is not None:
        lines.append(f"Authorization: Bearer {account}")
    if last_id is not None:
        lines.append(f"Last-Event-ID: {last_id}")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    client = SseClient(reader, writer)
    await client.headers_read()
    return client


_opened: list[asyncio.StreamWriter] = []


async def connect(port: int, *, receive_buffer: int | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A raw connection that is closed when the node stops, at the latest."""
    sock = socket.socket()
    sock.setblocking(False)
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=2**16)
    _opened.append(writer)
    return reader, writer


async def close_all() -> None:
    """Close what tests opened."""
    while _opened:
        writer = _opened.pop()
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def masked_frame(payload: bytes, opcode: int = 1) -> bytes:
    """A client's frame, with a mask of zeros."""
    length = len(payload)
    head = bytes((0x80 | opcode,))
    if length < 126:
        head += bytes((0x80 | length,))
    elif length < 65536:
        head += b"\xfe" + struct.pack("!H", length)
    else:
        head += b"\xff" + struct.pack("!Q", length)
    return head + b"\0\0\0\0" + payload
