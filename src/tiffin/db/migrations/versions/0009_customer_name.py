"""Orders keep the name of who ordered."""

from tiffin.db.migrations.runner import sql

revision = "0009"
down_revision = "0008"

upgrade = sql("0009_customer_name")
