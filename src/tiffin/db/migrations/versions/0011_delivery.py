"""Delivery: couriers, offers, and where they are."""

from tiffin.db.migrations.runner import sql

revision = "0011"
down_revision = "0010"

upgrade = sql("0011_delivery")
