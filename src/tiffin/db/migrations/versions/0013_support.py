"""Support chat: conversations, messages, notes, agents, canned answers."""

from tiffin.db.migrations.runner import sql

revision = "0013"
down_revision = "0012"

upgrade = sql("0013_support")
