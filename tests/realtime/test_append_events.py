"""The statement every event goes through: `append_events` in the kernel's queries, as the log uses it."""

import asyncio
import random
from collections.abc import Sequence

import asyncpg
import pytest

from tiffin.db import Connection, Database
from tiffin.realtime import Event
from tiffin.realtime.event import StoredEvent
from tiffin.realtime.event_log import EventLog, list_events


class Happened(Event):
    """Something happened."""

    type = "it.happened"
    number: int = 0


class RightsHappened(Happened):
    """Something happened to rights."""

    type = "rights.happened"
    rights = True


class Log:
    """The event log on a database, and what it announced."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.announced: list[StoredEvent] = []
        self.events = EventLog(self.announced.extend)

    async def append(self, *topics: str, fail: bool = False, event: Event | None = None) -> list[int]:
        """Append an event to each of `topics` in one transaction, in this order; the numbers announced."""
        before = len(self.announced)
        async with self.database.transaction() as transaction:
            for topic in topics:
                self.events.append(transaction, topic, event or Happened())
            if fail:
                await transaction.connection.execute("SELECT 1 / 0")
        return [event.seq for event in self.announced[before:]]


@pytest.fixture
def log(database: Database) -> Log:
    return Log(database)


async def test_numbers_go_by_topic_and_come_back_in_the_order_of_the_call(log: Log) -> None:
    assert await log.append("b", "a", "b", "b", "a") == [1, 1, 2, 3, 2]
    assert await log.append("a", "c") == [3, 1]


async def test_what_is_stored_is_what_was_announced(log: Log, connection: Connection) -> None:
    async with log.database.transaction() as transaction:
        log.events.append(transaction, "t", Happened(number=1))
        log.events.append(transaction, "t", RightsHappened(number=2))
    pages: Sequence[Sequence[StoredEvent]] = await list_events(connection, [("t", 0)])
    assert list(pages[0]) == log.announced
    assert [(event.type, event.body, event.rights) for event in log.announced] == [
        ("it.happened", '{"number":1}', False),
        ("rights.happened", '{"number":2}', True),
    ]


async def test_a_rollback_leaves_no_gap(log: Log) -> None:
    await log.append("t")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await log.append("t", fail=True)
    assert await log.append("t") == [2]


async def test_many_writers_leave_no_gaps_and_readers_never_see_one(log: Log, database: Database) -> None:
    topics = ["a", "b", "c"]
    writers, rounds = 6, 25

    async def write(seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(rounds):
            await log.append(*choose.choices(topics, k=choose.randint(1, 4)))

    async def read(done: asyncio.Event) -> int:
        looks = 0
        async with database.pool.acquire() as connection:
            while not done.is_set():
                rows = await connection.fetch("SELECT topic, max(seq), count(*) FROM event GROUP BY topic")
                assert all(row["max"] == row["count"] for row in rows), rows
                looks += 1
        return looks

    done = asyncio.Event()
    async with asyncio.TaskGroup() as all_of_them:
        reader = all_of_them.create_task(read(done))
        async with asyncio.TaskGroup() as all_writers:
            for seed in range(writers):
                all_writers.create_task(write(seed))
        done.set()
    assert reader.result() > 1
    async with database.connection() as connection:
        rows = await connection.fetch(
            "SELECT h.last_seq, count(*), max(e.seq) FROM topic_head h JOIN event e USING (topic) GROUP BY topic"
        )
    assert len(rows) == len(topics)
    assert all(row["last_seq"] == row["count"] == row["max"] for row in rows)


async def test_a_number_is_taken_only_when_the_one_before_is_committed(log: Log, database: Database) -> None:
    """Commit order is number order: whoever is second waits for the first to commit or go."""
    async with database.pool.acquire() as first:
        transaction = first.transaction()
        await transaction.start()
        await first.execute("INSERT INTO topic_head (topic, last_seq) VALUES ('t', 1)")
        waiting = asyncio.create_task(log.append("t"))
        query = "SELECT count(*) > 0 FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
        async with database.pool.acquire() as observer, asyncio.timeout(2):
            while not await observer.fetchval(query, first.get_server_pid()):
                assert not waiting.done()
        await transaction.rollback()
        assert await waiting == [1], "the first was rolled back, so its number is free"


async def test_topics_named_in_opposite_order_never_deadlock(log: Log, database: Database) -> None:
    async def write(topics: list[str]) -> None:
        for _ in range(60):
            await log.append(*topics)  # no retry here: a deadlock would fail the test

    names = [f"t{number}" for number in range(8)]
    async with asyncio.TaskGroup() as writers:
        for order in (names, names[::-1], names[4:] + names[:4], names[::-1]):
            writers.create_task(write(order))
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT array_agg(DISTINCT last_seq) FROM topic_head") == [240]


async def test_a_topic_made_anew_is_of_another_epoch(log: Log, connection: Connection) -> None:
    await log.append("t")
    await log.append("t")
    await connection.execute("DELETE FROM event")
    await connection.execute("DELETE FROM topic_head")
    await log.append("t")
    first, second, anew = (event.epoch for event in log.announced)
    assert first == second != anew


async def test_a_new_incarnation_is_another_epoch_for_every_topic(connection: Connection) -> None:
    before = await connection.fetchval("SELECT cluster_epoch()")
    await connection.execute("UPDATE cluster SET incarnation = 'another'")
    assert await connection.fetchval("SELECT cluster_epoch()") != before


async def test_a_session_of_another_history_is_another_epoch(connection: Connection) -> None:
    """A session keeps the history it was opened in; another server's or a promoted one's has another epoch."""
    noted = await connection.fetchval("SELECT current_setting('tiffin.history') = cluster_history()")
    assert noted
    before = await connection.fetchval("SELECT cluster_epoch()")
    async with connection.transaction():
        await connection.execute("SET LOCAL tiffin.history = '7:00000002'")
        assert await connection.fetchval("SELECT cluster_epoch()") != before


async def test_a_position_is_of_the_moment_of_its_statement(log: Log, connection: Connection) -> None:
    assert await connection.fetchval("SELECT topic_position('t')") == "0:0"
    await log.append("t", "t")
    assert await connection.fetchval("SELECT topic_position('t')") == f"{log.announced[1].epoch}:2"
