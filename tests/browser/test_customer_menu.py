"""Restaurants and menus by a customer's eyes: live, and honest about what cannot be had."""

from playwright.async_api import Page, expect
from tests.browser.customer_town import Guest
from tests.browser.kitchen_town import Kitchen
from tests.browser.watched import Watched


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()


async def to_checkout(guest: Guest, page: Page) -> None:
    await guest.fill_basket(page)
    await page.get_by_role("link", name="Go to checkout").click()
    await expect(page.get_by_role("button", name="Order for")).to_be_enabled()


async def test_anybody_may_look_and_is_asked_who_they_are_at_the_checkout(watched: Watched, kitchen: Kitchen) -> None:
    watched.allow("401|Worker failed to load")
    page = await watched.open("/")
    await expect(page.get_by_role("heading", name="Ahven & Tilli").first).to_be_visible()
    await page.get_by_role("searchbox").fill("no such food")
    await expect(page.get_by_text("No restaurant matches.")).to_be_visible()
    await page.goto(f"/restaurants/{kitchen.restaurant_id}")
    await press(page, "Lingonberry soda")
    await press(page, "Add for €3.90")
    await page.get_by_role("link", name="Go to checkout").click()
    await expect(page.get_by_role("heading", name="Log in")).to_be_visible()


async def test_the_map_is_drawn_from_this_server_alone(guest: Guest) -> None:
    page = await guest.open("/orders")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto("/")
    await page.locator(".city-map-canvas[data-idle]").wait_for(timeout=20_000)
    await expect(page.get_by_text("© OpenStreetMap contributors")).to_be_visible()
    await expect(page.locator(".pin-restaurant").first).to_be_visible()
    await expect(page.locator(".pin-home")).to_have_count(1)
    assert [url for url in asked if not url.startswith((guest.origin, "blob:", "data:"))] == []


async def test_sold_out_and_pauses_show_while_somebody_looks(guest: Guest) -> None:
    page = await guest.open(guest.path)
    perch = page.get_by_role("button", name="Perch on mash")
    await expect(perch).to_be_enabled()
    owner, restaurant = guest.kitchen.people.owner.tiffin, f"/v1/restaurants/{guest.kitchen.restaurant_id}"
    await owner.set_sold_out(guest.kitchen.items["Perch on mash"], True)
    await expect(perch).to_be_disabled()
    await expect(perch).to_contain_text("Sold out")
    await owner.set_sold_out(guest.kitchen.items["Perch on mash"], False)
    await expect(perch).to_be_enabled()
    await owner.http.call("PUT", f"{restaurant}/pause", json={"minutes": 30})
    await expect(page.get_by_text("The kitchen takes no orders at the moment.")).to_be_visible()
    await owner.http.call("DELETE", f"{restaurant}/pause")
    await expect(page.get_by_text("The kitchen takes no orders at the moment.")).to_have_count(0)
    await owner.http.call("PUT", f"{restaurant}/busy", json={"extra_minutes": 20})
    await expect(page.get_by_text("Busy: everything takes 20 minutes longer")).to_be_visible()


async def test_the_list_tells_of_a_pause_at_once(guest: Guest) -> None:
    page = await guest.open("/")
    card = page.locator(f'a[href="{guest.path}"]')
    await expect(card).to_contain_text("Open")
    path = f"/v1/restaurants/{guest.kitchen.restaurant_id}/pause"
    await guest.kitchen.people.owner.tiffin.http.call("PUT", path, json={"minutes": None})
    await expect(card).to_contain_text("Paused")


async def test_a_price_that_has_changed_is_shown_before_it_is_paid(guest: Guest) -> None:
    guest.watched.allow("409")
    page = await guest.open()
    await to_checkout(guest, page)
    owner, item = guest.kitchen.people.owner.tiffin, guest.kitchen.items["Salmon soup"]
    await owner.http.call("PATCH", f"/v1/menu-items/{item}", json={"price_minor": 1500}, headers={"if-match": '"1"'})
    await press(page, "Order for €27.80")
    await expect(page.get_by_role("alert")).to_contain_text("The new total is €30.00")
    await press(page, "Order for €30.00")
    await expect(page.get_by_role("heading", name="The restaurant is looking at your order")).to_be_visible()


async def test_what_is_gone_can_be_taken_out_at_the_checkout(guest: Guest) -> None:
    guest.watched.allow("409")
    page = await guest.open()
    await guest.fill_basket(page)
    await press(page, "Fried vendace")
    await press(page, "Add for")
    await guest.kitchen.people.owner.tiffin.set_sold_out(guest.kitchen.items["Salmon soup"], True)
    await page.get_by_role("link", name="Go to checkout").click()
    await expect(page.get_by_role("alert")).to_contain_text("Not to be had any more: Salmon soup")
    await press(page, "Remove what is not to be had")
    await press(page, "Order for €12.90")
    await expect(page.get_by_role("heading", name="The restaurant is looking at your order")).to_be_visible()


async def test_the_basket_is_the_same_in_every_tab_and_of_one_restaurant(guest: Guest) -> None:
    page = await guest.open()
    await guest.fill_basket(page)
    other = await page.context.new_page()
    await other.goto(guest.path)
    basket = other.get_by_role("region", name="Your basket")
    await expect(basket).to_contain_text("€27.80")
    await page.get_by_role("button", name="One less, Salmon soup").click()
    await expect(basket).to_contain_text("€13.90")
    await press(other, "Empty the basket")
    await expect(page.get_by_role("region", name="Your basket")).to_contain_text("Nothing here yet.")
