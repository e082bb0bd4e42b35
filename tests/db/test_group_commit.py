"""Changes that come while others are written share the next transaction; each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from tiffin.base.errors import Conflict, Unavailable
from tiffin.db import GroupCommit


class Writer:
    """Doubles numbers when a test lets it; 13 cannot be written, negative ones are refused."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.may_go = asyncio.Event()
        self.is_down = False

    async def write(self, group: Sequence[int]) -> list[int | Exception]:
        self.groups.append(list(group))
        await self.may_go.wait()
        if self.is_down:
            raise Unavailable()
        if 13 in group:
            raise ValueError(13)
        return [2 * number if number >= 0 else Conflict() for number in group]


@pytest.fixture
async def writer() -> Writer:
    return Writer()


async def test_the_first_goes_at_once_and_the_rest_together(writer: Writer) -> None:
    commit = GroupCommit(writer.write, most=3)
    asked = [asyncio.create_task(commit.ask(number)) for number in range(6)]
    await asyncio.sleep(0)
    writer.may_go.set()
    assert await asyncio.gather(*asked) == [0, 2, 4, 6, 8, 10]
    assert [len(group) for group in writer.groups] in ([1, 3, 2], [3, 3]), "never more than three"
    assert [number for group in writer.groups for number in group] == list(range(6)), "in their order"
    assert await commit.ask(7) == 14


async def test_an_error_of_its_own_is_one_changes_alone(writer: Writer) -> None:
    commit = GroupCommit(writer.write)
    writer.may_go.set()
    answers = await asyncio.gather(*(commit.ask(number) for number in (1, -1, 2)), return_exceptions=True)
    assert [answers[0], answers[2]] == [2, 4]
    assert isinstance(answers[1], Conflict)


async def test_what_cannot_be_written_takes_no_other_with_it(writer: Writer) -> None:
    commit = GroupCommit(writer.write)
    writer.may_go.set()
    answers = await asyncio.gather(*(commit.ask(number) for number in (1, 13, 2)), return_exceptions=True)
    assert [answers[0], answers[2]] == [2, 4]
    assert isinstance(answers[1], ValueError)
    assert writer.groups[-3:] == [[1], [13], [2]]


async def test_where_the_database_is_away_nobody_is_tried_again(writer: Writer) -> None:
    commit = GroupCommit(writer.write)
    writer.is_down = True
    writer.may_go.set()
    answers = await asyncio.gather(*(commit.ask(number) for number in (1, 2)), return_exceptions=True)
    assert all(isinstance(answer, Unavailable) for answer in answers)
    assert len(writer.groups) <= 2
    writer.is_down = False
    assert await commit.ask(3) == 6


async def test_who_no_longer_waits_is_written_all_the_same(writer: Writer) -> None:
    commit = GroupCommit(writer.write)
    gone = asyncio.create_task(commit.ask(1))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    writer.may_go.set()
    assert await commit.ask(2) == 4
    assert [number for group in writer.groups for number in group] == [1, 2]
