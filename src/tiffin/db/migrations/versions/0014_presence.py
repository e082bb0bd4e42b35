"""Presence: one lease a node instead of one a connection."""

from tiffin.db.migrations.runner import sql

revision = "0014"
down_revision = "0013"

upgrade = sql("0014_presence")
