"""The courier's app in a browser that says where it is: from duty to the door, on two phones, and while cut off."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from tests.browser.axe import look
from tests.browser.conftest import SETTINGS, Server
from tests.browser.courier_town import Phone, Rider, hire
from tests.browser.kitchen_town import Kitchen, People, Placed, log_in, open_kitchen
from tests.browser.watched import Watched
from tests.e2e.cluster import Cluster, run_cluster
from tests.folders import server_folder
from tests.waiting import eventually

from tiffin.demo.city import City, populate
from tiffin.demo.helsinki import STREETS

# what the console says of a server that is not there
_AWAY = "ERR_|WebSocket connection"
_GONE = r"404 .*/way\?"  # the way of an order that was called off a moment ago
_LATE = "Worker failed to load"  # whoever leaves a page before its map has come
_SETTINGS: Any = {
    **SETTINGS,
    "TIFFIN_STREET_GRAPH": str(STREETS),
    "TIFFIN_OFFER_SECONDS": "20",
    "TIFFIN_LOGIN_ATTEMPTS_PER_MINUTE": "1000",
}
_SEES = " sees where you are until you hand over."
_NUMBERS = itertools.count()
_STEPS = itertools.count()


@pytest.fixture(scope="module")
def _folder() -> Iterator[Path]:
    with server_folder("courier") as folder:
        yield folder


@pytest.fixture(scope="module")
async def _courier_cluster(_folder: Path) -> AsyncIterator[Cluster]:
    """Of this file's own: elsewhere orders are left that a courier would be sent for."""
    async with run_cluster(_folder, nodes=0) as cluster:
        await cluster.start_node(**_SETTINGS)
        yield cluster


@pytest.fixture(scope="module")
async def _courier_front(_courier_cluster: Cluster) -> Server:
    return Server(_courier_cluster, await _courier_cluster.start_node(**_SETTINGS), _SETTINGS)


@pytest.fixture
async def server(_courier_front: Server) -> Server:
    """Runs at the beginning of every test, whatever the last one did."""
    await _courier_front.start()
    return _courier_front


@pytest.fixture(scope="module")
async def _city(_courier_cluster: Cluster) -> City:
    return await populate(
        _courier_cluster.pool,
        _courier_cluster.origins[:1],
        restaurants=1,
        staff=1,
        customers=1,
        couriers=12,
        make_administrator=_courier_cluster.make_administrator,
    )


@pytest.fixture
async def kitchen(_city: City, browser: Browser, server: Server) -> Kitchen:
    """A restaurant of this test's own."""
    return await open_kitchen(await People.of(_city, browser, server.origin))


@pytest.fixture
async def rider(
    _city: City, kitchen: Kitchen, browser: Browser, watched: Watched, server: Server
) -> AsyncIterator[Rider]:
    """A courier of this test's own."""
    watched.allow(_LATE)
    watched.allow(_GONE)
    rider = await hire(_city.couriers[next(_NUMBERS)], kitchen, browser, watched, server.origin)
    yield rider
    await rider.go_home()


def _first_name(rider: Rider) -> str:
    return rider.kitchen.people.customer.person.name.split(" ")[0]


async def test_from_duty_to_the_door_on_two_phones(rider: Rider) -> None:
    phone = await rider.open()
    await phone.expect_seen_by("Nobody sees where you are.")
    await phone.press("Go on duty")
    await phone.expect_seen_by("Only dispatch sees where you are.")
    await eventually(rider.is_known)
    other = await rider.open()
    await other.expect_on_duty(True)
    order = await rider.cook()
    await expect(other.offer).to_contain_text(re.compile(r"To the restaurant\s*\d+ m"))
    await expect(phone.root).to_have_attribute("data-sound", "bell")
    await phone.take(order)
    await expect(phone.root).to_have_attribute("data-sound", "silent")
    await expect(other.offer).to_have_count(0)
    await phone.press("I am at the restaurant", within=phone.order(order))
    picked_up = other.order(order).get_by_role("button", name="Picked up")
    await expect(picked_up).to_be_disabled()
    await expect(other.order(order)).to_contain_text("Not ready yet")
    await rider.make_ready(order)
    await picked_up.click()
    await phone.expect_seen_by(_first_name(rider) + _SEES)
    delivery = await order.tiffin.get_delivery(order.order_id)
    assert delivery["state"] == "on_board"
    await phone.press("Hand over", within=phone.order(order))
    code = await rider.ask_code(order)
    await phone.say_code(f"{(int(code) + 1) % 10_000:04}")
    await expect(phone.page.get_by_role("alert")).to_have_text("That is not the code. 4 attempts left.")
    await phone.say_code(code)
    await expect(phone.page.get_by_role("dialog")).to_have_count(0)
    for one in (phone, other):
        await expect(one.order(order)).to_have_count(0)
        await one.expect_seen_by("Only dispatch sees where you are.")
    assert await order.state() == "delivered"
    await phone.press("Go off duty")
    for one in (phone, other):
        await one.expect_seen_by("Nobody sees where you are.")
    assert not await rider.is_known()


