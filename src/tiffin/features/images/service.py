"""Uploads: received by whoever a feature lets upload, followed, tried again, forgotten.

An upload is a list of parts, each an object in storage: a form's file is one, each PATCH of a resumable upload
another. A part counts once its row is there, which is written after its bytes are safe; an object without a row is
what the sweep deletes. When the last byte has come, work for a worker is made in the same transaction.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal
from tiffin.db import Connection, Database, Transaction, use_case
from tiffin.features.images import repository
from tiffin.features.images.domain import FAILURES, MOST_BYTES, RETRYABLE, Image, ImageState, Part, upload_prefix
from tiffin.features.images.errors import (
    CannotRetry,
    ChecksumMismatch,
    EmptyUpload,
    ImageNotFound,
    ImageTooLarge,
    OffsetMismatch,
    UploadOver,
)
from tiffin.features.images.events import ImageFailed, ImageProgress, ImageReceivedFact, image_topic, may_follow
from tiffin.http.limits import RateLimiter
from tiffin.realtime import EventLog, Position, get_position
from tiffin.storage import Objects
from tiffin.work import Outbox

_LONGEST_NAME = 200
_UPLOADS_PER_HOUR = 300
# shorter ones cost more than they spare
_SHORTEST_WAIT_SECONDS = 0.002


class Pace:
    """Lets the bytes of all uploads of a process through at so many a second, first come, first served.

    Receiving costs the event loop about 5 ns a byte, and fifty uploads at once would hold up everything else; who
    waits here is not read from, so TCP tells the sender.
    """

    def __init__(self, bytes_per_second: float = 50_000_000) -> None:
        self._seconds_a_byte = 1 / bytes_per_second
        self._free_at = 0.0

    async def let_through(self, count: int) -> None:
        """Return when it is the turn of what comes after these bytes."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + count * self._seconds_a_byte
        if (wait := self._free_at - now) > _SHORTEST_WAIT_SECONDS:
            await asyncio.sleep(wait)


class Incoming:
    """Counts and hashes bytes on their way to storage, and refuses what is too much."""

    def __init__(self, chunks: AsyncIterator[bytes], most_bytes: int, pace: Pace) -> None:
        self._pace = pace
        self._chunks = chunks
        self._most_bytes = most_bytes
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> bytes:
        """Of what has come."""
        return self._hash.digest()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            if not chunk:
                continue
            self.size += len(chunk)
            if self.size > self._most_bytes:
                raise ImageTooLarge()
            self._hash.update(chunk)
            yield chunk
            await self._pace.let_through(len(chunk))


@dataclass(frozen=True, slots=True)
class Target:
    """Who uploads, and for what: decided by the feature that lets them."""

    account_id: UUID
    subject: str
    replaces: UUID | None = None


