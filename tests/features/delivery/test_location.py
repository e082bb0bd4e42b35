"""Reports: what is believed, what is kept, who is told, and what follows from them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.features.delivery.world import STEP_METERS, World

from tiffin.base.geo import Point, distance_meters
from tiffin.features.delivery.domain import LastFix, Location, refuse_report
from tiffin.features.delivery.errors import NotACourier, OffDuty

_NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def _location(north: float, seconds: float, *, received: float | None = None, accuracy: float = 0) -> Location:
    at, received_at = _NOON + timedelta(seconds=seconds), _NOON + timedelta(seconds=received or seconds)
    return Location(Point(60 + north / 1000, 24.9), accuracy, None, None, at, received_at)


@pytest.mark.parametrize(
    ("north", "seconds", "code"),
    [
        (1, 12, None),
        (1, 1, "location_impossible"),
        (0.3, 1, None),
        (0.1, 0.9, "location_too_often"),
        (0, 0, "location_outdated"),
        (0, -5, "location_outdated"),
        (4, 10, None),
        (5, 10, "location_impossible"),
        (5000, 86_400, None),
    ],
)
def test_what_is_believed_after_a_position(north: float, seconds: float, code: str | None) -> None:
    last = LastFix(Point(60, 24.9), 0, _NOON)
    assert refuse_report(last, _location(north, seconds, received=86_400)) == code


def test_a_vague_fix_may_be_far_off() -> None:
    last = LastFix(Point(60, 24.9), 500, _NOON)
    assert refuse_report(last, _location(8, 10, accuracy=200)) is None


@pytest.mark.parametrize(("ahead", "code"), [(29, None), (31, "location_in_future")])
def test_clocks_may_be_a_little_ahead(ahead: float, code: str | None) -> None:
    assert refuse_report(None, _location(0, ahead, received=0.000001)) == code


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-10, 200)), max_size=30))
def test_whatever_comes_what_is_taken_goes_forward_at_a_speed_that_exists(steps: list[tuple[float, float]]) -> None:
    last: LastFix | None = None
    seconds = 0.0
    for north, elapsed in steps:
        seconds += elapsed
        report = _location(north, seconds, received=10_000)
        if refuse_report(last, report) is None:
            if last is not None:
                took = (report.at - last.at).total_seconds()
                assert took >= 1
                assert distance_meters(last.point, report.point) <= 45 * took + 1e-6
            last = LastFix(report.point, report.accuracy_meters, report.at)


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": 91},
        {"longitude": -181},
        {"latitude": "NaN"},
        {"accuracy_meters": -1},
        {"heading_degrees": 361},
        {"speed_mps": -1},
        {"at": "2026-06-01T12:00:00"},
        {"at": "yesterday"},
        {"extra": 1},
    ],
)
async def test_what_is_out_of_range_is_refused(world: World, wrong: dict[str, Any]) -> None:
    await world.courier("mikko")
    with pytest.raises(ValidationError):
        await world.report("mikko", world.at(1) | wrong)


async def test_only_couriers_on_duty_are_heard(world: World) -> None:
    with pytest.raises(NotACourier):
        await world.report("customer", 1)
    await world.courier("mikko", on_duty=False)
    with pytest.raises(OffDuty):
        await world.report("mikko", 1)


async def test_a_list_from_a_time_offline_is_one_command(world: World) -> None:
    await world.courier("mikko", 0)
    await world.later(60)
    reports = [world.at(north, ago) for north, ago in ((1, 48), (2, 36), (90, 35), (2, 35.5), (3, 24), (3.1, 23.5))]
    answer = await world.report("mikko", *reports)
    assert answer.accepted == 3
    assert [(one.index, one.code) for one in answer.refused] == [
        (2, "location_impossible"),
        (3, "location_too_often"),
        (5, "location_too_often"),
    ]
    assert (await world.standing("mikko"))["location"]["latitude"] == reports[4]["latitude"]
    assert await world.database.pool.fetchval("SELECT count(*) FROM courier_location") == 1


async def test_a_late_report_does_not_overwrite_a_newer_one(world: World) -> None:
    await world.courier("mikko", 0)
    await world.later(60)
    await world.report("mikko", 3)
    answer = await world.report("mikko", world.at(1, 30))
    assert [one.code for one in answer.refused] == ["location_outdated"]
    assert (await world.standing("mikko"))["location"]["latitude"] == pytest.approx(60.1767)


async def test_each_customer_on_board_is_told_and_nobody_else(world: World) -> None:
    await world.courier("mikko")
    waiting = await world.assigned("mikko", "neighbour")
    first, second = await world.on_board("mikko"), await world.on_board("mikko", "customer")
    await world.later(12)
    await world.report("mikko", 2)
    assert {value.topic for value in world.published} == {f"order.{first}.location", f"order.{second}.location"}
    data = orjson.loads(world.published[0].data)
    assert (data["assignment"], data["latitude"]) == (1, pytest.approx(60.1757))
    await world.advance("mikko", first, "delivered", code=await world.code_of(first))
    world.published.clear()
    await world.later(12)
    await world.report("mikko", 3)
    assert {value.topic for value in world.published} == {f"order.{second}.location"}
    assert waiting


async def test_where_the_courier_was_before_pick_up_is_nobodys_business(world: World) -> None:
    await world.courier("mikko", 5)
    order_id = await world.on_board()
    assert (await world.tracking(order_id))["location"] is None, "the last position is from before"
    await world.later(30)
    await world.report("mikko", world.at(4, 31))
    assert world.published == [], "measured before, sent after"
    await world.report("mikko", 3)
    assert len(world.published) == 1


async def test_positions_of_a_shift_that_is_over_are_void(world: World) -> None:
    mikko = await world.courier("mikko")
    await world.database.pool.execute("UPDATE courier SET shift = shift + 1")
    assert (await world.standing("mikko"))["location"] is None
    await world.report("mikko", world.at(1, 60))
    assert (await world.standing("mikko"))["location"] is not None, "an older time, but of this shift"
    await world.database.pool.execute("UPDATE courier SET on_duty = false")
    for chore in world.delivery_feature.chores:
        async with world.database.transaction() as transaction:
            await chore(transaction)
    assert await world.database.pool.fetchval("SELECT count(*) FROM courier_location") == 0
    assert mikko


async def test_the_arrival_time_moves_with_the_courier(world: World) -> None:
    await world.courier("mikko", 30)
    order_id = await world.on_board()
    planned = (await world.order_of(order_id))["eta_at"]
    await world.later(15)
    async with world.settled():
        await world.report("mikko", 30)
    moved = (await world.order_of(order_id))["eta_at"]
    assert moved > planned, "three kilometers away, which the plan did not know"
    expected = world.now() + timedelta(seconds=60 + 1.35 * 31.9 * STEP_METERS / 4.5)
    assert abs((datetime.fromisoformat(moved) - expected).total_seconds()) < 60
    await world.later(12)
    async with world.settled():
        await world.report("mikko", 29)
    assert (await world.order_of(order_id))["eta_at"] == moved, "not at every report"
    types = await world.types_of(f"order.{order_id}")
    assert types.count("order.eta_changed") == 1


async def test_near_is_told_once(world: World) -> None:
    await world.courier("mikko")
    order_id = await world.on_board()
    for south in (1.5, 1.6, 1.7):
        await world.later(30)
        async with world.settled():
            await world.report("mikko", world.at(-south) | {"longitude": 24.951})
    assert (await world.types_of(f"order.{order_id}")).count("order.courier_near") == 1
    assert (await world.tracking(order_id))["near"] is True
