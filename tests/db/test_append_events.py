"""The function every event goes through: `append_events` in the kernel's migration."""

import asyncio
import random

import asyncpg
import pytest

from tiffin.db import Connection, Database

_APPEND = "SELECT position_in_call, seq, epoch, at FROM append_events($1, $2, $3, $4) ORDER BY position_in_call"


async def _append(connection: Connection, *topics: str) -> list[int]:
    """Append one event to each of `topics`, in this order; their numbers."""
    count = len(topics)
    rows = await connection.fetch(_APPEND, list(topics), ["it.happened"] * count, ["{}"] * count, [False] * count)
    return [row["seq"] for row in rows]


async def test_numbers_go_by_topic_and_come_back_in_the_order_of_the_call(connection: Connection) -> None:
    assert await _append(connection, "b", "a", "b", "b", "a") == [1, 1, 2, 3, 2]
    assert await _append(connection, "a", "c") == [3, 1]


async def test_what_is_stored_is_what_was_handed_over(connection: Connection) -> None:
    await connection.fetch(_APPEND, ["t", "t"], ["x.first", "x.second"], ['{"n": 1}', '{"n": 2}'], [False, True])
    rows = await connection.fetch("SELECT seq, type, body, rights FROM event WHERE topic = 't' ORDER BY seq")
    assert [tuple(row) for row in rows] == [(1, "x.first", '{"n": 1}', False), (2, "x.second", '{"n": 2}', True)]


async def test_a_rollback_leaves_no_gap(connection: Connection) -> None:
    await _append(connection, "t")
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with connection.transaction():
            assert await _append(connection, "t") == [2]
            await connection.execute("SELECT 1 / 0")
    assert await _append(connection, "t") == [2]


async def test_many_writers_leave_no_gaps_and_readers_never_see_one(database: Database) -> None:
    topics = ["a", "b", "c"]
    writers, rounds = 6, 25

    async def write(seed: int) -> None:
        choose = random.Random(seed)
        async with database.pool.acquire() as connection:
            for _ in range(rounds):
                async with connection.transaction():
                    await _append(connection, *choose.choices(topics, k=choose.randint(1, 4)))

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


async def test_a_number_is_taken_only_when_the_one_before_is_committed(database: Database) -> None:
    """Commit order is number order: whoever is second waits for the first to commit or go."""
    async with database.pool.acquire() as first, database.pool.acquire() as second:
        transaction = first.transaction()
        await transaction.start()
        assert await _append(first, "t") == [1]
        waiting = asyncio.create_task(_append(second, "t"))
        async with database.pool.acquire() as observer:
            query = "SELECT cardinality(pg_blocking_pids($1)) > 0"
            async with asyncio.timeout(2):
                while not await observer.fetchval(query, second.get_server_pid()):
                    assert not waiting.done()
        await transaction.rollback()
        assert await waiting == [1], "the first was rolled back, so its number is free"


async def test_topics_named_in_opposite_order_never_deadlock(database: Database) -> None:
    async def write(topics: list[str]) -> None:
        async with database.pool.acquire() as connection:
            for _ in range(60):
                await _append(connection, *topics)  # no retry here: a deadlock would fail the test

    names = [f"t{number}" for number in range(8)]
    async with asyncio.TaskGroup() as writers:
        for order in (names, names[::-1], names[4:] + names[:4], names[::-1]):
            writers.create_task(write(order))
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT array_agg(DISTINCT last_seq) FROM topic_head") == [240]


async def test_a_topic_made_anew_is_of_another_epoch(connection: Connection) -> None:
    async def epoch() -> str:
        rows = await connection.fetch(_APPEND, ["t"], ["x"], ["{}"], [False])
        return str(rows[0]["epoch"])

    before = await epoch()
    assert await epoch() == before
    await connection.execute("DELETE FROM event")
    await connection.execute("DELETE FROM topic_head")
    assert await epoch() != before


async def test_a_new_incarnation_is_another_epoch_for_every_topic(connection: Connection) -> None:
    before = await connection.fetchval("SELECT cluster_epoch()")
    await connection.execute("UPDATE cluster SET incarnation = 'another'")
    assert await connection.fetchval("SELECT cluster_epoch()") != before
