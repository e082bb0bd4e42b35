"""Events of alerts, on one topic that administrators read."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from tiffin.base.principal import Role
from tiffin.db import Connection
from tiffin.features.alerts.schemas import AlertView
from tiffin.realtime import Event, Grant, ReadRequest

OPERATIONS_TOPIC = "alerts.operations"


class AlertRaised(Event):
    """An alert was raised, or raised again while open."""

    type: ClassVar[str] = "alert.raised"
    alert: AlertView


class AlertAcknowledged(Event):
    """A person took notice of an alert."""

    type: ClassVar[str] = "alert.acknowledged"
    alert_id: UUID
    acknowledged_by: UUID


async def read_grants(_: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """Administrators may read."""
    return [
        Grant() if request.principal is not None and request.principal.has(Role.ADMIN) else None for request in requests
    ]