async def test_the_customer_sees_the_courier_soon_after_pick_up_and_the_way_grows_shorter(rider: Rider) -> None:
    phone = await rider.begin()
    order = await rider.cook(ready=True)
    await phone.take(order)
    left = phone.page.locator(".way-left")
    await expect(left).to_contain_text(re.compile(r"To Ahven & Tilli\s*\d+ m · \d+ min"))
    before = await left.inner_text()
    await phone.stand_at(60.1743)
    await expect(left).not_to_have_text(before)
    await phone.press("I am at the restaurant")
    await phone.press("Picked up")
    await phone.expect_seen_by(_first_name(rider) + _SEES)
    await eventually(lambda: _is_seen(phone, order, 60.1743), seconds=5)  # long before the next report is due
    await expect(left).to_contain_text(f"To {_first_name(rider)}")


async def _is_seen(phone: Phone, order: Placed, latitude: float) -> bool:
    await phone.stand_at(latitude + next(_STEPS) * 1e-6)  # what is measured anew is newer
    return (await order.tiffin.get_delivery(order.order_id))["location"] is not None


async def test_customer_kitchen_and_courier_see_the_same_delivery(
    rider: Rider, browser: Browser, watched: Watched, server: Server
) -> None:
    phone = await rider.begin()
    order = await rider.cook(next_door=True)
    people, name = rider.kitchen.people, rider.person.name.split(" ")[0]
    session = await log_in(browser, server.origin, people.customer.person.email)
    page = await watched.open(f"/orders/{order.order_id}", session=session)
    board = await watched.open(rider.kitchen.path, session=people.sessions[0])
    await board.get_by_role("button", name="Start the shift").click()
    ticket = board.locator(f'[data-ticket="{order.order_id}"]')
    card = page.get_by_role("region", name="Your courier")
    await phone.take(order)
    await expect(card).to_contain_text(f"{name} is on the way to the restaurant.")
    await expect(page.locator(".door-digits .visually-hidden")).to_have_text(" ".join(await rider.ask_code(order)))
    await expect(ticket).to_contain_text(f"{name} comes to fetch it")
    await phone.press("I am at the restaurant", within=phone.order(order))
    await expect(card).to_contain_text(f"{name} is at the restaurant.")
    await expect(ticket).to_contain_text(f"{name} is here and waits for it")
    arrival = await page.locator(".arrival").inner_text()
    await rider.make_ready(order)
    await board.get_by_role("button", name="Handed over").click()
    await expect(ticket).to_have_count(0)
    await expect(board.get_by_text(f"{order.number}: handed to {name}")).to_be_visible()
    await expect(phone.order(order).get_by_role("button", name="Hand over")).to_be_visible()
    await eventually(lambda: _is_seen(phone, order, 60.1715), seconds=20)
    marker = page.locator(".courier-pin")
    await expect(marker).to_have_attribute("aria-label", f"{name}, your courier")
    await expect(card).to_contain_text(f"{name} is almost at your door.")
    await expect(page.locator(".arrival")).not_to_have_text(arrival)
    await expect(page.locator(".map-age.old")).to_have_count(0)
    await page.evaluate("() => { const now = Date.now; Date.now = () => now() + 60_000; }")
    await expect(page.locator(".map-age.old")).to_contain_text("Position from")
    step = {"to": "delivered", "code": await rider.ask_code(order)}
    await rider.person.tiffin.advance_assignment(order.order_id, **step)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Enjoy your meal!")
    for gone in (marker, card):
        await expect(gone).to_have_count(0)


async def test_steps_without_a_connection_are_sent_later(rider: Rider, server: Server) -> None:
    rider.watched.allow(_AWAY)
    phone = await rider.begin()
    order = await rider.cook(ready=True)
    await phone.take(order)
    await expect(phone.page.locator(".way-left")).to_contain_text("min")
    await server.kill()
    await phone.expect_connected(False)
    await phone.press("I am at the restaurant")
    await phone.press("Picked up")
    await expect(phone.order(order)).to_contain_text("Waiting for the connection")
    await phone.expect_seen_by("Only dispatch sees where you are.")
    await server.start()
    await phone.page.evaluate("window.dispatchEvent(new Event('online'))")  # else it takes its time, with jitter
    await phone.expect_connected(True, seconds=25)
    await expect(phone.order(order)).not_to_contain_text("Waiting for the connection")
    await expect(phone.page.locator(".seen")).to_contain_text(_SEES.strip())
    assert await order.state() == "picked_up"


async def test_an_offer_that_is_taken_back_and_an_order_that_is_called_off_are_told(rider: Rider) -> None:
    phone = await rider.begin()
    offered = await rider.cook()
    await expect(phone.offer).to_be_visible()
    await phone.page.keyboard.press("Escape")
    await phone.page.keyboard.press("Escape")
    await expect(phone.offer).to_be_visible()
    await rider.call_off(offered)
    await expect(phone.offer).to_have_count(0)
    await expect(phone.root).to_contain_text("Ahven & Tilli: the offer was taken back.")
    await phone.press("Close")
    taken = await rider.cook()
    await phone.take(taken)
    await rider.call_off(taken)
    await expect(phone.root).to_contain_text(f"{taken.number} from Ahven & Tilli was called off. Do not bring it.")
    await expect(phone.order(taken)).to_have_count(0)


