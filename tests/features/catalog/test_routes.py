import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.features.catalog.world import GROUPS, RESTAURANT, World

from tiffin.base.ids import new_id
from tiffin.features.catalog.domain import MemberRole
from tiffin.http.pagination import encode_cursor

CALLERS = (None, "stranger", "waiter", "manager", "owner", "admin")


@dataclass(frozen=True)
class House:
    """A restaurant with one of each."""

    world: World
    id: str
    item: Any
    members: dict[str, str]

    @property
    def path(self) -> str:
        return f"/restaurants/{self.id}"


async def house_of(world: World, **changes: Any) -> House:
    """A restaurant with owner, manager, waiter, a cook who is nobody's, and a menu of one item."""
    restaurant_id = await world.restaurant(**changes)
    item = await world.item(restaurant_id) | {"image_id": str(new_id())}
    await world.join(restaurant_id, "manager", MemberRole.MANAGER)
    await world.join(restaurant_id, "waiter", MemberRole.STAFF)
    await world.join(restaurant_id, "cook", MemberRole.STAFF)
    world.person("newcomer")
    return House(world, restaurant_id, item, {name: str(who.account_id) for name, who in world.people.items()})


@pytest.fixture
async def house(world: World) -> House:
    return await house_of(world)


ITEM_IDS = {"id": "{item_id}", "category_id": "{category_id}", "image_id": "{image_id}"}
TUS = {"tus_resumable": "1.0.0", "upload_length": "100"}

