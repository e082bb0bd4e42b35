"""Durable work: exactly once in the database, whatever happens to the queue."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest
from nats.js.errors import NotFoundError
from tests.waiting import eventually

from tiffin.base.settings import Settings
from tiffin.db import Connection, Database, Transaction
from tiffin.embedded import EmbeddedServers
from tiffin.nats import NatsConnection
from tiffin.work import Consumer, Fact, Outbox
from tiffin.work.dead_letters import get_dead_letter, list_dead_letters, requeue
from tiffin.work.outbox import Handover
from tiffin.work.queue import STREAM, Handing, Queue
from tiffin.work.relay import Relay, read_backlog
from tiffin.work.runner import Claim, Runner


class Counted(Fact):
    """A fact whose consumer counts it."""

    subject = "thing.counted"
    number: int


class Bench:
    """Outbox, runner and what they did, on one database."""

    def __init__(self, database: Database, **options: float) -> None:
        self.database = database
        self.handed: list[Handover] = []
        self.hand: Callable[[list[Handover]], None] | None = None
        self.outbox = Outbox(self._hand)
        self.buried: list[UUID] = []
        # what the consumer does besides counting; raising makes the attempt fail
        self.effect: Callable[[Counted], Awaitable[None]] | None = None
        self.runner = Runner(
            database,
            [Consumer("test.count", Counted, self._count)],
            self._on_dead,
            lease_seconds=options.get("lease_seconds", 20.0),
            max_attempts=int(options.get("max_attempts", 3)),
            concurrency=4,
        )

    async def prepare(self) -> None:
        await self.database.pool.execute("CREATE TABLE counted (number int NOT NULL)")
        await self.database.pool.execute("INSERT INTO work_consumer VALUES ('test.count', 'thing.counted')")

    def _hand(self, handovers: object) -> None:
        assert isinstance(handovers, list)
        self.handed += handovers
        if self.hand is not None:
            self.hand(handovers)

    async def _count(self, transaction: Transaction, fact: Counted) -> None:
        await transaction.connection.execute("INSERT INTO counted VALUES ($1)", fact.number)
        if self.effect is not None:
            await self.effect(fact)

    async def _on_dead(self, transaction: Transaction, claim: Claim, error: str) -> None:
        self.buried.append(claim.id)

    async def enqueue(self, *numbers: int, delay_seconds: float = 0.0) -> None:
        async with self.database.transaction() as transaction:
            for number in numbers:
                self.outbox.enqueue(transaction, Counted(number=number), delay_seconds=delay_seconds)

    def claim(self) -> Claim:
        """What the queue would bring for the first row."""
        return Claim(self.handed[0].work_id, self.handed[0].consumer, self.handed[0].attempt)

    async def counted(self) -> list[int]:
        return [row["number"] for row in await self.database.pool.fetch("SELECT number FROM counted ORDER BY number")]

    async def rows(self) -> int:
        amount = await self.database.pool.fetchval("SELECT count(*) FROM work")
        assert isinstance(amount, int)
        return amount

    async def fall_due(self) -> None:
        """Let every lease and pause be over."""
        await self.database.pool.execute("UPDATE work SET due_at = now()")
        await self.database.pool.execute("UPDATE work_beat SET beat_at = now()")

    async def is_done(self, numbers: list[int]) -> bool:
        return await self.counted() == numbers and await self.rows() == 0


@pytest.fixture
async def bench(database: Database) -> Bench:
    made = Bench(database)
    await made.prepare()
    return made


@asynccontextmanager
async def queue_of(bench: Bench, url: str) -> AsyncIterator[NatsConnection]:
    nats = NatsConnection(url, "test")
    queue = Queue(nats, bench.runner)
    bench.hand = Handing(nats).hand
    nats.start()
    queue.start()

    async def is_ready() -> bool:
        """A row handed over before the stream is made is lost to the queue; the relay would find it, two seconds on."""
        if not nats.is_connected:
            return False
        try:
            for name in bench.runner.consumers:
                await nats.client.jetstream().consumer_info(STREAM, name.replace(".", "_"))
        except NotFoundError:
            return False
        return True

    try:
        await eventually(is_ready)
        yield nats
    finally:
        await queue.stop()
        await nats.stop()


async def test_work_is_written_with_its_fact_or_not_at_all(bench: Bench) -> None:
    with pytest.raises(RuntimeError):
        async with bench.database.transaction() as transaction:
            bench.outbox.enqueue(transaction, Counted(number=1))
            raise RuntimeError
    assert await bench.rows() == 0
    assert bench.handed == []
    await bench.enqueue(1, 2)
    assert await bench.rows() == 2
    assert len(bench.handed) == 2


async def test_each_consumer_gets_a_row_of_its_own(bench: Bench) -> None:
    await bench.database.pool.execute("INSERT INTO work_consumer VALUES ('test.other', 'thing.counted')")
    await bench.enqueue(1)
    assert {handover.consumer for handover in bench.handed} == {"test.count", "test.other"}
    assert await bench.runner.run_overdue(10) == 0, "nothing is overdue yet"
    await bench.fall_due()
    assert await bench.runner.run_overdue(10) == 1, "the row of a consumer this node does not know is left alone"
    assert await bench.rows() == 1


async def test_the_same_message_many_times_is_one_effect(bench: Bench) -> None:
    await bench.enqueue(7)
    claim = bench.claim()
    await asyncio.gather(*(bench.runner.run(claim) for _ in range(8)))
    await bench.runner.run(claim)
    assert await bench.is_done([7])


async def test_the_fence_stops_a_claim_that_was_overtaken(bench: Bench) -> None:
    """A consumer that slept through its lease finds that somebody else has the row."""
    await bench.enqueue(1)
    started, go_on = asyncio.Event(), asyncio.Event()
    attempt = bench.runner._attempt

    async def slow_attempt(claim: Claim) -> None:
        started.set()
        await go_on.wait()
        await attempt(claim)

    bench.runner._attempt = slow_attempt  # type: ignore[method-assign]
    slow = asyncio.create_task(bench.runner.run(bench.claim()))
    await started.wait()
    bench.runner._attempt = attempt  # type: ignore[method-assign]
    await bench.fall_due()
    assert await bench.runner.run_overdue(10) == 1
    go_on.set()
    await slow
    assert await bench.is_done([1])


async def test_failures_are_counted_paused_and_end_as_dead_letters(bench: Bench, connection: Connection) -> None:
    async def fail(fact: Counted) -> None:
        raise ValueError(f"cannot count {fact.number}")

    bench.effect = fail
    await bench.enqueue(13)
    claim = bench.claim()
    await bench.runner.run(claim)
    for attempt in (1, 2):
        row = await bench.database.pool.fetchrow("SELECT attempts, due_at > now() AS later, last_error FROM work")
        assert row is not None
        assert (row["attempts"], row["later"]) == (attempt, True)
        assert "cannot count 13" in row["last_error"]
        await bench.runner.run(replace(claim, attempt=attempt))  # the claim is given back: nothing happens
        assert await bench.runner.run_overdue(10) == 0, "too early"
        await bench.fall_due()
        assert await bench.runner.run_overdue(10) == 1
    assert await bench.is_done([]), "no effect of a failed attempt is left"
    assert bench.buried == [claim.id]
    letters = await list_dead_letters(connection)
    assert [(letter.id, letter.attempts, letter.consumer) for letter in letters] == [(claim.id, 3, "test.count")]
    bench.effect = None
    assert await requeue(connection, claim.id)
    assert not await requeue(connection, claim.id)
    assert await get_dead_letter(connection, claim.id) is None
    assert await bench.runner.run_overdue(10) == 1
    assert await bench.is_done([13])


async def test_a_crash_loop_is_bounded(bench: Bench) -> None:
    """Attempts are committed before they are tried: a process that dies each time uses them up."""
    await bench.enqueue(1)
    async with bench.database.connection() as connection:
        for _ in range(3):
            await connection.execute("UPDATE work SET attempts = attempts + 1")
    await bench.fall_due()
    assert await bench.runner.run_overdue(10) == 1
    assert bench.buried == [bench.handed[0].work_id]
    assert await bench.is_done([]), "it was not tried again"


async def test_timers_run_when_they_fall_due(bench: Bench) -> None:
    await bench.enqueue(1, delay_seconds=0.3)
    assert bench.handed == [], "a timer is not handed to the queue"
    assert await bench.runner.run_overdue(10) == 0
    relay = Relay(bench.runner)
    relay.start()
    try:
        await eventually(lambda: bench.is_done([1]), seconds=3)
    finally:
        await relay.stop()


@pytest.mark.parametrize(
    ("beat_seconds", "due_seconds", "left_seconds"),
    [
        pytest.param(-600, -300, 300, id="fell due while no relay could look: as much time is left as there was"),
        pytest.param(-600, 60, 660, id="was to fall due later"),
        pytest.param(3600, 3630, 30, id="the clock was set back by an hour"),
        pytest.param(-0.5, -0.1, None, id="no gap: it is due"),
        pytest.param(-600, -601, None, id="was due before the gap"),
    ],
)
async def test_deadlines_wait_while_nobody_could_keep_them(
    bench: Bench, beat_seconds: float, due_seconds: float, left_seconds: float | None
) -> None:
    await bench.enqueue(1, delay_seconds=1000)
    pool = bench.database.pool
    await pool.execute("UPDATE work SET due_at = now() + make_interval(secs => $1)", due_seconds)
    await pool.execute("UPDATE work_beat SET beat_at = now() + make_interval(secs => $1)", beat_seconds)
    assert await bench.runner.run_overdue(10) == (1 if left_seconds is None else 0)
    if left_seconds is None:
        assert await bench.is_done([1])
    else:
        left = await pool.fetchval("SELECT extract(epoch FROM due_at - now())::float8 FROM work")
        assert left == pytest.approx(left_seconds, abs=5)
    assert abs(await pool.fetchval("SELECT extract(epoch FROM now() - beat_at)::float8 FROM work_beat")) < 5
    assert await bench.runner.run_overdue(10) == 0, "a gap is mended once"


async def test_relays_that_come_back_together_mend_a_gap_once(bench: Bench) -> None:
    await bench.enqueue(1, delay_seconds=60)
    await bench.database.pool.execute("UPDATE work_beat SET beat_at = now() - interval '10 minutes'")
    assert await asyncio.gather(*(bench.runner.run_overdue(10) for _ in range(4))) == [0] * 4
    left = await bench.database.pool.fetchval("SELECT extract(epoch FROM due_at - now())::float8 FROM work")
    assert left == pytest.approx(660, abs=5)


async def test_the_relay_does_without_a_queue(bench: Bench, connection: Connection) -> None:
    """Nothing takes the handovers: two seconds later the relay has done it all."""
    relay = Relay(bench.runner)
    relay.start()
    try:
        await bench.enqueue(*range(30))
        await eventually(lambda: bench.is_done(list(range(30))), seconds=4)
        assert await read_backlog(connection) == (0, 0.0)
    finally:
        await relay.stop()


async def test_the_queue_brings_work_at_once(bench: Bench, nats_url: str) -> None:
    async with queue_of(bench, nats_url):
        for number in range(100):
            await bench.enqueue(number)
        await eventually(lambda: bench.is_done(list(range(100))), seconds=1.9)


async def test_two_nodes_share_the_queue(bench: Bench, database: Database, nats_url: str) -> None:
    other = Bench(database)
    async with queue_of(bench, nats_url), queue_of(other, nats_url):
        await asyncio.gather(*(bench.enqueue(number) for number in range(60)))
        await eventually(lambda: bench.is_done(list(range(60))), seconds=5)


async def test_a_killed_and_wiped_queue_costs_time_and_nothing_else(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory, servers: EmbeddedServers, settings: Settings
) -> None:
    """`kill -9` of NATS, its folder deleted, work going on: all of it is done, none twice, and the queue is back."""
    relay = Relay(bench.runner)
    relay.start()
    try:
        async with queue_of(bench, servers.nats_url) as nats:
            await bench.enqueue(*range(10))
            servers.nats.kill()
            await bench.enqueue(*range(10, 20))
            await servers.nats.wipe()
            await bench.enqueue(*range(20, 30))
            await eventually(lambda: bench.is_done(list(range(30))), seconds=6)
            await eventually(lambda: nats.is_connected, seconds=10)
            await relay.stop()

            numbers = itertools.count(1000)

            async def flows() -> bool:
                """A row is done without the relay: the queue was made again."""
                await bench.enqueue(next(numbers))
                await asyncio.sleep(0.1)
                return await bench.rows() == 0

            await bench.database.pool.execute("DELETE FROM work")
            await eventually(flows, seconds=10)
            assert (await nats.client.jetstream().stream_info(STREAM)).config.name == STREAM
    finally:
        await relay.stop()
    counted = await bench.counted()
    assert len(counted) == len(set(counted)), "nothing was done twice"
