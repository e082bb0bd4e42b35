"""Long work: claims that are renewed while somebody outside the database works, and effects under a fence.

A row of long work is handed to the queue unclaimed. Whoever takes it counts the attempt and holds a lease, renewed
every quarter of its length; a lease that was not renewed is free again, for any other worker. All that the holder
writes goes through its `Lease`, in short transactions that begin by looking for the claim: a holder that was frozen,
cut off or thought dead writes nothing. One that cannot renew stops what it does before its lease is over.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from prometheus_client import Counter, Histogram

from tiffin.base.errors import Unavailable
from tiffin.base.telemetry import get_logger
from tiffin.db import Database, Transaction
from tiffin.work.fact import Fact
from tiffin.work.outbox import QUERIES
from tiffin.work.runner import Claim, OnDead

_log = get_logger("work.long")
_SECONDS = Histogram("tiffin_long_work_seconds", "Duration of long work that was finished", ["consumer"])
_FAILED = Counter("tiffin_long_work_failed", "Attempts of long work that failed", ["consumer"])

_WAIT_SECONDS = 3.0
_LONGEST_BACKOFF_SECONDS = 30.0

F = TypeVar("F", bound=Fact)
Effect = Callable[[Transaction], Awaitable[None]]


class LeaseLost(Exception):
    """Somebody else has the row, or it is done: stop, and write nothing."""


class Later(Exception):
    """This cannot be done at this moment, and nobody is to blame: give the row back without counting the attempt."""


class Lease:
    """The right to work on one row."""

    def __init__(self, database: Database, claim: Claim) -> None:
        self.claim = claim
        self._database = database
        self.is_finished = False

    async def update(self, effect: Effect) -> None:
        """Write something while working, in one transaction. Raises LeaseLost, Unavailable, what `effect` raises."""

        async def run(transaction: Transaction) -> None:
            held = await transaction.connection.fetchval(QUERIES["lock_claim"], self.claim.id, self.claim.attempt)
            if held is None:
                raise LeaseLost
            await effect(transaction)

        await self._database.run(run)

    async def finish(self, effect: Effect) -> None:
        """The last write: the row goes in the same transaction. Raises as `update`."""

        async def run(transaction: Transaction) -> None:
            taken = await transaction.connection.fetchval(
                QUERIES["take_claimed_work"], self.claim.id, self.claim.attempt
            )
            if taken is None:
                raise LeaseLost
            await effect(transaction)

        await self._database.run(run)
        self.is_finished = True


@dataclass(frozen=True, slots=True)
class LongConsumer(Generic[F]):
    """Who does long work of one subject, whose facts are `long`. `name` stands in the table `work_consumer`.

    `perform` ends with `lease.finish`; it may take as long as it likes and call whatever it likes, and is cancelled
    when the lease is lost. `on_dead` runs in the transaction that gives the row up.
    """

    name: str
    fact: type[F]
    perform: Callable[[F, Lease], Awaitable[None]]
    on_dead: Callable[[Transaction, F], Awaitable[None]]


AnyLongConsumer = LongConsumer[Any]


class LongRunner:
    """Runs long work of the consumers it knows, `concurrency` rows at once."""

    def __init__(
        self,
        database: Database,
        consumers: Sequence[AnyLongConsumer],
        on_dead: OnDead,
        *,
        lease_seconds: float,
        max_attempts: int,
        concurrency: int = 1,
    ) -> None:
        self.database = database
        self.consumers = {consumer.name: consumer for consumer in consumers}
        self.lease_seconds = lease_seconds
        self.concurrency = concurrency
        self._on_dead = on_dead
        self._max_attempts = max_attempts
        self._running: set[asyncio.Task[None]] = set()

    @property
    def room(self) -> int:
        """How many more rows may be taken now."""
        return self.concurrency - len(self._running)

    async def run(self, claim: Claim) -> None:
        """Take and run a row that the queue handed over; nothing happens if there is no room or somebody has it."""
        if claim.consumer not in self.consumers or self.room <= 0:
            return
        await self._spawn(self._take_and_run(claim))

    async def run_overdue(self, limit: int) -> int:
        """Take rows that nobody has, as many as there is room for. Returns how many. Raises Unavailable."""
        if (room := min(limit, self.room)) <= 0:
            return 0
        async with self.database.connection() as connection:
            rows = await connection.fetch(QUERIES["claim_overdue_work"], list(self.consumers), self.lease_seconds, room)
        for row in rows:
            _ = self._spawn(self._run(Claim(row["id"], row["consumer"], row["attempts"])))
        return len(rows)

    async def stop(self) -> None:
        """Stop what runs; whoever is left finds the rows free at once."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _spawn(self, work: Any) -> "asyncio.Task[None]":
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _take_and_run(self, offered: Claim) -> None:
        async with self.database.connection() as connection:
            attempt = await connection.fetchval(
                QUERIES["claim_offered_work"], offered.id, offered.attempt, self.lease_seconds
            )
        if attempt is not None:
            await self._run(Claim(offered.id, offered.consumer, attempt))

    async def _run(self, claim: Claim) -> None:
        consumer = self.consumers[claim.consumer]
        lease = Lease(self.database, claim)
        started = time.perf_counter()
        try:
            if claim.attempt > self._max_attempts:  # it killed its process as often as it may
                raise TimeoutError("the process ended during the last attempt")
            async with self._renewing(claim):
                await consumer.perform(await self._read(consumer, claim), lease)
            if not lease.is_finished:
                raise RuntimeError(f"{claim.consumer} returned without finishing")
            _SECONDS.labels(claim.consumer).observe(time.perf_counter() - started)
        except LeaseLost:
            _log.warning("lease_lost", consumer=claim.consumer, work_id=str(claim.id), attempt=claim.attempt)
        except (Later, Unavailable) as error:
            _log.warning("long_work_postponed", work_id=str(claim.id), error=repr(error))
            await self._record(QUERIES["postpone_claim"], claim, _WAIT_SECONDS * random.uniform(0.5, 1.0))
        except asyncio.CancelledError:
            await self._record(QUERIES["postpone_claim"], claim, 0.0)
            raise
        except Exception as error:
            _FAILED.labels(claim.consumer).inc()
            _log.warning("long_work_failed", work_id=str(claim.id), attempt=claim.attempt, exc_info=error)
            await self._failed(consumer, claim, f"{type(error).__name__}: {error}"[:1000])

    async def _read(self, consumer: AnyLongConsumer, claim: Claim) -> Any:
        async with self.database.connection() as connection:
            payload = await connection.fetchval(QUERIES["read_claimed_work"], claim.id, claim.attempt)
        if payload is None:
            raise LeaseLost
        return consumer.fact.model_validate(payload)

    @asynccontextmanager
    async def _renewing(self, claim: Claim) -> AsyncIterator[None]:
        """Renew the lease meanwhile; turns the cancellation by a lost lease into LeaseLost."""
        task = asyncio.current_task()
        assert task is not None
        keeper = asyncio.get_running_loop().create_task(self._renew(claim, task))
        try:
            yield
        except asyncio.CancelledError:
            if keeper.done() and not keeper.cancelled():
                task.uncancel()
                raise LeaseLost from None
            raise
        finally:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper

    async def _renew(self, claim: Claim, holder: "asyncio.Task[None]") -> None:
        """Returns once the lease is lost, or could be lost before the next look, having cancelled the holder."""
        renewed_at = time.monotonic()
        while True:
            await asyncio.sleep(self.lease_seconds / 4)
            asked_at = time.monotonic()
            try:
                async with asyncio.timeout(self.lease_seconds / 4), self.database.connection() as connection:
                    held = await connection.fetchval(
                        QUERIES["renew_claim"], claim.id, claim.attempt, self.lease_seconds
                    )
            except (Unavailable, TimeoutError):
                held = asked_at - renewed_at < self.lease_seconds / 2
            else:
                renewed_at = asked_at
            if not held:
                holder.cancel()
                return

    async def _failed(self, consumer: AnyLongConsumer, claim: Claim, error: str) -> None:
        if claim.attempt < self._max_attempts:
            pause = min(_LONGEST_BACKOFF_SECONDS, 0.5 * 2**claim.attempt) * random.uniform(0.5, 1.0)
            await self._record(QUERIES["retry_work"], claim, pause, error)
            return

        async def bury(transaction: Transaction) -> None:
            payload = await transaction.connection.fetchval(QUERIES["read_claimed_work"], claim.id, claim.attempt)
            if await transaction.connection.fetchval(QUERIES["bury_work"], claim.id, claim.attempt, error):
                await consumer.on_dead(transaction, consumer.fact.model_validate(payload))
                await self._on_dead(transaction, claim, error)

        with suppress(Unavailable):
            await self.database.run(bury)

    async def _record(self, query: str, claim: Claim, *arguments: Any) -> None:
        with suppress(Unavailable):
            async with self.database.connection() as connection:
                await connection.execute(query, claim.id, claim.attempt, *arguments)
