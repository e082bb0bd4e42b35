"""Pricing a basket: the server's menu and rules decide, the client only names what it wants.

All reasons to refuse are checked in an order that helps a person: first whether the restaurant takes orders at all,
then the place, then the items, then the sum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tiffin.base.geo import Point, distance_meters
from tiffin.features.catalog import MenuItem, Restaurant, RestaurantNotFound
from tiffin.features.orders.domain import Bill, ChosenOption, OrderLine
from tiffin.features.orders.errors import (
    BelowMinimum,
    ItemsUnavailable,
    OptionsInvalid,
    OutOfReach,
    RestaurantClosed,
    RestaurantPaused,
)


@dataclass(frozen=True, slots=True)
class BasketLine:
    """What a customer wants of one item."""

    menu_item_id: UUID
    quantity: int
    option_ids: tuple[UUID, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Repriced:
    """A past order as it could be ordered now: at today's prices, and what of it could not be, with reasons."""

    currency: str
    lines: tuple[OrderLine, ...]
    unavailable: tuple[dict[str, str], ...]


def require_published(restaurant: Restaurant) -> None:
    """Raises RestaurantNotFound: customers know nothing of a restaurant that is not published."""
    if not restaurant.published:
        raise RestaurantNotFound()


def require_taking_orders(restaurant: Restaurant, now: datetime) -> None:
    """Raises RestaurantNotFound, RestaurantPaused, RestaurantClosed."""
    require_published(restaurant)
    if restaurant.is_paused_at(now):
        raise RestaurantPaused(paused_until=restaurant.paused_until)
    if not restaurant.is_taking_orders_at(now):
        raise RestaurantClosed(next_opening_at=restaurant.next_opening_after(now))


def require_in_reach(restaurant: Restaurant, point: Point) -> None:
    """Raises OutOfReach."""
    if not restaurant.delivers_to(point):
        meters = round(distance_meters(restaurant.location, point))
        raise OutOfReach(distance_meters=meters, radius_meters=restaurant.delivery_radius_meters)


def price_basket(
    restaurant: Restaurant,
    items: Mapping[UUID, MenuItem],
    basket: Sequence[BasketLine],
    tip_minor: int,
    now: datetime,
) -> Bill:
    """The bill of a basket. Raises ItemsUnavailable, OptionsInvalid, BelowMinimum."""
    _require_available(restaurant, items, basket, now)
    lines = tuple(_price_line(number, line, items[line.menu_item_id]) for number, line in enumerate(basket))
    bill = Bill(restaurant.currency, lines, restaurant.delivery_fee_minor, tip_minor, restaurant.tax_basis_points)
    if bill.subtotal_minor < restaurant.minimum_order_minor:
        raise BelowMinimum(minimum_minor=restaurant.minimum_order_minor, subtotal_minor=bill.subtotal_minor)
    return bill


def unavailable_lines(
    restaurant: Restaurant, items: Mapping[UUID, MenuItem], basket: Sequence[BasketLine], now: datetime
) -> list[dict[str, str]]:
    """The lines that cannot be ordered now, each with a reason: `gone` or `sold_out`."""
    problems = []
    for line in basket:
        item = items.get(line.menu_item_id)
        if item is None or item.deleted or item.restaurant_id != restaurant.id:
            problems.append(
                {"menu_item_id": str(line.menu_item_id), "name": item.name if item else "", "reason": "gone"}
            )
        elif not item.is_available_at(now):
            problems.append({"menu_item_id": str(item.id), "name": item.name, "reason": "sold_out"})
    return problems


def reprice(
    restaurant: Restaurant, items: Mapping[UUID, MenuItem], past: Sequence[OrderLine], now: datetime
) -> Repriced:
    """Past lines at today's prices. Reasons of those left out: `gone`, `sold_out`, `options`."""
    lines: list[OrderLine] = []
    unavailable: list[dict[str, str]] = []
    for number, old in enumerate(past):
        line = BasketLine(old.menu_item_id, old.quantity, tuple(option.option_id for option in old.options), old.note)
        problems = unavailable_lines(restaurant, items, [line], now)
        unavailable += [{**problem, "name": problem["name"] or old.name} for problem in problems]
        if not problems:
            try:
                lines.append(_price_line(number, line, items[line.menu_item_id]))
            except OptionsInvalid:
                unavailable.append({"menu_item_id": str(line.menu_item_id), "name": old.name, "reason": "options"})
    return Repriced(restaurant.currency, tuple(lines), tuple(unavailable))


def _require_available(
    restaurant: Restaurant, items: Mapping[UUID, MenuItem], basket: Sequence[BasketLine], now: datetime
) -> None:
    problems = unavailable_lines(restaurant, items, basket, now)
    if problems:
        raise ItemsUnavailable(items=problems)


def _price_line(number: int, line: BasketLine, item: MenuItem) -> OrderLine:
    chosen = set(line.option_ids)
    if len(chosen) != len(line.option_ids):
        raise OptionsInvalid(at_line=number, problem="an option is named twice")
    options: list[ChosenOption] = []
    for group in item.option_groups:
        picked = [option for option in group.options if option.id in chosen]
        if not group.min_choices <= len(picked) <= group.max_choices:
            wanted = f"{group.min_choices} to {group.max_choices}"
            raise OptionsInvalid(at_line=number, problem=f"choose {wanted} of {group.name}", group_id=str(group.id))
        options += [ChosenOption(option.id, option.name, option.price_minor) for option in picked]
    if len(options) != len(chosen):
        raise OptionsInvalid(at_line=number, problem="an option does not belong to the item")
    unit_minor = item.price_minor + sum(option.price_minor for option in options)
    return OrderLine(item.id, item.name, line.quantity, unit_minor, tuple(options), line.note)
