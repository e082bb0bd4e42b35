"""Orders and kitchen are tested in a whole town, on a running node."""

from tests.app.conftest import node_settings, origin, town

__all__ = ["node_settings", "origin", "town"]
