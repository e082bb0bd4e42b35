"""Uploads and pictures in PostgreSQL."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from tiffin.base.ids import parse_id
from tiffin.db import Connection, load_queries
from tiffin.features.images.domain import UPLOAD_LIFETIME, Image, ImageState, Part, Picture, Source
from tiffin.features.images.errors import ImageNotFound

QUERIES = load_queries(__package__)


async def insert_image(connection: Connection, image: Image) -> None:
    """Store a new upload."""
    await connection.execute(
        QUERIES["insert_image"],
        image.id,
        image.account_id,
        image.subject,
        image.replaces,
        image.file_name,
        image.size,
        image.received,
        image.state,
    )


async def require_image(connection: Connection, image_id: UUID) -> Image:
    """An upload. Raises ImageNotFound."""
    row = await connection.fetchrow(QUERIES["get_image"], image_id)
    if row is None:
        raise ImageNotFound()
    return _image_of(row)


async def list_images(connection: Connection, subject: str) -> list[Image]:
    """All uploads for `subject`, the oldest first."""
    return [_image_of(row) for row in await connection.fetch(QUERIES["list_images"], subject)]


async def list_settled_images(connection: Connection, prefix: str) -> list[Image]:
    """Pictures for subjects with this prefix that have been complete for one to three days."""
    return [_image_of(row) for row in await connection.fetch(QUERIES["list_settled_images"], prefix)]


async def count_images(connection: Connection, subject: str) -> int:
    """Uploads for `subject` that are or may become pictures."""
    count: int = await connection.fetchval(QUERIES["count_images"], subject)
    return count


async def lock_image(connection: Connection, image_id: UUID) -> ImageState | None:
    """Lock an upload; its state, None if it is gone."""
    state = await connection.fetchval(QUERIES["lock_image"], image_id)
    return ImageState(state) if state is not None else None


async def list_owners(connection: Connection, keys: Sequence[str]) -> dict[str, UUID]:
    """Who uploads each of these, by the id as text; unknown ones and nonsense are left out."""
    ids = {key: parsed for key in keys if (parsed := parse_id(key)) is not None}
    rows = await connection.fetch(QUERIES["list_owners"], list(ids.values()))
    owners = {row["id"]: row["account_id"] for row in rows}
    return {key: owners[image_id] for key, image_id in ids.items() if image_id in owners}


async def advance_upload(connection: Connection, image_id: UUID, start: int, size: int) -> ImageState | None:
    """Count `size` bytes that came at `start`; the state then, None if the upload stands elsewhere or is over."""
    state = await connection.fetchval(QUERIES["advance_upload"], image_id, start, size)
    return ImageState(state) if state is not None else None


async def insert_part(connection: Connection, image_id: UUID, part: Part) -> None:
    """Store where a piece lies."""
    await connection.execute(QUERIES["insert_part"], image_id, part.start, part.size, part.sha256, part.key)


async def list_parts(connection: Connection, image_id: UUID) -> list[Part]:
    """The pieces in order."""
    return [Part(**dict(row)) for row in await connection.fetch(QUERIES["list_parts"], image_id)]


async def update_progress(connection: Connection, image_id: UUID, state: ImageState, progress: int) -> None:
    """Store how far it came."""
    await connection.execute(QUERIES["update_progress"], image_id, state, progress)


async def update_failed(connection: Connection, image_id: UUID, code: str) -> bool:
    """Store why it came to nothing; False if it is gone or complete."""
    return await connection.fetchval(QUERIES["update_failed"], image_id, code) is not None


async def update_complete(connection: Connection, image_id: UUID, picture_id: UUID) -> bool:
    """Store what became of it; False if it is gone."""
    return await connection.fetchval(QUERIES["update_complete"], image_id, picture_id) is not None


async def delete_image(connection: Connection, image_id: UUID) -> None:
    """Forget an upload; what lies in storage goes with the next sweep."""
    await connection.execute(QUERIES["delete_image"], image_id)


async def take_content(connection: Connection, sha256: bytes, image_id: UUID) -> bool:
    """True if this upload is the one whose worker makes a picture of this content."""
    return await connection.fetchval(QUERIES["take_content"], sha256, image_id) is not None


async def release_content(connection: Connection, sha256: bytes, image_id: UUID) -> None:
    """Let others make it."""
    await connection.execute(QUERIES["release_content"], sha256, image_id)


async def get_picture_of_content(connection: Connection, sha256: bytes) -> Picture | None:
    """The picture that was made of this content, if one was."""
    row = await connection.fetchrow(QUERIES["get_picture_of_content"], sha256)
    return _picture_of(dict(row), row["sha256"]) if row is not None else None


async def insert_picture(connection: Connection, picture: Picture) -> None:
    """Store a picture whose files are in storage."""
    await connection.execute(
        QUERIES["insert_picture"],
        picture.id,
        picture.sha256,
        picture.width,
        picture.height,
        picture.blurhash,
        [asdict(source) for source in picture.sources],
        list(picture.verdicts),
    )


async def list_expired_uploads(connection: Connection) -> list[UUID]:
    """Uploads that nobody went on with for their lifetime."""
    return [row["id"] for row in await connection.fetch(QUERIES["list_expired_uploads"], UPLOAD_LIFETIME)]


async def list_needed_parts(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of these objects that an upload still needs."""
    return {row["key"] for row in await connection.fetch(QUERIES["list_needed_parts"], list(keys))}


async def list_pictures(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Those of these pictures that are there."""
    return {row["id"] for row in await connection.fetch(QUERIES["list_pictures"], list(ids))}


async def forget_unused(connection: Connection, before: datetime) -> None:
    """Delete rows nobody needs: pictures not shown and made before then, old failures, stale claims."""
    await connection.execute(QUERIES["delete_old_failures"])
    await connection.execute(QUERIES["delete_unused_pictures"], before)
    await connection.execute(QUERIES["delete_stale_content"])


def _image_of(row: asyncpg.Record) -> Image:
    return Image(
        id=row["id"],
        account_id=row["account_id"],
        subject=row["subject"],
        replaces=row["replaces"],
        file_name=row["file_name"],
        size=row["bytes"],
        received=row["received_bytes"],
        state=ImageState(row["state"]),
        progress=row["progress"],
        code=row["code"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        picture=_picture_of(row["picture"], row["picture_sha256"]) if row["picture_id"] is not None else None,
    )


def _picture_of(stored: dict[str, Any], sha256: bytes) -> Picture:
    return Picture(
        id=UUID(str(stored["id"])),
        sha256=sha256,
        width=stored["width"],
        height=stored["height"],
        blurhash=stored["blurhash"],
        sources=tuple(Source(**source) for source in stored["sources"]),
        verdicts=tuple(stored["verdicts"]),
    )


async def count_waiting(connection: Connection) -> tuple[int, float]:
    """Images that no worker has begun with: how many, and for how many seconds the oldest has been waiting."""
    row = await connection.fetchrow(QUERIES["count_waiting"])
    assert row is not None
    return row["images"], row["oldest_seconds"]
