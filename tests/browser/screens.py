"""Pictures of every screen for the README, by `make screens`: a small city of its own, and real pages."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, FilePayload, Page, async_playwright, expect
from rich.console import Console
from tests.e2e.cluster import order_body
from tests.features.images.photos import jpeg, plate
from tests.programs import require
from tests.waiting import eventually

from tiffin.client import Tiffin
from tiffin.client.http import open_http
from tiffin.demo.city import City, Customer, Person, populate
from tiffin.demo.helsinki import doorsteps
from tiffin.demo.system import System, run_system

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
_CHROMIUM = ("--no-sandbox", "--disable-dev-shm-usage", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_ENVIRONMENT = {"TIFFIN_LOGIN_CODES": "true", "TIFFIN_REGISTER_ATTEMPTS_PER_HOUR": "1000"}
_WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
_WIDE_DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 860}}
_PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 1.5}
_DARK: dict[str, Any] = {"color_scheme": "dark"}


console = Console()


class Studio:
    """Takes pictures of one system."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self._browser = browser
        self._origin = origin

    @asynccontextmanager
    async def at(self, person: Person, path: str, **options: Any) -> AsyncIterator[Page]:
        """A page on a device of this person."""
        context = await self._browser.new_context(base_url=self._origin, locale="en-GB", **options)
        page = await context.new_page()
        code = (await person.tiffin.make_login_code())["code"]
        await page.goto(f"{path}#code={code}")
        yield page
        await context.close()

    async def take(self, page: Page, name: str) -> None:
        """Keep what a page shows, once its map has been drawn."""
        for drawing in await page.locator(".city-map-canvas").all():
            if await drawing.is_visible():
                await expect(drawing).to_have_attribute("data-idle", "true", timeout=20_000)
        path = FOLDER / f"{name}.png"
        await page.screenshot(path=path)
        console.print(path.name)


