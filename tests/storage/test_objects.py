"""Objects, the same in a folder and in a bucket (moto's server, which speaks S3)."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.storage.bucket import BUCKET_OPTIONS

from tiffin.storage import MissingObject, Objects, StorageUnavailable, open_objects


@pytest.fixture(params=["folder", "bucket"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """Storage of either kind."""
    if request.param == "folder":
        return open_objects(tmp_path / "objects", None, {})
    bucket: Objects = request.getfixturevalue("bucket")
    return bucket


async def _chunks(count: int, size: int = 65_536, error: Exception | None = None) -> AsyncIterator[bytes]:
    for number in range(count):
        yield bytes([number % 256]) * size
    if error is not None:
        raise error


async def _whole(objects: Objects, key: str) -> bytes:
    return b"".join([chunk async for chunk in objects.stream(key)])


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)


@pytest.mark.parametrize("count", [0, 1, 3, 200])
async def test_what_was_put_is_there(objects: Objects, count: int) -> None:
    await objects.put("uploads/a/1", _chunks(count))
    expected = b"".join([chunk async for chunk in _chunks(count)])
    assert await _whole(objects, "uploads/a/1") == expected
    assert await objects.get("uploads/a/1") == expected


async def test_bytes_are_put_at_once(objects: Objects) -> None:
    await objects.put("pictures/p/1.webp", b"picture")
    assert await objects.get("pictures/p/1.webp") == b"picture"


async def test_an_error_in_the_bytes_stores_nothing(objects: Objects) -> None:
    with pytest.raises(ValueError, match="gone"):
        await objects.put("uploads/a/1", _chunks(120, error=ValueError("gone")))
    with pytest.raises(MissingObject):
        await objects.get("uploads/a/1")
    assert await objects.list_before("uploads", _later()) == []


async def test_missing_objects(objects: Objects) -> None:
    with pytest.raises(MissingObject):
        await objects.get("uploads/none")
    with pytest.raises(MissingObject):
        await _whole(objects, "uploads/none")
    await objects.put("uploads/one", b"1")
    await objects.delete(["uploads/none", "uploads/one"])
    with pytest.raises(MissingObject):
        await objects.get("uploads/one")


async def test_lists_by_prefix_and_age(objects: Objects) -> None:
    for key in ("uploads/a/1", "uploads/b/2", "pictures/p/1"):
        await objects.put(key, b"x")
    assert sorted(await objects.list_before("uploads", _later())) == ["uploads/a/1", "uploads/b/2"]
    assert await objects.list_before("uploads", datetime.now(UTC) - timedelta(minutes=1)) == []


async def test_a_bucket_that_does_not_answer(tmp_path: Path) -> None:
    objects = open_objects(tmp_path, "s3://kitchen", {**BUCKET_OPTIONS, "endpoint": "http://127.0.0.1:9"})
    for asked in (objects.get("a"), objects.put("a", b"x"), objects.delete(["a"]), objects.list_before("", _later())):
        with pytest.raises(StorageUnavailable):
            await asked


async def test_a_folder_keeps_nothing_of_what_was_cancelled(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1_000_000
            await asyncio.sleep(0.001)

    objects = open_objects(tmp_path, None, {})
    putting = asyncio.ensure_future(objects.put("uploads/a/1", endless()))
    await asyncio.sleep(0.1)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    with pytest.raises(MissingObject):
        await objects.get("uploads/a/1")


async def test_leftovers_of_the_killed_go_when_they_are_old(tmp_path: Path) -> None:
    objects = open_objects(tmp_path, None, {})
    await objects.put("uploads/a/1", b"kept")
    staged = tmp_path / "uploads" / "a" / "2#1"
    staged.write_bytes(b"half")
    assert await objects.delete_leftovers(datetime.now(UTC) - timedelta(hours=1)) == 0
    os.utime(staged, (time.time() - 7200, time.time() - 7200))
    assert await objects.delete_leftovers(datetime.now(UTC) - timedelta(hours=1)) == 1
    assert not staged.exists()
    assert await objects.get("uploads/a/1") == b"kept"


_FULL = """
import asyncio, sys
from pathlib import Path
from tiffin.storage import StorageFull, open_objects

async def chunks():
    for _ in range(80):
        yield b"x" * 65536

async def main():
    folder = Path(sys.argv[1])
    objects = open_objects(folder, None, {})
    await objects.put("uploads/small", b"fits")
    try:
        await objects.put("uploads/large", chunks())
    except StorageFull:
        assert await objects.get("uploads/small") == b"fits"
        print("full", sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()))

asyncio.run(main())
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """A file system of two megabytes, in a mount namespace of its own."""
    script = 'mount -t tmpfs -o size=2m none "$1" && exec "$2" -c "$3" "$1"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(tmp_path), sys.executable, _FULL]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0 and "unshare" in done.stderr + done.stdout:
        pytest.skip(f"no mount namespace here: {done.stderr}")
    assert done.stdout.strip() == "full ['uploads/small']", done.stderr
