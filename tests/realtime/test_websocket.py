"""The WebSocket of the kernel, with a strangers' client (`websockets`) and with raw bytes."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.realtime.harness import KernelNode, RightsChanged, masked_frame, run_node, user_topic
from tests.realtime.harness import connect as connect_raw
from tests.waiting import eventually
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tiffin.base.principal import Principal
from tiffin.base.settings import Settings
from tiffin.db import Database
from tiffin.realtime.presence import list_present
from tiffin.realtime.protocol import Malformed, parse_frame


@pytest.fixture
async def node(settings: Settings, database: Database) -> AsyncIterator[KernelNode]:
    async with run_node(settings, database) as running:
        yield running


class Socket:
    """A `websockets` client that reads the messages of the protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.device_id = uuid4()

    async def send(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def next(self, *types: str, seconds: float = 5) -> dict[str, Any]:
        """The next message of one of `types` (any, if none is named); heartbeats are passed over."""
        async with asyncio.timeout(seconds):
            while True:
                message: dict[str, Any] = orjson.loads(await self.connection.recv())
                if message["type"] in types or (not types and message["type"] != "heartbeat"):
                    return message

    async def closed(self, *, seconds: float = 5) -> int:
        """The close code, after everything still to come."""
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(seconds):
                while True:
                    await self.connection.recv()
        assert self.connection.close_code is not None
        return self.connection.close_code


@contextlib.asynccontextmanager
async def open_socket(
    node: KernelNode, account: UUID, topics: dict[str, str | None] | None = None, *, hello: bool = True
) -> AsyncIterator[Socket]:
    async with connect(
        f"ws://127.0.0.1:{node.port}/v1/socket",
        additional_headers={"Authorization": f"Bearer {account}"},
        subprotocols=["tiffin.v1"],  # type: ignore[list-item]
        compression=None,
    ) as connection:
        assert connection.subprotocol == "tiffin.v1"
        socket = Socket(connection)
        if hello:
            await socket.send(type="hello", device_id=str(socket.device_id), device="till", topics=topics or {})
            assert (await socket.next())["type"] == "hello"
        yield socket


def reader_of(node: KernelNode, key: str) -> UUID:
    account = uuid4()
    node.rights.setdefault(key, set()).add(account)
    return account


async def test_hello_sync_events_and_resume(node: KernelNode) -> None:
    account = reader_of(node, "a")
    await node.write_texts("log.a", "1", "2", "3")
    epoch = (await node.position("log.a")).split(":")[0]
    async with open_socket(node, account, {"log.a": f"{epoch}:1"}) as socket:
        sync = await socket.next()
        assert (sync["ok"], sync["from"], sync["to"]) == (True, 1, 3)
        assert [(await socket.next("event"))["event"]["data"]["text"] for _ in range(2)] == ["2", "3"]
        await node.write_texts("log.a", "4")
        assert (await socket.next("event"))["event"]["seq"] == 4
    async with open_socket(node, account, {"log.a": f"{epoch}:4"}) as socket:
        assert (await socket.next("sync"))["ok"]
        await node.write_texts("log.a", "5")
        assert (await socket.next("event"))["event"]["data"]["text"] == "5"


async def test_subscribe_and_unsubscribe(node: KernelNode) -> None:
    async with open_socket(node, uuid4()) as socket:
        await socket.send(type="subscribe", id="s1", topics={"open.a": None})
        assert await socket.next() == {"type": "ok", "id": "s1", "data": None}
        assert (await socket.next())["reason"] == "position"
        await node.write_texts("open.a", "1")
        assert (await socket.next())["event"]["data"]["text"] == "1"
        await socket.send(type="unsubscribe", id="s2", topics=["open.a"])
        assert (await socket.next())["id"] == "s2"
        await node.write_texts("open.a", "2")
        await socket.send(type="ping", id="p")
        assert (await socket.next())["id"] == "p"
        await eventually(lambda: "open.a" not in node.hub.topics)


async def test_each_command_gets_exactly_one_answer(node: KernelNode) -> None:
    account = uuid4()
    async with open_socket(node, account) as socket:
        await socket.send(type="command", id="c1", name="say", data={"text": "hi"})
        assert await socket.next() == {"type": "ok", "id": "c1", "data": {"text": f"{account}: hi"}}
        await socket.send(type="command", id="c2", name="say", data={"text": 5})
        assert (await socket.next())["code"] == "invalid_fields"
        await socket.send(type="command", id="c3", name="nothing", data={})
        refused = await socket.next()
        assert (refused["id"], refused["code"]) == ("c3", "unknown_command")
        many = [{"type": "command", "id": str(n), "name": "say", "data": {"text": str(n)}} for n in range(60)]
        await socket.connection.send(orjson.dumps(many).decode())
        assert [(await socket.next())["id"] for _ in many] == [str(n) for n in range(60)]


async def test_ack_reaches_the_feature_and_is_never_ahead(node: KernelNode) -> None:
    account = reader_of(node, "a")
    await node.write_texts("log.a", "1", "2")
    async with open_socket(node, account, {"log.a": await node.position("log.a")}) as socket:
        await socket.next("sync")
        await socket.send(type="ack", topic="log.a", seq=99)
        await eventually(lambda: node.acks == [(account, socket.device_id, "log.a", 2)])
        await socket.send(type="ack", topic="log.other", seq=1)
        await socket.send(type="ping", id="p")
        await socket.next("ok")
        assert len(node.acks) == 1


async def test_presence_by_lease(node: KernelNode) -> None:
    account = reader_of(node, "a")

    async def present() -> list[UUID]:
        async with node.database.connection() as connection:
            return [somebody.account_id for somebody in (await list_present(connection, ["log.a"]))["log.a"]]

    async def is_in() -> bool:
        return await present() == [account]

    async def is_out() -> bool:
        return await present() == []

    async with open_socket(node, account, {"log.a": None, "open.b": None}):
        await eventually(is_in)
    await eventually(is_out)
    await node.database.pool.execute(
        "INSERT INTO presence VALUES ('log.a', gen_random_uuid(), $1, 'dead', now(), now() - interval '1 s')", account
    )
    assert await present() == [], "a lease that ran out does not count"
    assert node.rooms_told == [["log.a"], ["log.a"]], "came and left, and nothing for a lease that was renewed"

    async def told_again() -> bool:
        return len(node.rooms_told) == 3

    node.presence.leave(uuid4())
    async with open_socket(node, account, {"log.b": None}):
        await eventually(told_again)
    assert node.rooms_told[2] == ["log.a"], "whoever finds a lease that ran out tells its room"


async def test_who_may_connect(node: KernelNode) -> None:
    ended = uuid4()
    node.ended.add(ended)
    url = f"ws://127.0.0.1:{node.port}/v1/socket"
    origin = next(iter(node.settings.origins))
    cases: list[tuple[dict[str, str], int]] = [
        ({}, 4001),
        ({"Authorization": f"Bearer {ended}"}, 4001),
        ({"Authorization": "Basic x"}, 4001),
        ({"Cookie": f"tiffin_session={uuid4()}"}, 4003),
        ({"Cookie": f"tiffin_session={uuid4()}", "Origin": "https://evil.example"}, 4003),
    ]
    for headers, code in cases:
        async with connect(url, additional_headers=headers) as connection:
            assert await Socket(connection).closed() == code, headers
    allowed = {"Cookie": f"tiffin_session={uuid4()}", "Origin": origin}
    async with connect(url, additional_headers=allowed) as connection:
        socket = Socket(connection)
        await socket.send(type="hello", device_id=str(uuid4()))
        assert (await socket.next())["type"] == "hello"


async def test_an_ended_session_is_closed_even_without_topics(node: KernelNode) -> None:
    account = uuid4()
    async with open_socket(node, account) as socket:
        node.ended.add(account)
        await node.write(user_topic(Principal(account, account)), RightsChanged())
        assert await socket.closed(seconds=1) == 4005


async def test_a_lost_right_is_said_and_the_rest_goes_on(node: KernelNode) -> None:
    account = reader_of(node, "a")
    await node.write_texts("log.a", "0")
    async with open_socket(node, account, {"log.a": await node.position("log.a"), "open.b": "0:0"}) as socket:
        assert (await socket.next("sync"))["ok"]
        assert (await socket.next("sync"))["ok"]
        node.rights["a"].clear()
        await node.write(user_topic(Principal(account, account)), RightsChanged())
        await node.write_texts("log.a", "secret")
        await node.write_texts("open.b", "public")
        messages = [await socket.next(), await socket.next()]
        assert {message["type"] for message in messages} == {"sync", "event"}
        assert [m["reason"] for m in messages if m["type"] == "sync"] == ["forbidden"]
        assert [m["event"]["data"]["text"] for m in messages if m["type"] == "event"] == ["public"]


async def test_hello_must_come_first_and_in_time(node: KernelNode, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_socket(node, uuid4(), hello=False) as socket:
        await socket.send(type="ping", id="p")
        assert (await socket.next())["code"] == "hello_first"
    monkeypatch.setattr("tiffin.realtime.websocket._HELLO_SECONDS", 0.1)
    async with open_socket(node, uuid4(), hello=False) as socket:
        assert await socket.closed() == 4102


async def test_a_drain_closes_with_come_back(node: KernelNode) -> None:
    async with open_socket(node, uuid4(), {"open.a": "0:0"}) as socket:
        await socket.next("sync")
        await node.hub.drain(0)
        assert await socket.closed() == 4200
    async with connect(
        f"ws://127.0.0.1:{node.port}/v1/socket", additional_headers={"Authorization": f"Bearer {uuid4()}"}
    ) as late:
        assert await Socket(late).closed() == 4200


async def test_heartbeats(settings: Settings, database: Database) -> None:
    async with run_node(settings.model_copy(update={"heartbeat_seconds": 0.1}), database) as node:
        async with open_socket(node, uuid4()) as socket:
            beat = await socket.next("heartbeat", seconds=2)
            assert set(beat) == {"type", "at"}


@pytest.mark.parametrize(
    "frame",
    ["", "{", "null", "5", '"x"', "[1]", '{"type":"x"}', '{"type":"hello"}', '{"type":"subscribe","id":"x"}', "[[]]"],
)
async def test_malformed_frames_are_answered(node: KernelNode, frame: str) -> None:
    async with open_socket(node, uuid4()) as socket:
        await socket.connection.send(frame)
        assert (await socket.next())["code"] == "malformed"
        await socket.send(type="ping", id="still here")
        assert (await socket.next())["id"] == "still here"


async def test_a_message_that_is_none_does_not_cost_the_others_their_answers(node: KernelNode) -> None:
    async with open_socket(node, uuid4()) as socket:
        await socket.connection.send('[{"type":"ping","id":"before"}, 5, {"type":"ping","id":"after"}]')
        answers = [await socket.next() for _ in range(3)]
        assert [answer["id"] for answer in answers] == ["before", None, "after"]
        assert answers[1]["code"] == "malformed"


async def test_endless_nonsense_is_cut_off(node: KernelNode) -> None:
    async with open_socket(node, uuid4()) as socket:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(30):
                await socket.connection.send("nonsense")
        assert await socket.closed() == 4004
    async with open_socket(node, uuid4()) as socket:
        await socket.connection.send(b"binary")
        assert await socket.closed() == 4004


async def test_raw_bytes_that_are_no_frames(node: KernelNode, caplog: pytest.LogCaptureFixture) -> None:
    """Broken frames end that connection alone, and are no errors of ours."""
    async with open_socket(node, uuid4(), {"open.a": "0:0"}) as beside:
        await beside.next("sync")
        for garbage in (b"\xff" * 200, masked_frame(b"\xff\xfe"), b"\x81\x05hello", masked_frame(b"x", opcode=3)):
            reader, writer = await connect_raw(node.port)
            writer.write(
                b"GET /v1/socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                b"Authorization: Bearer %b\r\n\r\n" % str(uuid4()).encode()
            )
            await reader.readuntil(b"\r\n\r\n")
            writer.write(garbage)
            async with asyncio.timeout(5):
                while await reader.read(1000):
                    pass
        assert [record.getMessage() for record in caplog.records] == []
        await node.write_texts("open.a", "unharmed")
        assert (await beside.next("event"))["event"]["data"]["text"] == "unharmed"
    await eventually(lambda: not node.hub.subscribers)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
_messages = st.fixed_dictionaries(
    {"type": st.sampled_from(["hello", "subscribe", "unsubscribe", "ack", "command", "ping", "x"]) | _json},
    optional=dict.fromkeys(("id", "topics", "topic", "seq", "name", "data", "device_id"), _json),
)


@given(st.text(max_size=200) | _json.map(json.dumps))
@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_frame_is_messages_or_malformed(text: str) -> None:
    with contextlib.suppress(Malformed):
        assert isinstance(parse_frame(text), list)


async def test_random_messages_never_break_a_socket(node: KernelNode) -> None:
    """Whatever is sent, the next good command is answered, on this socket or, if it was cut off, on a new one."""
    frames: list[str] = []

    @given(st.lists(_messages, min_size=1, max_size=3))
    @hypothesis_settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    def collect(messages: list[dict[str, Any]]) -> None:
        frames.append(json.dumps(messages))

    collect()
    for start in range(0, len(frames), 5):
        async with open_socket(node, uuid4()) as socket:
            with contextlib.suppress(ConnectionClosed):
                for frame in frames[start : start + 5]:
                    await socket.connection.send(frame)
                await socket.send(type="ping", id="after all")
                while (await socket.next("ok", "error"))["id"] != "after all":
                    pass
        async with open_socket(node, uuid4()) as socket:
            await socket.send(type="command", id="c", name="say", data={"text": "x"})
            assert (await socket.next("ok"))["id"] == "c"
    await eventually(lambda: not node.hub.subscribers)
