import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.e2e.cluster import Cluster, run_cluster

from tiffin.demo.city import City, populate


@pytest.fixture(scope="package")
def cluster_folder() -> Iterator[Path]:
    """A data folder with a short path that other system users may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="tiffin-e2e-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
async def cluster(cluster_folder: Path) -> AsyncIterator[Cluster]:
    """Two nodes on servers of their own."""
    async with run_cluster(cluster_folder, nodes=2) as running:
        yield running


@pytest.fixture(scope="package")
async def city(cluster: Cluster) -> City:
    """Two restaurants with two staff each, three customers and five couriers."""
    return await populate(
        cluster.pool,
        cluster.origins,
        restaurants=2,
        staff=2,
        customers=3,
        couriers=5,
        make_administrator=cluster.make_administrator,
    )
