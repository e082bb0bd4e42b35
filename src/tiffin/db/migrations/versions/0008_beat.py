"""The beat of the relays."""

from tiffin.db.migrations.runner import sql

revision = "0008"
down_revision = "0007"

upgrade = sql("0008_beat")
