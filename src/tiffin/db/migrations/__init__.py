"""Alembic migrations, each a pair of a revision file and the SQL it runs; `upgrade(url)` brings a database up.

Old nodes run beside new ones during a deploy, so a migration only adds; what it replaces goes one release later.
"""

from tiffin.db.migrations.runner import head_revision, upgrade

__all__ = ["head_revision", "upgrade"]
