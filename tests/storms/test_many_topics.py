"""Ten thousand topics on one node, with one subscriber each: what the head check costs, and what it repairs."""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import psutil
import pytest
from tests.realtime.harness import KernelNode, Written
from tests.storms.clients import RawSocket, open_raw_socket
from tests.waiting import eventually

from tiffin.db import Database

_TOPICS_A_SOCKET = 100  # what one connection may follow
_BODY = "x" * 150


class _Reader:
    """A socket that follows its topics and keeps the seqs that came."""

    def __init__(self, socket: RawSocket, topics: list[str]) -> None:
        self.socket = socket
        self.seen: dict[str, list[int]] = {topic: [] for topic in topics}
        self.events = 0

    async def run(self) -> None:
        while True:
            event = (await self.socket.next("event", seconds=60))["event"]
            self.seen[event["topic"]].append(event["seq"])
            self.events += 1


@asynccontextmanager
async def _readers(node: KernelNode, topics: list[str]) -> AsyncIterator[list[_Reader]]:
    """One subscriber a topic, spread over sockets that follow as many as they may."""
    readers = []
    for start in range(0, len(topics), _TOPICS_A_SOCKET):
        mine = topics[start : start + _TOPICS_A_SOCKET]
        socket = await open_raw_socket(node.port, uuid4())
        socket.hello(dict.fromkeys(mine, "0:0"))
        for _ in mine:
            assert (await socket.next("sync"))["ok"]
        readers.append(_Reader(socket, mine))
    tasks = [asyncio.create_task(reader.run()) for reader in readers]
    try:
        yield readers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _write_everywhere(node: KernelNode, writing: Database, topics: list[str], amount: int) -> None:
    """Commit `amount` events on every topic, many topics a transaction."""
    for start in range(0, len(topics), 500):

        async def write(transaction: Any, mine: Iterable[str] = tuple(topics[start : start + 500])) -> None:
            for topic in mine:
                for _ in range(amount):
                    node.events.append(transaction, topic, Written(text=_BODY))

        await writing.run(write)


async def _head_check_seconds(node: KernelNode) -> float:
    """The quickest of five full checks in which nothing is missing."""
    durations = []
    for _ in range(5):
        started = time.perf_counter()
        assert node.head_check._connection is not None
        async with node.database.connection() as connection:
            await node.head_check._settle(connection, list(node.hub.topics.values()))  # type: ignore[arg-type]
        durations.append(time.perf_counter() - started)
    return min(durations)


async def _follow_many(
    node: KernelNode, writing: Database, monkeypatch: pytest.MonkeyPatch, amount: int, record: Any
) -> None:
    topics = [f"open.of{amount}-{number}" for number in range(amount)]
    gc.collect()
    before = psutil.Process().memory_info().rss
    async with _readers(node, topics) as readers:
        assert len(node.hub.topics) == amount + len(readers)
        record("kb_per_topic", (psutil.Process().memory_info().rss - before) / amount / 1024)

        await _write_everywhere(node, writing, topics, 2)
        await eventually(lambda: sum(reader.events for reader in readers) == 2 * amount, seconds=30)
        record("head_check_seconds", seconds := await _head_check_seconds(node))
        assert seconds < 0.5, "a head check takes too much of its period of a second"

        monkeypatch.setattr(node.events, "_announce", lambda events: None)
        await _write_everywhere(node, writing, topics, 1)
        written = time.perf_counter()
        await eventually(lambda: sum(reader.events for reader in readers) == 3 * amount, seconds=30)
        record("repaired_after_seconds", late := time.perf_counter() - written)
        assert late < 1.2 + amount / 2000, "lost announcements are repaired by the next check"
    assert {tuple(seqs) for reader in readers for seqs in reader.seen.values()} == {(1, 2, 3)}


async def test_two_thousand_topics(
    node: KernelNode, writing: Database, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    await _follow_many(node, writing, monkeypatch, 2000, record_property)


@pytest.mark.heavy
async def test_ten_thousand_topics(
    node: KernelNode, writing: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures: dict[str, float] = {}
    await _follow_many(node, writing, monkeypatch, 10_000, figures.__setitem__)
    with capsys.disabled():
        sys.stdout.write(f"\n10,000 topics: { {name: round(value, 3) for name, value in figures.items()} }\n")
