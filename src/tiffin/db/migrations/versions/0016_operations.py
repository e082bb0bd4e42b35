"""The figures of operations."""

from tiffin.db.migrations.runner import sql

revision = "0016"
down_revision = "0015"

upgrade = sql("0016_operations")
