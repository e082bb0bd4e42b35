from collections.abc import AsyncIterator

import pytest
from tests.features.support.world import World

from tiffin.db import Database


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """Customers with orders, and agents when a test calls them."""
    world = World(database)
    async with world.client:
        await world.found()
        yield world
