"""From uploads to pictures, when parts fail: once, in order, and nothing left behind."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
from tests.features.images.photos import jpeg
from tests.features.images.studio import Studio, in_pieces
from tests.waiting import eventually

from tiffin.base.errors import RateLimited
from tiffin.features.images import ImageState, decoder
from tiffin.features.images.errors import CannotRetry, EmptyUpload, ImageNotFound, ImageTooLarge
from tiffin.features.images.processing import Processing
from tiffin.storage import Objects, StorageFull, StorageUnavailable
from tiffin.work.dead_letters import list_dead_letters


class Broken(Objects):
    """Storage that fails with `error` where `fails` says so."""

    def __init__(self, folder: Path, error: Exception, *fails: str) -> None:
        super().__init__(lambda: (_ for _ in ()).throw(error), folder)
        self.error = error
        self.fails = set(fails)
        self.whole: Objects | None = None

    async def put(self, key: str, chunks: AsyncIterator[bytes] | bytes) -> None:
        if "put" in self.fails:
            if not isinstance(chunks, bytes):
                await anext(aiter(chunks))
            raise self.error
        assert self.whole is not None
        await self.whole.put(key, chunks)

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        if "stream" in self.fails:
            raise self.error
        assert self.whole is not None
        async for chunk in self.whole.stream(key):
            yield chunk

    async def delete(self, keys: Any) -> None:
        if "delete" in self.fails:
            raise self.error
        assert self.whole is not None
        await self.whole.delete(keys)


def break_storage(studio: Studio, error: Exception, *fails: str) -> Broken:
    """Put broken storage under the studio; its `whole` is what was there."""
    broken = Broken(studio.folder, error, *fails)
    broken.whole, studio.objects = studio.objects, broken
    studio.build()
    return broken


async def test_an_upload_becomes_a_picture(studio: Studio) -> None:
    image = await studio.receive(jpeg(1200, 900))
    assert (image.state, image.progress) == (ImageState.RECEIVED, 0)
    assert len(studio.files("uploads")) == 1
    await studio.work()
    done = await studio.read(image.id)
    assert (done.state, done.progress) == (ImageState.COMPLETE, 100)
    assert done.picture is not None
    assert await studio.events(image.id) == ["progress 0", "progress 10", "progress 50", "progress 90", "complete"]
    assert studio.files("uploads") == [], "what was sent is not kept"
    assert len(studio.files("pictures")) == len(done.picture.sources) == 9


async def test_in_a_bucket(studio: Studio, bucket: Objects) -> None:
    studio.objects = bucket
    studio.build()
    content = jpeg(900, 700)
    image = await studio.images.begin_upload(studio.target, "a.jpg", len(content))
    half = len(content) // 2
    for start, end in ((0, half), (half, len(content))):
        await studio.images.append(studio.owner, image.id, start, in_pieces(content[start:end]), None)
    await studio.work()
    picture = (await studio.read(image.id)).picture
    assert picture is not None
    served = await bucket.get(f"pictures/{picture.id}/{picture.sources[0].name}")
    assert len(served) == picture.sources[0].size
    studio.clock.ahead = timedelta(hours=2)
    await bucket.put("uploads/nobodys/1", b"left")
    assert await studio.sweep.run() == 1


async def test_a_bad_picture_fails_for_good(studio: Studio) -> None:
    image = await studio.receive(b"\xff\xd8\xff nothing more")
    await studio.work()
    failed = await studio.read(image.id)
    assert (failed.state, failed.code) == (ImageState.FAILED, "truncated")
    assert (await studio.events(image.id))[-1] == "failed"
    assert studio.files() == []
    assert await studio.database.pool.fetchval("SELECT count(*) FROM work") == 0
    with pytest.raises(CannotRetry):
        await studio.images.retry(studio.owner, image.id)


async def test_what_is_refused_leaves_nothing(studio: Studio) -> None:
    with pytest.raises(EmptyUpload):
        await studio.receive(b"")
    with pytest.raises(ImageTooLarge):
        await studio.receive(b"x" * 20_000_001)
    assert studio.files() == []
    assert await studio.database.pool.fetchval("SELECT count(*) FROM image") == 0


async def test_too_many_in_an_hour_are_slowed(studio: Studio) -> None:
    for _ in range(300):
        await studio.images.begin_upload(studio.target, "a.jpg", 1)
    with pytest.raises(RateLimited):
        await studio.images.begin_upload(studio.target, "a.jpg", 1)
    with pytest.raises(RateLimited):
        await studio.receive(jpeg())
    assert studio.files() == []


async def test_the_same_picture_twice_is_made_once(studio: Studio) -> None:
    content = jpeg(1000, 800)
    first, second = await studio.receive(content), await studio.receive(content)
    for _ in range(3):  # the second waits until the first is done
        await studio.work(studio.runner, studio.worker())
    pictures = [(await studio.read(image.id)).picture for image in (first, second)]
    assert pictures[0] is not None
    assert pictures[0] == pictures[1]
    decoded = [len([e for e in await studio.events(image.id) if e == "progress 50"]) for image in (first, second)]
    assert sorted(decoded) == [0, 1]
    third = await studio.receive(content)
    await studio.work()
    assert (await studio.read(third.id)).picture == pictures[0]


@pytest.mark.parametrize("error", [StorageFull(), StorageUnavailable()])
async def test_storage_that_fails_while_receiving(studio: Studio, error: Exception) -> None:
    broken = break_storage(studio, error, "put")
    with pytest.raises(type(error)):
        await studio.receive(jpeg())
    assert await studio.database.pool.fetchval("SELECT count(*) FROM image") == 0
    upload = await studio.images.begin_upload(studio.target, "a.jpg", 100)
    with pytest.raises(type(error)):
        await studio.images.append(studio.owner, upload.id, 0, in_pieces(b"x" * 50), None)
    broken.fails.clear()
    assert await studio.images.append(studio.owner, upload.id, 0, in_pieces(b"x" * 50), None) == 50


@pytest.mark.parametrize("fails", ["stream", "put"])
async def test_storage_that_is_down_while_working_costs_no_attempt(studio: Studio, fails: str) -> None:
    image = await studio.receive(jpeg())
    broken = break_storage(studio, StorageUnavailable(), fails)
    for _ in range(5):
        await studio.work()
    assert (await studio.read(image.id)).state is ImageState.PROCESSING or fails == "stream"
    broken.fails.clear()
    await studio.work()
    assert (await studio.read(image.id)).state is ImageState.COMPLETE


async def test_what_cannot_be_deleted_now_is_swept_later(studio: Studio) -> None:
    image = await studio.receive(jpeg())
    broken = break_storage(studio, StorageUnavailable(), "delete")
    await studio.work()
    assert (await studio.read(image.id)).state is ImageState.COMPLETE
    assert len(studio.files("uploads")) == 1
    assert broken.whole is not None
    studio.objects = broken.whole
    studio.build()
    assert await studio.sweep.run() == 0, "nothing this young is touched"
    studio.clock.ahead = timedelta(hours=2)
    assert await studio.sweep.run() == 1
    assert studio.files("uploads") == []
    assert len(studio.files("pictures")) > 0


async def test_a_picture_that_kills_its_reader_is_given_up(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    poison = studio.folder.parent / "poison.py"
    poison.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    monkeypatch.setattr(decoder, "__file__", str(poison))
    image = await studio.receive(jpeg())
    for _ in range(3):
        assert (await studio.read(image.id)).state is not ImageState.FAILED
        await studio.work()
    failed = await studio.read(image.id)
    assert (failed.state, failed.code) == (ImageState.FAILED, "processing_failed")
    async with studio.database.connection() as connection:
        (letter,) = await list_dead_letters(connection)
    assert (letter.consumer, letter.attempts) == ("images.process", 3)
    assert studio.alerts == ["DecoderCrashed: the decoder ended with -11"]
    await studio.work()
    assert await studio.database.pool.fetchval("SELECT count(*) FROM work") == 0, "no loop"
    monkeypatch.undo()
    again = await studio.images.retry(studio.owner, image.id)
    assert again.state is ImageState.RECEIVED
    await studio.work()
    assert (await studio.read(image.id)).state is ImageState.COMPLETE


async def test_a_picture_that_takes_too_long(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = studio.folder.parent / "slow.py"
    slow.write_text("import os, time; os.fork(); time.sleep(60)")
    monkeypatch.setattr(decoder, "__file__", str(slow))
    studio.build(seconds=0.5)
    image = await studio.receive(jpeg())
    before = set(psutil.pids())
    await studio.work()
    failed = await studio.read(image.id)
    assert (failed.state, failed.code) == (ImageState.FAILED, "too_complex")
    left = [one for one in psutil.process_iter() if one.pid not in before and str(slow) in _command(one)]
    assert left == [], "nothing of it is left running"


async def test_a_reader_that_says_nonsense(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = studio.folder.parent / "noisy.py"
    noisy.write_text("print('{\"progress\": 10}\\n' * 100000)")
    monkeypatch.setattr(decoder, "__file__", str(noisy))
    await studio.receive(jpeg())
    await studio.work()
    assert "says too much" in await studio.database.pool.fetchval("SELECT last_error FROM work")


async def test_what_changed_in_storage_is_not_published(studio: Studio) -> None:
    image = await studio.receive(jpeg(seed=1))
    (key,) = studio.files("uploads")
    (studio.folder / key).write_bytes(jpeg(seed=2))
    for _ in range(3):
        await studio.work()
    assert (await studio.read(image.id)).code == "processing_failed"
    assert "changed in storage" in studio.alerts[0]


async def test_one_that_is_forgotten_meanwhile_is_not_published(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode = Processing._decode

    async def forget_then_decode(self: Processing, image_id: UUID, *rest: Any) -> Any:
        async with studio.database.transaction() as tx:
            await studio.images.discard(tx, image_id)
        return await decode(self, image_id, *rest)

    monkeypatch.setattr(Processing, "_decode", forget_then_decode)
    image = await studio.receive(jpeg())
    await studio.work()
    with pytest.raises(ImageNotFound):
        await studio.read(image.id)
    assert await studio.database.pool.fetchval("SELECT count(*) FROM work") == 0
    studio.clock.ahead = timedelta(days=2)
    await studio.sweep.run()
    assert studio.files() == []


async def test_a_killed_attempt_leaves_files_that_the_sweep_finds(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Processing._store

    async def store_then_die(self: Processing, *given: Any) -> Any:
        await store(self, *given)
        raise RuntimeError("killed here")

    monkeypatch.setattr(Processing, "_store", store_then_die)
    image = await studio.receive(jpeg(700, 600))
    await studio.work()
    monkeypatch.undo()
    await studio.work()
    done = await studio.read(image.id)
    assert done.picture is not None
    sources = len(done.picture.sources)
    assert len(studio.files("pictures")) == 2 * sources
    studio.clock.ahead = timedelta(hours=2)
    await studio.sweep.run()
    assert {file.split("/")[1] for file in studio.files("pictures")} == {str(done.picture.id)}
    assert len(studio.files("pictures")) == sources


async def test_the_sweep_keeps_what_is_needed_and_ends_what_nobody_goes_on_with(studio: Studio) -> None:
    waiting = await studio.receive(jpeg())
    begun = await studio.images.begin_upload(studio.target, "a.jpg", 100)
    await studio.images.append(studio.owner, begun.id, 0, in_pieces(b"x" * 50), None)
    await studio.objects.put("uploads/nobodys/000-1", b"left")
    studio.clock.ahead = timedelta(hours=2)
    assert await studio.sweep.run() == 1
    assert len(studio.files("uploads")) == 2
    await studio.database.pool.execute("UPDATE image SET changed_at = now() - interval '25 hours'")
    await studio.sweep.run()
    assert (await studio.read(begun.id)).code == "upload_expired"
    assert (await studio.read(waiting.id)).state is ImageState.RECEIVED
    await studio.sweep.run()
    assert len(studio.files("uploads")) == 1
    await studio.work()
    assert (await studio.read(waiting.id)).state is ImageState.COMPLETE


async def test_pictures_nobody_shows_go_and_come_back(studio: Studio) -> None:
    content = jpeg(500, 400)
    image = await studio.receive(content)
    await studio.work()
    async with studio.database.transaction() as tx:
        await studio.images.discard(tx, image.id)
    studio.clock.ahead = timedelta(days=2)
    await studio.database.pool.execute("UPDATE picture SET made_at = now() - interval '2 days'")
    studio.clock.ahead = timedelta(0)
    await studio.sweep.run()
    studio.clock.ahead = timedelta(hours=2)
    await studio.sweep.run()
    assert studio.files() == []
    again = await studio.receive(content)
    await studio.work()
    assert (await studio.read(again.id)).picture is not None


async def test_a_worker_that_stops_in_the_middle_takes_its_reader_along(studio: Studio) -> None:
    image = await studio.receive(jpeg(3000, 2000))
    working = asyncio.create_task(studio.work())
    await eventually(lambda: _readers() != [])
    await studio.runner.stop()
    await asyncio.gather(working, return_exceptions=True)
    await eventually(lambda: _readers() == [])
    await studio.work(studio.worker())
    assert (await studio.read(image.id)).state is ImageState.COMPLETE


def _readers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "decoder.py" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""
