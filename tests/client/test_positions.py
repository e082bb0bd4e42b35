import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.client.errors import PositionLost
from tiffin.client.positions import Event, Gap, Position, Positions, Sync


def _event(seq: int, epoch: str = "e", topic: str = "t.1") -> Event:
    return Event(topic, epoch, seq, "something.happened", "", {})


def _sync(*, ok: bool, reason: str = "", epoch: str = "e", begin: int = 0, to: int = 0) -> Sync:
    return Sync("t.1", ok, epoch, begin, to, reason)


@given(st.lists(st.integers(1, 12), max_size=60))
def test_whatever_arrives_every_event_is_taken_once_and_in_order(arrivals: list[int]) -> None:
    positions, taken = Positions({"t.1": "e:0"}), []
    for seq in arrivals:
        try:
            if positions.is_new(_event(seq)):
                positions.passed(_event(seq))
                taken.append(seq)
        except Gap:
            assert seq > len(taken) + 1
    assert taken == list(range(1, len(taken) + 1))


def test_an_event_is_new_until_it_has_passed() -> None:
    positions = Positions({"t.1": "e:4"})
    assert positions.is_new(_event(5))
    assert positions.is_new(_event(5))
    positions.passed(_event(5))
    assert not positions.is_new(_event(5))
    assert positions.text("t.1") == "e:5"


def test_another_epoch_is_a_gap_but_not_after_nothing() -> None:
    with pytest.raises(Gap):
        Positions({"t.1": "e:4"}).is_new(_event(5, "other"))
    assert Positions({"t.1": "0:0"}).is_new(_event(1, "first"))
    with pytest.raises(Gap):
        Positions({"t.1": "0:0"}).is_new(_event(2, "first"))


def test_the_cursor_names_every_topic_in_order() -> None:
    assert Positions({"b": "e:1", "c": None}).cursor(["a", "b", "c"]) == "-;e:1;-"


def test_latest_values_move_nothing() -> None:
    positions = Positions({"t.1": "e:4"})
    positions.passed(Event("t.1", "", 0, "latest", "", {}))
    assert positions.text("t.1") == "e:4"


async def test_a_new_topic_without_snapshot_begins_now() -> None:
    positions = Positions()
    await positions.settle(_sync(ok=False, reason="position", to=7), None)
    assert positions.text("t.1") == "e:7"


async def test_a_lost_position_without_snapshot_is_told() -> None:
    positions = Positions({"t.1": "e:4"})
    with pytest.raises(PositionLost):
        await positions.settle(_sync(ok=False, reason="trimmed", to=7), None)


async def test_a_snapshot_gives_the_position() -> None:
    async def load(topic: str) -> str:
        return "e:9"

    positions = Positions({"t.1": "old:4"})
    await positions.settle(_sync(ok=False, reason="epoch", to=7), load)
    assert positions.get("t.1") == Position("e", 9)
    assert not positions.is_new(_event(8))


@pytest.mark.parametrize("loaded", ["e:6", "other:9"])
async def test_a_snapshot_that_does_not_reach_the_stream_is_a_gap(loaded: str) -> None:
    async def load(topic: str) -> str:
        return loaded

    positions = Positions()
    with pytest.raises(Gap):
        await positions.settle(_sync(ok=False, reason="position", to=7), load)
    assert positions.text("t.1") == loaded  # where the next connection begins


async def test_refusals_are_kept_until_the_topic_may_be_read() -> None:
    positions = Positions({"t.1": "e:4"})
    await positions.settle(_sync(ok=False, reason="forbidden"), None)
    assert positions.refused == {"t.1": "forbidden"}
    await positions.settle(_sync(ok=True, begin=4, to=4), None)
    assert positions.refused == {}


def test_what_is_no_position_is_refused() -> None:
    with pytest.raises(ValueError, match="not a position"):
        Position.parse("seven")