async def test_an_order_can_be_given_back_or_given_up_but_not_left(rider: Rider) -> None:
    rider.watched.allow("409")
    phone = await rider.begin()
    order = await rider.cook(ready=True)
    await phone.take(order)
    await phone.press("Go off duty")
    await expect(phone.page.locator(".toast")).to_have_text(
        "You still have orders. Deliver them or give them back first."
    )
    await phone.press("I am at the restaurant")
    await phone.press("Picked up")
    await phone.press("Could not deliver")
    await phone.press("Nobody opened the door")
    await expect(phone.order(order)).to_have_count(0)
    assert await order.state() == "failed"
    other = await rider.cook()
    await phone.take(other)
    await phone.press("Give it back")
    await phone.page.get_by_label("Another reason").fill("A flat tyre")
    await phone.press("Give it back", within=phone.page.get_by_role("dialog").locator("form"))
    await expect(phone.order(other)).to_have_count(0)


async def test_two_orders_at_once_have_a_way_each(rider: Rider) -> None:
    phone = await rider.begin()
    first = await rider.cook(ready=True)
    await phone.take(first)
    await phone.press("I am at the restaurant", within=phone.order(first))
    await phone.press("Picked up", within=phone.order(first))
    await phone.expect_seen_by(_first_name(rider) + _SEES)
    second = await rider.cook()
    await phone.take(second)
    left = phone.page.locator(".way-left")
    await expect(left).to_contain_text(f"To {_first_name(rider)}")  # who waits for food that is on its way comes first
    await phone.press("Show the way", within=phone.order(second))
    await expect(left).to_contain_text(re.compile(r"To Ahven & Tilli\s*\d+ m"))
    await expect(phone.order(first).get_by_role("button", name="Show the way")).to_be_visible()


async def test_a_reload_on_duty_goes_on(rider: Rider) -> None:
    phone = await rider.begin()
    await phone.page.reload()
    await phone.expect_on_duty(True)
    await phone.expect_seen_by("Only dispatch sees where you are.")
    steps = itertools.count()
    before = (await rider.person.tiffin.get_courier())["location"]["received_at"]

    async def is_newer() -> bool:
        await phone.stand_at(60.1747 + next(steps) * 1e-6)
        return bool((await rider.person.tiffin.get_courier())["location"]["received_at"] > before)

    await eventually(is_newer, seconds=20)


async def test_without_a_location_there_is_no_duty(rider: Rider) -> None:
    phone = await rider.open(at=None)
    await phone.press("Go on duty")
    await expect(phone.page.get_by_role("alert")).to_contain_text("This browser may not tell where you are")
    await phone.expect_on_duty(False)
    assert (await rider.person.tiffin.get_courier())["on_duty"] is False


async def test_whoever_is_no_courier_is_told_whom_to_ask(kitchen: Kitchen, watched: Watched) -> None:
    watched.allow("403")
    page = await watched.open("/courier", session=kitchen.people.sessions[0])
    await expect(page.get_by_role("alert")).to_contain_text("Ask an administrator")
    await expect(page.get_by_role("button")).to_have_text(["Log out"])


@pytest.mark.parametrize(
    "screen",
    [
        {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
        {"viewport": {"width": 1920, "height": 1080}, "color_scheme": "dark"},
    ],
    ids=lambda one: f"{one['viewport']['width']}-{one['color_scheme']}",
)
async def test_every_screen_is_accessible_and_fits(rider: Rider, screen: dict[str, Any]) -> None:
    phone = await rider.open(**screen)
    wrong = await look(phone.page, "off duty")
    await phone.press("Go on duty")
    await eventually(rider.is_known)
    wrong += await look(phone.page, "waiting")
    order = await rider.cook(ready=True)
    await expect(phone.offer).to_be_visible()
    wrong += await look(phone.page, "offer")
    await phone.take(order)
    wrong += await _look_at_order(phone)
    assert wrong == []


async def _look_at_order(phone: Phone) -> list[str]:
    await expect(phone.page.locator(".way-left")).to_contain_text("min")
    wrong = await look(phone.page, "order")
    await phone.press("Give it back")
    wrong += await look(phone.page, "give back")
    await phone.page.keyboard.press("Escape")
    await phone.press("I am at the restaurant")
    await phone.press("Picked up")
    await phone.press("Hand over")
    return wrong + await look(phone.page, "code")


async def test_finnish(rider: Rider) -> None:
    phone = await rider.open(locale="fi-FI")
    await phone.press("Aloita vuoro")
    await phone.expect_seen_by("Vain ajojärjestely näkee, missä olet.")
