"""Orders."""

from tiffin.db.migrations.runner import sql

revision = "0005"
down_revision = "0004"

upgrade = sql("0005_orders")