# who may what: endpoint → statuses of anonymous, stranger, staff, manager, owner, admin
Request = Callable[[House], tuple[Any, ...]]
TABLE: dict[str, tuple[Request, tuple[int, ...]]] = {
    "list restaurants": (lambda h: ("GET", "/restaurants"), (200, 200, 200, 200, 200, 200)),
    "read restaurant": (lambda h: ("GET", h.path), (200, 200, 200, 200, 200, 200)),
    "read menu": (lambda h: ("GET", f"{h.path}/menu"), (200, 200, 200, 200, 200, 200)),
    "own restaurants": (lambda h: ("GET", "/my/restaurants"), (401, 200, 200, 200, 200, 200)),
    "create restaurant": (lambda h: ("POST", "/restaurants", RESTAURANT), (401, 201, 201, 201, 201, 201)),
    "edit restaurant": (lambda h: ("PATCH", h.path, {"name": "New"}), (401, 403, 403, 200, 200, 200)),
    "pause": (lambda h: ("PUT", f"{h.path}/pause", {"minutes": 5}), (401, 403, 200, 200, 200, 200)),
    "resume": (lambda h: ("DELETE", f"{h.path}/pause"), (401, 403, 200, 200, 200, 200)),
    "busy": (lambda h: ("PUT", f"{h.path}/busy", {"extra_minutes": 5}), (401, 403, 200, 200, 200, 200)),
    "add category": (
        lambda h: ("POST", f"{h.path}/categories", {"name": "New"}),
        (401, 403, 403, 201, 201, 201),
    ),
    "edit category": (
        lambda h: ("PATCH", f"/categories/{h.item['category_id']}", {"name": "New"}),
        (401, 403, 403, 200, 200, 200),
    ),
    "delete category": (
        lambda h: ("DELETE", f"/categories/{h.item['category_id']}"),
        (401, 403, 403, 409, 409, 409),
    ),
    "add item": (
        lambda h: (
            "POST",
            f"{h.path}/menu-items",
            {"category_id": h.item["category_id"], "name": "New", "price_minor": 1},
        ),
        (401, 403, 403, 201, 201, 201),
    ),
    "edit item": (
        lambda h: ("PATCH", f"/menu-items/{h.item['id']}", {"price_minor": 1}),
        (401, 403, 403, 200, 200, 200),
    ),
    "delete item": (lambda h: ("DELETE", f"/menu-items/{h.item['id']}"), (401, 403, 403, 204, 204, 204)),
    "sold out": (
        lambda h: ("PUT", f"/menu-items/{h.item['id']}/sold-out", {"sold_out": True}),
        (401, 403, 200, 200, 200, 200),
    ),
    "upload picture": (
        lambda h: ("POST", f"/menu-items/{h.item['id']}/images", None, TUS),
        (401, 403, 403, 201, 201, 201),
    ),
    "list pictures": (lambda h: ("GET", f"/menu-items/{h.item['id']}/images"), (401, 403, 403, 200, 200, 200)),
    "order pictures": (
        lambda h: ("PUT", f"/menu-items/{h.item['id']}/images", {"image_ids": []}),
        (401, 403, 403, 200, 200, 200),
    ),
    "remove picture": (
        lambda h: ("DELETE", f"/menu-items/{h.item['id']}/images/{h.item['image_id']}"),
        (401, 403, 403, 404, 404, 404),
    ),
    "list members": (lambda h: ("GET", f"{h.path}/members"), (401, 403, 403, 200, 200, 200)),
    "add staff": (
        lambda h: ("POST", f"{h.path}/members", {"email": "newcomer@example.org", "role": "staff"}),
        (401, 403, 403, 201, 201, 201),
    ),
    "add manager": (
        lambda h: ("POST", f"{h.path}/members", {"email": "newcomer@example.org", "role": "manager"}),
        (401, 403, 403, 403, 201, 201),
    ),
    "promote staff": (
        lambda h: ("PATCH", f"{h.path}/members/{h.members['cook']}", {"role": "manager"}),
        (401, 403, 403, 403, 200, 200),
    ),
    "promote oneself": (
        lambda h: ("PATCH", f"{h.path}/members/{h.members['manager']}", {"role": "owner"}),
        (401, 403, 403, 403, 200, 200),
    ),
    "demote the owner": (
        lambda h: ("PATCH", f"{h.path}/members/{h.members['owner']}", {"role": "staff"}),
        (401, 403, 403, 403, 409, 409),
    ),
    "remove staff": (
        lambda h: ("DELETE", f"{h.path}/members/{h.members['cook']}"),
        (401, 403, 403, 204, 204, 204),
    ),
    "remove the owner": (
        lambda h: ("DELETE", f"{h.path}/members/{h.members['owner']}"),
        (401, 403, 403, 403, 409, 409),
    ),
}


async def ask(house: House, caller: str | None, request: Request) -> httpx.Response:
    method, path, *rest = request(house)
    body, headers = (*rest, None, {})[:2] if len(rest) != 1 else (rest[0], {})
    return await house.world.ask(caller, method, path, body, if_match='"1"', **headers)


async def test_the_table_has_every_endpoint(world: World) -> None:
    house = House(world, "{restaurant_id}", ITEM_IDS, {})
    members = dict.fromkeys(("cook", "manager", "owner"), "{account_id}")
    house = House(world, house.id, house.item, members)
    asked = {(request(house)[0], "/v1" + request(house)[1]) for request, _ in TABLE.values()}
    schema = world.app.openapi()
    assert asked == {(method.upper(), path) for path, methods in schema["paths"].items() for method in methods}


@pytest.mark.parametrize("endpoint", TABLE)
async def test_who_may(world: World, endpoint: str) -> None:
    request, expected = TABLE[endpoint]
    found = []
    for caller in CALLERS:
        house = await house_of(world)
        found.append((await ask(house, caller, request)).status_code)
    assert dict(zip(CALLERS, found, strict=True)) == dict(zip(CALLERS, expected, strict=True))


