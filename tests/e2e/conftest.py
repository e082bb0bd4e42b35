from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.e2e.cluster import Cluster, run_cluster
from tests.folders import server_folder

from tiffin.demo.city import City, populate


@pytest.fixture(scope="package")
def cluster_folder() -> Iterator[Path]:
    """A data folder with a short path that other system users may pass through."""
    with server_folder("e2e") as folder:
        yield folder


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
