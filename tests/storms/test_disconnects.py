"""Clients that leave in the middle, never answer, talk nonsense or ask twice: nothing of them stays."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.realtime.harness import KernelNode, Written, connect, open_sse
from tests.storms.clients import PING, PONG, TEXT, RawSocket, handshake, open_raw_socket
from tests.waiting import eventually

from tiffin.realtime.access import Access
from tiffin.realtime.hub import Hub

_CONTINUATION, _BINARY = 0, 2


@pytest.fixture
async def witness(node: KernelNode) -> AsyncIterator[RawSocket]:
    """Somebody who follows `open.a` and must not feel anything; at the end nothing but it is left."""
    await node.write_texts("open.a", "start")
    socket = await open_raw_socket(node.port, uuid4())
    socket.hello({"open.a": await node.position("open.a")})
    assert (await socket.next("sync"))["ok"]
    yield socket
    await node.write_texts("open.a", "unharmed")
    assert (await socket.next("event"))["event"]["data"]["text"] == "unharmed"
    await _is_alone(node)
    socket.abort()
    await eventually(lambda: not node.server.server_state.connections and not node.hub.topics)


async def _is_alone(node: KernelNode) -> None:
    """The witness alone is left: one connection, its own topic and what it follows."""
    await eventually(lambda: len(node.server.server_state.connections) == 1)
    await eventually(lambda: len(node.server.server_state.tasks) == 1)
    await eventually(lambda: len(node.hub.subscribers) == 1 and len(node.hub.topics) == 2)
    await eventually(lambda: not node.hub._tasks)
    assert all(topic.pins == 0 for topic in node.hub.topics.values())


def _sse_request(account: UUID, position: str) -> bytes:
    return (
        b"GET /v1/events?topic=log.x&topic=open.y&since=%b;%b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n\r\n"
        % (position.encode(), position.encode(), str(account).encode())
    )


async def test_leaving_at_any_byte_of_the_request(node: KernelNode, witness: RawSocket) -> None:
    account = uuid4()
    node.rights["x"] = {account}
    for request in (_sse_request(account, "0:0"), handshake(account)):
        for end in (*range(1, len(request), 17), len(request)):
            _, writer = await connect(node.port)
            writer.write(request[:end])
            await writer.drain()
            writer.transport.abort() if end % 2 else writer.close()
    await _is_alone(node)


class Gate:
    """Holds everybody who comes to an await point, until it is opened."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    def around(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """`call`, held before it begins."""

        async def held(*arguments: Any) -> Any:
            self.reached.set()
            await self.opened.wait()
            return await call(*arguments)

        return held


_GATES = {
    "authenticating": (KernelNode, "authenticate"),
    "reading rights": (Access, "_read"),
    "reading a page": (Hub, "read_page"),
    "opening": (Hub, "open"),
}


@pytest.mark.parametrize("how", ["sse", "websocket"])
@pytest.mark.parametrize("place", _GATES)
async def test_leaving_while_the_node_waits(
    node: KernelNode, witness: RawSocket, monkeypatch: pytest.MonkeyPatch, place: str, how: str
) -> None:
    account = uuid4()
    node.rights["x"] = {account}
    await node.write("log.x", *(Written(text=str(number)) for number in range(150)))
    epoch = (await node.position("log.x")).split(":")[0]
    owner, name = _GATES[place]
    gate = Gate()
    real = getattr(owner, name)
    monkeypatch.setattr(owner, name, gate.around(real))
    if name == "_read":  # the batcher holds the bound method
        monkeypatch.setattr(node.access._batcher, "_read", gate.around(node.access._batcher._read))
    reader, writer = await connect(node.port)
    if how == "sse":
        writer.write(_sse_request(account, f"{epoch}:1"))
    else:
        writer.write(handshake(account))
        await reader.readuntil(b"\r\n\r\n")
        if place != "authenticating":  # uvicorn does not read on, and would not see it leave, while a frame waits
            RawSocket(reader, writer).hello({"log.x": f"{epoch}:1", "open.y": "0:0"})
    await asyncio.wait_for(gate.reached.wait(), 5)
    writer.transport.abort()
    await eventually(lambda: len(node.server.server_state.connections) == 1)
    monkeypatch.setattr(owner, name, real)
    gate.opened.set()
    await _is_alone(node)
    await eventually(lambda: not node.presence._entries)


async def test_leaving_in_the_middle_of_a_catch_up(node: KernelNode, witness: RawSocket) -> None:
    await node.write("open.y", *(Written(text="x" * 5000) for _ in range(400)))
    epoch = (await node.position("open.y")).split(":")[0]
    for amount in (1, 3, 50, 150):
        client = await open_sse(node.port, "open.y", since=f"{epoch}:0")
        await client.event()
        await client.texts(amount)
        client.writer.transport.abort()
        socket = await open_raw_socket(node.port, uuid4())
        socket.hello({"open.y": f"{epoch}:0"})
        for _ in range(amount):
            await socket.next("event")
        socket.abort()
    await _is_alone(node)


async def test_leaving_while_subscribing(node: KernelNode, witness: RawSocket) -> None:
    """Subscribed, unsubscribed and gone within one packet."""
    for number in range(20):
        socket = await open_raw_socket(node.port, uuid4())
        socket.hello({"open.y": None})
        socket.send(type="subscribe", id="1", topics={f"open.{name}": None for name in range(number)})
        socket.send(type="unsubscribe", id="2", topics=[f"open.{name}" for name in range(number // 2)])
        if number % 2:
            await socket.next("hello")
        socket.abort()
    await _is_alone(node)


async def test_half_closed_and_silent(node: KernelNode, witness: RawSocket) -> None:
    """A client that shuts its sending side down has left."""
    for open_it in (_sse_request(uuid4(), "0:0"), handshake(uuid4())):
        reader, writer = await connect(node.port)
        writer.write(open_it)
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()
        await _is_alone(node)
        writer.transport.abort()


async def test_a_close_frame_is_answered_and_ends_it(node: KernelNode, witness: RawSocket) -> None:
    for payload in (b"", struct.pack("!H", 1000) + b"bye"):
        socket = await open_raw_socket(node.port, uuid4())
        socket.hello({"open.a": "0:0"})
        await socket.next("sync")
        socket.send_frame(payload, 8)
        assert await socket.closed() in (1000, 1005, 0)
        await _is_alone(node)


async def test_a_client_that_never_answers_a_close_is_let_go(
    node: KernelNode, witness: RawSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiffin.realtime.websocket._HELLO_SECONDS", 0.05)
    socket = await open_raw_socket(node.port, uuid4())
    for connection in node.server.server_state.connections:
        connection.close_timeout = 0.5  # type: ignore[union-attr]
    with pytest.raises(EOFError):
        await socket.next()
    assert socket.close_code == 4102
    await _is_alone(node)
    assert await socket.reader.read() == b"", "the node ended the connection by itself"


async def test_pings_are_answered_and_pongs_are_not_needed(node: KernelNode, witness: RawSocket) -> None:
    """Presence is by lease and watchdog: nobody has to answer anything; nonsense in between changes nothing."""
    witness.send_frame(b"are you there", PING)
    assert await witness.frame() == (PONG, b"are you there")
    witness.send_frame(b"unasked", PONG)
    for nonsense in (b"{", b"[[]]", b'{"type":"hello"}', b'{"type":"subscribe","id":"x","topics":{"":null}}'):
        witness.send_frame(nonsense)
        assert (await witness.next())["code"] == "malformed"
        await node.write_texts("open.a", "in between")
        assert (await witness.next())["event"]["data"]["text"] == "in between"


async def test_messages_over_the_limit_get_their_code(node: KernelNode, witness: RawSocket) -> None:
    limit = node.settings.max_frame_bytes

    async def code(*frames: tuple[bytes, int, bool]) -> int | None:
        socket = await open_raw_socket(node.port, uuid4())
        socket.hello({})
        await socket.next("hello")
        with suppress(ConnectionError):
            for payload, opcode, final in frames:
                socket.send_frame(payload, opcode, final=final)
            await socket.writer.drain()
        return await socket.closed()

    text = b'{"type":"ping","id":"' + b"x" * (limit + 1) + b'"}'
    assert await code((text, TEXT, True)) == 1009
    assert await code((text[: limit // 2], TEXT, False), (text[limit // 2 :], _CONTINUATION, True)) == 1009
    assert await code((b"x", _BINARY, True)) == 4004
    endless = [(b"[", TEXT, False), *[(b"", _CONTINUATION, False)] * 20_000]
    assert await code(*endless) == 1009, "a message of endlessly many empty fragments"


async def test_a_message_of_the_limit_is_taken(node: KernelNode, witness: RawSocket) -> None:
    text = "x" * (node.settings.max_frame_bytes - 100)
    witness.send(type="command", id="c", name="say", data={"text": text})
    assert (await witness.next("ok", seconds=10))["data"]["text"].endswith(text)


async def test_a_second_request_behind_a_stream(node: KernelNode, witness: RawSocket) -> None:
    """In the same packet as the first, or later: it is not served, and nothing of either is left."""
    request = _sse_request(uuid4(), "0:0")
    for parts in ((request + request,), (request, request), (request * 3,)):
        reader, writer = await connect(node.port)
        for part in parts:
            writer.write(part)
            with suppress(TimeoutError, asyncio.IncompleteReadError, ConnectionError):
                await asyncio.wait_for(reader.readuntil(b"sync"), 0.5)
        writer.transport.abort()
        await _is_alone(node)


async def test_a_stream_with_a_body(node: KernelNode, witness: RawSocket) -> None:
    head = _sse_request(uuid4(), "0:0").removesuffix(b"\r\n")
    for body in (b"Content-Length: 5\r\n\r\nhello", b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"):
        reader, writer = await connect(node.port)
        writer.write(head + body)
        await reader.readuntil(b"event: sync")
        writer.transport.abort()
        await _is_alone(node)