@pytest.mark.parametrize("caller", [None, "stranger"])
async def test_unpublished_restaurants_are_as_if_they_were_not_there(world: World, caller: str | None) -> None:
    hidden = await house_of(world, published=False)
    missing = House(world, str(new_id()), {key: str(new_id()) for key in hidden.item}, hidden.members)
    for name, (request, expected) in TABLE.items():
        if name in ("list restaurants", "own restaurants", "create restaurant"):
            continue
        answer = await ask(hidden, caller, request)
        assert answer.status_code == (401 if caller is None and expected[0] == 401 else 404), name
        assert answer.json() == (await ask(missing, caller, request)).json()


@pytest.mark.parametrize("endpoint", TABLE)
async def test_publishing_changes_nothing_for_members_and_admins(world: World, endpoint: str) -> None:
    request, expected = TABLE[endpoint]
    for caller, status in list(zip(CALLERS, expected, strict=True))[2:]:
        house = await house_of(world, published=False)
        assert (await ask(house, caller, request)).status_code == status, caller


async def test_unpublished_restaurants_are_not_listed(world: World) -> None:
    await world.restaurant(published=False)
    shown = await world.restaurant()
    place = f"latitude={RESTAURANT['latitude']}&longitude={RESTAURANT['longitude']}"
    for query in ("", "?open=true", f"?{place}", f"?{place}&open=true"):
        page = await world.do("owner", "GET", f"/restaurants{query}")
        assert [each["id"] for each in page["items"]] == [shown]
    assert len((await world.do("owner", "GET", "/my/restaurants"))["items"]) == 2


async def test_staff_may_leave_and_managers_may_not_remove_each_other(house: House) -> None:
    world = house.world
    other = await world.join(house.id, "other-manager", MemberRole.MANAGER)
    refused = await world.ask("manager", "DELETE", f"{house.path}/members/{other.account_id}")
    assert (refused.status_code, refused.json()["code"]) == (403, "restaurant_role_missing")
    await world.do("waiter", "DELETE", f"{house.path}/members/{house.members['waiter']}")
    again = await world.ask("waiter", "DELETE", f"{house.path}/members/{house.members['waiter']}")
    assert again.status_code == 403


