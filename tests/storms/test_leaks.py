"""After storms a node is as before: tasks, sockets, hub, caches, NATS, database connections, memory."""

import asyncio
import gc
import sys
import weakref
from typing import Any
from uuid import uuid4

import psutil
import pytest
from tests.realtime.harness import KernelNode, close_all, connect
from tests.storms.clients import Follower, SocketFollower, SseFollower, following, handshake, heads_of, publish
from tests.waiting import eventually

from tiffin.db import Database
from tiffin.realtime.live_topic import LiveTopic
from tiffin.realtime.subscriber import Subscriber, Subscription

_TOPICS = ("open.a", "log.b", "open.c")
_KEPT = (LiveTopic, Subscription)


async def _round(node: KernelNode, writing: Database, clients: int) -> list["weakref.ref[Subscriber]"]:
    """Clients of every kind come, read, are cut, come back, leave half-way and leave."""
    positions = {topic: await node.position(topic) for topic in _TOPICS}
    followers: list[Follower] = []
    for number in range(clients):
        account = uuid4()
        node.rights.setdefault("b", set()).add(account)
        kind = SocketFollower if number % 2 else SseFollower
        followers.append(kind(node.port, account, positions))
    async with following(followers):
        await eventually(lambda: all(follower.is_attached for follower in followers), seconds=20)
        seen = [weakref.ref(subscriber) for subscriber in node.hub.subscribers]
        for number in range(5):
            await publish(node, writing, _TOPICS, f"{number} {'x' * 2000}")
        for follower in followers[::3]:
            follower.cut()
        await publish(node, writing, _TOPICS, "while they come back")
        heads = await heads_of(node, _TOPICS)
        await eventually(lambda: all(follower.has_all(heads) for follower in followers), seconds=20)
        seen += [weakref.ref(subscriber) for subscriber in node.hub.subscribers]
    for number in range(clients // 4):
        _, writer = await connect(node.port)
        writer.write(handshake(uuid4())[: 40 + 10 * number])
    assert [follower.complain(heads) for follower in followers] == [None] * clients
    await close_all()
    node.rights.clear()
    await _is_empty(node)
    return seen


async def _is_empty(node: KernelNode) -> None:
    """Everything that is kept for a connection is gone."""
    state, hub = node.server.server_state, node.hub
    await eventually(lambda: not state.connections and not state.tasks and not hub.subscribers and not hub._tasks)
    await eventually(lambda: not hub.topics and not node.presence._entries and not node.presence._left)
    assert (hub.deliveries.is_idle, hub._pages._waiting, node.access._batcher._waiting) == (True, {}, {})

    async def has_no_leases() -> bool:
        return bool(await node.database.pool.fetchval("SELECT count(*) = 0 FROM presence"))

    await eventually(has_no_leases)
    await eventually(lambda: not node.head_check._wanted)


def _kept() -> int:
    gc.collect()
    return sum(isinstance(thing, _KEPT) for thing in gc.get_objects())


async def _figures(node: KernelNode) -> dict[str, Any]:
    """What must not grow."""
    application = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    pool = node.database.pool
    return {
        "tasks": len(asyncio.all_tasks()),
        "descriptors": psutil.Process().num_fds() - pool.get_size(),
        "NATS subscriptions": len(node.nats.client._subs),
        "idle database connections": pool.get_size() - pool.get_idle_size(),
        "sessions beyond the pool": await pool.fetchval(application) - pool.get_size(),
        "kept objects": _kept(),
    }


async def test_everything_is_back_where_it_was(node: KernelNode, writing: Database) -> None:
    for topic in _TOPICS:
        await node.write_texts(topic, "start")
    await _round(node, writing, 4)
    async with writing.pool.acquire() as first, writing.pool.acquire() as second:  # opened before they are counted
        await asyncio.gather(first.execute("SELECT 1"), second.execute("SELECT 1"))
    before = await _figures(node)
    seen = await _round(node, writing, 60)

    async def is_as_before() -> bool:
        return await _figures(node) == before

    try:
        await eventually(is_as_before, seconds=5)
    except AssertionError:
        assert await _figures(node) == before  # says what differs
    assert sum(reference() is not None for reference in seen) == 0, "connections are kept by somebody"


async def test_memory_does_not_grow_from_round_to_round(node: KernelNode, writing: Database) -> None:
    """Python's own blocks, which unlike the resident set do not depend on the allocator's mood."""
    for topic in _TOPICS:
        await node.write_texts(topic, "start")
    blocks = []
    for _ in range(5):
        await _round(node, writing, 40)
        gc.collect()
        blocks.append(sys.getallocatedblocks())
    growth = blocks[4] - blocks[1]
    # 120 connections came and went between the two; one that left ten objects behind would show
    assert growth < 1200, blocks


@pytest.mark.heavy
async def test_memory_does_not_grow_in_many_rounds(node: KernelNode, writing: Database) -> None:
    process = psutil.Process()
    for topic in _TOPICS:
        await node.write_texts(topic, "start")
    sizes = []
    for _ in range(12):
        await _round(node, writing, 300)
        gc.collect()
        sizes.append(process.memory_info().rss)
    assert sizes[-1] - sizes[3] < 10 * 2**20, [size >> 20 for size in sizes]