async def main() -> None:
    """Start everything, take all pictures, stop everything."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tiffin-screens-") as folder:
        os.chmod(folder, 0o755)
        async with (
            run_system(Path(folder), _ENVIRONMENT) as system,
            open_http() as pool,
            async_playwright() as playwright,
        ):
            city = await populate(
                pool,
                [system.origin],
                restaurants=12,
                staff=2,
                customers=4,
                couriers=1,
                make_administrator=lambda email: system.grant(email, "admin"),
            )
            browser = await playwright.chromium.launch(
                executable_path=require("chromium", "apt install chromium"), args=_CHROMIUM
            )
            studio = Studio(browser, system.origin)
            await _pictures(studio, city)
            await _customer(studio, city)
            await _courier(studio, city)
            await _support(studio, city, system)
            await _kitchen(studio, city)
            await _lost(studio, city, system)
            await browser.close()


async def _pictures(studio: Studio, city: City) -> None:
    """What the owner of the first restaurant sees of its pictures: some on the menu, one refused, one on its way."""
    restaurant = city.restaurants[0]
    dishes = ["Salmon soup", "Fried vendace", "Perch on mash"]
    plates = [plate("#e8935a", "#3f7d3a"), plate("#c9a05a", "#e9e2c0"), plate("#efe3c4", "#d9773f")]
    extra = plate("#f0b27a", "#2f6b2f", "#5c6670", pieces=12)
    path = f"/kitchen/{restaurant.restaurant_id}/pictures"
    async with studio.at(restaurant.owner, path, **_WIDE) as page:
        for dish, content in [*zip(dishes, plates, strict=True), (dishes[0], extra)]:
            shown = page.get_by_role("region", name=dish).get_by_role("figure")
            before = await shown.count()
            await page.get_by_label(f"{dish}: choose photos").set_input_files([_file("photo.jpg", content)])
            await expect(shown).to_have_count(before + 1, timeout=20_000)
        await page.get_by_label(f"{dishes[0]}: choose photos").set_input_files(
            [_file("IMG_0815.jpg", plates[0][: len(plates[0]) // 2])]
        )
        await expect(page.get_by_role("alert")).to_contain_text("damaged", timeout=20_000)
        await page.get_by_label(f"{dishes[1]}: choose photos").set_input_files(
            [_file("IMG_0816.jpg", jpeg(6000, 4500, quality=70))]
        )
        await expect(page.get_by_text("Reading").or_(page.get_by_text("Making sizes"))).to_be_visible(timeout=20_000)
        await studio.take(page, "kitchen-pictures")
        await expect(page.get_by_role("region", name=dishes[1]).get_by_role("figure")).to_have_count(2, timeout=20_000)
        await page.get_by_role("button", name=f"{dishes[1]}, picture 2: remove").click()
        await expect(page.get_by_role("region", name=dishes[1]).get_by_role("figure")).to_have_count(1)
    async with studio.at(restaurant.owner, path, **_PHONE, **_DARK) as page:
        await expect(page.get_by_role("figure").first).to_be_visible()
        await asyncio.sleep(1)  # for the pictures to be drawn
        await studio.take(page, "kitchen-pictures-phone")


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


async def _customer(studio: Studio, city: City) -> None:
    """The way to an order, and what else there is."""
    person = city.customers[0].person
    async with studio.at(person, "/", **_WIDE) as page:
        await expect(page.locator(".restaurant-card")).to_have_count(12)
        await studio.take(page, "customer-home")
        await page.get_by_role("link", name="Ahven & Tilli").click()
        await page.get_by_role("button", name="Salmon soup").click()
        await page.get_by_role("button", name="One more", exact=True).click()
        await page.get_by_role("button", name="Add for").click()
        await studio.take(page, "customer-menu")
        await page.get_by_role("link", name="Go to checkout").click()
        await page.get_by_label("A word to the restaurant").fill("Please ring twice")
        await expect(page.get_by_role("button", name="Order for")).to_be_enabled()
        await studio.take(page, "customer-checkout")
        await page.get_by_role("button", name="Order for").click()
        await expect(page.locator(".steps")).to_be_visible()
        order_id = page.url.rpartition("/")[2]
        staff = city.restaurants[0].staff[0].tiffin
        await staff.answer_ticket(order_id, "accept", {"minutes": 25})
        await staff.answer_ticket(order_id, "advance", {"to": "preparing"})
        await expect(page.get_by_role("heading", name="Your food is being cooked")).to_be_visible()
        await studio.take(page, "customer-order")
        await page.goto("/account")
        await expect(page.get_by_text("This device")).to_be_visible()
        await studio.take(page, "customer-account")
    async with studio.at(person, f"/orders/{order_id}", **_PHONE, **_DARK) as page:
        await expect(page.locator(".steps")).to_be_visible()
        await studio.take(page, "customer-order-phone")
        await page.goto("/orders")
        await expect(page.locator(".order-card")).to_be_visible()
        await studio.take(page, "customer-orders-phone")


async def _support(studio: Studio, city: City, system: System) -> None:
    """An agent with three conversations and one in line, and what a customer sees of it."""
    agent, colleague = city.restaurants[1].owner, city.restaurants[2].owner
    for person in (agent, colleague):
        await system.grant(person.email, "agent")
    colleague_live = colleague.tiffin.live({f"agent.{colleague.tiffin.account_id}": None})
    first = city.customers[0].person
    order_id = (await first.tiffin.list_orders())["items"][0]["order_id"]
    async with studio.at(agent, "/support", **_WIDE_DESK) as page, colleague_live:
        await page.get_by_role("button", name="Take conversations").click()
        await expect(page.locator(".sidebar .card")).to_have_attribute("data-available", "true")
        await page.get_by_label("At most").fill("3")
        await page.get_by_label("At most").press("Enter")
        await expect(page.locator(".sidebar .card")).to_contain_text("0 of 3")
        async with studio.at(first, f"/orders/{order_id}", **_WIDE) as asking:
            await asking.get_by_role("link", name="Help with this order").click()
            await asking.get_by_label("What can we help with?").fill(
                "The soup came without the rye bread. Is it forgotten?"
            )
            await asking.get_by_role("button", name="Send").click()
            pane = page.get_by_role("region", name=first.name)
            await pane.get_by_label("Write a message").fill("Oh no, sorry! Could you send a photo of what came?")
            await pane.get_by_label("Write a message").press("Enter")
            await expect(asking.locator(".message")).to_have_count(2)
            plates = plate("#e8935a", "#3f7d3a")
            await asking.get_by_label("Add pictures").set_input_files([_file("soup.jpg", plates)])
            await asking.get_by_label("Write a message").fill("Here it is. It tastes good, though!")
            send = asking.get_by_role("button", name="Send", exact=True)
            await expect(send).to_be_enabled(timeout=20_000)
            await send.click()
            await expect(pane.locator(".message img")).to_be_visible()
            for customer, text in zip(
                city.customers[1:],
                ("Can I still change the address?", "Do you deliver to Suomenlinna?", "Hello?"),
                strict=True,
            ):
                await customer.person.tiffin.open_conversation(text)
            await expect(page.locator(".own .ask")).to_have_count(3)
            await page.get_by_role("region", name=first.name).get_by_label("Write a message").click()
            await page.get_by_label("Write a note").fill("Refund the bread, 3.50")
            await page.get_by_role("button", name="Add", exact=True).click()
            await expect(page.locator(".notes li")).to_have_count(1)
            await page.get_by_role("region", name=first.name).get_by_label("Write a message").fill("Thank you, I see. ")
            await asyncio.sleep(5)  # for the toasts to go and the pictures to be drawn
            await asking.get_by_label("Write a message").press_sequentially("Take")
            await expect(page.locator(".typing")).to_be_visible()
            await studio.take(page, "support-desk")
            await studio.take(asking, "customer-help")
            conversation = asking.url.rpartition("/")[2]
            async with studio.at(first, f"/help/{conversation}", **_PHONE, **_DARK) as phone:
                await expect(phone.locator(".message")).to_have_count(3)
                await asyncio.sleep(1)
                await studio.take(phone, "customer-help-phone")


async def _courier(studio: Studio, city: City) -> None:
    """A whole delivery on a phone, and the way on something larger."""
    person, customer = city.couriers[0], city.customers[1]
    staff = city.restaurants[0].staff[0].tiffin
    here = doorsteps()[7]
    where: dict[str, Any] = {
        "geolocation": {"latitude": here.latitude, "longitude": here.longitude},
        "permissions": ["geolocation"],
    }
    async with (
        studio.at(person, "/courier", **_PHONE, **where) as phone,
        studio.at(person, "/courier", **_WIDE, **_DARK, **where) as wide,
    ):
        await expect(phone.get_by_role("button", name="Go on duty")).to_be_visible()
        await studio.take(phone, "courier-off-duty-phone")
        await phone.get_by_role("button", name="Go on duty").click()
        await expect(phone.get_by_text("Waiting for an offer")).to_be_visible()
        await eventually(lambda: _is_known(person.tiffin))
        order_id = await _place(city, customer)
        await eventually(lambda: _has_ticket(staff, city.restaurants[0].restaurant_id, order_id))
        await staff.answer_ticket(order_id, "accept", {"minutes": 10})
        await expect(phone.locator("dialog.offer")).to_be_visible()
        await studio.take(phone, "courier-offer-phone")
        await phone.get_by_role("button", name="Accept").click()
        for page, name in ((phone, "courier-fetch-phone"), (wide, "courier-fetch")):
            await expect(page.locator(".way-left")).to_contain_text("min")
            await studio.take(page, name)
        await staff.answer_ticket(order_id, "advance", {"to": "ready"})
        await phone.get_by_role("button", name="I am at the restaurant").click()
        await phone.get_by_role("button", name="Picked up").click()
        for page, name in ((phone, "courier-bring-phone"), (wide, "courier-bring")):
            await expect(page.locator(".seen")).to_contain_text("until you hand over")
            await expect(page.locator(".way-left")).to_contain_text("min")
            await studio.take(page, name)
        # what is measured after the pick-up is newer: only that is shown
        await phone.context.set_geolocation({"latitude": here.latitude + 2e-5, "longitude": here.longitude})
        for device, name in ((_WIDE, "customer-courier"), ({**_PHONE, **_DARK}, "customer-courier-phone")):
            async with studio.at(customer.person, f"/orders/{order_id}", **device) as page:
                await expect(page.locator(".courier-pin")).to_be_visible(timeout=20_000)
                await studio.take(page, name)
        await phone.get_by_role("button", name="Hand over").click()
        await studio.take(phone, "courier-code-phone")
        code = (await customer.person.tiffin.get_delivery(order_id))["code"]
        await phone.get_by_role("dialog").get_by_label("Ask ").fill(code)
        await phone.get_by_role("dialog").get_by_role("button", name="Hand over").click()
        await expect(phone.get_by_text("Waiting for an offer")).to_be_visible()
        await phone.get_by_role("button", name="Go off duty").click()
        await expect(phone.get_by_role("button", name="Go on duty")).to_be_visible()


async def _kitchen(studio: Studio, city: City) -> None:
    """The board of the first restaurant, with something in every column."""
    restaurant = city.restaurants[0]
    staff = restaurant.staff[0].tiffin
    placed = [await _place(city, customer) for customer in city.customers[1:]]
    await eventually(lambda: _has_tickets(staff, restaurant.restaurant_id, len(placed) + 1))
    await staff.answer_ticket(placed[-1], "accept", {"minutes": 15})
    await staff.answer_ticket(placed[-1], "advance", {"to": "ready"})
    for name, options in (("kitchen-board", _WIDE), ("kitchen-board-phone", {**_PHONE, **_DARK})):
        async with studio.at(restaurant.staff[0], f"/kitchen/{restaurant.restaurant_id}", **options) as page:
            await studio.take(page, f"{name.replace('board', 'start')}")
            await page.locator(".start .primary").click()
            await expect(page.locator("[data-column=new] .ticket")).to_have_count(2)
            await studio.take(page, name)
            await page.get_by_role("button", name="Accept", exact=True).first.click()
            await expect(page.get_by_role("dialog")).to_be_visible()
            await studio.take(page, f"{name.replace('board', 'accept')}")
            await page.keyboard.press("Escape")
            await page.get_by_role("button", name="Sold out").click()
            await studio.take(page, f"{name.replace('board', 'sold-out')}")


async def _lost(studio: Studio, city: City, system: System) -> None:
    """The board without its server; the last pictures, since that is gone for good."""
    restaurant = city.restaurants[0]
    path = f"/kitchen/{restaurant.restaurant_id}"
    async with (
        studio.at(restaurant.staff[0], path, **_WIDE) as wide,
        studio.at(restaurant.staff[1], path, **_PHONE, **_DARK) as phone,
    ):
        for page in (wide, phone):
            await page.locator(".start .primary").click()
            await expect(page.locator(".ticket").first).to_be_visible()
        system.process.terminate()
        for page, name in ((wide, "kitchen-lost"), (phone, "kitchen-lost-phone")):
            await expect(page.locator(".board-page")).to_have_attribute("data-connected", "false", timeout=20_000)
            await studio.take(page, name)


async def _place(city: City, customer: Customer) -> str:
    tiffin = customer.person.tiffin
    order_id: str = (await tiffin.place_order(await order_body(tiffin, city.restaurants[0], customer)))["order_id"]
    return order_id


async def _is_known(courier: Tiffin) -> bool:
    return (await courier.get_courier())["location"] is not None


async def _has_ticket(staff: Tiffin, restaurant_id: str, order_id: str) -> bool:
    tickets = (await staff.list_tickets(restaurant_id))["tickets"]
    return any(ticket["ticket_id"] == order_id for ticket in tickets)


async def _has_tickets(staff: Tiffin, restaurant_id: str, count: int) -> bool:
    return len((await staff.list_tickets(restaurant_id))["tickets"]) == count


if __name__ == "__main__":
    asyncio.run(main())
