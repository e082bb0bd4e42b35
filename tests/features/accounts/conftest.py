from collections.abc import AsyncIterator, Iterator

import pytest
from tests.features.accounts.world import World

from tiffin.base.settings import Settings
from tiffin.db import Database
from tiffin.features.accounts import PasswordHasher


@pytest.fixture(scope="session")
def hasher() -> Iterator[PasswordHasher]:
    """One small pool for all tests."""
    hasher = PasswordHasher(2)
    yield hasher
    hasher.close()


@pytest.fixture
async def world(database: Database, settings: Settings, hasher: PasswordHasher) -> AsyncIterator[World]:
    """Accounts, empty."""
    world = World(database, settings, hasher)
    async with world.client:
        yield world
