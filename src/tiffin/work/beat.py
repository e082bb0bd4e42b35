"""The scheduler's beat: deadlines wait while nobody could keep them.

Timers are by PostgreSQL's clock, and the row `work_beat` says when a relay last looked at them. If that is long ago
(the database was away, or every relay) or in the future (its clock was set), everything that was not yet due then is
postponed by the gap before anything is claimed: ten minutes without a database must not expire every ticket at once.
What is due by the calendar stays where it is.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from tiffin.base.telemetry import get_logger
from tiffin.db import Database, Transaction
from tiffin.work.outbox import QUERIES

_log = get_logger("work.beat")

_EVERY_SECONDS = 1.0
# relays beat several times as often; a shorter absence costs a deadline less than it takes to notice
_GAP_SECONDS = 3.0

# moves what a feature shows of its deadlines: (transaction, those after this moment, by how much)
Postpone = Callable[[Transaction, datetime, timedelta], Awaitable[None]]


class Beat:
    """Keeps the beat of all relays on a database; `postpone` are told of a gap in the transaction that mends it."""

    def __init__(self, database: Database, postpone: Sequence[Postpone] = ()) -> None:
        self._database = database
        self._postpone = postpone

    async def keep(self) -> None:
        """Look at the clock, and mend a gap. Raises Unavailable."""
        async with self._database.connection() as connection:
            seconds = await connection.fetchval(QUERIES["read_beat"])
        if abs(seconds) >= _EVERY_SECONDS:
            await self._database.run(self._beat)

    async def _beat(self, transaction: Transaction) -> None:
        connection = transaction.connection
        row = await connection.fetchrow(QUERIES["lock_beat"])
        assert row is not None
        gap: timedelta = row["gap"]
        if abs(gap.total_seconds()) > _GAP_SECONDS:
            _log.warning("deadlines_postponed", seconds=round(gap.total_seconds(), 1))
            await connection.execute(QUERIES["postpone_work"], row["beat_at"], gap)
            for postpone in self._postpone:
                await postpone(transaction, row["beat_at"], gap)
        await connection.execute(QUERIES["update_beat"])
