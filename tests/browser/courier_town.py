"""Couriers for browser tests: a restaurant, somebody who orders there, and phones on bicycles."""

import contextlib
import re
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, Locator, Page, StorageState, expect
from tests.browser.kitchen_town import Kitchen, Placed, log_in
from tests.browser.watched import Watched
from tests.waiting import eventually

from tiffin.client import ProblemError
from tiffin.client.http import Json
from tiffin.demo.city import Person

# about 400 m north of the restaurant
START = {"latitude": 60.1746, "longitude": 24.947}
_PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 800}}


@dataclass(frozen=True, slots=True)
class Rider:
    """A courier of a test's own, what is ordered for them, and any number of phones."""

    person: Person
    session: StorageState
    kitchen: Kitchen
    watched: Watched
    placed: list[Placed] = field(default_factory=list)

    async def open(self, *, at: Json | None = START, **options: Any) -> "Phone":
        """The app on another phone; `at` None: it may not tell where it is."""
        located = {"geolocation": at, "permissions": ["geolocation"]} if at is not None else {}
        page = await self.watched.open("/courier", session=self.session, **{**_PHONE, **located, **options})
        return Phone(page)

    async def begin(self, **options: Any) -> "Phone":
        """On duty, and known to dispatch."""
        phone = await self.open(**options)
        await phone.press("Go on duty")
        await phone.expect_on_duty(True)
        await eventually(self.is_known)
        return phone

    async def is_known(self) -> bool:
        """Whether dispatch knows where the courier is."""
        return (await self.person.tiffin.get_courier())["location"] is not None

    async def cook(self, *, ready: bool = False, next_door: bool = False) -> Placed:
        """Somebody orders, and the restaurant accepts."""
        order = await self.kitchen.order(next_door=next_door)
        self.placed.append(order)
        await eventually(lambda: self._has_ticket(order))
        await self.kitchen.people.staff[0].tiffin.answer_ticket(order.order_id, "accept", {"minutes": 10})
        if ready:
            await self.make_ready(order)
        return order

    async def _has_ticket(self, order: Placed) -> bool:
        tickets = (await self.kitchen.people.staff[0].tiffin.list_tickets(self.kitchen.restaurant_id))["tickets"]
        return any(ticket["ticket_id"] == order.order_id for ticket in tickets)

    async def make_ready(self, order: Placed) -> None:
        """The food is in its bag."""
        await self.kitchen.people.staff[0].tiffin.answer_ticket(order.order_id, "advance", {"to": "ready"})

    async def call_off(self, order: Placed) -> None:
        """The kitchen cannot after all."""
        await self.kitchen.people.staff[0].tiffin.answer_ticket(order.order_id, "cancel", {"reason": "No fish"})

    async def ask_code(self, order: Placed) -> str:
        """What the customer says at the door."""
        code: str = (await order.tiffin.get_delivery(order.order_id))["code"]
        return code

    async def go_home(self) -> None:
        """Leave nothing behind for the next test's courier."""
        for order in self.placed:
            for end in (self.call_off(order), self._give_up(order)):
                with contextlib.suppress(ProblemError):
                    await end
        with contextlib.suppress(ProblemError):
            await self.person.tiffin.set_duty(False)

    async def _give_up(self, order: Placed) -> None:
        await self.person.tiffin.end_assignment(order.order_id, "fail", "The test is over")


@dataclass(frozen=True, slots=True)
class Phone:
    """The app, as a person uses it."""

    page: Page

    @property
    def root(self) -> Locator:
        """What says how the app is."""
        return self.page.locator(".courier-page")

    @property
    def offer(self) -> Locator:
        """An order that is held out."""
        return self.page.get_by_role("dialog", name=re.compile("Fetch from"))

    def order(self, order: Placed) -> Locator:
        """The card of an order."""
        return self.page.locator(f'[data-order="{order.order_id}"]')

    async def press(self, name: str, *, within: Locator | None = None) -> None:
        """Touch a button."""
        await (within or self.page).get_by_role("button", name=name, exact=True).click()

    async def stand_at(self, latitude: float) -> None:
        """On the street that leads to the restaurant."""
        await self.page.context.set_geolocation({"latitude": latitude, "longitude": START["longitude"]})

    async def take(self, order: Placed) -> None:
        """Accept the offer."""
        await self.press("Accept", within=self.offer)
        await expect(self.order(order)).to_be_visible()

    async def say_code(self, code: str) -> None:
        """Into the dialog, which is open."""
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label("Ask ").fill(code)
        await self.press("Hand over", within=dialog)

    async def expect_on_duty(self, on_duty: bool) -> None:
        """What the app says of it."""
        await expect(self.root).to_have_attribute("data-on-duty", str(on_duty).lower())

    async def expect_seen_by(self, text: str) -> None:
        """Who sees where the courier is."""
        await expect(self.page.locator(".seen")).to_have_text(text)

    async def expect_connected(self, connected: bool, *, seconds: float = 10) -> None:
        """Whether the app says that it is connected."""
        await expect(self.root).to_have_attribute("data-connected", str(connected).lower(), timeout=1000 * seconds)


async def hire(person: Person, kitchen: Kitchen, browser: Browser, watched: Watched, origin: str) -> Rider:
    """A courier who is off duty."""
    return Rider(person, await log_in(browser, origin, person.email), kitchen, watched)
