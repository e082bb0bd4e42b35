"""Streams of orders end soon after the order here."""

import pytest

from tiffin.base.settings import Settings


@pytest.fixture
def node_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"port": 0, "order_stream_linger_seconds": 1, "drain_seconds": 0.0})
