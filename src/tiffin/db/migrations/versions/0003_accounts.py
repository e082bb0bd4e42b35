"""Accounts: people, sessions, addresses, the audit log."""

from tiffin.db.migrations.runner import sql

revision = "0003"
down_revision = "0002"

upgrade = sql("0003_accounts")