async def test_the_last_owner_stays(house: House) -> None:
    world, owner = house.world, house.members["owner"]
    for method, body in (("DELETE", None), ("PATCH", {"role": "manager"})):
        answer = await world.ask("owner", method, f"{house.path}/members/{owner}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    await world.do("owner", "PATCH", f"{house.path}/members/{house.members['cook']}", {"role": "owner"})
    await world.do("owner", "DELETE", f"{house.path}/members/{owner}")
    members = (await world.do("cook", "GET", f"{house.path}/members"))["members"]
    assert owner not in {member["account_id"] for member in members}


async def test_members_are_listed_with_their_names(house: House) -> None:
    members = (await house.world.do("manager", "GET", f"{house.path}/members"))["members"]
    assert {(each["name"], each["email"], each["role"]) for each in members} == {
        ("Owner", "owner@example.org", "owner"),
        ("Manager", "manager@example.org", "manager"),
        ("Waiter", "waiter@example.org", "staff"),
        ("Cook", "cook@example.org", "staff"),
    }


async def test_adding_members(house: House) -> None:
    world, path = house.world, f"{house.path}/members"
    unknown = await world.ask("owner", "POST", path, {"email": "nobody@example.org", "role": "staff"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "member_account_not_found")
    twice = await world.ask("owner", "POST", path, {"email": "cook@example.org", "role": "manager"})
    assert (twice.status_code, twice.json()["code"]) == (409, "already_member")
    gone = await world.ask("owner", "PATCH", f"{path}/{new_id()}", {"role": "staff"})
    assert (gone.status_code, gone.json()["code"]) == (404, "member_not_found")


# reading


async def test_a_restaurant_as_it_is_now(house: House) -> None:
    world = house.world
    seen = await world.do("waiter", "GET", house.path)
    assert (seen["is_open"], seen["is_taking_orders"], seen["next_opening_at"]) == (True, True, None)
    await world.do("waiter", "PUT", f"{house.path}/pause", {"minutes": None})
    seen = await world.do("waiter", "GET", house.path)
    assert (seen["is_open"], seen["is_taking_orders"], seen["paused_indefinitely"]) == (True, False, True)
    closed = await world.restaurant("other", opening_hours={"special_dates": []})
    seen = await world.do("waiter", "GET", f"/restaurants/{closed}")
    assert (seen["is_open"], seen["next_opening_at"]) == (False, None)


async def test_the_list_near_a_point_by_pages(world: World) -> None:
    ids = [await world.restaurant(latitude=60.17 + step / 1000) for step in range(5)]
    await world.restaurant(latitude=61.0)
    path = "/restaurants?latitude=60.17&longitude=24.9573&limit=2"
    page = await world.do("owner", "GET", path)
    found = page["items"]
    while page["next_cursor"] is not None:
        page = (await world.ask(None, "GET", f"{path}&cursor={page['next_cursor']}")).json()
        found += page["items"]
    assert [each["id"] for each in found] == ids
    assert [each["distance_meters"] for each in found] == [0, 111, 222, 334, 445]


async def test_own_restaurants_with_the_role(house: House) -> None:
    elsewhere = await house.world.restaurant("waiter", name="Another")
    page = await house.world.do("waiter", "GET", "/my/restaurants?limit=1")
    assert [(each["id"], each["role"]) for each in page["items"]] == [(elsewhere, "owner")]
    page = await house.world.do("waiter", "GET", f"/my/restaurants?limit=1&cursor={page['next_cursor']}")
    assert [(each["id"], each["role"]) for each in page["items"]] == [(house.id, "staff")]


async def test_the_menu_has_an_etag_that_any_change_replaces(house: House) -> None:
    world, path = house.world, f"{house.path}/menu"
    first = await world.ask(None, "GET", path)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    unchanged = await world.ask(None, "GET", path, if_none_match=f'"x", W/{tag}')
    assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    tags = {tag}
    changes: list[tuple[str, str, Any]] = [
        ("PUT", f"{house.path}/busy", {"extra_minutes": 5}),
        ("PUT", f"{house.path}/pause", {"minutes": 5}),
        ("DELETE", f"{house.path}/pause", None),
        ("PATCH", f"/categories/{house.item['category_id']}", {"name": "Other"}),
        ("PUT", f"/menu-items/{house.item['id']}/sold-out", {"sold_out": True}),
        ("PATCH", f"/menu-items/{house.item['id']}", {"price_minor": 5}),
        ("DELETE", f"/menu-items/{house.item['id']}", None),
        ("DELETE", f"/categories/{house.item['category_id']}", None),
    ]
    for method, target, body in changes:
        await world.do("owner", method, target, body, if_match="*")
        fresh = await world.ask(None, "GET", path, if_none_match=tag)
        assert fresh.status_code == 200
        tag = fresh.headers["etag"]
        assert tag not in tags
        tags.add(tag)


async def test_a_menu_cached_before_a_restore_is_not_current(house: House) -> None:
    """The version is the same, but the position is of another history; 304 would leave the client lost for ever."""
    world, path = house.world, f"{house.path}/menu"
    tag = (await world.ask(None, "GET", path)).headers["etag"]
    async with world.database.connection() as connection:
        await connection.execute("UPDATE cluster SET incarnation = 'restored'")
    fresh = await world.ask(None, "GET", path, if_none_match=tag)
    assert fresh.status_code == 200
    assert fresh.headers["etag"] != tag


# editing


async def test_changes_need_the_current_version(house: House) -> None:
    world = house.world
    for path, body in ((house.path, {"name": "New"}), (f"/menu-items/{house.item['id']}", {"name": "New"})):
        missing = await world.ask("owner", "PATCH", path, body)
        assert (missing.status_code, missing.headers["etag"]) == (428, '"1"')
        changed = await world.ask("owner", "PATCH", path, body, if_match='"1"')
        assert (changed.status_code, changed.headers["etag"], changed.json()["version"]) == (200, '"2"', 2)
        stale = await world.ask("owner", "PATCH", path, body, if_match='"1"')
        assert (stale.status_code, stale.headers["etag"]) == (412, '"2"')


async def test_of_two_edits_of_the_same_version_one_wins(house: House) -> None:
    edits = [
        house.world.ask("owner", "PATCH", house.path, {"name": f"Name {number}"}, if_match='"1"') for number in range(4)
    ]
    assert sorted(answer.status_code for answer in await asyncio.gather(*edits)) == [200, 412, 412, 412]


async def test_what_is_left_away_stays(house: House) -> None:
    world = house.world
    before = await world.do("owner", "GET", house.path)
    hours = {"friday": [{"opens": "18:00", "closes": "02:00"}], "special_dates": [{"date": "2026-12-24"}]}
    body = {"longitude": 25.5, "opening_hours": hours, "published": False}
    await world.do("owner", "PATCH", house.path, body, if_match='"1"')
    after = await world.do("owner", "GET", house.path)
    assert after["opening_hours"]["friday"] == hours["friday"]
    assert after["opening_hours"]["monday"] == []
    assert after["opening_hours"]["special_dates"] == [{"date": "2026-12-24", "shifts": []}]
    touched = {"longitude", "opening_hours", "published", "version", "is_open", "is_taking_orders", "next_opening_at"}
    assert {key for key in before if before[key] != after[key]} <= touched
    assert (after["longitude"], after["latitude"], after["version"]) == (25.5, before["latitude"], 2)


async def test_options_keep_their_ids_when_named(house: House) -> None:
    world, path = house.world, f"/menu-items/{house.item['id']}"
    size, extras = house.item["option_groups"]
    size["options"][1]["price_minor"] = 350
    size["options"].append({"name": "Huge", "price_minor": 500})
    changed = await world.do("owner", "PATCH", path, {"option_groups": [size]}, if_match='"1"')
    (group,) = changed["option_groups"]
    assert group["id"] == size["id"]
    assert [option["id"] for option in group["options"][:2]] == [option["id"] for option in size["options"][:2]]
    assert [option["price_minor"] for option in group["options"]] == [0, 350, 500]
    for wrong in ([extras], [size, size], [{**size, "options": extras["options"]}]):
        refused = await world.ask("owner", "PATCH", path, {"option_groups": wrong}, if_match="*")
        assert (refused.status_code, refused.json()["code"]) == (422, "unknown_option")


async def test_items_stay_in_their_restaurant(house: House) -> None:
    world = house.world
    rival = await world.restaurant("rival")
    foreign = (await world.item(rival, by="rival"))["category_id"]
    body = {"category_id": foreign, "name": "Smuggled", "price_minor": 1}
    for method, path in (("POST", f"{house.path}/menu-items"), ("PATCH", f"/menu-items/{house.item['id']}")):
        answer = await world.ask("owner", method, path, body, if_match="*")
        assert (answer.status_code, answer.json()["code"]) == (404, "category_not_found")
    assert (await world.ask("owner", "DELETE", f"/categories/{foreign}")).status_code == 403


async def test_sold_out_until(house: House) -> None:
    path = f"/menu-items/{house.item['id']}/sold-out"
    until = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    sold_out = await house.world.do("waiter", "PUT", path, {"sold_out": True, "until": until.isoformat()})
    assert datetime.fromisoformat(sold_out["sold_out_until"]) == until
    lifted = await house.world.do("waiter", "PUT", path, {"sold_out": False})
    assert (lifted["sold_out"], lifted["sold_out_until"], lifted["version"]) == (False, None, 3)


async def test_a_repeated_post_makes_one_thing(house: House) -> None:
    key = str(new_id())
    asks = [
        house.world.ask("owner", "POST", f"{house.path}/categories", {"name": "Once"}, idempotency_key=key)
        for _ in range(3)
    ]
    answers = await asyncio.gather(*asks)
    assert len({answer.json()["id"] for answer in answers}) == 1
    menu = await house.world.do("owner", "GET", f"{house.path}/menu")
    assert [category["name"] for category in menu["categories"]].count("Once") == 1


# hostile input

LONG = "x" * 2001
WRONG_RESTAURANTS: list[dict[str, Any]] = [
    {"name": ""},
    {"name": "   "},
    {"name": "x" * 101},
    {"name": "nul\x00"},
    {"name": "\ud800"},
    {"name": None},
    {"name": 5},
    {"description": LONG},
    {"latitude": 90.1},
    {"latitude": "60"},
    {"longitude": 1e400},
    {"time_zone": "Europe/Nowhere"},
    {"time_zone": "../../etc/passwd"},
    {"time_zone": "nul\x00"},
    {"currency": "eur"},
    {"currency": "EURO"},
    {"delivery_fee_minor": -1},
    {"delivery_fee_minor": 1.5},
    {"delivery_fee_minor": 10**30},
    {"delivery_fee_minor": True},
    {"tax_basis_points": 10_001},
    {"delivery_radius_meters": 100_001},
    {"preparation_minutes": -1},
    {"published": None},
    {"opening_hours": None},
    {"opening_hours": {"someday": []}},
    {"opening_hours": {"monday": [{"opens": "24:00", "closes": "12:00"}]}},
    {"opening_hours": {"monday": [{"opens": "9:00", "closes": "12:00"}]}},
    {"opening_hours": {"monday": [{"opens": "09:00\n", "closes": "12:00"}]}},
    {"opening_hours": {"monday": [{"opens": "09:00", "closes": "12:00"}, {"opens": "11:00", "closes": "13:00"}]}},
    {"opening_hours": {"monday": [{"opens": f"0{hour}:00", "closes": f"0{hour}:30"} for hour in range(7)]}},
    {"opening_hours": {"special_dates": [{"date": "2026-02-30"}]}},
    {"opening_hours": {"special_dates": [{"date": "2026-02-20"}] * 2}},
    {"owner": "me"},
    {"version": 7},
]


async def test_wrong_restaurants_are_refused(world: World) -> None:
    restaurant_id = await world.restaurant()
    for changes in WRONG_RESTAURANTS:
        created = await world.ask("owner", "POST", "/restaurants", RESTAURANT | changes)
        assert (created.status_code, created.json()["code"]) == (422, "invalid_fields"), changes
        edited = await world.ask("owner", "PATCH", f"/restaurants/{restaurant_id}", changes, if_match='"1"')
        assert (edited.status_code, edited.json()["code"]) == (422, "invalid_fields"), changes


WRONG_BODIES: list[tuple[str, str, Any]] = [
    ("PUT", "{house}/pause", {}),
    ("PUT", "{house}/pause", {"minutes": 0}),
    ("PUT", "{house}/pause", {"minutes": 10**9}),
    ("PUT", "{house}/busy", {"extra_minutes": -1}),
    ("PUT", "{house}/busy", {"extra_minutes": None}),
    ("PUT", "{item}/sold-out", {"sold_out": True, "until": "2020-01-01T00:00:00Z"}),
    ("PUT", "{item}/sold-out", {"sold_out": True, "until": "9999-12-31T23:59:59-12:00"}),
    ("PUT", "{item}/sold-out", {"sold_out": True, "until": "0001-01-01T00:00:00+14:00"}),
    ("PUT", "{item}/sold-out", {"sold_out": True, "until": "2027-01-01T00:00:00"}),
    ("PUT", "{item}/sold-out", {"sold_out": False, "until": "2027-01-01T00:00:00Z"}),
    ("POST", "{house}/categories", {"name": "x", "sort_order": 2**31}),
    ("POST", "{house}/categories", {"name": "\x00"}),
    ("PATCH", "{category}", {"name": None}),
    ("PATCH", "{item}", {"price_minor": -1}),
    ("PATCH", "{item}", {"category_id": None}),
    ("PATCH", "{item}", {"option_groups": [{"name": "Empty", "options": []}]}),
    ("PATCH", "{item}", {"option_groups": [{**GROUPS[0], "max_choices": 3}]}),
    ("PATCH", "{item}", {"option_groups": [{**GROUPS[0], "min_choices": 2}]}),
    ("PATCH", "{item}", {"option_groups": GROUPS * 11}),
    ("PATCH", "{item}", {"deleted": True}),
    ("POST", "{house}/members", {"email": "nobody", "role": "staff"}),
    ("POST", "{house}/members", {"email": "nul\x00@example.org", "role": "staff"}),
    ("POST", "{house}/members", {"email": "cook@example.org", "role": "king"}),
    ("PUT", "/restaurants/1/pause", {"minutes": 5}),
    ("GET", "/restaurants?latitude=60", None),
    ("GET", "/restaurants?latitude=nan&longitude=0", None),
    ("GET", "/restaurants?latitude=91&longitude=0", None),
    ("GET", "/restaurants?limit=0", None),
    ("GET", "/restaurants?limit=101", None),
    ("GET", "/restaurants?cursor=%00", None),
    ("GET", "/restaurants?cursor=" + encode_cursor("a", "not an id"), None),
    ("GET", "/restaurants?cursor=" + encode_cursor("a\x00", str(new_id())), None),
    ("GET", "/restaurants?cursor=" + encode_cursor(5, str(new_id())), None),
    ("GET", "/restaurants?latitude=0&longitude=0&cursor=" + encode_cursor(2**62, str(new_id())), None),
    ("GET", "/restaurants?latitude=0&longitude=0&cursor=" + encode_cursor(-1, str(new_id())), None),
    ("GET", "/my/restaurants?cursor=" + "x" * 513, None),
]


async def test_wrong_bodies_and_queries_are_refused(house: House) -> None:
    places = {
        "house": house.path,
        "item": f"/menu-items/{house.item['id']}",
        "category": f"/categories/{house.item['category_id']}",
    }
    for method, path, body in WRONG_BODIES:
        answer = await house.world.ask("owner", method, path.format(**places), body, if_match="*")
        assert answer.status_code == 422, (method, path, body, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_category_with_items_cannot_be_deleted_and_a_deleted_item_is_gone(house: House) -> None:
    world, item = house.world, f"/menu-items/{house.item['id']}"
    full = await world.ask("owner", "DELETE", f"/categories/{house.item['category_id']}")
    assert (full.status_code, full.json()["code"]) == (409, "category_not_empty")
    await world.do("owner", "DELETE", item)
    for method, path, body in (("DELETE", item, None), ("PUT", f"{item}/sold-out", {"sold_out": True})):
        gone = await world.ask("owner", method, path, body)
        assert (gone.status_code, gone.json()["code"]) == (404, "menu_item_not_found")
    await world.do("owner", "DELETE", f"/categories/{house.item['category_id']}")


async def test_a_menu_has_an_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiffin.features.catalog.menu_service.MOST_CATEGORIES", 1)
    monkeypatch.setattr("tiffin.features.catalog.menu_service.MOST_ITEMS", 1)
    monkeypatch.setattr("tiffin.features.catalog.member_service.MOST_MEMBERS", 4)
    item = {"category_id": house.item["category_id"], "name": "More", "price_minor": 1}
    member = {"email": "newcomer@example.org", "role": "staff"}
    for path, body in (("categories", {"name": "More"}), ("menu-items", item), ("members", member)):
        answer = await house.world.ask("owner", "POST", f"{house.path}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "catalog_full")
