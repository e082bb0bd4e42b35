from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.features.images.studio import Studio
from tests.storage.bucket import bucket, s3_endpoint

from tiffin.db import Database

__all__ = ["bucket", "s3_endpoint", "studio"]


@pytest.fixture
async def studio(database: Database, tmp_path: Path) -> AsyncIterator[Studio]:
    """Uploads, a worker and their storage, in this process."""
    studio = Studio(database, tmp_path / "objects")
    yield studio
    await studio.stop()
