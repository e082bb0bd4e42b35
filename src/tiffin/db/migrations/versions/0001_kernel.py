"""The kernel: event log, work, idempotency, presence."""

from tiffin.db.migrations.runner import sql

revision = "0001"
down_revision = None

upgrade = sql("0001_kernel")
