"""Alerts in PostgreSQL."""

from typing import Any
from uuid import UUID

from tiffin.base.ids import new_id
from tiffin.db import Connection, load_queries
from tiffin.features.alerts.domain import Alert

QUERIES = load_queries(__package__)


async def upsert_alert(
    connection: Connection, kind: str, key: str | None, title: str, details: dict[str, Any]
) -> Alert:
    """Store an alert, or count an open one up."""
    row = await connection.fetchrow(QUERIES["upsert_alert"], new_id(), kind, key, title, details)
    assert row is not None
    return Alert(**dict(row))


async def list_open_alerts(connection: Connection) -> list[Alert]:
    """Open alerts, the newest first, at most 200."""
    return [Alert(**dict(row)) for row in await connection.fetch(QUERIES["list_open_alerts"])]


async def update_acknowledged(connection: Connection, alert_id: UUID, account_id: UUID) -> Alert | None:
    """Acknowledge an open alert; None if there is none."""
    row = await connection.fetchrow(QUERIES["update_acknowledged"], alert_id, account_id)
    return Alert(**dict(row)) if row is not None else None
