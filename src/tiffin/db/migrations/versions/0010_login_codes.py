"""Login codes."""

from tiffin.db.migrations.runner import sql

revision = "0010"
down_revision = "0009"

upgrade = sql("0010_login_codes")
