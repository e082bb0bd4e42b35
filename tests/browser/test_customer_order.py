"""An order by its customer's eyes: from the menu to the receipt, live, once, and right again after every loss."""

import re

from playwright.async_api import Page, Route, expect
from tests.browser.conftest import Server
from tests.browser.customer_town import Guest


async def expect_heading(page: Page, text: str) -> None:
    await expect(page.get_by_role("heading", name=text, exact=True)).to_be_visible()


async def test_from_the_menu_to_the_receipt_without_a_reload(guest: Guest) -> None:
    page = await guest.open()
    await expect(page.get_by_role("button", name="Deliver to")).to_be_visible()
    order_id = await guest.order(page)
    [order] = await guest.orders()
    assert order["order_id"] == order_id
    for step, heading in (
        ("accept", "The restaurant has accepted your order"),
        ("preparing", "Your food is being cooked"),
        ("ready", "Your food is ready and waits for the courier"),
        ("picked_up", "Your food is on its way"),
        ("delivered", "Enjoy your meal!"),
    ):
        await guest.cook(order_id, step)
        await expect_heading(page, heading)
    done = page.locator(".step[data-kind=done], .step[data-kind=current]")
    await expect(done).to_have_count(6)
    await expect(done.first).to_contain_text("by you")
    await expect(done.last).to_contain_text("by the restaurant")
    await page.get_by_role("button", name="Receipt").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Paid on delivery")
    await expect(page.get_by_role("dialog")).to_contain_text("€27.80")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Order again").click()
    await expect(page.get_by_role("button", name="Order for €27.80")).to_be_enabled()


async def test_the_time_of_arrival_moves_with_the_kitchen(guest: Guest) -> None:
    page = await guest.open()
    order_id = await guest.order(page)
    before = await page.locator(".arrival").inner_text()
    await guest.kitchen.people.staff[0].tiffin.answer_ticket(order_id, "accept", {"minutes": 90})
    await expect(page.locator(".arrival")).not_to_have_text(before)
    await expect(page.locator(".arrival")).to_contain_text(re.compile(r"in 9\d minutes|in 1\d\d minutes"))


async def test_a_lost_answer_orders_once(guest: Guest) -> None:
    page = await guest.open()
    await guest.fill_basket(page)
    await page.get_by_role("link", name="Go to checkout").click()
    lost = 0

    async def lose_the_first(route: Route) -> None:
        nonlocal lost
        if route.request.method != "POST" or lost:
            await route.continue_()
            return
        lost += 1
        await route.fetch()  # the server does it, and nobody hears
        await route.abort()

    guest.watched.allow("ERR_FAILED")
    await page.route("**/v1/orders", lose_the_first)
    await page.get_by_role("button", name="Order for").click()
    await expect_heading(page, "The restaurant is looking at your order")
    assert lost == 1
    assert len(await guest.orders()) == 1
    await expect(page.get_by_role("link", name="Basket")).to_have_text("Basket")


async def test_cancelled_before_the_restaurant_answers_and_not_after(guest: Guest) -> None:
    page = await guest.open()
    await guest.order(page)
    await page.get_by_role("button", name="Cancel the order").click()
    await page.get_by_role("button", name="I changed my mind").click()
    await expect_heading(page, "Cancelled")
    await expect(page.get_by_text("You pay nothing.")).to_be_visible()
    order_id = await guest.order(page)
    await guest.cook(order_id, "accept")
    await expect(page.get_by_role("button", name="Cancel the order")).to_have_count(0)


async def test_a_rejection_says_why(guest: Guest) -> None:
    page = await guest.open()
    order_id = await guest.order(page)
    body = {"reason": "too_busy", "note": "Come back at eight"}
    await guest.kitchen.people.staff[0].tiffin.answer_ticket(order_id, "reject", body)
    await expect_heading(page, "The restaurant could not take it")
    await expect(page.locator(".order-now")).to_contain_text("The kitchen has too much to do. Come back at eight")


async def test_a_killed_server_is_told_and_made_good(guest: Guest, server: Server) -> None:
    guest.watched.allow("ERR_")  # whatever was on its way when it was killed
    page = await guest.open()
    order_id = await guest.order(page)
    await server.kill()
    await expect(page.get_by_role("alert")).to_contain_text("Not connected – trying again. What you see is from")
    await guest.cook(order_id, "accept", "preparing")
    await server.start()
    await page.evaluate("window.dispatchEvent(new Event('online'))")  # else it takes its time, with jitter
    await expect_heading(page, "Your food is being cooked")
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.locator(".step[data-kind=done], .step[data-kind=current]")).to_have_count(3)


async def test_orders_show_on_the_other_devices_at_once(guest: Guest) -> None:
    phone = await guest.open("/orders", device="Phone")
    await expect(phone.get_by_text("You have not ordered yet.")).to_be_visible()
    desk = await guest.open(device="Desk")
    order_id = await guest.order(desk)
    under_way = phone.get_by_role("region", name="Under way")
    await expect(under_way).to_contain_text("Sent to the restaurant")
    await expect(phone.get_by_role("link", name="Orders")).to_contain_text("1")
    await guest.cook(order_id, "accept")
    await expect(under_way).to_contain_text("Accepted")
    await expect(phone.get_by_role("status").filter(has_text="Accepted")).to_be_visible()
    await guest.cook(order_id, "ready", "picked_up", "delivered")
    await expect(phone.get_by_role("region", name="Before")).to_contain_text("Delivered")


async def test_somebody_elses_order_is_not_there(guest: Guest) -> None:
    placed = await guest.kitchen.order()
    guest.watched.allow("404")
    page = await guest.open(f"/orders/{placed.order_id}")
    await expect(page.get_by_text("There is no such order, or it is not yours.")).to_be_visible()
