"""Long work: one holder at a time, fenced, taken over when its holder is gone, given up when it fails too often."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from tests.waiting import eventually

from tiffin.base.errors import Unavailable
from tiffin.db import Database, Transaction
from tiffin.nats import NatsConnection
from tiffin.work import Fact, Later, Lease, LeaseLost, LongConsumer, Outbox
from tiffin.work.dead_letters import list_dead_letters
from tiffin.work.long_work import LongRunner
from tiffin.work.outbox import Handover
from tiffin.work.queue import Handing, Queue
from tiffin.work.runner import Claim


class Baked(Fact):
    """A fact whose consumer takes its time."""

    subject = "thing.baked"
    long = True
    number: int


Perform = Callable[[Baked, Lease], Awaitable[None]]


class Bakery:
    """Workers on one database, and what they did."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.handed: list[Handover] = []
        self.hand: Callable[[list[Handover]], None] = self.handed.extend
        self.outbox = Outbox(lambda handovers: self.hand(list(handovers)))
        self.running = self.most_running = 0
        self.starts: list[int] = []
        self.dead: list[int] = []
        self.alerts: list[UUID] = []

    async def prepare(self) -> None:
        await self.database.pool.execute("CREATE TABLE baked (number int NOT NULL, attempt int NOT NULL)")
        await self.database.pool.execute("INSERT INTO work_consumer VALUES ('test.bake', 'thing.baked')")

    def worker(
        self, perform: Perform | None = None, *, lease_seconds: float = 20.0, concurrency: int = 1
    ) -> LongRunner:
        consumer = LongConsumer("test.bake", Baked, perform or self.bake, self._on_dead)
        return LongRunner(
            self.database,
            [consumer],
            self._alert,
            lease_seconds=lease_seconds,
            max_attempts=3,
            concurrency=concurrency,
        )

    async def bake(self, fact: Baked, lease: Lease) -> None:
        self.starts.append(fact.number)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(0.02)
            await lease.finish(self.effect(fact, lease))
        finally:
            self.running -= 1

    def effect(self, fact: Baked, lease: Lease) -> Callable[[Transaction], Awaitable[None]]:
        async def write(tx: Transaction) -> None:
            await tx.connection.execute("INSERT INTO baked VALUES ($1, $2)", fact.number, lease.claim.attempt)

        return write

    async def _on_dead(self, tx: Transaction, fact: Baked) -> None:
        self.dead.append(fact.number)

    async def _alert(self, tx: Transaction, claim: Claim, error: str) -> None:
        self.alerts.append(claim.id)

    async def enqueue(self, *numbers: int) -> None:
        async with self.database.transaction() as tx:
            for number in numbers:
                self.outbox.enqueue(tx, Baked(number=number))

    def offered(self) -> Claim:
        return Claim(self.handed[0].work_id, self.handed[0].consumer, self.handed[0].attempt)

    async def baked(self) -> list[tuple[int, int]]:
        return [tuple(row) for row in await self.database.pool.fetch("SELECT * FROM baked ORDER BY number")]

    async def rows(self) -> int:
        count: int = await self.database.pool.fetchval("SELECT count(*) FROM work")
        return count

    async def hurry(self) -> None:
        """As if what rows wait for had passed."""
        await self.database.pool.execute("UPDATE work SET due_at = now() - interval '1 second'")


@pytest.fixture
async def bakery(database: Database) -> Bakery:
    bakery = Bakery(database)
    await bakery.prepare()
    return bakery


async def test_it_is_handed_over_unclaimed_and_done_once(bakery: Bakery) -> None:
    await bakery.enqueue(1)
    assert [handed.attempt for handed in bakery.handed] == [0]
    workers = [bakery.worker() for _ in range(4)]
    await asyncio.gather(*(worker.run(bakery.offered()) for worker in workers))
    assert await bakery.baked() == [(1, 1)]
    assert (bakery.starts, bakery.most_running, await bakery.rows()) == ([1], 1, 0)
    await workers[0].run(bakery.offered())
    assert await bakery.baked() == [(1, 1)], "the same message again finds nothing"


async def test_rows_the_queue_lost_are_found(bakery: Bakery) -> None:
    await bakery.enqueue(*range(5))
    worker = bakery.worker(concurrency=2)
    assert await worker.run_overdue(50) == 0, "the queue has two seconds"
    await bakery.hurry()
    while await bakery.rows():
        assert await worker.run_overdue(50) <= 2
        await asyncio.sleep(0.01)
    assert sorted(bakery.starts) == list(range(5))
    assert bakery.most_running == 2, "no more than it has room for"


async def test_a_lease_is_renewed_for_as_long_as_the_work_takes(bakery: Bakery) -> None:
    async def slow(fact: Baked, lease: Lease) -> None:
        await asyncio.sleep(1.0)
        await lease.finish(bakery.effect(fact, lease))

    await bakery.enqueue(1)
    running = asyncio.create_task(bakery.worker(slow, lease_seconds=0.4).run(bakery.offered()))
    other = bakery.worker(lease_seconds=0.4)
    while not running.done():
        assert await other.run_overdue(1) == 0
        await asyncio.sleep(0.05)
    assert await bakery.baked() == [(1, 1)]


