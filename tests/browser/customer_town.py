"""A customer for browser tests, at home, on as many devices as a test needs."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from playwright.async_api import Browser, Page, StorageState, expect
from tests.browser.kitchen_town import Kitchen
from tests.browser.watched import Watched

from tiffin.client import Tiffin
from tiffin.client.http import Json
from tiffin.demo.city import DEMO_PASSWORD
from tiffin.demo.helsinki import doorsteps


@dataclass(frozen=True, slots=True)
class Guest:
    """A customer of their own for a test, and the restaurant where they order."""

    email: str
    # not the browser: another device of the same account
    tiffin: Tiffin
    kitchen: Kitchen
    browser: Browser
    watched: Watched
    origin: str

    @property
    def path(self) -> str:
        """Of the restaurant's menu."""
        return f"/restaurants/{self.kitchen.restaurant_id}"

    async def log_in(self, device: str = "A browser") -> StorageState:
        """Another device's session."""
        context = await self.browser.new_context()
        body = {"email": self.email, "password": DEMO_PASSWORD, "kind": "browser", "device_name": device}
        answer = await context.request.post(f"{self.origin}/v1/sessions", data=body, headers={"origin": self.origin})
        assert answer.ok, await answer.text()
        state = await context.storage_state()
        await context.close()
        return state

    async def open(self, path: str = "/", *, device: str = "A browser", **options: Any) -> Page:
        """A page on a device of its own."""
        return await self.watched.open(path, session=await self.log_in(device), **options)

    async def fill_basket(self, page: Page, *, large: bool = False) -> None:
        """Two salmon soups, by the menu."""
        await page.goto(self.path)
        await page.get_by_role("button", name="Salmon soup").click()
        if large:
            await page.get_by_label("large").check()
        await page.get_by_role("button", name="One more", exact=True).click()
        await page.get_by_role("button", name="Add for").click()

    async def order(self, page: Page) -> str:
        """Through the whole of it; the id of the order, whose page is open then."""
        await self.fill_basket(page)
        await page.get_by_role("link", name="Go to checkout").click()
        await page.get_by_role("button", name="Order for").click()
        await expect(page.get_by_role("heading", name="The restaurant is looking at your order")).to_be_visible()
        return page.url.rpartition("/")[2]

    async def cook(self, order_id: str, *steps: str) -> None:
        """The kitchen does these: `accept`, or a state to advance to."""
        staff = self.kitchen.people.staff[0].tiffin
        for step in steps:
            if step == "accept":
                await staff.answer_ticket(order_id, "accept", {"minutes": 25})
            else:
                await staff.answer_ticket(order_id, "advance", {"to": step})

    async def orders(self) -> list[Json]:
        """All the account's orders."""
        listed: list[Json] = (await self.tiffin.list_orders())["items"]
        return listed


async def make_guest(
    kitchen: Kitchen, browser: Browser, watched: Watched, origin: str, pool: httpx.AsyncClient
) -> Guest:
    """A new account with one address in the middle of Helsinki."""
    email = f"guest-{uuid4().hex[:12]}@example.org"
    tiffin = Tiffin(kitchen.people.owner.tiffin.origins, pool=pool)
    await tiffin.register(email, DEMO_PASSWORD, "Gunvor Guest")
    await tiffin.log_in(email, DEMO_PASSWORD, device_name="A program")
    home = doorsteps()[0]
    await tiffin.add_address(
        {
            "label": "Home",
            "street": home.street,
            "city": "Helsinki",
            "latitude": home.latitude,
            "longitude": home.longitude,
        }
    )
    return Guest(email, tiffin, kitchen, browser, watched, origin)
