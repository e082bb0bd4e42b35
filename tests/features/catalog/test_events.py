import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.features.catalog.world import RESTAURANT, World

from tiffin.features.catalog.domain import MemberRole
from tiffin.features.catalog.events import MENU_EVENTS
from tiffin.realtime import StoredEvent


def apply(menu: dict[str, Any], event: StoredEvent) -> None:
    """What a client does with an event of `menu.{id}`."""
    data = orjson.loads(event.body)
    menu["menu_version"] = data.pop("menu_version")
    if event.type in ("restaurant.changed", "restaurant.unpublished"):
        menu["restaurant"] = data["restaurant"]
    elif event.type == "restaurant.resumed":
        menu["restaurant"] |= data | {"paused_until": None, "paused_indefinitely": False}
    elif event.type in ("restaurant.paused", "restaurant.busy"):
        menu["restaurant"] |= data
    elif event.type in ("category.changed", "menu_item.changed"):
        (thing,) = data.values()
        key = "categories" if "category" in data else "items"
        others = [other for other in menu[key] if other["id"] != thing["id"]]
        menu[key] = sorted([*others, thing], key=lambda each: (each["sort_order"], each["id"]))
    elif event.type == "category.removed":
        menu["categories"] = [each for each in menu["categories"] if each["id"] != data["category_id"]]
    elif event.type == "menu_item.removed":
        menu["items"] = [each for each in menu["items"] if each["id"] != data["menu_item_id"]]
    elif event.type == "menu_item.sold_out":
        item_id = data.pop("menu_item_id")
        next(each for each in menu["items"] if each["id"] == item_id).update(data)
    else:
        raise AssertionError(event.type)
    menu["position"] = f"{event.epoch}:{event.seq}"


class Manager:
    """Does something random to a restaurant."""

    def __init__(self, world: World, restaurant_id: str, seed: int) -> None:
        self.world = world
        self.path = f"/restaurants/{restaurant_id}"
        self.random = random.Random(seed)
        self.soon = (datetime.now(UTC) + timedelta(hours=3)).isoformat()

    async def menu(self) -> Any:
        return await self.world.do("owner", "GET", f"{self.path}/menu")

    async def act(self) -> None:
        """One change, chosen among those that are possible now."""
        menu = await self.menu()
        acts = [self.edit, self.pause, self.resume, self.busy, self.publish, self.add_category]
        if menu["categories"]:
            acts += [self.add_item, self.edit_category, self.remove_category]
        if menu["items"]:
            acts += [self.edit_item, self.sell_out, self.remove_item, self.edit_item, self.sell_out]
        await self.random.choice(acts)(menu)

    async def _ask(self, method: str, path: str, json: Any = None, version: int | None = None) -> None:
        headers = {} if version is None else {"if_match": f'"{version}"'}
        answer = await self.world.ask("owner", method, path, json, **headers)
        assert answer.status_code in (200, 201, 204, 404, 409, 412), answer.text

    def _sort_order(self) -> int:
        return self.random.randint(-3, 3)

    async def edit(self, menu: Any) -> None:
        body = {"name": f"Name {self.random.random()}", "delivery_radius_meters": self.random.randint(0, 9000)}
        await self._ask("PATCH", self.path, body, menu["restaurant"]["version"])

    async def publish(self, menu: Any) -> None:
        body = {"published": not menu["restaurant"]["published"]}
        await self._ask("PATCH", self.path, body, menu["restaurant"]["version"])

    async def pause(self, menu: Any) -> None:
        await self._ask("PUT", f"{self.path}/pause", {"minutes": self.random.choice([None, 5, 30])})

    async def resume(self, menu: Any) -> None:
        await self._ask("DELETE", f"{self.path}/pause")

    async def busy(self, menu: Any) -> None:
        await self._ask("PUT", f"{self.path}/busy", {"extra_minutes": self.random.choice([0, 10, 20])})

    async def add_category(self, menu: Any) -> None:
        body = {"name": "Category", "sort_order": self._sort_order()}
        await self._ask("POST", f"{self.path}/categories", body)

    async def edit_category(self, menu: Any) -> None:
        category = self.random.choice(menu["categories"])
        await self._ask("PATCH", f"/categories/{category['id']}", {"sort_order": self._sort_order()})

    async def remove_category(self, menu: Any) -> None:
        await self._ask("DELETE", f"/categories/{self.random.choice(menu['categories'])['id']}")

    async def add_item(self, menu: Any) -> None:
        body = {
            "category_id": self.random.choice(menu["categories"])["id"],
            "name": "Item",
            "price_minor": self.random.randint(0, 2000),
            "sort_order": self._sort_order(),
            "option_groups": [{"name": "Size", "options": [{"name": "One"}, {"name": "Two"}]}],
        }
        await self._ask("POST", f"{self.path}/menu-items", body)

    async def edit_item(self, menu: Any) -> None:
        item = self.random.choice(menu["items"])
        body = {"price_minor": self.random.randint(0, 2000), "sort_order": self._sort_order()}
        await self._ask("PATCH", f"/menu-items/{item['id']}", body, item["version"])

    async def remove_item(self, menu: Any) -> None:
        await self._ask("DELETE", f"/menu-items/{self.random.choice(menu['items'])['id']}")

    async def sell_out(self, menu: Any) -> None:
        until = self.random.choice([None, self.soon])
        body = {"sold_out": True, "until": until} if self.random.random() < 0.7 else {"sold_out": False}
        item = self.random.choice(menu["items"])
        await self._ask("PUT", f"/menu-items/{item['id']}/sold-out", body)


