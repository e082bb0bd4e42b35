"""The outbox: work written in the business transaction, one row a consumer; a row that is there is not done.

After the commit, rows that are due are handed to the queue at once. If that never happens, or the message is lost,
the relay runs the row itself two seconds later. Rows with a delay are timers; the relay runs them when they fall due.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from tiffin.db import Transaction, load_queries
from tiffin.work.fact import Fact

QUERIES = load_queries(__package__)

# before topic heads (rank 20) are locked
_RANK = 10
_STATE = "work.outbox"


@dataclass(frozen=True, slots=True)
class Handover:
    """A row for the queue: which row, which consumer, and the attempt it would be."""

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
            transaction.before_commit(_RANK, self._store)
        pending.append((fact, delay_seconds, key))

    async def withdraw(self, transaction: Transaction, key: UUID) -> None:
        """Take back the timers of `key`. One that runs at this moment still runs: it must look before it acts."""
        await transaction.connection.execute(QUERIES["delete_work_of_key"], key)

    async def _store(self, transaction: Transaction) -> None:
        pending: list[_Pending] = transaction.state[_STATE]
        rows = await transaction.connection.fetch(
            QUERIES["insert_work"],
            [fact.subject for fact, _, _ in pending],
            [fact.model_dump(mode="json") for fact, _, _ in pending],
            [delay for _, delay, _ in pending],
            [0.0 if delay > 0 else self._fallback_seconds for _, delay, _ in pending],
            [key for _, _, key in pending],
        )
        due = [Handover(row["id"], row["consumer"]) for row in rows if row["due"]]

        async def hand() -> None:
            self._hand(due)

        if due:
            transaction.after_commit(hand)
