"""Images: uploads, what is made of them, and the pictures on menus."""

from tiffin.db.migrations.runner import sql

revision = "0012"
down_revision = "0011"

upgrade = sql("0012_images")
