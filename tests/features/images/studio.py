"""The feature on one database and a folder, with a worker that a test lets run."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from orjson import loads
from tests.waiting import eventually

from tiffin.base.ids import new_id
from tiffin.base.principal import Principal
from tiffin.db import Database, Transaction
from tiffin.features.images import Image, ImageService, Target
from tiffin.features.images.events import ImageReceivedFact
from tiffin.features.images.processing import Processing
from tiffin.features.images.sweep import Sweep
from tiffin.realtime import EventLog
from tiffin.storage import Objects, open_objects
from tiffin.work import LongConsumer, Outbox
from tiffin.work.long_work import LongRunner
from tiffin.work.runner import Claim


class SetClock:
    """Now, and whatever is added to it."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def in_pieces(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """As a request's body comes."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


class Studio:
    """What tests do with images."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.clock = SetClock()
        self.owner = Principal(new_id(), new_id(), frozenset(), name="Owner")
        self.target = Target(self.owner.account_id, f"menu_item:{new_id()}")
        self.alerts: list[str] = []
        self._events = EventLog(lambda stored: None)
        self._outbox = Outbox(lambda handovers: None)
        self.objects: Objects = open_objects(folder, None, {})
        self.build()

    def build(self, *, seconds: float = 30.0) -> None:
        """Put it together around `objects`."""
        self.images = ImageService(self.database, self._events, self._outbox, self.clock, self.objects)
        self.processing = Processing(
            self.database, self._events, self._outbox, self.objects, self.images, seconds=seconds
        )
        self.sweep = Sweep(self.database, self.objects, self.images, self.clock)
        self.runner = self.worker()

    def worker(self) -> LongRunner:
        consumer = LongConsumer("images.process", ImageReceivedFact, self.processing.perform, self.processing.give_up)
        return LongRunner(self.database, [consumer], self._on_dead, lease_seconds=20.0, max_attempts=3, concurrency=2)

    async def _on_dead(self, tx: Transaction, claim: Claim, error: str) -> None:
        self.alerts.append(error)

    async def receive(self, content: bytes) -> Image:
        """Upload in one piece."""
        return await self.images.receive(self.target, "photo.jpg", in_pieces(content))

    async def read(self, image_id: UUID) -> Image:
        """How it stands."""
        image, _ = await self.images.read(self.owner, image_id)
        return image

    async def work(self, *workers: LongRunner) -> None:
        """Let workers do what there is, and what failed again, until nothing is left or it waits for something."""
        for worker in workers or (self.runner,):
            await self.database.pool.execute("UPDATE work SET due_at = now() WHERE NOT claimed")
            await worker.run_overdue(10)
        await eventually(lambda: not any(worker._running for worker in workers or (self.runner,)), seconds=30)

    async def events(self, image_id: UUID) -> list[str]:
        """The types and progress that were told."""
        query = "SELECT type, body FROM event WHERE topic = $1 ORDER BY seq"
        rows = await self.database.pool.fetch(query, f"image.{image_id}")
        told = [(row["type"].removeprefix("image."), loads(row["body"]).get("progress", "")) for row in rows]
        return [f"{kind} {progress}".strip() for kind, progress in told]

    def files(self, folder: str = "") -> list[str]:
        """What lies in storage."""
        root = self.folder / folder
        found: Iterable[Path] = root.rglob("*") if root.is_dir() else ()
        return sorted(str(path.relative_to(self.folder)) for path in found if path.is_file())

    async def stop(self) -> None:
        await self.runner.stop()
