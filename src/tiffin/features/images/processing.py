"""From an upload to a picture: what a worker does, and what it leaves when it is killed at any moment.

Fetch the parts into a scratch folder, hash, and ask whether this content has been made already (then that picture is
taken) or is being made (then this waits). Else decode in a confined child, store the variants under a picture id of
this attempt's own, and finish: picture, image, event and fact in one fenced transaction. Files of an attempt that
never finished belong to no picture, and the sweep deletes them.
"""

import asyncio
import hashlib
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from tiffin.base.ids import new_id
from tiffin.base.telemetry import get_logger
from tiffin.db import Database, Transaction
from tiffin.features.images import decoder, repository
from tiffin.features.images.domain import Image, ImageState, Part, Picture, Source, picture_prefix
from tiffin.features.images.errors import ImageNotFound
from tiffin.features.images.events import (
    ImageComplete,
    ImageCompleteFact,
    ImageProgress,
    ImageReceivedFact,
    image_topic,
)
from tiffin.features.images.schemas import PictureView, VerdictView
from tiffin.features.images.service import ImageService
from tiffin.realtime import EventLog
from tiffin.storage import MissingObject, Objects, StorageUnavailable
from tiffin.work import Later, Lease, Outbox

_log = get_logger("images")

_SHORT_HASH = 16
_MOST_OUTPUT_BYTES = 100_000
_PIPE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Failed:
    """The picture itself is at fault; trying again would end the same."""

    code: str


class DecoderCrashed(RuntimeError):
    """The child ended without a word: its fault, the machine's, or a picture made to do that."""


