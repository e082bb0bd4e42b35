import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog

from tiffin.base.errors import Conflict, Unavailable
from tiffin.db import Database, Part, Transaction, use_case
from tiffin.db.transaction import DoomedTransaction, current_transaction


@pytest.fixture
async def notes(database: Database) -> "Notes":
    async with database.connection() as connection:
        await connection.execute("CREATE TABLE note (id text PRIMARY KEY, number int NOT NULL DEFAULT 0)")
    return Notes(database)


@dataclass
class Notes:
    """A service like any feature's."""

    database: Database
    attempts: list[str] = field(default_factory=list)

    @use_case
    async def write(self, transaction: Transaction, note: str) -> Transaction:
        """Store a note and return the transaction it was stored in."""
        await transaction.connection.execute("INSERT INTO note (id) VALUES ($1)", note)
        return transaction

    @use_case
    async def write_and_refuse(self, transaction: Transaction, note: str) -> None:
        """Store a note, then find that it may not be."""
        await transaction.connection.execute("INSERT INTO note (id) VALUES ($1)", note)
        raise Conflict("no")

    @use_case
    async def write_two(self, transaction: Transaction) -> list[Transaction]:
        """Call another use case twice."""
        return [transaction, await self.write("a"), await self.write("b")]

    @use_case
    async def write_and_swallow(self, transaction: Transaction) -> None:
        """Catch what a joined use case raised, as nobody should."""
        await transaction.connection.execute("INSERT INTO note (id) VALUES ('outer')")
        with contextlib.suppress(Conflict):
            await self.write_and_refuse("inner")

    @use_case
    async def raise_both(self, transaction: Transaction, first: str, second: str, barrier: asyncio.Barrier) -> None:
        """Lock two notes one after the other, meeting someone who does it the other way round."""
        self.attempts.append(first)
        await transaction.connection.execute("UPDATE note SET number = number + 1 WHERE id = $1", first)
        if self.attempts.count(first) == 1:
            await barrier.wait()
        await transaction.connection.execute("UPDATE note SET number = number + 1 WHERE id = $1", second)

    async def all(self) -> list[str]:
        """What is stored."""
        async with self.database.connection() as connection:
            return [row["id"] for row in await connection.fetch("SELECT id FROM note ORDER BY id")]


async def test_a_use_case_commits_as_a_whole(notes: Notes) -> None:
    await notes.write("a")
    assert await notes.all() == ["a"]


async def test_an_error_leaves_nothing(notes: Notes) -> None:
    with pytest.raises(Conflict):
        await notes.write_and_refuse("a")
    assert await notes.all() == []


async def test_a_use_case_called_by_another_joins_its_transaction(notes: Notes) -> None:
    outer, first, second = await notes.write_two()
    assert outer is first is second
    assert await notes.all() == ["a", "b"]
    assert current_transaction() is None


async def test_a_swallowed_error_of_a_joined_use_case_dooms_all_of_it(notes: Notes) -> None:
    with pytest.raises(DoomedTransaction) as caught:
        await notes.write_and_swallow()
    assert isinstance(caught.value.__cause__, Conflict)
    assert await notes.all() == []


async def test_reads_inside_a_transaction_see_it(notes: Notes) -> None:
    async with notes.database.transaction():
        await notes.write("a")
        assert await notes.all() == ["a"]


async def test_a_task_started_inside_does_not_join(notes: Notes) -> None:
    async with notes.database.transaction() as transaction:
        other = await asyncio.create_task(notes.write("a"))
        assert other is not transaction
        assert current_transaction() is transaction
    assert await notes.all() == ["a"]


async def test_a_deadlock_is_repeated_until_both_have_their_way(notes: Notes) -> None:
    await notes.write("a")
    await notes.write("b")
    barrier = asyncio.Barrier(2)
    async with asyncio.TaskGroup() as both:
        both.create_task(notes.raise_both("a", "b", barrier))
        both.create_task(notes.raise_both("b", "a", barrier))
    async with notes.database.connection() as connection:
        assert await connection.fetchval("SELECT array_agg(number) FROM note") == [2, 2]
    assert len(notes.attempts) > 2, "nothing was repeated, so this test met no deadlock"


