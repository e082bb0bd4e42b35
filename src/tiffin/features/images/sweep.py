"""The sweep: whatever killed processes, cut connections and forgotten uploads leave in storage goes.

Run by every worker every few minutes; running twice at once does no harm. Nothing younger than an hour is touched:
no upload and no attempt takes as long between its first byte in storage and its row.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.ids import parse_id
from tiffin.base.telemetry import get_logger
from tiffin.db import Database
from tiffin.features.images import repository
from tiffin.features.images.service import ImageService
from tiffin.storage import Objects

_log = get_logger("images.sweep")
_EVERY_SECONDS = 600.0
_GRACE = timedelta(hours=1)
_BATCH = 1000


class Sweep:
    """Keeps storage and rows in step."""

    def __init__(self, database: Database, objects: Objects, images: ImageService, clock: Clock) -> None:
        self._database = database
        self._objects = objects
        self._images = images
        self._clock = clock

    async def keep(self) -> None:
        """Sweep every ten minutes, for ever."""
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self.run()
            except Exception as error:
                _log.warning("sweep_failed", error=repr(error))

    async def run(self) -> int:
        """Sweep once. Returns how many objects were deleted. Raises Unavailable."""
        before = self._clock.now() - _GRACE
        await self._expire()
        async with self._database.transaction() as tx:
            await repository.forget_unused(tx.connection, before - timedelta(hours=23))
        deleted = await self._sweep_uploads(before) + await self._sweep_pictures(before)
        deleted += await self._objects.delete_leftovers(before)
        if deleted:
            _log.info("swept", objects=deleted)
        return deleted

    async def _expire(self) -> None:
        async with self._database.transaction() as tx:
            for image_id in await repository.list_expired_uploads(tx.connection):
                await self._images.fail(tx, image_id, "upload_expired")

    async def _sweep_uploads(self, before: datetime) -> int:
        deleted = 0
        for keys in _batches(await self._objects.list_before("uploads", before)):
            async with self._database.connection() as connection:
                needed = await repository.list_needed_parts(connection, keys)
            unneeded = [key for key in keys if key not in needed]
            await self._objects.delete(unneeded)
            deleted += len(unneeded)
        return deleted

    async def _sweep_pictures(self, before: datetime) -> int:
        deleted = 0
        for keys in _batches(await self._objects.list_before("pictures", before)):
            async with self._database.connection() as connection:
                ids = {picture_id for key in keys if (picture_id := _picture_of(key)) is not None}
                there = await repository.list_pictures(connection, ids)
            unneeded = [key for key in keys if _picture_of(key) not in there]
            await self._objects.delete(unneeded)
            deleted += len(unneeded)
        return deleted


def _picture_of(key: str) -> UUID | None:
    return parse_id(key.split("/")[1])


def _batches(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[at : at + _BATCH] for at in range(0, len(keys), _BATCH)]
