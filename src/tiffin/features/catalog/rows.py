"""Between rows and domain objects: the only place that knows how the catalog lies in PostgreSQL."""

from datetime import date, time
from typing import Any
from uuid import UUID

import asyncpg

from tiffin.base.geo import Point
from tiffin.features.catalog.domain import Category, Member, MemberRole, MenuItem, Option, OptionGroup, Restaurant
from tiffin.features.catalog.opening_hours import OpeningHours, Shift, SpecialDate
from tiffin.features.images import PictureView

Row = asyncpg.Record


def restaurant_of(row: Row) -> Restaurant:
    """A restaurant from its row."""
    return Restaurant(
        id=row["id"],
        name=row["name"],
        description=row["description"],
        address=row["address"],
        location=Point(row["latitude"], row["longitude"]),
        time_zone=row["time_zone"],
        currency=row["currency"],
        published=row["published"],
        opening_hours=hours_from_json(row["opening_hours"]),
        paused_until=row["paused_until"],
        paused_indefinitely=row["paused_indefinitely"],
        busy_extra_minutes=row["busy_extra_minutes"],
        preparation_minutes=row["preparation_minutes"],
        delivery_radius_meters=row["delivery_radius_meters"],
        delivery_fee_minor=row["delivery_fee_minor"],
        minimum_order_minor=row["minimum_order_minor"],
        tax_basis_points=row["tax_basis_points"],
        version=row["version"],
        menu_version=row["menu_version"],
    )


def category_of(row: Row) -> Category:
    """A category from its row."""
    return Category(row["id"], row["restaurant_id"], row["name"], row["sort_order"])


def menu_item_of(row: Row) -> MenuItem:
    """An item from its row."""
    return MenuItem(
        id=row["id"],
        restaurant_id=row["restaurant_id"],
        category_id=row["category_id"],
        name=row["name"],
        description=row["description"],
        price_minor=row["price_minor"],
        option_groups=tuple(_group_from_json(group) for group in row["option_groups"]),
        sold_out=row["sold_out"],
        sold_out_until=row["sold_out_until"],
        deleted=row["deleted"],
        version=row["version"],
        sort_order=row["sort_order"],
        images=tuple(PictureView.model_validate(stored) for stored in row["images"]),
    )


def member_of(row: Row) -> Member:
    """A member from its row."""
    return Member(row["restaurant_id"], row["account_id"], MemberRole(row["role"]), row["since"])


def hours_to_json(hours: OpeningHours) -> dict[str, Any]:
    """As it is stored: times as HH:MM, dates as ISO 8601."""
    return {
        "weekly": [_shifts_to_json(shifts) for shifts in hours.weekly],
        "special_dates": [
            [special.date.isoformat(), _shifts_to_json(special.shifts)] for special in hours.special_dates
        ],
    }


def hours_from_json(stored: dict[str, Any]) -> OpeningHours:
    """The hours that `hours_to_json` stored."""
    return OpeningHours(
        tuple(_shifts_from_json(shifts) for shifts in stored["weekly"]),
        tuple(
            SpecialDate(date.fromisoformat(day), _shifts_from_json(shifts)) for day, shifts in stored["special_dates"]
        ),
    )


def groups_to_json(groups: tuple[OptionGroup, ...]) -> list[dict[str, Any]]:
    """Option groups as they are stored."""
    return [
        {
            "id": str(group.id),
            "name": group.name,
            "min_choices": group.min_choices,
            "max_choices": group.max_choices,
            "options": [
                {"id": str(option.id), "name": option.name, "price_minor": option.price_minor}
                for option in group.options
            ],
        }
        for group in groups
    ]


def _group_from_json(stored: dict[str, Any]) -> OptionGroup:
    options = tuple(Option(UUID(option["id"]), option["name"], option["price_minor"]) for option in stored["options"])
    return OptionGroup(UUID(stored["id"]), stored["name"], stored["min_choices"], stored["max_choices"], options)


def _shifts_to_json(shifts: tuple[Shift, ...]) -> list[list[str]]:
    return [[shift.opens.isoformat("minutes"), shift.closes.isoformat("minutes")] for shift in shifts]


def _shifts_from_json(stored: list[list[str]]) -> tuple[Shift, ...]:
    return tuple(Shift(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in stored)
