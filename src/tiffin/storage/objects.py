"""Objects by obstore, with the three things it leaves to its caller.

In a folder: obstore writes to a staging file beside the key and renames it, but never syncs, so `put` syncs file and
folder before it returns; and a process that was killed leaves its staging file, which obstore's lists do not show, so
`delete_leftovers` looks for those. Everywhere: errors become `Unavailable`, a full disk a kind of its own.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from tiffin.base.errors import TiffinError, Unavailable

# what S3 takes as a part at least; a folder needs no more than a disk likes
_BUCKET_CHUNK_BYTES = 5 * 1024 * 1024
_FOLDER_CHUNK_BYTES = 1024 * 1024
_STAGING = re.compile(r"#\d+$")


class StorageUnavailable(Unavailable):
    code = "storage_unavailable"
    message = "The storage of files does not answer at the moment; nothing was lost, try again shortly."


class StorageFull(Unavailable):
    code = "storage_full"
    message = "The storage of files is full; nothing was stored. Whoever runs this site must make room."


class MissingObject(LookupError):
    """There is nothing under this key."""


class Objects:
    """Files under keys such as `pictures/<id>/<name>`. `folder`: where they lie, None in a bucket."""

    def __init__(self, open_store: Callable[[], ObjectStore], folder: Path | None) -> None:
        self._open_store = open_store
        self._folder = folder
        self._chunk_bytes = _BUCKET_CHUNK_BYTES if folder is None else _FOLDER_CHUNK_BYTES

    @cached_property
    def _store(self) -> ObjectStore:
        """Opened when it is first used: most processes never do."""
        return self._open_store()

    async def put(self, key: str, chunks: AsyncIterator[bytes] | bytes) -> None:
        """Store all of `chunks` under `key`, a few megabytes in memory at a time; an error in them stores nothing.

        Raises StorageFull, StorageUnavailable.
        """
        with _told():
            await obstore.put_async(
                self._store, key, chunks, chunk_size=self._chunk_bytes, max_concurrency=2, use_multipart=None
            )
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder / key)

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """The object, piece by piece. Raises MissingObject, StorageUnavailable."""
        with _told():
            answer = await obstore.get_async(self._store, key)
            async for chunk in answer.stream(min_chunk_size=self._chunk_bytes):
                yield bytes(chunk)

    async def get(self, key: str) -> bytes:
        """The whole of a small object. Raises MissingObject, StorageUnavailable."""
        with _told():
            answer = await obstore.get_async(self._store, key)
            return bytes(await answer.bytes_async())

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete what is there of `keys`. Raises StorageUnavailable."""
        for key in keys:
            try:
                with _told():
                    await obstore.delete_async(self._store, key)
            except MissingObject:
                continue

    async def list_before(self, prefix: str, before: datetime) -> list[str]:
        """The keys under `prefix` that were last written before then. Raises StorageUnavailable."""
        with _told():
            return [
                str(entry["path"])
                async for batch in obstore.list(self._store, prefix=prefix)
                for entry in batch
                if entry["last_modified"] < before
            ]

    async def delete_leftovers(self, before: datetime) -> int:
        """Delete what processes that were killed while writing left before then. Returns how many files."""
        return 0 if self._folder is None else await asyncio.to_thread(_delete_staging, self._folder, before)


def open_objects(folder: Path, url: str | None, options: Mapping[str, str]) -> Objects:
    """The bucket behind `url` (`s3://bucket/prefix`) with obstore's `options`, or without a url the folder."""
    if url is None:
        folder = folder.resolve()
        return Objects(lambda: LocalStore(prefix=folder, mkdir=True), folder)
    client = {"connect_timeout": "5s", "timeout": "30s"}
    rest = dict(options)
    if rest.pop("allow_http", "").lower() == "true":
        client["allow_http"] = "true"
    bucket = url

    def open_bucket() -> ObjectStore:
        return from_url(bucket, config=rest, client_options=client, retry_config={"max_retries": 2})  # type: ignore[call-overload, no-any-return]

    return Objects(open_bucket, None)


@contextmanager
def _told() -> Iterator[None]:
    """obstore's errors as ours; those of whoever gives the bytes go through as they are."""
    try:
        yield
    except (TiffinError, MissingObject):
        raise
    except FileNotFoundError as error:
        raise MissingObject from error
    except (BaseError, OSError) as error:
        full = "os error 28" in str(error) or getattr(error, "errno", None) == 28
        raise (StorageFull() if full else StorageUnavailable()) from error


def _sync(path: Path) -> None:
    for target in (path, path.parent, path.parent.parent):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _delete_staging(folder: Path, before: datetime) -> int:
    found = [path for path in folder.rglob("*#*") if _STAGING.search(path.name) and path.is_file()]
    old = [path for path in found if path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
