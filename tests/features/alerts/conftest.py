from collections.abc import AsyncIterator

import pytest
from tests.features.alerts.world import World

from tiffin.base.settings import Settings
from tiffin.db import Database


@pytest.fixture
async def world(database: Database, settings: Settings) -> AsyncIterator[World]:
    """Alerts, none yet."""
    world = World(database, settings)
    async with world.client:
        yield world
