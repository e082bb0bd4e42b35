from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.geo import Point
from tiffin.base.ids import new_id
from tiffin.features.catalog.domain import MemberRole, MenuItem, Restaurant
from tiffin.features.catalog.opening_hours import OpeningHours, Shift

NOON = datetime(2026, 6, 3, 9, 0, tzinfo=UTC)  # 12:00 in Helsinki
ALWAYS = OpeningHours(((Shift(NOON.time().replace(hour=0), NOON.time().replace(hour=0)),),) * 7)

RESTAURANT = Restaurant(
    id=new_id(),
    name="Kolme Kruunua",
    description="",
    address="Liisankatu 5",
    location=Point(60.1737, 24.9573),
    time_zone="Europe/Helsinki",
    currency="EUR",
    published=True,
    opening_hours=ALWAYS,
    paused_until=None,
    paused_indefinitely=False,
    busy_extra_minutes=0,
    preparation_minutes=20,
    delivery_radius_meters=3000,
    delivery_fee_minor=290,
    minimum_order_minor=1000,
    tax_basis_points=1400,
    version=1,
)
ITEM = MenuItem(new_id(), RESTAURANT.id, new_id(), "Soup", "", 950, (), False, None, False, 1)


def test_takes_orders_while_published_open_and_not_paused() -> None:
    assert RESTAURANT.is_taking_orders_at(NOON)
    assert not replace(RESTAURANT, published=False).is_taking_orders_at(NOON)
    assert not replace(RESTAURANT, opening_hours=OpeningHours()).is_taking_orders_at(NOON)
    assert not replace(RESTAURANT, paused_indefinitely=True).is_taking_orders_at(NOON)


def test_a_pause_ends_by_itself() -> None:
    paused = replace(RESTAURANT, paused_until=NOON + timedelta(minutes=30))
    assert paused.is_paused_at(NOON + timedelta(minutes=29, seconds=59))
    assert not paused.is_paused_at(NOON + timedelta(minutes=30))
    assert paused.is_open_at(NOON)


@given(st.floats(0, 0.05), st.floats(0, 0.05))
def test_delivers_within_its_radius(north: float, east: float) -> None:
    point = Point(RESTAURANT.location.latitude + north, RESTAURANT.location.longitude + east)
    # half a degree of longitude is half as long this far north; a flat map is good to 1 % here
    flat_meters = ((north * 111_195) ** 2 + (east * 111_195 * 0.4974) ** 2) ** 0.5
    if abs(flat_meters - 3000) > 40:
        assert RESTAURANT.delivers_to(point) == (flat_meters < 3000)


@pytest.mark.parametrize(
    ("changes", "minutes", "available"),
    [
        ({}, 0, True),
        ({"deleted": True}, 0, False),
        ({"sold_out": True}, 0, False),
        ({"sold_out": True}, 10**6, False),
        ({"sold_out": True, "sold_out_until": NOON + timedelta(minutes=5)}, 4, False),
        ({"sold_out": True, "sold_out_until": NOON + timedelta(minutes=5)}, 5, True),
        ({"sold_out": True, "sold_out_until": NOON, "deleted": True}, 5, False),
    ],
)
def test_available(changes: dict[str, object], minutes: int, available: bool) -> None:
    item = replace(ITEM, **changes)  # type: ignore[arg-type]
    assert item.is_available_at(NOON + timedelta(minutes=minutes)) is available


def test_what_roles_may() -> None:
    owner, manager, staff = MemberRole.OWNER, MemberRole.MANAGER, MemberRole.STAFF
    assert [role.may_edit_menu for role in (owner, manager, staff)] == [True, True, False]
    assert [role.may_edit_restaurant for role in (owner, manager, staff)] == [True, True, False]
    assert [role.may_manage_members for role in (owner, manager, staff)] == [True, True, False]
    assert all(role.may_serve for role in MemberRole)
    assigns = {acting: [role for role in MemberRole if acting.may_assign(role)] for acting in MemberRole}
    assert assigns == {owner: [owner, manager, staff], manager: [staff], staff: []}
