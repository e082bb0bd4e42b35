from collections.abc import AsyncIterator

import pytest
from tests.features.catalog.world import World

from tiffin.base.principal import Role
from tiffin.db import Database


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """The catalog, with an admin and a stranger."""
    world = World(database)
    world.person("admin", Role.ADMIN)
    world.person("stranger")
    async with world.client:
        yield world
