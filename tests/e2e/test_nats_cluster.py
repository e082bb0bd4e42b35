"""Three NATS servers and three nodes: the server that leads the queue is killed, then a node, and no order is lost."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.e2e.cluster import Cluster, NatsCluster
from tests.e2e.test_survival import _is_drained, _survive
from tests.folders import server_folder
from tests.waiting import eventually

from tiffin.client.http import open_http
from tiffin.db.migrations import upgrade
from tiffin.demo.city import populate
from tiffin.embedded import EmbeddedPostgres


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a short path that other system users may pass through."""
    with server_folder("nats") as folder:
        yield folder


@pytest.fixture
async def three(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Cluster, NatsCluster]]:
    """Three nodes on three NATS servers that all keep the queue."""
    monkeypatch.setenv("TIFFIN_NATS_REPLICAS", "3")
    postgres, nats = EmbeddedPostgres(folder, durable=False), NatsCluster(folder)
    async with open_http(connections=200) as pool:
        cluster = Cluster(postgres, cast("Any", nats), pool, folder)
        try:
            await asyncio.gather(postgres.start(), nats.start())
            await upgrade(postgres.url)
            await asyncio.gather(*(cluster.start_node() for _ in range(3)))
            yield cluster, nats
        finally:
            await asyncio.gather(*(node.stop(signal.SIGKILL) for node in cluster.nodes), return_exceptions=True)
            await nats.stop()
            await postgres.stop()


async def test_a_queue_server_and_a_node_are_killed(three: tuple[Cluster, NatsCluster]) -> None:
    cluster, nats = three
    city = await populate(cluster.pool, cluster.origins, restaurants=1, staff=3, customers=2)
    leader = await nats.leader()

    async def kill_leader() -> None:
        await nats.kill(leader)

    orders = await _survive(cluster, city, kill_leader)
    assert len(orders) > 15
    await _is_drained(cluster)

    async def has_another() -> bool:
        with contextlib.suppress(TimeoutError):
            return await nats.leader() != leader
        return False

    await eventually(has_another)

    async def kill_node() -> None:
        await cluster.remove(cluster.nodes[1], signal.SIGKILL)

    orders = await _survive(cluster, city, kill_node)
    assert len(orders) > 15
