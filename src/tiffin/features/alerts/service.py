"""Use cases of alerts."""

from typing import Any
from uuid import UUID

from tiffin.base.principal import Principal
from tiffin.db import Database, Transaction, use_case
from tiffin.features.alerts import repository
from tiffin.features.alerts.domain import Alert
from tiffin.features.alerts.errors import AlertNotFound
from tiffin.features.alerts.events import OPERATIONS_TOPIC, AlertAcknowledged, AlertRaised
from tiffin.features.alerts.schemas import AlertView
from tiffin.realtime import EventLog, Position, get_position


class AlertService:
    """Raises, lists and acknowledges alerts."""

    def __init__(self, database: Database, events: EventLog) -> None:
        self.database = database
        self._events = events

    async def raise_alert(
        self, transaction: Transaction, kind: str, title: str, details: dict[str, Any], key: str | None = None
    ) -> None:
        """Raise an alert as part of `transaction`. `key` tells apart what is the same alert again."""
        alert = await repository.upsert_alert(transaction.connection, kind, key, title, details)
        self._events.append(transaction, OPERATIONS_TOPIC, AlertRaised(alert=AlertView.of(alert)))

    async def list_open(self) -> tuple[list[Alert], Position]:
        """The open alerts and the topic's position, of one moment."""
        async with self.database.snapshot() as connection:
            return await repository.list_open_alerts(connection), await get_position(connection, OPERATIONS_TOPIC)

    @use_case
    async def acknowledge(self, transaction: Transaction, principal: Principal, alert_id: UUID) -> Alert:
        """A person takes notice. Raises AlertNotFound."""
        alert = await repository.update_acknowledged(transaction.connection, alert_id, principal.account_id)
        if alert is None:
            raise AlertNotFound()
        event = AlertAcknowledged(alert_id=alert.id, acknowledged_by=principal.account_id)
        self._events.append(transaction, OPERATIONS_TOPIC, event)
        return alert
