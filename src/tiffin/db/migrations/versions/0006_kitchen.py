"""Kitchen: tickets."""

from tiffin.db.migrations.runner import sql

revision = "0006"
down_revision = "0005"

upgrade = sql("0006_kitchen")
