"""Clients that read nothing, or a byte now and then, beside clients that read at once."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from tests.realtime.harness import KernelNode, SseClient, Written, open_sse, run_node
from tests.storms.clients import PING, RawSocket, open_raw_socket, publish
from tests.waiting import eventually

from tiffin.base.settings import Settings
from tiffin.db import Database
from tiffin.realtime.disconnect import SLOW

_FILLER = "y" * 20_000
_EVENTS = 80
_MEBIBYTE = "z" * 2**20
_PAGE_BYTES = 256 * 1024
# the mark, a page, and the event that crossed it
_MOST_UNSENT = 64 * 1024 + _PAGE_BYTES + 2 * 2**20


def _unsent(node: KernelNode) -> list[int]:
    return [subscriber.link.unsent_bytes for subscriber in node.hub.subscribers if subscriber.link is not None]


async def _numbers(client: SseClient, amount: int) -> list[int]:
    return [int(text.split()[0]) for text in await client.texts(amount, seconds=20)]


async def _slow_socket(node: KernelNode, topic: str) -> RawSocket:
    socket = await open_raw_socket(node.port, uuid4(), receive_buffer=4096)
    socket.hello({topic: await node.position(topic)})
    await socket.next("sync")
    return socket


async def _drip(client: SseClient, stop: asyncio.Event) -> None:
    """Read a byte now and then."""
    while not stop.is_set():
        client._parser.feed_data(await client._reader.read(1))
        await asyncio.sleep(0.01)


async def test_slow_ones_delay_nobody_and_miss_nothing(node: KernelNode, writing: Database) -> None:
    await node.write_texts("open.a", "start")
    since = await node.position("open.a")
    slow = [await open_sse(node.port, "open.a", since=since, receive_buffer=4096) for _ in range(6)]
    sockets = [await _slow_socket(node, "open.a") for _ in range(4)]
    fast = [await open_sse(node.port, "open.a", since=since) for _ in range(3)]
    for client in (*slow, *fast):
        assert (await client.event()).data["ok"]
    stop = asyncio.Event()
    dripping = asyncio.create_task(_drip(slow[0], stop))
    for number in range(_EVENTS):
        await publish(node, writing, ["open.a"], f"{number} {_FILLER}")
        for client in fast:
            assert await client.texts(1, seconds=2) == [f"{number} {_FILLER}"], "a fast client waits for a slow one"
        assert max(_unsent(node)) < 64 * 1024 + _PAGE_BYTES + 2 * len(_FILLER)
    assert sum(unsent > 0 for unsent in _unsent(node)) == len(slow) + len(sockets), "the slow ones are behind"
    stop.set()
    await dripping
    assert await asyncio.gather(*(_numbers(client, _EVENTS) for client in slow)) == [list(range(_EVENTS))] * len(slow)
    for socket in sockets:
        texts = [(await socket.next("event", seconds=20))["event"]["data"]["text"] for _ in range(_EVENTS)]
        assert [int(text.split()[0]) for text in texts] == list(range(_EVENTS))


async def test_large_events_are_paged_by_bytes(node: KernelNode, writing: Database) -> None:
    """A client that reads nothing of 10 MiB costs one page, whether they were there before or come live."""
    await node.write_texts("open.a", "start")
    since = await node.position("open.a")
    live = await open_sse(node.port, "open.a", since=since, receive_buffer=4096)
    assert (await live.event()).data["ok"]

    async def write(transaction: object) -> None:
        for number in range(10):
            node.events.append(transaction, "open.a", Written(text=f"{number} {_MEBIBYTE}"))  # type: ignore[arg-type]

    await writing.run(write)
    late = await open_sse(node.port, "open.a", since=since, receive_buffer=4096)
    assert (await late.event()).data["ok"]
    await eventually(lambda: sum(unsent > 64 * 1024 for unsent in _unsent(node)) == 2)
    for _ in range(20):
        await asyncio.sleep(0)
    assert max(_unsent(node)) < _MOST_UNSENT
    assert await _numbers(late, 10) == list(range(10))
    assert await _numbers(live, 10) == list(range(10))


@pytest.fixture
async def quick(settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KernelNode]:
    """A node that beats and watches ten times a second, and calls a socket stuck after half a second."""
    monkeypatch.setattr("tiffin.realtime.subscriber.STUCK_SECONDS", 0.5)
    async with run_node(settings.model_copy(update={"heartbeat_seconds": 0.5}), database) as running:
        yield running


async def test_who_takes_nothing_is_cut_with_the_reason_slow(quick: KernelNode) -> None:
    await quick.write_texts("open.a", "start")
    since = await quick.position("open.a")
    stuck = await open_sse(quick.port, "open.a", since=since, receive_buffer=4096)
    socket = await _slow_socket(quick, "open.a")
    healthy = await open_sse(quick.port, "open.a", since=since)
    for client in (stuck, healthy):
        assert (await client.event()).data["ok"]
    slow = list(quick.hub.subscribers)[:2]
    await quick.write("open.a", *(Written(text=f"{number} {_FILLER}") for number in range(40)))
    assert await _numbers(healthy, 40) == list(range(40))
    await eventually(lambda: [subscriber.ended_by for subscriber in slow] == [SLOW, SLOW])
    await eventually(lambda: len(quick.hub.subscribers) == 1)
    await stuck.until_end()
    assert not stuck.complete, "the rest was dropped, not delivered"
    assert await socket.closed() is None
    back = await open_sse(quick.port, "open.a", last_id=stuck.last_id)
    assert (await back.event()).data["ok"]
    last = 0
    while last < 39:
        last = (await _numbers(back, 1))[0]


async def test_a_reader_slower_than_its_events_is_not_cut(quick: KernelNode) -> None:
    """Some bytes now and then are a sign of life, however far behind it is."""
    await quick.write_texts("open.a", "start")
    client = await open_sse(quick.port, "open.a", since=await quick.position("open.a"), receive_buffer=4096)
    assert (await client.event()).data["ok"]
    await quick.write("open.a", *(Written(text=f"{number} {_FILLER}") for number in range(120)))
    loop = asyncio.get_running_loop()
    until = loop.time() + 1.5
    while loop.time() < until:
        client._parser.feed_data(await client._reader.read(20_000))
        await asyncio.sleep(0.02)
    assert len(quick.hub.subscribers) == 1
    assert await _numbers(client, 120) == list(range(120))


async def test_who_asks_and_does_not_read_waits_for_itself(node: KernelNode) -> None:
    """Answers to a client that reads none stop at the mark; all come, in order, when it reads."""
    socket = await open_raw_socket(node.port, uuid4(), receive_buffer=4096)
    socket.hello({})
    await socket.next("hello")
    amount = 20_000
    for start in range(0, amount, 50):
        many = b",".join(b'{"type":"ping","id":"%d %b"}' % (n, b"p" * 80) for n in range(start, start + 50))
        socket.send_frame(b"[%b]" % many)
    sizes = await _watch(node, seconds=1)
    assert max(sizes) < 300_000, "unread answers pile up"
    answers = [int((await socket.next("ok", seconds=20))["id"].split()[0]) for _ in range(amount)]
    assert answers == list(range(amount))


async def test_a_flood_of_unread_pongs_is_bounded(node: KernelNode) -> None:
    socket = await open_raw_socket(node.port, uuid4(), receive_buffer=4096)
    socket.hello({})
    await socket.next("hello")
    for _ in range(40_000):
        socket.send_frame(b"p" * 120, PING)
    assert max(await _watch(node, seconds=1)) < 400_000
    socket.abort()


async def _watch(node: KernelNode, *, seconds: float) -> list[int]:
    """The unsent bytes of every connection, looked at for a while."""
    loop = asyncio.get_running_loop()
    until, sizes = loop.time() + seconds, [0]
    while loop.time() < until:
        for connection in node.server.server_state.connections:
            transport = connection.transport
            sizes.append(transport.get_write_buffer_size())
        await asyncio.sleep(0.005)
    return sizes
