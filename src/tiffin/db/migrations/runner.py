"""Runs Alembic against one database, under an advisory lock so that two nodes starting at once take turns."""

from collections.abc import Callable
from importlib.resources import files

import sqlalchemy
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.ext.asyncio import create_async_engine

_LOCK = 7_401_953  # advisory lock id, ours alone


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "tiffin.db:migrations")
    return config


def head_revision() -> str:
    """The newest revision this code knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def is_behind(revision: str | None) -> bool:
    """True if a database at `revision` lacks what this code needs; one from a newer release does not."""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision is None or (revision in known and revision != head_revision())


async def upgrade(url: str) -> tuple[str | None, str]:
    """Bring the database at `url` (postgresql://…) to the newest revision. Returns (before, after)."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def current_revision(url: str) -> str | None:
    """The revision the database at `url` is at, None when it is empty."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_current)
    finally:
        await engine.dispose()


def _current(connection: sqlalchemy.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: sqlalchemy.Connection) -> tuple[str | None, str]:
    connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK})
    before = _current(connection)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    after = _current(connection)
    assert after is not None
    return before, after


def sql(name: str) -> Callable[[], None]:
    """A migration's `upgrade`: run `sql/<name>.sql` as one script, past SQLAlchemy's parameter syntax."""

    def run() -> None:
        script = files("tiffin.db.migrations").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
        adapted = op.get_bind().connection.dbapi_connection
        assert isinstance(adapted, AsyncAdapt_asyncpg_connection)
        # asyncpg cannot read the answer to a script of comments alone
        adapted.run_async(lambda connection: connection.execute(script + "\nSELECT 1;"))

    return run
