"""A kernel node a test, and what is left out of `make test`: tests marked heavy, unless TIFFIN_HEAVY=1."""

import os
from collections.abc import AsyncIterator

import pytest
from tests.realtime.harness import KernelNode, run_node

from tiffin.base.settings import Settings
from tiffin.db import Database, create_pool

# read before the environment of whoever runs the tests is taken away
_HEAVY = os.environ.get("TIFFIN_HEAVY") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is heavy."""
    if not _HEAVY:
        for item in items:
            if item.get_closest_marker("heavy") is not None:
                item.add_marker(pytest.mark.skip(reason="heavy: set TIFFIN_HEAVY=1"))


@pytest.fixture
async def node(settings: Settings, database: Database) -> AsyncIterator[KernelNode]:
    async with run_node(settings, database) as running:
        yield running


@pytest.fixture
async def writing(database_url: str) -> AsyncIterator[Database]:
    """A pool of the publishers' own, so that the node's queries can be counted."""
    pool = await create_pool(database_url, 8, min_size=1)
    yield Database(pool, database_url)
    await pool.close()
