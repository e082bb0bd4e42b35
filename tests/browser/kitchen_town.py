"""A restaurant for browser tests: whose staff look at boards, and where a customer orders."""

from dataclasses import dataclass
from typing import Any, Self

from playwright.async_api import Browser, StorageState

from tiffin.client import Tiffin
from tiffin.client.http import Json
from tiffin.demo.city import DEMO_PASSWORD, City, Customer, Person, destination

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_RESTAURANT = {
    "name": "Ahven & Tilli",
    "description": "Lake fish, dill, and butter on everything",
    "address": "Kaisaniemenkatu 3, Helsinki",
    "latitude": 60.171,
    "longitude": 24.947,
    "time_zone": "Europe/Helsinki",
    "currency": "EUR",
    "published": True,
    "opening_hours": {day: [{"opens": "00:00", "closes": "00:00"}] for day in _DAYS},
    "preparation_minutes": 20,
}
# about 200 m from there
_NEXT_DOOR = {"latitude": 60.1728, "longitude": 24.947}
_SIZE = {
    "name": "Size",
    "min_choices": 1,
    "max_choices": 1,
    "options": [{"name": "normal", "price_minor": 0}, {"name": "large", "price_minor": 250}],
}
_MENU: dict[str, list[Json]] = {
    "Fish": [
        {"name": "Salmon soup", "price_minor": 1390, "option_groups": [_SIZE]},
        {"name": "Fried vendace", "price_minor": 1290},
        {"name": "Perch on mash", "price_minor": 1890},
    ],
    "Drinks": [{"name": "Lingonberry soda", "price_minor": 390}],
}


@dataclass(frozen=True, slots=True)
class People:
    """The owner, two staff with the cookies of their browsers, and a customer."""

    owner: Person
    staff: tuple[Person, ...]
    sessions: tuple[StorageState, ...]
    customer: Customer

    @classmethod
    async def of(cls, city: City, browser: Browser, origin: str) -> Self:
        """The people of a city's first restaurant; its staff log in on browsers."""
        [restaurant] = city.restaurants
        sessions = [await log_in(browser, origin, person.email) for person in restaurant.staff]
        return cls(restaurant.owner, restaurant.staff, tuple(sessions), city.customers[0])


async def log_in(browser: Browser, origin: str, email: str) -> StorageState:
    """A browser's session."""
    context = await browser.new_context()
    body = {"email": email, "password": DEMO_PASSWORD, "kind": "browser", "device_name": "A browser"}
    answer = await context.request.post(f"{origin}/v1/sessions", data=body, headers={"origin": origin})
    assert answer.ok, await answer.text()
    state = await context.storage_state()
    await context.close()
    return state


@dataclass(frozen=True, slots=True)
class Kitchen:
    """A restaurant and what is done there from outside its boards."""

    people: People
    restaurant_id: str
    # dish → its id
    items: dict[str, str]
    large: str

    @property
    def path(self) -> str:
        """Of its board."""
        return f"/kitchen/{self.restaurant_id}"

    async def order(
        self, *dishes: str, note: str = "", wish: str = "", large: bool = False, next_door: bool = False
    ) -> "Placed":
        """The customer orders one of each of these; a Salmon soup without any."""
        customer = self.people.customer
        lines: list[dict[str, Any]] = [{"menu_item_id": self.items[dish], "quantity": 1} for dish in dishes]
        if not lines:
            options = [self.large] if large else [self.items["normal"]]
            lines = [{"menu_item_id": self.items["Salmon soup"], "quantity": 2, "option_ids": options, "note": wish}]
        basket = {
            "restaurant_id": self.restaurant_id,
            "lines": lines,
            "destination": destination(customer.doorstep) | (_NEXT_DOOR if next_door else {}),
        }
        tiffin = customer.person.tiffin
        bill = await tiffin.price_basket(basket)
        made = await tiffin.place_order({**basket, "expected_total_minor": bill["total_minor"], "note": note})
        return Placed(made["order_id"], made["number"], tiffin)


@dataclass(frozen=True, slots=True)
class Placed:
    """An order, as its customer knows it."""

    order_id: str
    number: str
    tiffin: Tiffin

    async def state(self) -> str:
        """Where it stands."""
        state: str = (await self.tiffin.get_order(self.order_id))["state"]
        return state


async def open_kitchen(people: People) -> Kitchen:
    """A new restaurant with all of the staff."""
    tiffin = people.owner.tiffin
    restaurant_id: str = (await tiffin.create_restaurant(_RESTAURANT))["id"]
    for person in people.staff:
        await tiffin.add_member(restaurant_id, person.email, "staff")
    items: dict[str, str] = {}
    large = ""
    for order, (name, dishes) in enumerate(_MENU.items()):
        category = await tiffin.add_category(restaurant_id, {"name": name, "sort_order": order})
        for number, dish in enumerate(dishes):
            made = await tiffin.add_menu_item(
                restaurant_id, {"category_id": category["id"], "sort_order": number, **dish}
            )
            items[made["name"]] = made["id"]
            for group in made["option_groups"]:
                items["normal"], large = (option["id"] for option in group["options"])
    return Kitchen(people, restaurant_id, items, large)
