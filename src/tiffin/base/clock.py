"""Time as aware UTC, handed to whoever needs it, so that tests can set it.

Deadlines and leases use PostgreSQL's clock instead (`now()` in SQL): one clock for all nodes.
"""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        return datetime.now(UTC)
