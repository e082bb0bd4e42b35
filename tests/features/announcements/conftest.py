from collections.abc import AsyncIterator

import pytest
from tests.features.announcements.world import World

from tiffin.db import Database


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """People of every kind, and nothing announced."""
    world = World(database)
    async with world.client:
        await world.found()
        yield world
