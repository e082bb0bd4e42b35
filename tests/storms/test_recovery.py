"""All connections are cut at once, and again while they come back, and publishers never stop."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import pytest
from tests.realtime.harness import KernelNode, Written, open_sse
from tests.storms.clients import Follower, SocketFollower, SseFollower, following, heads_of, publish
from tests.waiting import eventually

from tiffin.db import Database

_SSE = 200
_SOCKETS = 100
_TOPICS = ("open.a", "open.b", "log.c")
# rights and heads, pages of the log; leases and BEGIN have their own pace
_READS = ("-- Where these", "-- A page of")
# reads that do not grow with the clients: the first windows of each storm
_CONSTANT = 40


@pytest.fixture
async def statements(node: KernelNode) -> list[str]:
    """What the node's pool sends to PostgreSQL from now on; all its connections are opened, so that none is missed."""
    texts: list[str] = []
    pool = node.database.pool
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for connection in connections:
        connection.add_query_logger(lambda record: texts.append(record.query.partition("(")[0][:60]))
        await connection.fetch("SELECT $1::text[]", [])  # asyncpg asks for the type once
    for connection in connections:
        await pool.release(connection)
    return texts


async def _followers(node: KernelNode) -> list[Follower]:
    """SSE of one topic and of three, and WebSockets, all with a right to read and a position."""
    positions = {topic: await node.position(topic) for topic in _TOPICS}
    followers: list[Follower] = []
    for number in range(_SSE + _SOCKETS):
        account = uuid4()
        node.rights.setdefault("c", set()).add(account)
        kind = SseFollower if number < _SSE else SocketFollower
        wanted = _TOPICS if number % 2 else (_TOPICS[number % 3],)
        followers.append(kind(node.port, account, {topic: positions[topic] for topic in wanted}))
    return followers


@asynccontextmanager
async def _publishing(node: KernelNode, writing: Database) -> AsyncIterator[None]:
    """Three publishers, on one topic each and on all of them in different orders."""
    stop = asyncio.Event()

    async def write(topics: tuple[str, ...]) -> None:
        number = 0
        while not stop.is_set():
            await publish(node, writing, topics if number % 4 == 0 else topics[:1], str(number))
            number += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 0.02)

    async with asyncio.TaskGroup() as tasks:
        for turn in range(3):
            tasks.create_task(write(_TOPICS[turn:] + _TOPICS[:turn]))
        try:
            yield
        finally:
            stop.set()


async def test_everybody_comes_back_without_gap_or_double(
    node: KernelNode, writing: Database, statements: list[str]
) -> None:
    for topic in _TOPICS:
        await node.write_texts(topic, "start")
    followers = await _followers(node)
    async with following(followers):
        await eventually(lambda: all(follower.is_attached for follower in followers), seconds=20)
        async with _publishing(node, writing):
            await _storm(followers, lambda: len(followers))
            before, returned = len(statements), _attached(followers)
            await _storm(followers, lambda: len(followers) // 3)
            await _storm(followers, lambda: len(followers))
            asked = [text for text in statements[before:] if text.startswith(_READS)]
            returned = _attached(followers) - returned
        heads = await heads_of(node, _TOPICS)
        await eventually(lambda: all(follower.has_all(heads) for follower in followers), seconds=20)
    assert [wrong for follower in followers if (wrong := follower.complain(heads))] == []
    assert min(heads.values()) > 10, "publishers went on meanwhile"
    assert returned >= len(followers) * 4 // 3
    assert len(asked) <= returned / 50 + _CONSTANT, (returned, Counter(asked))


def _attached(followers: list[Follower]) -> int:
    return sum(follower.attached for follower in followers)


async def _storm(followers: list[Follower], wanted: Callable[[], int]) -> None:
    """Cut everybody at once, and wait until so many are back."""
    for follower in followers:
        follower.cut()
    await eventually(lambda: not any(follower.is_attached for follower in followers))
    await eventually(lambda: sum(follower.is_attached for follower in followers) >= wanted(), seconds=20)


async def test_a_long_backlog_is_read_once_for_many(node: KernelNode, writing: Database, statements: list[str]) -> None:
    """A hundred and fifty clients come back to more than a node keeps in memory: they share what is read."""
    await node.write_texts("open.long", "start")
    since = await node.position("open.long")
    for _ in range(5):
        await node.write("open.long", *(Written(text=str(number)) for number in range(80)))
    heads = await heads_of(node, ["open.long"])
    followers: list[Follower] = [SseFollower(node.port, uuid4(), {"open.long": since}) for _ in range(150)]
    before = len(statements)
    async with following(followers):
        await eventually(lambda: all(follower.has_all(heads) for follower in followers), seconds=20)
    asked = [text for text in statements[before:] if text.startswith(_READS)]
    assert [wrong for follower in followers if (wrong := follower.complain(heads))] == []
    assert len(asked) <= len(followers) / 50 + _CONSTANT, Counter(asked)


async def test_what_one_fetched_serves_the_next(node: KernelNode, statements: list[str]) -> None:
    await node.write_texts("open.shared", "start")
    since = await node.position("open.shared")
    await node.write_texts("open.shared", *(str(number) for number in range(30)))
    before = len(statements)
    for _ in range(3):
        client = await open_sse(node.port, "open.shared", since=since)
        assert (await client.event()).data["ok"]
        assert await client.texts(30) == [str(number) for number in range(30)]
    assert sum(text.startswith("-- A page of") for text in statements[before:]) == 1
