"""Alerts on the wire."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel

from tiffin.features.alerts.domain import Alert


class AlertView(BaseModel):
    """An alert."""

    id: UUID
    kind: str
    title: str
    details: dict[str, Any]
    times: int
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None

    @classmethod
    def of(cls, alert: Alert) -> Self:
        """The view of an alert."""
        return cls.model_validate(asdict(alert))


class AlertList(BaseModel):
    """The open alerts, and the position of `alerts.operations` they were read at."""

    position: str
    alerts: list[AlertView]
