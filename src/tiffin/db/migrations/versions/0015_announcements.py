"""Announcements, who has read them, cities of addresses, and timers by the calendar."""

from tiffin.db.migrations.runner import sql

revision = "0015"
down_revision = "0014"

upgrade = sql("0015_announcements")
