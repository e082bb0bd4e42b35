"""Workers that are killed: another one takes over within 30 s, nothing is done twice, nothing is left behind."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from tests.e2e.cluster import Cluster, run_cluster
from tests.features.images.photos import photo
from tests.folders import server_folder
from tests.waiting import eventually

from tiffin.client.http import Json
from tiffin.db import Database, create_pool
from tiffin.demo.city import City, populate
from tiffin.features.images import ImageService
from tiffin.features.images.sweep import Sweep
from tiffin.realtime import EventLog
from tiffin.storage import open_objects
from tiffin.work import Outbox

# before it has a reader; while it is read; while variants are made
_STAGES = (0, 10, 50)
# a lease of 5 s instead of 20, so 15 s instead of the 30 that are promised
_LEASE = {"TIFFIN_WORK_LEASE_SECONDS": "5"}
_TAKEN_OVER_SECONDS = 15.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder with a short path that other system users may pass through."""
    with server_folder("images") as folder:
        yield folder


@pytest.fixture
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    """A node that makes no pictures."""
    async with run_cluster(folder, nodes=0) as cluster:
        await cluster.start_node(roles=("web", "relay", "consumers"))
        yield cluster


class Uploads:
    """What is uploaded to a restaurant, and what the database says of it."""

    def __init__(self, cluster: Cluster, city: City, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._cluster = cluster
        self._owner = city.restaurants[0].owner.tiffin
        self._restaurant_id = city.restaurants[0].restaurant_id
        self.connection = connection

    async def menu(self) -> Json:
        """As anybody sees it."""
        origin = self._cluster.nodes[0].origin
        menu: Json = (await self._cluster.pool.get(f"{origin}/v1/restaurants/{self._restaurant_id}/menu")).json()
        return menu

    async def send(self, item: int, content: bytes) -> UUID:
        """Upload for one of the menu's items."""
        item_id = (await self.menu())["items"][item]["id"]
        headers = {"authorization": f"Bearer {await self._owner.http.access_token()}"}
        origin = self._cluster.nodes[0].origin
        answer = await self._cluster.pool.post(
            f"{origin}/v1/menu-items/{item_id}/images", files={"file": ("photo.jpg", content)}, headers=headers
        )
        assert answer.status_code == 202, answer.text
        return UUID(answer.json()["id"])

    async def is_at(self, image_id: UUID, progress: int) -> bool:
        """True once a worker has brought it so far."""
        row = await self.connection.fetchrow("SELECT state, progress FROM image WHERE id = $1", image_id)
        assert row is not None
        assert row["state"] in ("received", "processing"), "it was too quick for this test"
        return bool(row["state"] == "processing" and row["progress"] >= progress)

    async def are_complete(self, count: int) -> bool:
        done: int = await self.connection.fetchval("SELECT count(*) FROM image WHERE state = 'complete'")
        return done == count


@pytest.mark.timeout(120)
async def test_workers_killed_at_every_stage(cluster: Cluster, folder: Path) -> None:
    city = await populate(cluster.pool, cluster.origins, restaurants=1, staff=1, customers=1)
    connection = await asyncpg.connect(cluster.postgres.url)
    uploads = Uploads(cluster, city, connection)
    contents = [bytes(photo(6000, 4500, seed=10 * seed).jpegsave_buffer(Q=80)) for seed in _STAGES]
    image_ids = []
    for item, (stage, content) in enumerate(zip(_STAGES, contents, strict=True)):
        worker = await cluster.start_image_worker(**_LEASE)
        image_ids.append(await uploads.send(item, content))
        await eventually(lambda stage=stage: uploads.is_at(image_ids[-1], stage), seconds=20)  # type: ignore[misc]
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
    killed_at = time.monotonic()
    workers = [await cluster.start_image_worker(**_LEASE) for _ in range(2)]
    try:
        await eventually(lambda: uploads.are_complete(3), seconds=_TAKEN_OVER_SECONDS)
        assert time.monotonic() - killed_at < _TAKEN_OVER_SECONDS
        await eventually(lambda: _all_shown(uploads, 3))
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        codes = await asyncio.gather(*(worker.wait() for worker in workers))
    assert codes == [0, 0]
    for image_id in image_ids:
        query = "SELECT count(*) FROM event WHERE topic = $1 AND type = 'image.complete'"
        assert await connection.fetchval(query, f"image.{image_id}") == 1
    assert await connection.fetchval("SELECT count(*) FROM work WHERE consumer = 'images.process'") == 0
    pictures = {str(row["id"]) for row in await connection.fetch("SELECT id FROM picture")}
    assert len(pictures) == 3
    await connection.close()
    await _sweep(cluster, folder)
    left = [path.relative_to(folder / "objects") for path in (folder / "objects").rglob("*") if path.is_file()]
    assert {path.parts[0] for path in left} == {"pictures"}
    assert {path.parts[1] for path in left} == pictures
    assert len(left) == 3 * 9


async def _all_shown(uploads: Uploads, count: int) -> bool:
    return sum(len(item["images"]) for item in (await uploads.menu())["items"]) == count


class _Later:
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=2)


async def _sweep(cluster: Cluster, folder: Path) -> None:
    """As workers do, two hours later."""
    pool = await create_pool(cluster.postgres.url, 2, min_size=1)
    database, objects = Database(pool, cluster.postgres.url), open_objects(folder / "objects", None, {})
    images = ImageService(database, EventLog(lambda _: None), Outbox(lambda _: None), _Later(), objects)
    await Sweep(database, objects, images, _Later()).run()
    await pool.close()
