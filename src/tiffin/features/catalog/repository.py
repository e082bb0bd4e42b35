"""Restaurants and members in PostgreSQL: one function a query, the connection first, domain objects out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tiffin.base.geo import Point
from tiffin.db import Connection, load_queries
from tiffin.features.catalog.domain import Member, MemberRole, Restaurant
from tiffin.features.catalog.errors import RestaurantNotFound
from tiffin.features.catalog.rows import hours_to_json, member_of, restaurant_of
from tiffin.realtime import Position

QUERIES = load_queries(__package__)

# so far ahead "open now" is known to the database; a chore renews it when half of it is gone
OPEN_RANGES_DAYS = 28


# where a page of a list begins: after this key, (distance, id) near a point, else (sort name, id)
After = tuple[str | int, UUID] | None


@dataclass(frozen=True, slots=True)
class RestaurantFilter:
    """What a list of restaurants shows: those that deliver to `point`, those that take orders `now`."""

    point: Point | None
    taking_orders: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class ListedRestaurant:
    """A restaurant in a list, with the key of its place there."""

    restaurant: Restaurant
    # from the point that was asked for; None without one
    distance_meters: int | None
    sort_name: str

    @property
    def key(self) -> tuple[str | int, str]:
        """What a cursor says after it."""
        first = self.sort_name if self.distance_meters is None else self.distance_meters
        return first, str(self.restaurant.id)


async def get_restaurant(connection: Connection, restaurant_id: UUID) -> Restaurant | None:
    """The restaurant, published or not."""
    row = await connection.fetchrow(QUERIES["get_restaurant"], restaurant_id)
    return restaurant_of(row) if row else None


async def require_restaurant(connection: Connection, restaurant_id: UUID) -> Restaurant:
    """The restaurant, published or not. Raises RestaurantNotFound."""
    restaurant = await get_restaurant(connection, restaurant_id)
    if restaurant is None:
        raise RestaurantNotFound()
    return restaurant


async def require_restaurant_at(connection: Connection, restaurant_id: UUID, topic: str) -> tuple[Restaurant, Position]:
    """The restaurant, published or not, and the position of a topic, of one moment. Raises RestaurantNotFound."""
    row = await connection.fetchrow(QUERIES["get_restaurant_at"], restaurant_id, topic)
    if row is None:
        raise RestaurantNotFound()
    return restaurant_of(row), Position.read(row["position"])


async def lock_restaurant(connection: Connection, restaurant_id: UUID) -> Restaurant:
    """The restaurant, locked against other changes of it, its menu and its members. Raises RestaurantNotFound."""
    row = await connection.fetchrow(QUERIES["lock_restaurant"], restaurant_id)
    if row is None:
        raise RestaurantNotFound()
    return restaurant_of(row)


async def insert_restaurant(connection: Connection, restaurant: Restaurant, now: datetime) -> None:
    """Store a new restaurant; it is neither paused nor busy, and its versions are 1."""
    await connection.execute(
        QUERIES["insert_restaurant"],
        restaurant.id,
        restaurant.name,
        restaurant.description,
        restaurant.address,
        restaurant.location.latitude,
        restaurant.location.longitude,
        restaurant.time_zone,
        restaurant.currency,
        restaurant.published,
        hours_to_json(restaurant.opening_hours),
        restaurant.preparation_minutes,
        restaurant.delivery_radius_meters,
        restaurant.delivery_fee_minor,
        restaurant.minimum_order_minor,
        restaurant.tax_basis_points,
        *_open_ranges(restaurant, now),
    )


async def update_restaurant(connection: Connection, restaurant: Restaurant, now: datetime) -> Restaurant:
    """Store what a manager edits; its versions go up by one."""
    row = await connection.fetchrow(
        QUERIES["update_restaurant"],
        restaurant.id,
        restaurant.name,
        restaurant.description,
        restaurant.address,
        restaurant.location.latitude,
        restaurant.location.longitude,
        restaurant.time_zone,
        restaurant.published,
        hours_to_json(restaurant.opening_hours),
        restaurant.preparation_minutes,
        restaurant.delivery_radius_meters,
        restaurant.delivery_fee_minor,
        restaurant.minimum_order_minor,
        restaurant.tax_basis_points,
        *_open_ranges(restaurant, now),
    )
    return restaurant_of(_present(row))


async def update_pause(
    connection: Connection, restaurant_id: UUID, *, paused: bool, minutes: int | None = None
) -> Restaurant:
    """Pause for `minutes` from now by PostgreSQL's clock, or until lifted (None); or end the pause."""
    return restaurant_of(_present(await connection.fetchrow(QUERIES["update_pause"], restaurant_id, paused, minutes)))


async def update_busy(connection: Connection, restaurant_id: UUID, extra_minutes: int) -> Restaurant:
    """Set the minutes that are added while it is busy."""
    return restaurant_of(_present(await connection.fetchrow(QUERIES["update_busy"], restaurant_id, extra_minutes)))


async def update_menu_version(connection: Connection, restaurant_id: UUID) -> int:
    """Count a change of the menu; the new version."""
    version: int = await connection.fetchval(QUERIES["update_menu_version"], restaurant_id)
    return version


