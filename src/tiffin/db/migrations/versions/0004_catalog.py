"""Catalog: restaurants, members, menus."""

from tiffin.db.migrations.runner import sql

revision = "0004"
down_revision = "0003"

upgrade = sql("0004_catalog")
