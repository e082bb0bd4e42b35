"""Alembic migrations, each a pair of a revision file and the SQL it runs; `upgrade(url)` brings a database up.

Old nodes run beside new ones during a deploy, so a migration only adds; what it replaces goes one release later.
"""

from tiffin.db.migrations.runner import current_revision, head_revision, is_behind, upgrade

__all__ = ["current_revision", "head_revision", "is_behind", "upgrade"]