class ImageService:
    """Uploads and what became of them."""

    def __init__(self, database: Database, events: EventLog, outbox: Outbox, clock: Clock, objects: Objects) -> None:
        self.database = database
        self._events = events
        self._outbox = outbox
        self._clock = clock
        self._objects = objects
        self._pace = Pace()
        self._limiter = RateLimiter(_UPLOADS_PER_HOUR, 3600)

    # receiving

    async def count_waiting(self, connection: Connection) -> tuple[int, float]:
        """Images that no worker has begun with, and for how many seconds the oldest waits, for features above."""
        return await repository.count_waiting(connection)

    async def receive(
        self, target: Target, file_name: str, chunks: AsyncIterator[bytes], sha256: bytes | None = None
    ) -> Image:
        """Store a whole upload and make work of it. `sha256`: what the sender says it is.

        Raises RateLimited, EmptyUpload, ImageTooLarge, ChecksumMismatch, StorageFull, StorageUnavailable, what `chunks`
        raises.
        """
        self._limiter.take(str(target.account_id))
        image_id = new_id()
        incoming = Incoming(chunks, MOST_BYTES, self._pace)
        part = await self._store(image_id, 0, incoming)
        if part is None:
            raise EmptyUpload()
        if sha256 is not None and sha256 != part.sha256:
            await self._objects.delete([part.key])
            raise ChecksumMismatch()
        image = self._new(image_id, target, file_name, part.size, ImageState.RECEIVED)

        async def insert(tx: Transaction) -> None:
            await repository.insert_image(tx.connection, image)
            await repository.insert_part(tx.connection, image_id, part)
            self._received(tx, image_id)

        await self.database.run(insert)
        return image

    async def begin_upload(self, target: Target, file_name: str, size: int) -> Image:
        """Begin a resumable upload of `size` bytes. Raises RateLimited, EmptyUpload, ImageTooLarge."""
        self._limiter.take(str(target.account_id))
        if size <= 0:
            raise EmptyUpload()
        if size > MOST_BYTES:
            raise ImageTooLarge()
        image = self._new(new_id(), target, file_name, size, ImageState.UPLOADING)
        async with self.database.transaction() as tx:
            await repository.insert_image(tx.connection, image)
        return image

    async def read_upload(self, principal: Principal, image_id: UUID) -> Image:
        """A resumable upload of the caller's. Raises ImageNotFound."""
        async with self.database.connection() as connection:
            return await self._require_own(connection, principal, image_id)

    async def append(
        self, principal: Principal, image_id: UUID, start: int, chunks: AsyncIterator[bytes], sha256: bytes | None
    ) -> int:
        """Store what comes at `start` and return the new offset; what came before a cut counts, too.

        Raises ImageNotFound, UploadOver, OffsetMismatch, ImageTooLarge, ChecksumMismatch, StorageFull,
        StorageUnavailable.
        """
        image = await self.read_upload(principal, image_id)
        if image.state is not ImageState.UPLOADING:
            raise UploadOver()
        if start != image.received:
            raise OffsetMismatch(offset=image.received)
        part = await self._store(image_id, start, Incoming(chunks, image.size - start, self._pace))
        if part is None:
            return start
        if sha256 is not None and sha256 != part.sha256:
            await self._objects.delete([part.key])
            raise ChecksumMismatch()
        await self._count(image_id, part)
        return start + part.size

    @use_case
    async def _count(self, tx: Transaction, image_id: UUID, part: Part) -> None:
        state = await repository.advance_upload(tx.connection, image_id, part.start, part.size)
        if state is None:  # another request was quicker; its bytes count
            raise OffsetMismatch()
        await repository.insert_part(tx.connection, image_id, part)
        if state is ImageState.RECEIVED:
            self._received(tx, image_id)

    # reading

    async def read(self, principal: Principal, image_id: UUID) -> tuple[Image, Position]:
        """An upload and the position of its topic, of one moment. Raises ImageNotFound."""
        async with self.database.snapshot() as connection:
            image = await repository.require_image(connection, image_id)
            if not may_follow(principal, image.account_id):
                raise ImageNotFound()
            return image, await get_position(connection, image_topic(image_id))

    async def list_of(self, connection: Connection, subject: str) -> list[Image]:
        """All uploads for a subject, the oldest first; the caller knows who may see them."""
        return await repository.list_images(connection, subject)

    async def count_of(self, connection: Connection, subject: str) -> int:
        """How many uploads for a subject are or may become pictures."""
        return await repository.count_images(connection, subject)

    async def list_settled(self, connection: Connection, prefix: str) -> list[Image]:
        """Pictures for subjects with this prefix, complete for a day and for three at most: was each of them used?"""
        return await repository.list_settled_images(connection, prefix)

    async def get(self, connection: Connection, image_id: UUID) -> Image | None:
        """An upload, for the feature that asked for it."""
        try:
            return await repository.require_image(connection, image_id)
        except ImageNotFound:
            return None

    # changing

    @use_case
    async def retry(self, tx: Transaction, principal: Principal, image_id: UUID) -> Image:
        """Try a failed one again as it is. Raises ImageNotFound, CannotRetry."""
        await self._require_own(tx.connection, principal, image_id)
        await repository.lock_image(tx.connection, image_id)
        image = await self._require_own(tx.connection, principal, image_id)
        if image.code not in RETRYABLE:
            raise CannotRetry()
        await repository.update_progress(tx.connection, image_id, ImageState.RECEIVED, 0)
        self._received(tx, image_id)
        return await repository.require_image(tx.connection, image_id)

    async def discard(self, tx: Transaction, image_id: UUID) -> None:
        """Forget an upload in any state; a worker that has it notices."""
        await repository.delete_image(tx.connection, image_id)

    @use_case
    async def cancel_upload(self, tx: Transaction, principal: Principal, image_id: UUID) -> None:
        """Give up a resumable upload. Raises ImageNotFound, UploadOver."""
        await self._require_own(tx.connection, principal, image_id)
        if await repository.lock_image(tx.connection, image_id) is not ImageState.UPLOADING:
            raise UploadOver()
        await repository.delete_image(tx.connection, image_id)

    async def fail(self, tx: Transaction, image_id: UUID, code: str) -> None:
        """Record that it came to nothing, and why."""
        if await repository.update_failed(tx.connection, image_id, code):
            event = ImageFailed(image_id=image_id, code=code, message=FAILURES[code], can_retry=code in RETRYABLE)
            self._events.append(tx, image_topic(image_id), event)

    # steps

    async def _store(self, image_id: UUID, start: int, incoming: Incoming) -> Part | None:
        """Bring bytes to storage; None if there were none."""
        key = f"{upload_prefix(image_id)}{start:012}-{new_id()}"
        await self._objects.put(key, aiter(incoming))
        if incoming.size == 0:
            await self._objects.delete([key])
            return None
        return Part(start, incoming.size, incoming.sha256, key)

    def _new(self, image_id: UUID, target: Target, file_name: str, size: int, state: ImageState) -> Image:
        now = self._clock.now()
        return Image(
            id=image_id,
            account_id=target.account_id,
            subject=target.subject,
            replaces=target.replaces,
            file_name=_printable(file_name),
            size=size,
            received=size if state is ImageState.RECEIVED else 0,
            state=state,
            progress=0,
            code=None,
            created_at=now,
            changed_at=now,
        )

    def _received(self, tx: Transaction, image_id: UUID) -> None:
        event = ImageProgress(image_id=image_id, state=ImageState.RECEIVED, progress=0)
        self._events.append(tx, image_topic(image_id), event)
        self._outbox.enqueue(tx, ImageReceivedFact(image_id=image_id))

    async def _require_own(self, connection: Connection, principal: Principal, image_id: UUID) -> Image:
        image = await repository.require_image(connection, image_id)
        if image.account_id != principal.account_id:
            raise ImageNotFound()
        return image


def _printable(name: str) -> str:
    """A file's name as it may be shown: no folders, no control characters, not endless."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable())[:_LONGEST_NAME] or "picture"
