"""The statement that ends a transaction; work that is claimed when it is written."""

from tiffin.db.migrations.runner import sql

revision = "0007"
down_revision = "0006"

upgrade = sql("0007_closing_statement")
