"""Orders on a whole node, where streams end soon after the order; and without one, on a test's database."""

import pytest
from tests.features.kitchen.conftest import world

from tiffin.base.settings import Settings

__all__ = ["node_settings", "world"]


@pytest.fixture
def node_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"port": 0, "order_stream_linger_seconds": 1, "drain_seconds": 0.0})
