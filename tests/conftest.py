"""Real servers for every test: one PostgreSQL and one NATS a session, one database a test.

The servers are the embedded ones, without waiting for the disk. A test's database is a copy of a migrated template,
so tests neither see each other nor wait for migrations.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import uvloop
from pydantic import SecretStr
from tests.folders import server_folder

from tiffin.base.settings import Settings
from tiffin.db import Connection, Database, create_pool
from tiffin.db.migrations import upgrade
from tiffin.embedded import EmbeddedServers

_TEMPLATE = "tiffin_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _plain_environment() -> None:
    """Settings of whoever runs the tests do not reach them."""
    for name in [name for name in os.environ if name.startswith(("TIFFIN_", "PG"))]:
        del os.environ[name]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> dict[str, object]:
    """Tests run on the loop that production runs on."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """A data folder with a short path that other system users may pass through."""
    with server_folder("tests") as folder:
        yield folder


@pytest.fixture(scope="session")
async def servers(servers_folder: Path) -> AsyncIterator[EmbeddedServers]:
    """PostgreSQL and NATS for the whole session."""
    async with EmbeddedServers(servers_folder, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
async def _template(servers: EmbeddedServers) -> str:
    """A migrated database that nobody is connected to; its name."""
    await _execute(servers, f"CREATE DATABASE {_TEMPLATE}")
    await upgrade(servers.postgres.url_of(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
async def database_url(servers: EmbeddedServers, _template: str) -> AsyncIterator[str]:
    """The URL of a migrated, empty database of this test's own."""
    name = f"tiffin_test_{next(_numbers)}"
    await _execute(servers, f"CREATE DATABASE {name} TEMPLATE {_template} STRATEGY file_copy")
    beating = await asyncpg.connect(servers.postgres.url_of(name))  # as if a relay had been there since the template
    await beating.execute("UPDATE work_beat SET beat_at = now()")
    await beating.close()
    yield servers.postgres.url_of(name)
    await _execute(servers, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A pool on this test's database."""
    pool = await create_pool(database_url, 10, min_size=1)
    yield Database(pool, database_url)
    try:
        async with asyncio.timeout(5):
            await pool.close()
    except TimeoutError:  # a test that failed left a connection in use; the next tests should still run
        pool.terminate()


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    """One connection to this test's database."""
    async with database.connection() as connection:
        yield connection


@pytest.fixture
def nats_url(servers: EmbeddedServers) -> str:
    """The session's NATS, with its password."""
    return servers.nats_url


@pytest.fixture
def settings(database_url: str, nats_url: str, tmp_path: Path) -> Settings:
    """Settings on this test's database; nothing of the environment."""
    return Settings(
        _env_file=None, database_url=SecretStr(database_url), nats_url=SecretStr(nats_url), data_dir=tmp_path
    )


async def _execute(servers: EmbeddedServers, statement: str) -> None:
    connection = await asyncpg.connect(servers.postgres.url_of("postgres"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