async def test_who_lost_the_lease_writes_nothing_and_is_stopped(bakery: Bakery) -> None:
    held = asyncio.Event()
    ends: list[str] = []

    async def frozen(fact: Baked, lease: Lease) -> None:
        held.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ends.append("stopped")
            with pytest.raises(LeaseLost):
                await asyncio.shield(asyncio.ensure_future(lease.update(bakery.effect(fact, lease))))
            raise

    await bakery.enqueue(1)
    first = bakery.worker(frozen, lease_seconds=0.8)
    running = asyncio.create_task(first.run(bakery.offered()))
    await held.wait()
    await bakery.hurry()  # as if it had not renewed
    second = bakery.worker()
    assert await second.run_overdue(1) == 1
    await running
    await eventually(lambda: not second._running)
    assert (ends, await bakery.baked()) == (["stopped"], [(1, 2)])


async def test_a_frozen_holder_cannot_finish_later(bakery: Bakery) -> None:
    leases: list[Lease] = []

    async def forgetful(fact: Baked, lease: Lease) -> None:
        leases.append(lease)
        raise Later

    await bakery.enqueue(1)
    await bakery.worker(forgetful).run(bakery.offered())
    await bakery.hurry()
    worker = bakery.worker()
    await worker.run_overdue(1)
    await eventually(lambda: not worker._running)
    with pytest.raises(LeaseLost):
        await leases[0].finish(bakery.effect(Baked(number=9), leases[0]))
    assert await bakery.baked() == [(1, 1)], "what was postponed did not count as an attempt"


@pytest.mark.parametrize("error", [Later(), Unavailable("away")])
async def test_what_is_nobodys_fault_does_not_count(bakery: Bakery, error: Exception) -> None:
    tries = 0

    async def away(fact: Baked, lease: Lease) -> None:
        nonlocal tries
        tries += 1
        raise error

    await bakery.enqueue(1)
    worker = bakery.worker(away)
    for _ in range(6):
        await bakery.hurry()
        await worker.run_overdue(1)
        await eventually(lambda: not worker._running)
    assert tries == 6
    assert (bakery.dead, await bakery.rows()) == ([], 1)


async def test_what_fails_too_often_becomes_a_dead_letter(bakery: Bakery) -> None:
    async def burn(fact: Baked, lease: Lease) -> None:
        raise ValueError("burnt")

    await bakery.enqueue(7)
    worker = bakery.worker(burn)
    for _ in range(3):
        assert bakery.dead == []
        await bakery.hurry()
        await worker.run_overdue(1)
        await eventually(lambda: not worker._running)
    assert (bakery.dead, len(bakery.alerts), await bakery.rows()) == ([7], 1, 0)
    async with bakery.database.connection() as connection:
        (letter,) = await list_dead_letters(connection)
    assert (letter.consumer, letter.attempts, letter.error) == ("test.bake", 3, "ValueError: burnt")


async def test_a_crash_counts_as_an_attempt(bakery: Bakery) -> None:
    await bakery.enqueue(7)
    await bakery.hurry()
    await bakery.database.pool.execute("UPDATE work SET attempts = 3, claimed = true")
    worker = bakery.worker()
    await worker.run_overdue(1)
    await eventually(lambda: not worker._running)
    assert (bakery.starts, bakery.dead) == ([], [7])


async def test_who_returns_without_finishing_has_failed(bakery: Bakery) -> None:
    async def lazy(fact: Baked, lease: Lease) -> None:
        pass

    await bakery.enqueue(1)
    await bakery.worker(lazy).run(bakery.offered())
    assert "without finishing" in await bakery.database.pool.fetchval("SELECT last_error FROM work")


async def test_a_worker_that_stops_gives_its_row_back(bakery: Bakery) -> None:
    started = asyncio.Event()

    async def slow(fact: Baked, lease: Lease) -> None:
        started.set()
        await asyncio.sleep(30)

    await bakery.enqueue(1)
    first = bakery.worker(slow)
    running = asyncio.create_task(first.run(bakery.offered()))
    await started.wait()
    await first.stop()
    await asyncio.gather(running, return_exceptions=True)
    second = bakery.worker()
    assert await second.run_overdue(1) == 1, "at once, not after the lease"
    await eventually(lambda: not second._running)
    assert await bakery.baked() == [(1, 1)]


async def test_by_the_queue_to_whoever_has_room(bakery: Bakery, nats_url: str) -> None:
    connections = [NatsConnection(nats_url, f"worker {number}", lambda: None) for number in range(2)]
    workers = [bakery.worker() for _ in connections]
    queues = [Queue(nats, worker) for nats, worker in zip(connections, workers, strict=True)]
    for nats in connections:
        nats.start()
    for queue in queues:
        queue.start()
    try:
        await eventually(lambda: all(nats.is_connected for nats in connections))
        handing = Handing(connections[0])
        bakery.hand = handing.hand
        await bakery.enqueue(*range(8))

        async def done() -> bool:
            for worker in workers:  # the second way, for what came where there was no room
                await worker.run_overdue(50)
            return len(await bakery.baked()) == 8

        await eventually(done, seconds=20)
        assert sorted(bakery.starts) == list(range(8))
        assert bakery.most_running <= 2
    finally:
        for queue in queues:
            await queue.stop()
        for nats in connections:
            await nats.stop()
