"""Alerts: what operations must know."""

from tiffin.db.migrations.runner import sql

revision = "0002"
down_revision = "0001"

upgrade = sql("0002_alerts")
