"""The state machine, bills and estimates, as pure rules."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.geo import Point
from tiffin.features.catalog import MenuItem, Option, OptionGroup, Restaurant
from tiffin.features.catalog.opening_hours import OpeningHours, Shift
from tiffin.features.orders.domain import (
    FINAL_STATES,
    TRANSITIONS,
    Actor,
    Bill,
    Destination,
    Order,
    OrderLine,
    OrderRestaurant,
    OrderState,
    estimate,
    may_change,
    travel_time,
)
from tiffin.features.orders.errors import (
    BelowMinimum,
    ItemsUnavailable,
    OptionsInvalid,
    OutOfReach,
    RestaurantClosed,
    RestaurantPaused,
)
from tiffin.features.orders.pricing import BasketLine, price_basket, require_in_reach, require_taking_orders

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HELSINKI = Point(60.17, 24.94)
RESTAURANT_ID = uuid4()
ALWAYS = OpeningHours(weekly=((Shift(time(0), time(0)),),) * 7)
NEVER = OpeningHours()


def restaurant(**changes: object) -> Restaurant:
    fields: dict[str, object] = {
        "id": RESTAURANT_ID,
        "name": "R",
        "description": "",
        "address": "A",
        "location": HELSINKI,
        "time_zone": "Europe/Helsinki",
        "currency": "EUR",
        "published": True,
        "opening_hours": ALWAYS,
        "paused_until": None,
        "paused_indefinitely": False,
        "busy_extra_minutes": 0,
        "preparation_minutes": 20,
        "delivery_radius_meters": 2000,
        "delivery_fee_minor": 290,
        "minimum_order_minor": 1000,
        "tax_basis_points": 1400,
        "version": 1,
    }
    return Restaurant(**{**fields, **changes})  # type: ignore[arg-type]


def item(price_minor: int = 1200, groups: tuple[OptionGroup, ...] = (), **changes: object) -> MenuItem:
    fields: dict[str, object] = {
        "id": uuid4(),
        "restaurant_id": RESTAURANT_ID,
        "category_id": uuid4(),
        "name": "Soup",
        "description": "",
        "price_minor": price_minor,
        "option_groups": groups,
        "sold_out": False,
        "sold_out_until": None,
        "deleted": False,
        "version": 1,
    }
    return MenuItem(**{**fields, **changes})  # type: ignore[arg-type]


def line(of: MenuItem, quantity: int = 1, *options: UUID) -> BasketLine:
    return BasketLine(of.id, quantity, options, "")


def order(state: OrderState) -> Order:
    bill = Bill("EUR", (), 0, 0, 0)
    return Order(
        uuid4(),
        "ABCDE",
        uuid4(),
        "Anna",
        uuid4(),
        state,
        bill,
        Destination("S", "C", Point(60.18, 24.95), ""),
        OrderRestaurant("R", "A", HELSINKI),
        "",
        NOW,
        NOW + timedelta(minutes=20),
        NOW + timedelta(minutes=30),
        None,
    )


@given(st.sampled_from(OrderState), st.sampled_from(OrderState), st.sampled_from(Actor))
def test_nothing_leaves_a_final_state(state: OrderState, to: OrderState, actor: Actor) -> None:
    if state in FINAL_STATES:
        assert not may_change(state, to, actor)
    assert may_change(state, to, actor) == (actor in TRANSITIONS.get((state, to), ()))


def test_every_state_is_reached_and_left() -> None:
    reached = {to for _, to in TRANSITIONS}
    left = {state for state, _ in TRANSITIONS}
    assert reached == set(OrderState) - {OrderState.AWAITING_PAYMENT}
    assert left == set(OrderState) - FINAL_STATES


@pytest.mark.parametrize(
    ("state", "to", "actor"),
    [
        (OrderState.PLACED, OrderState.DELIVERED, Actor.RESTAURANT),
        (OrderState.CONFIRMED, OrderState.PICKED_UP, Actor.COURIER),  # riders delivered what was not cooked elsewhere
        (OrderState.CONFIRMED, OrderState.CANCELLED, Actor.CUSTOMER),
        (OrderState.CANCELLED, OrderState.CONFIRMED, Actor.RESTAURANT),
        (OrderState.PLACED, OrderState.CONFIRMED, Actor.CUSTOMER),
        (OrderState.PLACED, OrderState.PLACED, Actor.SYSTEM),
    ],
)
def test_forbidden_steps(state: OrderState, to: OrderState, actor: Actor) -> None:
    assert not may_change(state, to, actor)


_lines = st.lists(
    st.builds(
        lambda unit, quantity: OrderLine(uuid4(), "x", quantity, unit, (), ""),
        st.integers(0, 100_000),
        st.integers(1, 99),
    ),
    max_size=10,
)


@given(_lines, st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_bill_is_exactly_the_sum_of_its_parts(lines: list[OrderLine], fee: int, tip: int, tax: int) -> None:
    bill = Bill("EUR", tuple(lines), fee, tip, tax)
    assert bill.total_minor == sum(one.unit_minor * one.quantity for one in lines) + fee + tip
    gross = bill.subtotal_minor + fee
    exact = gross * tax / (10_000 + tax)
    assert abs(bill.included_tax_minor - exact) <= 0.5 + 1e-6
    assert 0 <= bill.included_tax_minor <= gross


def test_options_are_priced_and_checked() -> None:
    small, large = Option(uuid4(), "Small", 0), Option(uuid4(), "Large", 300)
    dill, cream = Option(uuid4(), "Dill", 50), Option(uuid4(), "Cream", 70)
    soup = item(
        1200,
        (
            OptionGroup(uuid4(), "Size", 1, 1, (small, large)),
            OptionGroup(uuid4(), "Extras", 0, 2, (dill, cream)),
        ),
    )
    menu = {soup.id: soup}
    bill = price_basket(restaurant(), menu, [line(soup, 2, large.id, dill.id)], 100, NOW)
    assert bill.lines[0].unit_minor == 1550
    assert bill.total_minor == 3100 + 290 + 100
    for wrong in ((), (small.id, large.id), (small.id, uuid4()), (small.id, small.id)):
        with pytest.raises(OptionsInvalid):
            price_basket(restaurant(), menu, [line(soup, 1, *wrong)], 0, NOW)


def test_reasons_to_refuse() -> None:
    soup, gone, out = item(), item(deleted=True), item(sold_out=True)
    back = item(sold_out=True, sold_out_until=NOW - timedelta(minutes=1))
    other = item(restaurant_id=uuid4())
    menu = {one.id: one for one in (soup, gone, out, back, other)}
    with pytest.raises(ItemsUnavailable) as refused:
        missing = BasketLine(uuid4(), 1, (), "")
        price_basket(restaurant(), menu, [line(soup), line(gone), line(out), line(other), missing], 0, NOW)
    reasons = [problem["reason"] for problem in refused.value.details["items"]]
    assert reasons == ["gone", "sold_out", "gone", "gone"]
    assert price_basket(restaurant(), menu, [line(back)], 0, NOW).subtotal_minor == 1200
    with pytest.raises(BelowMinimum):
        price_basket(restaurant(minimum_order_minor=1201), menu, [line(soup)], 0, NOW)
    with pytest.raises(OutOfReach):
        require_in_reach(restaurant(), Point(60.3, 24.94))
    with pytest.raises(RestaurantPaused):
        require_taking_orders(restaurant(paused_indefinitely=True), NOW)
    with pytest.raises(RestaurantClosed):
        require_taking_orders(restaurant(opening_hours=NEVER), NOW)


def test_the_estimate_moves_when_they_move() -> None:
    travel = travel_time(HELSINKI, Point(60.18, 24.95))
    placed = order(OrderState.PLACED)
    ready_at, eta_at = estimate(placed, OrderState.CONFIRMED, NOW, 40)
    assert (ready_at, eta_at) == (NOW + timedelta(minutes=40), NOW + timedelta(minutes=40) + travel)
    late = NOW + timedelta(minutes=25)
    assert estimate(placed, OrderState.PREPARING, late, None)[1] == late + travel, "the kitchen is late"
    assert estimate(placed, OrderState.READY, NOW, None) == (NOW, NOW + travel)
    assert estimate(placed, OrderState.PICKED_UP, late, None)[1] == late + travel
    assert estimate(placed, OrderState.DELIVERED, late, None)[1] == late
    assert timedelta(minutes=5) < travel < timedelta(minutes=12)


_attempts = st.lists(st.tuples(st.sampled_from(OrderState), st.sampled_from(Actor)), max_size=60)


@given(_attempts)
def test_whatever_anybody_tries_an_order_lives_one_life(attempts: list[tuple[OrderState, Actor]]) -> None:
    """However people press buttons: no state twice, no step left out, nothing after the end."""
    lived = [OrderState.PLACED]
    for to, actor in attempts:
        if may_change(lived[-1], to, actor):
            lived.append(to)
    assert len(set(lived)) == len(lived), "a cancelled order never comes back"
    assert not FINAL_STATES & set(lived[:-1])
    for later, earlier in (
        (OrderState.PREPARING, OrderState.CONFIRMED),
        (OrderState.READY, OrderState.CONFIRMED),
        (OrderState.PICKED_UP, OrderState.READY),
        (OrderState.DELIVERED, OrderState.PICKED_UP),
    ):
        if later in lived:
            assert earlier in lived[: lived.index(later)], "riders do not deliver what was not cooked"
    if OrderState.PICKED_UP in lived:
        assert OrderState.CANCELLED not in lived, "what is on its way is not cancelled"


@given(_attempts)
def test_a_customer_changes_nothing_after_confirmation(attempts: list[tuple[OrderState, Actor]]) -> None:
    state = OrderState.CONFIRMED
    for to, actor in attempts:
        if actor is Actor.CUSTOMER:
            assert not may_change(state, to, actor)
        elif may_change(state, to, actor):
            state = to


_minutes = st.integers(0, 240)


@given(st.sampled_from(OrderState), _minutes, _minutes)
def test_an_estimate_never_promises_food_before_it_is_ready_or_in_the_past(
    to: OrderState, minutes: int, late: int
) -> None:
    at = NOW + timedelta(minutes=late)
    ready_at, eta_at = estimate(order(OrderState.PLACED), to, at, minutes or None)
    if to not in FINAL_STATES:
        assert eta_at >= at
    if to not in FINAL_STATES and to is not OrderState.PICKED_UP:
        assert eta_at > ready_at


_prices = st.integers(0, 10_000)


@given(st.lists(st.tuples(_prices, st.lists(_prices, max_size=4), st.integers(1, 99)), min_size=1, max_size=8), _prices)
def test_a_priced_basket_is_the_sum_of_what_the_menu_says(
    wanted: list[tuple[int, list[int], int]], tip_minor: int
) -> None:
    """Whatever is chosen: items and options as often as ordered, delivery and tip once, nothing rounded."""
    menu, basket, expected = {}, [], 0
    for price, extras, quantity in wanted:
        options = tuple(Option(uuid4(), "Extra", extra) for extra in extras)
        groups = (OptionGroup(uuid4(), "Extras", 0, len(options), options),) if options else ()
        dish = item(price, groups)
        menu[dish.id] = dish
        basket.append(line(dish, quantity, *(option.id for option in options)))
        expected += (price + sum(extras)) * quantity
    bill = price_basket(restaurant(minimum_order_minor=0), menu, basket, tip_minor, NOW)
    assert bill.subtotal_minor == expected == sum(one.total_minor for one in bill.lines)
    assert bill.total_minor == expected + 290 + tip_minor
