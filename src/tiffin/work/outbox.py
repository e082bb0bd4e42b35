"""Work is written in the business transaction, one row a consumer; a row that is there is not done.

After the commit, rows that are due are handed to the queue at once. They are written as claimed for their first
attempt, by whoever the queue hands them to; if that never happens, or the message is lost, the lease ends after two
seconds and the relay runs the row itself. Rows with a delay are timers; the relay runs them when they fall due.
Long work is handed over unclaimed (attempt 0), since its claim must be taken for longer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tiffin.db import Part, Transaction, load_queries
from tiffin.work.fact import Fact

QUERIES = load_queries(__package__)

_STATE = "work.outbox"
_WITHDRAWN = "work.withdrawn"


@dataclass(frozen=True, slots=True)
class Handover:
    """A row for the queue: which row, which consumer, and the attempt it is claimed for."""

    work_id: UUID
    consumer: str
    attempt: int = 1


# (fact, seconds until due, key)
_Pending = tuple[Fact, float, UUID | None]

Hand = Callable[[Sequence[Handover]], None]


class Outbox:
    """Writes work. `hand` is told after each commit and must not block."""

    def __init__(self, hand: Hand, fallback_seconds: float = 2.0) -> None:
        self._hand = hand
        self._fallback_seconds = fallback_seconds

    def enqueue(
        self, transaction: Transaction, fact: Fact, *, delay_seconds: float = 0.0, key: UUID | None = None
    ) -> None:
        """Make work of `fact` for each consumer of its subject, due in `delay_seconds` by PostgreSQL's clock.

        `key` names what a timer is about, so that `withdraw` can take it back.
        """
        pending: list[_Pending] | None = transaction.state.get(_STATE)
        if pending is None:
            pending = transaction.state[_STATE] = []
            transaction.at_end(lambda: self._part(transaction))
        pending.append((fact, delay_seconds, key))

    def withdraw(self, transaction: Transaction, key: UUID) -> None:
        """Take back the timers of `key` that were there before this transaction.

        One that runs at this moment still runs: it must look before it acts.
        """
        keys: list[UUID] | None = transaction.state.get(_WITHDRAWN)
        if keys is None:
            keys = transaction.state[_WITHDRAWN] = []
            part = Part("withdrawn", QUERIES["withdraw_work"], (keys,))
            transaction.at_end(lambda: part)
        keys.append(key)

    def _part(self, transaction: Transaction) -> Part:
        pending: list[_Pending] = transaction.state[_STATE]
        facts = [
            {
                "subject": fact.subject,
                "payload": fact.model_dump(mode="json"),
                "attempts": 0 if delay > 0 or fact.long else 1,
                "seconds": delay or self._fallback_seconds,
                "key": str(key) if key is not None else None,
                "by_calendar": fact.by_calendar,
            }
            for fact, delay, key in pending
        ]
        return Part("work_rows", QUERIES["insert_work"], (facts,), lambda rows: self._hand_over(transaction, rows))

    def _hand_over(self, transaction: Transaction, rows: list[dict[str, Any]]) -> None:
        pending: list[_Pending] = transaction.state[_STATE]
        offered = {fact.subject for fact, delay, _ in pending if fact.long and delay <= 0}
        claimed = [
            Handover(UUID(row["id"]), row["consumer"], row["attempts"])
            for row in rows
            if row["attempts"] == 1 or row["subject"] in offered
        ]

        async def hand() -> None:
            self._hand(claimed)

        if claimed:
            transaction.after_commit(hand)
