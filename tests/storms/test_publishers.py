"""Many publishers on the same and on different topics, events of every size, and topics that come and go."""

import asyncio
import random
from collections.abc import Sequence
from uuid import uuid4

from tests.realtime.harness import KernelNode, open_sse, run_node
from tests.storms.clients import (
    Follower,
    SocketFollower,
    SseFollower,
    following,
    heads_of,
    open_raw_socket,
    publish,
)
from tests.waiting import eventually

from tiffin.base.settings import Settings
from tiffin.db import Database
from tiffin.realtime.event_log import QUERIES

_SIZES = (0, 1, 125, 126, 65_000, 65_536, 70_000, 200_000, 2**20)


async def _watch(node: KernelNode, topics: Sequence[str], at: KernelNode | None = None) -> list[Follower]:
    positions = {topic: await node.position(topic) for topic in topics}
    port = (at or node).port
    return [SseFollower(port, uuid4(), positions), SocketFollower(port, uuid4(), positions)]


async def test_topics_taken_in_opposite_orders(node: KernelNode, writing: Database) -> None:
    """No deadlock, no gap, no double, and every publisher's events in its own order."""
    topics = [f"open.t{number}" for number in range(6)]
    await publish(node, writing, topics, "start")
    before = await heads_of(node, topics)
    followers = await _watch(node, topics)

    async def write(number: int) -> None:
        shuffled = random.Random(number)
        for _ in range(25):
            await publish(node, writing, shuffled.sample(topics, 3), str(number))

    async with following(followers):
        await eventually(lambda: all(follower.is_attached for follower in followers))
        async with asyncio.timeout(20):
            await asyncio.gather(*(write(number) for number in range(12)))
        heads = await heads_of(node, topics)
        await eventually(lambda: all(follower.has_all(heads) for follower in followers))
    assert sum(heads.values()) - sum(before.values()) == 12 * 25 * 3
    assert [follower.complain(heads) for follower in followers] == [None, None]
    assert [follower.attached for follower in followers] == [1, 1], "nobody was cut"


async def test_one_publisher_does_not_hold_up_another_topic(node: KernelNode, writing: Database) -> None:
    """A transaction that has numbered its event and does not commit holds its own topic alone."""
    client = await open_sse(node.port, "open.held", "open.free", since="0:0;0:0")
    for _ in range(2):
        await client.event()
    release = asyncio.Event()

    async def hold() -> None:
        event = {"topic": "open.held", "back": 0, "type": "log.written", "rights": False, "body": '{"text":"held"}'}
        async with writing.pool.acquire() as connection, connection.transaction():
            statement = f"WITH {QUERIES['append_events']} SELECT count(*) FROM events"
            assert await connection.fetchval(statement, [{"topic": "open.held", "count": 1}], [event]) == 1
            holding.set()
            await release.wait()

    holding = asyncio.Event()
    held = asyncio.create_task(hold())
    await asyncio.wait_for(holding.wait(), 5)
    behind = asyncio.create_task(publish(node, writing, ["open.held"], "behind"))
    await publish(node, writing, ["open.free"], "free")
    assert await client.texts(1, seconds=2) == ["free"]
    assert not behind.done()
    release.set()
    await asyncio.gather(held, behind)
    assert await client.texts(2, seconds=4) == ["held", "behind"]


async def test_events_of_every_size_on_two_nodes(node: KernelNode, settings: Settings, writing: Database) -> None:
    """Bodies over 64 KB are announced without themselves; the other node reads them from the log, at once."""
    async with run_node(node.settings, node.database) as other:
        other.head_check._period_seconds = 60.0  # what comes now was announced
        await node.write_texts("open.sizes", "start")
        since = await node.position("open.sizes")
        here, there = [await open_sse(at.port, "open.sizes", since=since) for at in (node, other)]
        socket = await open_raw_socket(other.port, uuid4())
        socket.hello({"open.sizes": since})
        assert (await socket.next("sync"))["ok"]
        for client in (here, there):
            assert (await client.event()).data["ok"]
        for size in _SIZES:
            text = f"{size}é" + "x" * size
            await publish(node, writing, ["open.sizes"], text)
            assert await here.texts(1) == [text]
            assert await there.texts(1, seconds=2) == [text]
            assert (await socket.next("event", seconds=2))["event"]["data"]["text"] == text


async def test_subscribing_and_unsubscribing_without_end(node: KernelNode, writing: Database) -> None:
    """Each subscription that is answered gets every event from its sync on; nothing stays of those that ended."""
    topics = [f"open.s{number}" for number in range(20)]
    await publish(node, writing, topics, "start")
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await publish(node, writing, random.sample(topics, 5), "x")

    async def change(seed: int) -> None:
        socket = await open_raw_socket(node.port, uuid4())
        socket.hello({})
        chosen = random.Random(seed)
        for turn in range(25):
            topic = chosen.choice(topics)
            socket.send(type="subscribe", id=f"s{turn}", topics={topic: await node.position(topic)})
            await socket.next("ok")
            sync = await socket.next("sync")
            assert sync["ok"]
            if turn % 2:
                assert (await socket.next("event"))["event"]["seq"] == sync["from"] + 1
            socket.send(type="unsubscribe", id=f"u{turn}", topics=[topic])
            while (await socket.next())["type"] != "ok":
                pass

    writing_now = asyncio.create_task(write())
    await asyncio.gather(*(change(seed) for seed in range(12)))
    stop.set()
    await writing_now
    await eventually(lambda: all(not name.startswith("open.") for name in node.hub.topics))
