import asyncio
from collections.abc import Sequence

import pytest

from tiffin.realtime.batcher import Batcher


class Reader:
    """Answers each question with itself doubled, and keeps what was asked together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def read(self, keys: Sequence[int]) -> list[int]:
        self.batches.append(list(keys))
        return [key * 2 for key in keys]


async def test_questions_of_one_window_are_one_read_and_equal_ones_are_asked_once() -> None:
    reader = Reader()
    batcher = Batcher(reader.read)
    assert await asyncio.gather(*(batcher.ask(key) for key in (1, 2, 2, 3))) == [2, 4, 4, 6]
    assert reader.batches == [[1, 2, 3]]


async def test_a_full_batch_does_not_wait_for_its_window() -> None:
    reader = Reader()
    batcher = Batcher(reader.read, window_seconds=3600, most=3)
    async with asyncio.timeout(5):
        await asyncio.gather(*(batcher.ask(key) for key in range(3)))
    assert reader.batches == [[0, 1, 2]]


async def test_a_crowd_that_comes_bit_by_bit_is_gathered() -> None:
    reader = Reader()
    batcher = Batcher(reader.read, window_seconds=0.001, pause_seconds=0.02)
    await asyncio.gather(*(batcher.ask(key) for key in range(100)))  # the next may leave in a quarter of a second
    asking = []
    for key in range(50):
        asking.append(asyncio.create_task(batcher.ask(key)))
        await asyncio.sleep(0.002)  # longer than the window
    assert await asyncio.gather(*asking) == [key * 2 for key in range(50)]
    assert len(reader.batches) <= 4  # 51 without a pause


async def test_below_the_rate_nobody_waits_for_a_crowd() -> None:
    reader = Reader()
    batcher = Batcher(reader.read, window_seconds=0.001, pause_seconds=0.0)
    async with asyncio.timeout(5):
        assert [await batcher.ask(key) for key in range(5)] == [0, 2, 4, 6, 8]
    assert len(reader.batches) == 5


async def test_what_the_read_raises_reaches_all_who_asked() -> None:
    async def fail(keys: Sequence[int]) -> list[int]:
        raise ConnectionError("away")

    batcher = Batcher(fail)
    answers = await asyncio.gather(*(batcher.ask(key) for key in (1, 2)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError, ConnectionError]
    with pytest.raises(ConnectionError):
        await batcher.ask(3)
