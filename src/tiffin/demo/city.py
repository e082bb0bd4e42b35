"""Seeds the demo city through the public API: restaurants with owners, staff and menus, and customers with addresses.

Idempotent: accounts are logged into if they exist, and whatever a run finds in place it leaves alone, so seeding may
be interrupted and repeated. For demonstration only: every account has the same password, printed for whoever wants
to look around.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from tiffin.client import ProblemError, Tiffin
from tiffin.client.http import Json, open_http
from tiffin.demo.helsinki import Site, doorsteps, restaurant_sites
from tiffin.demo.menus import FIRST_NAMES, LAST_NAMES, PLACES, Dish, Place

DEMO_PASSWORD = "lohikeitto ja karjalanpiirakka"
_DOMAIN = "demo.example.org"
_ALWAYS_OPEN = {
    day: [{"opens": "00:00", "closes": "00:00"}]
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}
_AT_ONCE = 4

# told of each thing done, with how many there are in all
OnProgress = Callable[[int], None]
# makes the account with this e-mail address an administrator, past the API
MakeAdministrator = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account, logged in."""

    name: str
    email: str
    tiffin: Tiffin


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who orders to this doorstep."""

    person: Person
    doorstep: Site


@dataclass(frozen=True, slots=True)
class Restaurant:
    """An open restaurant, who works there, and its menu as the API gives it."""

    restaurant_id: str
    name: str
    owner: Person
    staff: tuple[Person, ...]
    menu: Json


@dataclass(frozen=True, slots=True)
class City:
    """Everybody, logged in."""

    restaurants: tuple[Restaurant, ...]
    customers: tuple[Customer, ...]
    couriers: tuple[Person, ...] = ()
    administrator: Person | None = None

    def __str__(self) -> str:
        staff = sum(len(restaurant.staff) for restaurant in self.restaurants)
        people = (self.restaurants[0].owner, self.restaurants[0].staff[0], self.customers[0].person)
        emails = ", ".join(person.email for person in (*people, *self.couriers[:1]))
        couriers = f", {len(self.couriers)} couriers" if self.couriers else ""
        return (
            f"{len(self.restaurants)} restaurants, {staff} staff{couriers} and {len(self.customers)} customers. "
            f"For demonstration only: log in as {emails} with the password “{DEMO_PASSWORD}”."
        )


async def seed(
    origin: str, *, restaurants: int = 12, staff: int = 2, customers: int = 20, on_progress: OnProgress | None = None
) -> str:
    """Fill the system at `origin` with the demo city; returns what is there, in a sentence."""
    async with open_http() as pool:
        return str(
            await populate(
                pool, [origin], restaurants=restaurants, staff=staff, customers=customers, on_progress=on_progress
            )
        )


def count_steps(*, restaurants: int, staff: int, customers: int, couriers: int = 0) -> int:
    """How often `on_progress` will be called."""
    return restaurants * (2 + staff) + customers + couriers


async def populate(
    pool: httpx.AsyncClient,
    origins: Sequence[str],
    *,
    restaurants: int = 12,
    staff: int = 2,
    customers: int = 20,
    couriers: int = 0,
    make_administrator: MakeAdministrator | None = None,
    on_progress: OnProgress | None = None,
) -> City:
    """Seed what is missing and log everybody in. Calls `on_progress(1)` `count_steps` times.

    Couriers need an administrator to make them couriers, and `make_administrator` to make that one.
    """
    seeding = Seeding(pool, origins, on_progress or (lambda steps: None))
    async with asyncio.TaskGroup() as group:
        opened = [group.create_task(seeding.open(number, staff)) for number in range(restaurants)]
        came = [group.create_task(seeding.settle(number)) for number in range(customers)]
    administrator = await seeding.appoint(make_administrator) if make_administrator is not None else None
    hired = await seeding.hire(couriers, administrator) if administrator is not None else ()
    return City(tuple(task.result() for task in opened), tuple(task.result() for task in came), hired, administrator)


class Seeding:
    """One run of the seed; at most a few things are done at once."""

    def __init__(
        self, pool: httpx.AsyncClient, origins: Sequence[str], on_progress: OnProgress = lambda steps: None
    ) -> None:
        self._pool = pool
        self._origins = origins
        self._on_progress = on_progress
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def settle(self, number: int) -> Customer:
        """Customer `number`, with an address."""
        async with self._turns:
            person = await self.log_in(f"customer{number + 1}", _name(number + 1000))
            doorstep = doorsteps()[number % len(doorsteps())]
            if not await person.tiffin.list_addresses():
                await person.tiffin.add_address({"label": "Home", **destination(doorstep), "postal_code": "00100"})
            self._on_progress(1)
            return Customer(person, doorstep)

    async def settle_visitor(self, user: str, name: str) -> Person:
        """Somebody real, with an address in the middle of the city."""
        person = await self.log_in(user, name)
        if not await person.tiffin.list_addresses():
            await person.tiffin.add_address({"label": "Home", **destination(doorsteps()[0]), "postal_code": "00100"})
        return person

    async def open(self, number: int, staff: int) -> Restaurant:
        """Restaurant `number`, with owner, staff and menu."""
        async with self._turns:
            place, site = PLACES[number % len(PLACES)], restaurant_sites()[number % len(restaurant_sites())]
            owner = await self.log_in(f"owner{number + 1}", _name(number))
            self._on_progress(1)
            crew = [await self.log_in(f"staff{number + 1}-{one + 1}", _name(number * 7 + one)) for one in range(staff)]
            self._on_progress(staff)
            found = await _items(owner.tiffin.my_restaurants())
            mine = found[0] if found else await owner.tiffin.create_restaurant(_restaurant(place, site))
            await self.take_on(owner, mine["id"], crew)
            menu = await _write_menu(owner.tiffin, mine["id"], place)
            self._on_progress(1)
            return Restaurant(mine["id"], mine["name"], owner, tuple(crew), menu)

    async def take_on(self, owner: Person, restaurant_id: str, crew: Sequence[Person]) -> None:
        """Make these people staff, those who are not."""
        members = (await owner.tiffin.list_members(restaurant_id))["members"]
        there = {member["account_id"] for member in members}
        for person in crew:
            if person.tiffin.account_id not in there:
                await owner.tiffin.add_member(restaurant_id, person.email, "staff")

    async def appoint(self, make_administrator: MakeAdministrator) -> Person:
        """The administrator, made one if need be."""
        administrator = await self.log_in("operations", "Oona Operations")
        if "admin" not in (await administrator.tiffin.get_profile()).data["roles"]:
            await make_administrator(administrator.email)
        return administrator

    async def hire(self, amount: int, administrator: Person) -> tuple[Person, ...]:
        """Couriers, made so by an administrator."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._settle_courier(number)) for number in range(amount)]
        people = [task.result() for task in tasks]
        await self.grant("courier", people, administrator)
        return tuple(people)

    async def grant(self, role: str, people: Sequence[Person], administrator: Person) -> None:
        """Give these people a role, those who do not have it."""
        for person in people:
            if role not in (await person.tiffin.get_profile()).data["roles"]:
                await administrator.tiffin.grant_role(person.tiffin.account_id, role)

    async def _settle_courier(self, number: int) -> Person:
        async with self._turns:
            person = await self.log_in(f"courier{number + 1}", _name(number + 5000))
            self._on_progress(1)
            return person

    async def log_in(self, user: str, name: str) -> Person:
        """Somebody by this part of an e-mail address, registered if need be."""
        email = f"{user}@{_DOMAIN}"
        tiffin = Tiffin(self._origins, pool=self._pool)
        try:
            await tiffin.log_in(email, DEMO_PASSWORD, device_name="demo")
        except ProblemError as error:
            if error.status != 401:
                raise
            await tiffin.register(email, DEMO_PASSWORD, name)
            await tiffin.log_in(email, DEMO_PASSWORD, device_name="demo")
        return Person(name, email, tiffin)