class Processing:
    """Makes pictures of uploads."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        outbox: Outbox,
        objects: Objects,
        images: ImageService,
        *,
        seconds: float,
    ) -> None:
        self.database = database
        self._events = events
        self._outbox = outbox
        self._objects = objects
        self._images = images
        # how long a child may take
        self._seconds = seconds

    async def perform(self, fact: ImageReceivedFact, lease: Lease) -> None:
        """Make the picture of an upload; see `LongConsumer`."""
        async with self.database.connection() as connection:
            try:
                image = await repository.require_image(connection, fact.image_id)
            except ImageNotFound:
                image = None
            parts = await repository.list_parts(connection, fact.image_id)
        if image is None or image.state is ImageState.COMPLETE:
            await lease.finish(_nothing)
            return
        with tempfile.TemporaryDirectory(prefix="tiffin-image-") as folder:
            await self._process(image, parts, lease, Path(folder))
        await self._forget(parts)

    async def give_up(self, tx: Transaction, fact: ImageReceivedFact) -> None:
        """The work became a dead letter."""
        await self._images.fail(tx, fact.image_id, "processing_failed")

    # steps

    async def _process(self, image: Image, parts: list[Part], lease: Lease, folder: Path) -> None:
        sha256 = await self._fetch(parts, folder / "upload")
        known: list[Picture] = []

        async def take(tx: Transaction) -> None:
            if not await repository.take_content(tx.connection, sha256, image.id):
                raise Later
            picture = await repository.get_picture_of_content(tx.connection, sha256)
            known[:] = [picture] if picture is not None else []
            await repository.update_progress(tx.connection, image.id, ImageState.PROCESSING, 0)

        await lease.update(take)
        if known:
            await lease.finish(lambda tx: self._complete(tx, image.id, known[0]))
            return
        outcome = await self._decode(image.id, folder, lease)
        if isinstance(outcome, Failed):
            await lease.finish(lambda tx: self._fail(tx, image.id, sha256, outcome.code))
            return
        picture = await self._store(outcome, sha256, folder)

        async def finish(tx: Transaction) -> None:
            await repository.insert_picture(tx.connection, picture)
            await self._complete(tx, image.id, picture)

        await lease.finish(finish)

    async def _fetch(self, parts: list[Part], target: Path) -> bytes:
        """Bring the upload here; returns its hash. Raises StorageUnavailable, and ValueError if it is not what came."""
        whole = hashlib.sha256()
        with target.open("wb") as file:
            for part in parts:
                piece = hashlib.sha256()
                try:
                    async for chunk in self._objects.stream(part.key):
                        piece.update(chunk)
                        whole.update(chunk)
                        file.write(chunk)
                except MissingObject as error:
                    raise ValueError(f"a part of the upload is missing in storage: {part.key}") from error
                if piece.digest() != part.sha256:
                    raise ValueError(f"a part of the upload has changed in storage: {part.key}")
        return whole.digest()

    async def _decode(self, image_id: UUID, folder: Path, lease: Lease) -> "dict[str, Any] | Failed":
        """Run the child, and tell its progress. Raises DecoderCrashed."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(Path(decoder.__file__)),
            str(folder / "upload"),
            str(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": "", "HOME": str(folder), "TMPDIR": str(folder)},
            cwd=folder,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._seconds):
                outcome = await self._listen(child, image_id, lease)
                code = await child.wait()
        except TimeoutError:
            return Failed("too_complex")
        finally:
            await _kill(child)
        if code == -signal.SIGXCPU:
            return Failed("too_complex")
        if outcome is None or code != 0:
            raise DecoderCrashed(f"the decoder ended with {code}")
        return outcome

    async def _listen(self, child: Process, image_id: UUID, lease: Lease) -> "dict[str, Any] | Failed | None":
        assert child.stdout is not None
        heard = 0
        async for line in child.stdout:
            heard += len(line)
            if heard > _MOST_OUTPUT_BYTES:
                raise DecoderCrashed("the decoder says too much")
            said = orjson.loads(line)
            if "failure" in said:
                return Failed(said["failure"])
            if "result" in said:
                await self._tell(lease, image_id, 90)
                result: dict[str, Any] = said["result"]
                return result
            await self._tell(lease, image_id, said["progress"])
        return None

    async def _tell(self, lease: Lease, image_id: UUID, progress: int) -> None:
        async def update(tx: Transaction) -> None:
            await repository.update_progress(tx.connection, image_id, ImageState.PROCESSING, progress)
            event = ImageProgress(image_id=image_id, state=ImageState.PROCESSING, progress=progress)
            self._events.append(tx, image_topic(image_id), event)

        await lease.update(update)

    async def _store(self, result: dict[str, Any], sha256: bytes, folder: Path) -> Picture:
        """Bring the variants to storage, each under the hash of its bytes."""
        picture_id = new_id()
        sources = []
        for file in result["files"]:
            data = (folder / Path(file["name"]).name).read_bytes()
            digest = hashlib.sha256(data).hexdigest()[:_SHORT_HASH]
            name = f"{digest}-{file['name']}"
            await self._objects.put(picture_prefix(picture_id) + name, data)
            sources.append(Source(name, file["width"], file["media_type"], len(data)))
        return Picture(
            picture_id,
            sha256,
            result["width"],
            result["height"],
            result["blurhash"],
            tuple(sources),
            tuple(result["verdicts"]),
        )

    async def _complete(self, tx: Transaction, image_id: UUID, picture: Picture) -> None:
        await repository.release_content(tx.connection, picture.sha256, image_id)
        if not await repository.update_complete(tx.connection, image_id, picture.id):
            return  # it was discarded meanwhile
        event = ImageComplete(
            image_id=image_id, picture=PictureView.of(image_id, picture), verdicts=VerdictView.all_of(picture)
        )
        self._events.append(tx, image_topic(image_id), event)
        self._outbox.enqueue(tx, ImageCompleteFact(image_id=image_id))

    async def _fail(self, tx: Transaction, image_id: UUID, sha256: bytes, code: str) -> None:
        await repository.release_content(tx.connection, sha256, image_id)
        await self._images.fail(tx, image_id, code)

    async def _forget(self, parts: list[Part]) -> None:
        """The upload is no longer needed; what cannot be deleted now, the sweep deletes."""
        with suppress(StorageUnavailable):
            await self._objects.delete([part.key for part in parts])


async def _nothing(_: Transaction) -> None:
    pass


async def _kill(child: Process) -> None:
    """Make sure that it and whatever it started are gone, and the pipe to it with them."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    await child.wait()
    assert child.stdout is not None
    with suppress(TimeoutError):
        async with asyncio.timeout(_PIPE_SECONDS):
            while await child.stdout.read(65_536):
                pass
