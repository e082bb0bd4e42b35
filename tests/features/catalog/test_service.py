import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from tests.features.catalog.test_domain import RESTAURANT
from tests.features.catalog.world import World

from tiffin.base.geo import Point, distance_meters
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal, Role
from tiffin.db import Database
from tiffin.features.catalog import MemberRole, repository
from tiffin.features.catalog.domain import Restaurant
from tiffin.features.catalog.errors import LastOwner
from tiffin.features.catalog.opening_hours import OpeningHours, Shift
from tiffin.features.catalog.readers import read_membership_grants, read_menu_grants
from tiffin.features.catalog.repository import RestaurantFilter
from tiffin.realtime import Grant, ReadRequest

NOW = datetime(2026, 6, 3, 9, 0, tzinfo=UTC)


async def store(database: Database, *restaurants: Restaurant) -> None:
    async with database.connection() as connection:
        for restaurant in restaurants:
            await repository.insert_restaurant(connection, restaurant, NOW)


async def listed(
    database: Database,
    point: Point | None = None,
    *,
    taking_orders: bool = False,
    now: datetime = NOW,
    limit: int = 100,
) -> list[Restaurant]:
    """The whole list, page by page."""
    wanted, found, after = RestaurantFilter(point, taking_orders, now), [], None
    async with database.connection() as connection:
        while page := await repository.list_restaurants(connection, wanted, after, limit):
            found += [row.restaurant for row in page]
            after = (page[-1].key[0], page[-1].restaurant.id)
    return found


def scattered(amount: int, center: Point, spread: float, seed: int = 1) -> list[Restaurant]:
    chance = random.Random(seed)

    def one(number: int) -> Restaurant:
        latitude = max(-90.0, min(90.0, center.latitude + chance.uniform(-spread, spread)))
        longitude = (center.longitude + chance.uniform(-spread, spread) + 180) % 360 - 180
        return replace(
            RESTAURANT,
            id=new_id(),
            name=chance.choice(["Ä", "b", "B", "ravintola"]) * chance.randint(1, 30),
            location=Point(latitude, longitude),
            delivery_radius_meters=chance.randint(0, 100_000),
            published=chance.random() < 0.9,
        )

    return [one(number) for number in range(amount)]


@pytest.mark.parametrize(
    "center",
    [Point(60.17, 24.94), Point(-17.8, 179.95), Point(-17.8, -180.0), Point(89.7, 10.0), Point(-89.99, 0), Point(0, 0)],
    ids=["helsinki", "fiji", "antimeridian", "near-pole", "pole", "null-island"],
)
async def test_the_list_at_a_point_is_exactly_those_that_deliver_there(database: Database, center: Point) -> None:
    restaurants = scattered(150, center, 1.0)
    await store(database, *restaurants)
    expected = {each.id for each in restaurants if each.published and each.delivers_to(center)}
    found = await listed(database, center, limit=7)
    assert len(expected) > 3
    assert len(found) == len(expected)
    assert {each.id for each in found} == expected
    distances = [round(distance_meters(each.location, center)) for each in found]
    assert all(after >= before - 1 for before, after in pairwise(distances))


async def test_pages_by_name_neither_repeat_nor_skip(database: Database) -> None:
    restaurants = scattered(60, Point(0, 0), 1.0)
    await store(database, *restaurants)
    found = await listed(database, limit=7)
    assert sorted(each.id for each in found) == sorted(each.id for each in restaurants if each.published)
    assert len(found) == len({each.id for each in found})


async def test_lists_know_who_takes_orders_now(database: Database) -> None:
    lunch = OpeningHours(((Shift(NOW.time().replace(hour=11), NOW.time().replace(hour=14)),),) * 7)
    restaurant = replace(RESTAURANT, opening_hours=lunch)
    await store(database, restaurant)
    for minutes in range(-180, 1800, 30):
        moment = NOW + timedelta(minutes=minutes)
        found = await listed(database, taking_orders=True, now=moment)
        near = await listed(database, restaurant.location, taking_orders=True, now=moment)
        assert bool(found) == bool(near) == restaurant.is_taking_orders_at(moment)


async def test_lists_leave_out_who_is_paused_until_the_pause_ends(world: World) -> None:
    await world.restaurant()
    restaurant_id = (await listed(world.database))[0].id
    owner = world.people["owner"]
    await world.catalog.pause(owner, restaurant_id, 30)
    now = datetime.now(UTC)
    assert await listed(world.database, taking_orders=True, now=now) == []
    assert len(await listed(world.database, taking_orders=True, now=now + timedelta(minutes=31))) == 1
    await world.catalog.pause(owner, restaurant_id, None)
    assert await listed(world.database, taking_orders=True, now=now + timedelta(days=3)) == []
    await world.catalog.resume(owner, restaurant_id)
    assert len(await listed(world.database, taking_orders=True, now=now)) == 1


async def test_what_lists_know_of_opening_hours_is_renewed_before_it_runs_out(database: Database) -> None:
    await store(database, *(replace(RESTAURANT, id=new_id()) for _ in range(5)))
    later = NOW + timedelta(days=15)
    async with database.connection() as connection:
        assert await repository.renew_open_ranges(connection, NOW, 100) == 0
        assert await repository.renew_open_ranges(connection, later, 3) == 3
        assert await repository.renew_open_ranges(connection, later, 3) == 2
        assert await repository.renew_open_ranges(connection, later, 3) == 0
    assert len(await listed(database, taking_orders=True, now=NOW + timedelta(days=40))) == 5
    assert {each.version for each in await listed(database)} == {1}


