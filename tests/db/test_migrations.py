import asyncio
from collections.abc import AsyncIterator
from importlib.resources import files

import asyncpg
import pytest

from tiffin.db.migrations import current_revision, head_revision, is_behind, upgrade
from tiffin.embedded import EmbeddedServers


@pytest.fixture
async def empty_url(servers: EmbeddedServers) -> AsyncIterator[str]:
    admin = await asyncpg.connect(servers.postgres.url_of("postgres"))
    await admin.execute("CREATE DATABASE tiffin_empty")
    yield servers.postgres.url_of("tiffin_empty")
    await admin.execute("DROP DATABASE tiffin_empty WITH (FORCE)")
    await admin.close()


async def test_an_empty_database_comes_up_and_stays(empty_url: str) -> None:
    assert await current_revision(empty_url) is None
    assert await upgrade(empty_url) == (None, head_revision())
    assert await upgrade(empty_url) == (head_revision(), head_revision())
    assert await current_revision(empty_url) == head_revision()


async def test_nodes_that_start_at_once_take_turns(empty_url: str) -> None:
    results = await asyncio.gather(*(upgrade(empty_url) for _ in range(3)))
    assert sorted(before or "" for before, _ in results) == ["", head_revision(), head_revision()]


def test_every_migration_has_its_sql_and_no_sql_is_forgotten() -> None:
    folder = files("tiffin.db.migrations")
    revisions = {entry.name.removesuffix(".py") for entry in folder.joinpath("versions").iterdir()}
    scripts = {entry.name.removesuffix(".sql") for entry in folder.joinpath("sql").iterdir()}
    assert scripts == {name for name in revisions if name[0].isdigit()}


def test_a_database_is_behind_unless_it_is_at_the_head_or_of_a_newer_release() -> None:
    assert is_behind(None)
    assert is_behind("0001")
    assert not is_behind(head_revision())
    assert not is_behind("9999")
