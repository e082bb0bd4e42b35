"""A kernel node a test, and what is left out of `make test`: tests marked heavy, unless TIFFIN_HEAVY=1."""

import os
from collections.abc import AsyncIterator

import asyncpg
import pytest
from pydantic import SecretStr
from tests.realtime.harness import KernelNode, close_all, run_node
from tests.waiting import eventually

from tiffin.base.settings import Settings
from tiffin.db import Database, create_pool
from tiffin.embedded import EmbeddedServers

# read before the environment of whoever runs the tests is taken away
_HEAVY = os.environ.get("TIFFIN_HEAVY") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is heavy."""
    if not _HEAVY:
        for item in items:
            if item.get_closest_marker("heavy") is not None:
                item.add_marker(pytest.mark.skip(reason="heavy: set TIFFIN_HEAVY=1"))


@pytest.fixture(scope="module")
async def storm_url(servers: EmbeddedServers, _template: str, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The URL of a migrated database that a module's tests share: each of them leaves nothing behind on the node."""
    name = f"tiffin_{request.module.__name__.rpartition('.')[2]}"
    admin = await asyncpg.connect(servers.postgres.url_of("postgres"))
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {_template} STRATEGY file_copy")
    yield servers.postgres.url_of(name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture(scope="module")
async def node(servers: EmbeddedServers, storm_url: str) -> AsyncIterator[KernelNode]:
    """A node for a module's tests."""
    settings = Settings(_env_file=None, database_url=SecretStr(storm_url), nats_url=SecretStr(servers.nats_url))
    pool = await create_pool(storm_url, 10, min_size=1)
    async with run_node(settings, Database(pool, storm_url)) as running:
        yield running
    await pool.close()


@pytest.fixture(scope="module")
async def writing(storm_url: str) -> AsyncIterator[Database]:
    """A pool of the publishers' own, so that the node's queries can be counted."""
    pool = await create_pool(storm_url, 8, min_size=1)
    yield Database(pool, storm_url)
    await pool.close()


@pytest.fixture(autouse=True)
async def _nothing_is_left(node: KernelNode) -> AsyncIterator[None]:
    """Every test ends with the hub drained to zero."""
    yield
    await close_all()
    await eventually(lambda: not node.server.server_state.connections and not node.server.server_state.tasks)
    await eventually(lambda: not node.hub.subscribers and not node.hub.topics and not node.presence._entries)