def _name(number: int) -> str:
    chance = random.Random(number)
    return f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"


def destination(doorstep: Site) -> Json:
    """An address as orders want it."""
    return {
        "street": doorstep.street,
        "city": "Helsinki",
        "latitude": doorstep.latitude,
        "longitude": doorstep.longitude,
    }


def _restaurant(place: Place, site: Site) -> Json:
    return {
        "name": place.name,
        "description": place.description,
        "address": f"{site.street}, Helsinki",
        "latitude": site.latitude,
        "longitude": site.longitude,
        "time_zone": "Europe/Helsinki",
        "currency": "EUR",
        "published": True,
        "opening_hours": _ALWAYS_OPEN,
        "preparation_minutes": 20,
        "delivery_radius_meters": 4000,
        "delivery_fee_minor": 390,
        "minimum_order_minor": 900,
        "tax_basis_points": 1400,
    }


async def _items(answer: Awaitable[Json]) -> list[Json]:
    items: list[Json] = (await answer)["items"]
    return items


async def _write_menu(tiffin: Tiffin, restaurant_id: str, place: Place) -> Json:
    menu = await tiffin.get_menu(restaurant_id)
    categories = {category["name"]: category["id"] for category in menu["categories"]}
    written = {item["name"] for item in menu["items"]}
    for order, (name, dishes) in enumerate(place.menu.items()):
        if name not in categories:
            category = await tiffin.add_category(restaurant_id, {"name": name, "sort_order": order})
            categories[name] = category["id"]
        for number, dish in enumerate(dishes):
            if dish.name not in written:
                await tiffin.add_menu_item(restaurant_id, _item(dish, categories[name], number))
    return await tiffin.get_menu(restaurant_id)


def _item(dish: Dish, category_id: str, sort_order: int) -> Json:
    groups = [_group(name, options, least=1, most=1) for name, options in dish.choice.items()]
    if dish.extras:
        groups.append(_group("Extras", dish.extras, least=0, most=len(dish.extras)))
    return {
        "category_id": category_id,
        "name": dish.name,
        "description": dish.description,
        "price_minor": dish.price_minor,
        "option_groups": groups,
        "sort_order": sort_order,
    }


def _group(name: str, options: dict[str, int], *, least: int, most: int) -> Json:
    return {
        "name": name,
        "min_choices": least,
        "max_choices": most,
        "options": [{"name": option, "price_minor": price} for option, price in options.items()],
    }
