"""Dead letters: work that failed as often as it may. They stay until a person looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tiffin.db import Connection
from tiffin.work.outbox import QUERIES


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A row of work that was given up, with its last error."""

    id: UUID
    consumer: str
    subject: str
    payload: dict[str, Any]
    attempts: int
    error: str
    created_at: datetime
    died_at: datetime


async def list_dead_letters(connection: Connection, limit: int = 100) -> Sequence[DeadLetter]:
    """The newest first."""
    return [DeadLetter(**dict(row)) for row in await connection.fetch(QUERIES["list_dead_letters"], limit)]


async def get_dead_letter(connection: Connection, letter_id: UUID) -> DeadLetter | None:
    """One, or None."""
    row = await connection.fetchrow(QUERIES["get_dead_letter"], letter_id)
    return DeadLetter(**dict(row)) if row is not None else None


async def requeue(connection: Connection, letter_id: UUID) -> bool:
    """Make it work again, with its attempts forgotten. False if there is no such letter."""
    return await connection.fetchval(QUERIES["requeue_dead_letter"], letter_id) is not None