@pytest.mark.parametrize("seed", range(3))
async def test_an_old_menu_and_its_events_make_the_fresh_menu(world: World, seed: int) -> None:
    restaurant_id = await world.restaurant()
    manager = Manager(world, restaurant_id, seed)
    snapshots = [await manager.menu()]
    for _ in range(60):
        await manager.act()
        snapshots.append(await manager.menu())
    for old, fresh in zip(snapshots[::7], [snapshots[-1]] * 9, strict=False):
        for event in await world.log(f"menu.{restaurant_id}", int(old["position"].split(":")[1])):
            apply(old, event)
        assert old == fresh


async def test_the_equation_holds_while_several_people_edit_at_once(world: World) -> None:
    restaurant_id = await world.restaurant()
    managers = [Manager(world, restaurant_id, seed) for seed in range(10, 14)]
    old = await managers[0].menu()

    async def work(manager: Manager) -> None:
        for _ in range(15):
            await manager.act()

    await asyncio.gather(*(work(manager) for manager in managers))
    between = await managers[0].menu()
    await asyncio.gather(*(work(manager) for manager in managers))
    fresh = await managers[0].menu()
    for start in (old, between):
        for event in await world.log(f"menu.{restaurant_id}", int(start["position"].split(":")[1])):
            apply(start, event)
        assert start == fresh


async def test_every_event_of_the_menu_raises_its_version_by_one(world: World) -> None:
    restaurant_id = await world.restaurant()
    manager = Manager(world, restaurant_id, 5)
    for _ in range(150):
        await manager.act()
    events = await world.log(f"menu.{restaurant_id}")
    assert [orjson.loads(event.body)["menu_version"] for event in events] == list(range(1, len(events) + 1))
    assert {event.type for event in events} == {kind.type for kind in MENU_EVENTS}  # none was left out
    assert {event.rights for event in events if event.type == "restaurant.unpublished"} <= {True}
    assert {event.rights for event in events if event.type != "restaurant.unpublished"} == {False}


async def test_creation_makes_the_heads_that_others_follow(world: World) -> None:
    restaurant_id = await world.restaurant()
    owner = world.people["owner"].account_id
    assert [event.type for event in await world.log(f"restaurant.{restaurant_id}")] == ["restaurant.created"]
    assert [event.type for event in await world.log(f"menu.{restaurant_id}")] == ["restaurant.changed"]
    assert [event.type for event in await world.log(f"user.{owner}")] == ["membership.granted"]


async def test_nothing_changed_makes_no_event(world: World) -> None:
    restaurant_id = await world.restaurant()
    item = await world.item(restaurant_id)
    path = f"/restaurants/{restaurant_id}"
    before = await world.log(f"menu.{restaurant_id}")
    await world.do("owner", "PATCH", path, {"name": RESTAURANT["name"]}, if_match='"1"')
    await world.do("owner", "PATCH", f"/menu-items/{item['id']}", {"price_minor": 1450}, if_match='"1"')
    await world.do("owner", "PATCH", f"/categories/{item['category_id']}", {"name": "Mains"})
    await world.do("owner", "PUT", f"/menu-items/{item['id']}/sold-out", {"sold_out": False})
    await world.do("owner", "PUT", f"{path}/busy", {"extra_minutes": 0})
    await world.do("owner", "DELETE", f"{path}/pause")
    assert await world.log(f"menu.{restaurant_id}") == before


async def test_memberships_are_flagged_events_of_the_member(world: World) -> None:
    restaurant_id = await world.restaurant()
    waiter = world.person("waiter")
    members = f"/restaurants/{restaurant_id}/members"
    await world.do("owner", "POST", members, {"email": "waiter@example.org", "role": "staff"})
    await world.do("owner", "PATCH", f"{members}/{waiter.account_id}", {"role": "manager"})
    await world.do("owner", "PATCH", f"{members}/{waiter.account_id}", {"role": "manager"})
    await world.do("owner", "DELETE", f"{members}/{waiter.account_id}")
    events = await world.log(f"user.{waiter.account_id}")
    assert [(event.type, event.rights) for event in events] == [
        ("membership.granted", True),
        ("membership.changed", True),
        ("membership.revoked", True),
    ]
    assert orjson.loads(events[1].body) == {"restaurant_id": restaurant_id, "role": MemberRole.MANAGER}