async def test_the_chore_takes_the_transaction_it_is_given(world: World) -> None:
    (chore,) = world.feature.chores
    async with world.database.transaction() as transaction:
        await chore(transaction)


async def test_two_owners_who_leave_at_once_cannot_both(world: World) -> None:
    for _ in range(5):
        restaurant_id = UUID(await world.restaurant())
        other = await world.join(str(restaurant_id), "other", MemberRole.OWNER)
        leavers = [world.people["owner"], other]
        leaving = [world.members.remove_member(who, restaurant_id, who.account_id) for who in leavers]
        results = await asyncio.gather(*leaving, return_exceptions=True)
        assert sorted(map(repr, results)) == sorted([repr(None), repr(LastOwner())])
        async with world.database.connection() as connection:
            assert await repository.count_owners(connection, restaurant_id) == 1


async def test_what_other_features_read(world: World) -> None:
    restaurant_id = UUID(await world.restaurant())
    kept = await world.item(str(restaurant_id))
    gone = await world.item(str(restaurant_id))
    elsewhere = await world.item(await world.restaurant("rival"), by="rival")
    await world.do("owner", "DELETE", f"/menu-items/{gone['id']}")
    owner = world.people["owner"].account_id
    waiter = (await world.join(str(restaurant_id), "waiter", MemberRole.STAFF)).account_id
    async with world.database.connection() as connection:
        catalog = world.catalog
        assert (await catalog.require_restaurant(connection, restaurant_id)).name == "Kolme Kruunua"
        ids = [UUID(item["id"]) for item in (kept, gone, elsewhere)]
        named = await catalog.list_menu_items(connection, restaurant_id, ids)
        assert {item_id: item.deleted for item_id, item in named.items()} == {ids[0]: False, ids[1]: True}
        assert set(await catalog.list_menu_items(connection, restaurant_id)) == {ids[0]}
        assert [group.name for group in named[ids[0]].option_groups] == ["Size", "Extras"]
        assert await catalog.member_role(connection, restaurant_id, waiter) is MemberRole.STAFF
        assert await catalog.member_role(connection, restaurant_id, new_id()) is None
        assert set(await catalog.list_member_ids(connection, restaurant_id)) == {owner, waiter}
        pairs = [(owner, restaurant_id), (new_id(), restaurant_id), (owner, new_id())]
        assert await catalog.list_memberships(connection, pairs) == {pairs[0]: MemberRole.OWNER}


async def test_who_may_follow_which_topic(world: World) -> None:
    shown, hidden = await world.restaurant(), await world.restaurant(published=False)
    callers = {name: world.people.get(name) for name in ("anonymous", "stranger", "admin", "owner")}
    courier = Principal(new_id(), new_id(), frozenset({Role.COURIER, Role.AGENT}))
    callers |= {"courier": courier}

    async def granted(kind: str, restaurant_id: str) -> set[str]:
        topic = f"{kind}.{restaurant_id}"
        requests = [ReadRequest(caller, topic, restaurant_id) for caller in callers.values()]
        async with world.database.snapshot() as connection:
            readers = read_menu_grants if kind == "menu" else read_membership_grants
            grants = await readers(connection, requests)
        guards = (topic,) if kind == "menu" else ()
        assert all(grant in (None, Grant(guards)) for grant in grants)
        return {name for name, grant in zip(callers, grants, strict=True) if grant is not None}

    assert await granted("menu", shown) == set(callers)
    assert await granted("menu", hidden) == {"admin", "owner"}
    assert await granted("restaurant", shown) == await granted("restaurant", hidden) == {"owner"}
    for unknown in (str(new_id()), shown.upper(), shown.replace("-", ""), "x", ""):
        assert await granted("menu", unknown) == set()
        assert await granted("restaurant", unknown) == set()


async def test_ten_thousand_restaurants_are_found_by_index(database: Database) -> None:
    async with database.connection() as connection:
        await store(database, RESTAURANT)
        await connection.execute(
            """
            INSERT INTO restaurant (id, name, description, address, latitude, longitude, time_zone, currency, published,
                                    opening_hours, preparation_minutes, delivery_radius_meters, delivery_fee_minor,
                                    minimum_order_minor, tax_basis_points, open_ranges, open_ranges_until)
            SELECT gen_random_uuid(), name || n, '', '', n % 140 - 70, n % 359 - 179, time_zone, currency, true,
                   opening_hours, 20, 5000, 0, 0, 0, open_ranges, open_ranges_until
              FROM restaurant, generate_series(1, 10000) n
            """
        )
        await connection.execute("ANALYZE restaurant")
        explain = "EXPLAIN " + repository.QUERIES["list_restaurants_in_reach"]
        plan = await connection.fetch(explain, None, None, True, NOW, 20, 60.1737, 24.9573)
        by_name = await connection.fetch(
            "EXPLAIN " + repository.QUERIES["list_restaurants"], "kolme", RESTAURANT.id, False, NOW, 20
        )
    assert "restaurant_reach" in "".join(row[0] for row in plan)
    assert "restaurant_sort_name" in "".join(row[0] for row in by_name)
    assert [each.id for each in await listed(database, RESTAURANT.location)] == [RESTAURANT.id]
