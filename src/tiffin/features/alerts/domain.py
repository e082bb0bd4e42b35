"""An alert, as stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Alert:
    """Something operations must know. `times` counts how often it was raised while it was open."""

    id: UUID
    kind: str
    key: str | None
    title: str
    details: dict[str, Any]
    times: int
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None
