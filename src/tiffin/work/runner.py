"""Runs one row of work: effect, and what follows a failure.

A claim is committed with its attempt and lease before anything is tried, so that a crash counts: the first one with
the row itself, for whoever the queue hands it to, later ones by the relay. The effect's transaction deletes the row,
with the newest claim only (the fence), and does the consumer's work: whoever else holds the same row finds it gone,
locked or claimed anew. A failure is retried later with backoff and jitter; the last one becomes a dead letter and
an alert in the same transaction.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from prometheus_client import Counter

from tiffin.base.errors import Unavailable
from tiffin.base.telemetry import get_logger
from tiffin.db import Database, Transaction
from tiffin.work.beat import Beat, Postpone
from tiffin.work.fact import AnyConsumer
from tiffin.work.outbox import QUERIES

_log = get_logger("work")
_DONE = Counter("tiffin_work_done", "Rows of work done", ["consumer"])
_FAILED = Counter("tiffin_work_failed", "Attempts that failed", ["consumer"])
_DEAD = Counter("tiffin_work_dead", "Rows that became dead letters", ["consumer"])

_LONGEST_BACKOFF_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that this node may run; `attempt` is its fence."""

    id: UUID
    consumer: str
    attempt: int


# told of a dead letter, in the transaction that writes it: (transaction, claim, error)
OnDead = Callable[[Transaction, Claim, str], Awaitable[None]]


class Runner:
    """Runs work of the consumers it knows, a bounded number at once."""

    def __init__(
        self,
        database: Database,
        consumers: Sequence[AnyConsumer],
        on_dead: OnDead,
        *,
        lease_seconds: float,
        max_attempts: int,
        concurrency: int,
        postpone: Sequence[Postpone] = (),
    ) -> None:
        self.database = database
        self.consumers = {consumer.name: consumer for consumer in consumers}
        self.lease_seconds = lease_seconds
        self.slots = asyncio.Semaphore(concurrency)
        self._beat = Beat(database, postpone)
        self._on_dead = on_dead
        self._max_attempts = max_attempts

    async def run(self, claim: Claim) -> None:
        """Run a claimed row; nothing happens if somebody else has it or it is done."""
        if claim.consumer in self.consumers:
            async with self.slots:
                await self._attempt(claim)

    async def run_overdue(self, limit: int) -> int:
        """Claim and run rows the queue did not get done in time. Returns how many were claimed. Raises Unavailable."""
        await self._beat.keep()
        async with self.database.connection() as connection:
            rows = await connection.fetch(
                QUERIES["claim_overdue_work"], list(self.consumers), self.lease_seconds, limit
            )
        await asyncio.gather(*(self.run(Claim(row["id"], row["consumer"], row["attempts"])) for row in rows))
        return len(rows)

    async def _attempt(self, claim: Claim) -> None:
        try:
            if claim.attempt > self._max_attempts:  # it killed its process as often as it may
                raise TimeoutError("the process ended during the last attempt")
            async with asyncio.timeout(self.lease_seconds * 0.8):
                await self.database.run(lambda transaction: self._effect(transaction, claim))
            _DONE.labels(claim.consumer).inc()
        except Unavailable as error:  # nobody's fault: the lease runs out and the row comes again
            _log.warning("work_postponed", consumer=claim.consumer, work_id=str(claim.id), error=repr(error))
        except Exception as error:
            _FAILED.labels(claim.consumer).inc()
            _log.warning(
                "work_failed", consumer=claim.consumer, work_id=str(claim.id), attempt=claim.attempt, exc_info=error
            )
            await self._failed(claim, f"{type(error).__name__}: {error}"[:1000])

    async def _effect(self, transaction: Transaction, claim: Claim) -> None:
        payload = await transaction.connection.fetchval(QUERIES["take_claimed_work"], claim.id, claim.attempt)
        if payload is not None:
            consumer = self.consumers[claim.consumer]
            await consumer.handle(transaction, consumer.fact.model_validate(payload))

    async def _failed(self, claim: Claim, error: str) -> None:
        try:
            await self.database.run(lambda transaction: self._record(transaction, claim, error))
        except Unavailable:
            _log.warning("work_failure_not_recorded", work_id=str(claim.id))

    async def _record(self, transaction: Transaction, claim: Claim, error: str) -> None:
        connection = transaction.connection
        if claim.attempt < self._max_attempts:
            pause = min(_LONGEST_BACKOFF_SECONDS, 0.5 * 2**claim.attempt) * random.uniform(0.5, 1.0)
            await connection.execute(QUERIES["retry_work"], claim.id, claim.attempt, pause, error)
        elif await connection.fetchval(QUERIES["bury_work"], claim.id, claim.attempt, error):
            _DEAD.labels(claim.consumer).inc()
            await self._on_dead(transaction, claim, error)
