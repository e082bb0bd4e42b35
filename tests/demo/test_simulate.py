import asyncio
from pathlib import Path

import pytest

from tiffin.demo import simulate


async def test_work_that_ends_gives_its_result() -> None:
    async def work() -> int:
        return 7

    assert await simulate._unless(asyncio.Event(), work()) == 7


async def test_stopping_cancels_the_work() -> None:
    stop, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            stop.set()
            await asyncio.sleep(60)
        finally:
            ended.set()

    with pytest.raises(simulate.Stopped):
        await simulate._unless(stop, work())
    assert ended.is_set()


async def test_a_whole_day_of_a_few_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await simulate.main(simulate.Day(seconds=3, data_dir=tmp_path, orders_per_second=5))
    said = capsys.readouterr().out
    assert "lost 0 · twice 0" in said
    assert "placed 0" not in said
    assert not (tmp_path / "running.json").exists()
