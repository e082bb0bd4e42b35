"""A data folder of each test's own, with a path short enough for sockets."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty data folder that other system users may pass through."""
    path = Path(tempfile.mkdtemp(prefix="tiffin-embedded-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)
