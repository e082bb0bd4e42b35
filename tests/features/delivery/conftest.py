from collections.abc import AsyncIterator

import pytest
from tests.features.delivery.world import World

from tiffin.db import Database


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """A restaurant, its people, its customers; couriers come when a test calls them."""
    world = World(database)
    async with world.client:
        await world.found()
        yield world