async def list_restaurants(
    connection: Connection, wanted: RestaurantFilter, after: After, limit: int
) -> list[ListedRestaurant]:
    """Published restaurants: nearest first if there is a point, else by name."""
    key, restaurant_id = after or (None, None)
    arguments = (key, restaurant_id, wanted.taking_orders, wanted.now, limit)
    if wanted.point is None:
        rows = await connection.fetch(QUERIES["list_restaurants"], *arguments)
    else:
        place = (wanted.point.latitude, wanted.point.longitude)
        rows = await connection.fetch(QUERIES["list_restaurants_in_reach"], *arguments, *place)
    return [ListedRestaurant(restaurant_of(row), row["distance_meters"], row["sort_name"]) for row in rows]


async def list_restaurants_of_member(
    connection: Connection, account_id: UUID, after: After, limit: int
) -> list[tuple[ListedRestaurant, MemberRole]]:
    """The restaurants of which the account is a member, by name, and as what."""
    name, restaurant_id = after or (None, None)
    rows = await connection.fetch(QUERIES["list_restaurants_of_member"], account_id, name, restaurant_id, limit)
    return [(ListedRestaurant(restaurant_of(row), None, row["sort_name"]), MemberRole(row["role"])) for row in rows]


async def renew_open_ranges(connection: Connection, now: datetime, limit: int) -> int:
    """Compute anew, for up to `limit` restaurants, when they are open, before what is known runs out."""
    stale_before = now + timedelta(days=OPEN_RANGES_DAYS // 2)
    rows = await connection.fetch(QUERIES["lock_stale_open_ranges"], stale_before, limit)
    changes = [(row["id"], *_open_ranges(restaurant_of(row), now)) for row in rows]
    await connection.executemany(QUERIES["update_open_ranges"], changes)
    return len(changes)


async def list_published(connection: Connection, restaurant_ids: Collection[UUID]) -> set[UUID]:
    """Which of these exist and are published."""
    rows = await connection.fetch(QUERIES["list_published"], list(restaurant_ids))
    return {row["id"] for row in rows}


async def list_existing(connection: Connection, restaurant_ids: Collection[UUID]) -> set[UUID]:
    """Which of these exist."""
    rows = await connection.fetch(QUERIES["list_existing"], list(restaurant_ids))
    return {row["id"] for row in rows}


async def get_member_role(connection: Connection, restaurant_id: UUID, account_id: UUID) -> MemberRole | None:
    """What the account is in the restaurant; None if not a member."""
    role = await connection.fetchval(QUERIES["get_member_role"], restaurant_id, account_id)
    return MemberRole(role) if role else None


async def list_memberships(
    connection: Connection, pairs: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], MemberRole]:
    """Of the pairs (account, restaurant), those that are memberships, with the role."""
    rows = await connection.fetch(
        QUERIES["list_memberships"], [account for account, _ in pairs], [restaurant for _, restaurant in pairs]
    )
    return {(row["account_id"], row["restaurant_id"]): MemberRole(row["role"]) for row in rows}


async def list_members(connection: Connection, restaurant_id: UUID) -> list[Member]:
    """All members of the restaurant."""
    return [member_of(row) for row in await connection.fetch(QUERIES["list_members"], restaurant_id)]


async def list_taking_orders(connection: Connection, now: datetime) -> dict[UUID, str]:
    """The names of all restaurants that take orders now, in their order."""
    return {row["id"]: row["name"] for row in await connection.fetch(QUERIES["list_taking_orders"], now)}


async def list_restaurants_of(connection: Connection, account_ids: list[UUID]) -> dict[UUID, list[UUID]]:
    """Of each account that works in restaurants: which."""
    rows = await connection.fetch(QUERIES["list_restaurants_of"], account_ids)
    return {row["account_id"]: row["restaurant_ids"] for row in rows}


async def count_members(connection: Connection, restaurant_id: UUID | None) -> int:
    """How many accounts work in a restaurant; None: in any."""
    count: int = await connection.fetchval(QUERIES["count_members"], restaurant_id)
    return count


async def list_member_ids(connection: Connection, restaurant_id: UUID) -> list[UUID]:
    """The accounts of all members of the restaurant."""
    return [member.account_id for member in await list_members(connection, restaurant_id)]


async def insert_member(
    connection: Connection, restaurant_id: UUID, account_id: UUID, role: MemberRole
) -> Member | None:
    """Add a member; None if the account is one already."""
    row = await connection.fetchrow(QUERIES["insert_member"], restaurant_id, account_id, role.value)
    return member_of(row) if row else None


async def update_member(connection: Connection, restaurant_id: UUID, account_id: UUID, role: MemberRole) -> Member:
    """Change the role of a member who exists."""
    row = await connection.fetchrow(QUERIES["update_member"], restaurant_id, account_id, role.value)
    return member_of(_present(row))


async def delete_member(connection: Connection, restaurant_id: UUID, account_id: UUID) -> None:
    """End a membership."""
    await connection.execute(QUERIES["delete_member"], restaurant_id, account_id)


async def count_owners(connection: Connection, restaurant_id: UUID) -> int:
    """How many owners the restaurant has."""
    count: int = await connection.fetchval(QUERIES["count_owners"], restaurant_id)
    return count


def _open_ranges(restaurant: Restaurant, now: datetime) -> tuple[list[Any], datetime]:
    """When it is open from now on, as a multirange, and until when that is known."""
    hours = restaurant.opening_hours.intervals(now, restaurant.zone, OPEN_RANGES_DAYS)
    ranges = [asyncpg.Range(begin, end) for begin, end in hours]
    return ranges, now + timedelta(days=OPEN_RANGES_DAYS)


def _present(row: asyncpg.Record | None) -> asyncpg.Record:
    """A row that must be there, since its restaurant is locked."""
    assert row is not None
    return row