async def test_conflicts_without_end_become_unavailable(notes: Notes) -> None:
    attempts = 0

    async def always(transaction: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        raise asyncpg.SerializationError("could not serialize access")

    with pytest.raises(Unavailable) as caught:
        await notes.database.run(always)
    assert isinstance(caught.value.__cause__, asyncpg.SerializationError)
    assert attempts == 4


def _note_part(name: str, note_id: str, done: Callable[[list[dict[str, Any]]], None] = lambda _: None) -> Part:
    sql = f"{name} AS (INSERT INTO note (id, number) VALUES ($1::text, $2::int) RETURNING id, number)"
    return Part(name, sql, (note_id, 7), done)


async def test_parts_are_one_statement_right_before_the_commit_and_hooks_run_after_it(notes: Notes) -> None:
    ran: list[str] = []
    statements: list[str] = []

    async def after(name: str) -> None:
        seen = await asyncio.create_task(notes.all())  # another task: another connection
        ran.append(f"{name} sees {''.join(seen)}")

    async with notes.database.transaction() as transaction:
        transaction.after_commit(lambda: after("after 1"))
        transaction.after_commit(lambda: after("after 2"))
        transaction.at_end(lambda: _note_part("second", "c", lambda rows: ran.append(f"second {rows}")))
        transaction.at_end(lambda: _note_part("first", "b", lambda rows: ran.append(f"first {rows}")))
        await notes.write("a")
        transaction.connection.add_query_logger(lambda record: statements.append(record.query))
    assert ran == [
        "first [{'id': 'b', 'number': 7}]",
        "second [{'id': 'c', 'number': 7}]",
        "after 1 sees abc",
        "after 2 sees abc",
    ]
    assert [statement.split()[0] for statement in statements[:2]] == ["WITH", "COMMIT;"]


async def test_a_part_that_is_not_content_stops_the_commit(notes: Notes) -> None:
    def fail(rows: list[dict[str, Any]]) -> None:
        raise Conflict("too late")

    async def never() -> None:
        pytest.fail("nothing was committed")

    with pytest.raises(Conflict):
        async with notes.database.transaction() as transaction:
            transaction.at_end(lambda: _note_part("mine", "b", fail))
            transaction.after_commit(never)
            await notes.write("a")
    assert await notes.all() == []


async def test_a_hook_that_fails_after_the_commit_is_logged_and_fails_nothing(notes: Notes) -> None:
    ran: list[str] = []

    async def fail() -> None:
        raise RuntimeError("the queue is down")

    async def run() -> None:
        ran.append("next")

    with structlog.testing.capture_logs() as logs:
        async with notes.database.transaction() as transaction:
            transaction.after_commit(fail)
            transaction.after_commit(run)
            await notes.write("a")
    assert await notes.all() == ["a"]
    assert ran == ["next"]
    assert [log["event"] for log in logs] == ["after_commit_hook_failed"]


async def test_a_repeated_use_case_runs_its_hooks_once(notes: Notes) -> None:
    ran: list[int] = []
    attempts = 0

    async def second_time_lucky(transaction: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        attempt = attempts

        async def note() -> None:
            ran.append(attempt)

        transaction.after_commit(note)
        if attempts == 1:
            raise asyncpg.DeadlockDetectedError("deadlock detected")

    await notes.database.run(second_time_lucky)
    assert ran == [2]


async def test_a_snapshot_sees_one_moment_and_writes_nothing(notes: Notes) -> None:
    async with notes.database.snapshot() as connection:
        assert await connection.fetchval("SELECT count(*) FROM note") == 0
        await notes.write("a")
        assert await connection.fetchval("SELECT count(*) FROM note") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await connection.execute("INSERT INTO note (id) VALUES ('b')")


async def test_a_connection_lost_in_the_middle_is_unavailable_with_its_cause(notes: Notes) -> None:
    with pytest.raises(Unavailable) as caught:
        async with notes.database.transaction() as transaction:
            await transaction.connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert isinstance(caught.value.__cause__, asyncpg.AdminShutdownError | asyncpg.InterfaceError)
    await notes.write("a")  # the pool has another


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    url = f"postgresql://postgres@/tiffin?host={tmp_path}&port=5432"
    async with asyncpg.create_pool(url, min_size=0) as pool:
        with pytest.raises(Unavailable):
            async with Database(pool, url).transaction():
                pytest.fail("there is no such server")


async def test_a_value_that_fits_no_column_is_a_bug_and_not_unavailable(notes: Notes) -> None:
    with pytest.raises(asyncpg.DataError) as caught:
        async with notes.database.transaction() as transaction:
            await transaction.connection.execute("INSERT INTO note (id, number) VALUES ('a', $1)", "seven")
    assert not isinstance(caught.value, Unavailable)


async def test_a_process_that_freezes_in_a_transaction_loses_it_within_two_seconds(notes: Notes) -> None:
    await notes.write("a")
    frozen, done = asyncio.Event(), asyncio.Event()

    async def freeze() -> None:
        async with notes.database.transaction() as transaction:
            await transaction.connection.execute("UPDATE note SET number = 1 WHERE id = 'a'")
            frozen.set()
            await done.wait()

    task = asyncio.create_task(freeze())
    await frozen.wait()
    async with notes.database.transaction() as transaction:  # lock_timeout is 3 s
        await transaction.connection.execute("UPDATE note SET number = 2 WHERE id = 'a'")
    done.set()
    with pytest.raises(Unavailable):
        await task
    async with notes.database.connection() as connection:
        assert await connection.fetchval("SELECT number FROM note") == 2
