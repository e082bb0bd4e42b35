"""The live SDK in a browser when what is below it fails: every event comes once and in order, whatever happens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from playwright.async_api import Browser, BrowserContext
from tests.browser.kitchen_town import Kitchen
from tests.browser.live_tab import Street, Tab, all_have_seen, log_in
from tests.waiting import eventually

_STREAM, _SOCKET = "/v1/events", "/v1/socket"
_WITHOUT_WORKERS = "delete window.SharedWorker"


@dataclass
class Menu:
    """A public topic, and a way to make events of it."""

    kitchen: Kitchen
    happened: int = 0

    @property
    def topic(self) -> str:
        return f"menu.{self.kitchen.restaurant_id}"

    @property
    def path(self) -> str:
        return f"/v1/restaurants/{self.kitchen.restaurant_id}/menu"

    async def change(self, times: int = 1) -> None:
        """One event each."""
        for _ in range(times):
            self.happened += 1
            soup = self.kitchen.items["Salmon soup"]
            await self.kitchen.people.owner.tiffin.set_sold_out(soup, bool(self.happened % 2))


@pytest.fixture
def menu(kitchen: Kitchen) -> Menu:
    return Menu(kitchen)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser of nobody."""
    context = await browser.new_context()
    yield context
    await context.close()


async def _looking(context: BrowserContext, street: Street, menu: Menu, kind: str = "stream") -> Tab:
    tab = await Tab.open(context, street.road, kind)
    await tab.follow(menu.topic, menu.path)
    return tab


async def test_tabs_share_a_connection_and_each_sees_everything_once(
    context: BrowserContext, street: Street, menu: Menu
) -> None:
    first = await _looking(context, street, menu)
    second = await _looking(context, street, menu)
    await menu.change(3)
    await all_have_seen([first, second], menu.topic, 3)
    assert street.road.count(_STREAM) == 1
    third = await _looking(context, street, menu)
    nowhere = f"menu.{uuid4()}"
    await third.page.evaluate("([topic, path]) => tab.follow(topic, path)", [nowhere, menu.path])
    await third.page.wait_for_function("(topic) => tab.status(topic) === 'forbidden'", arg=nowhere)
    opened = street.road.taken.count(_STREAM)
    await third.page.close()
    # a stream without what only that tab followed
    await eventually(lambda: street.road.taken.count(_STREAM) == opened + 1)
    await menu.change()
    await all_have_seen([first, second], menu.topic, 4)
    await first.page.close()
    await menu.change(2)
    await second.has_seen(menu.topic, 6)
    assert street.road.count(_STREAM) == 1
    await second.page.close()
    await eventually(lambda: street.road.count(_STREAM) == 0)


async def test_without_shared_workers_each_tab_has_its_own(context: BrowserContext, street: Street, menu: Menu) -> None:
    await context.add_init_script(_WITHOUT_WORKERS)
    tabs = [await _looking(context, street, menu) for _ in range(2)]
    assert street.road.count(_STREAM) == 2
    await menu.change(2)
    await all_have_seen(tabs, menu.topic, 2)


async def test_a_cut_stream_goes_on_where_it_was(context: BrowserContext, street: Street, menu: Menu) -> None:
    tabs = [await _looking(context, street, menu) for _ in range(2)]
    await menu.change()
    street.road.is_open = False
    street.road.cut()
    await tabs[0].is_connection("waiting", "lost")
    await menu.change(3)
    street.road.is_open = True
    await all_have_seen(tabs, menu.topic, 4)
    await menu.change()
    await all_have_seen(tabs, menu.topic, 5)
    assert street.road.count(_STREAM) == 1


async def test_a_killed_server_that_comes_back_has_everything(
    context: BrowserContext, street: Street, menu: Menu
) -> None:
    tab = await _looking(context, street, menu)
    await menu.change()
    await street.kill()
    await menu.change(2)
    await street.start()
    await tab.is_live(menu.topic)
    await tab.has_seen(menu.topic, 3)


async def test_a_computer_that_slept_knows_at_once(context: BrowserContext, street: Street, menu: Menu) -> None:
    await context.add_init_script(_WITHOUT_WORKERS)
    await context.clock.install()
    tab = await _looking(context, street, menu)
    await menu.change()
    await tab.has_seen(menu.topic, 1)
    street.road.silence(_STREAM)
    await menu.change(2)
    await context.clock.fast_forward("01:00:00")
    await tab.has_seen(menu.topic, 3)


async def test_a_frozen_tab_has_missed_nothing_when_it_thaws(
    context: BrowserContext, street: Street, menu: Menu
) -> None:
    frozen, awake = [await _looking(context, street, menu) for _ in range(2)]
    devtools = await context.new_cdp_session(frozen.page)
    await devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    await menu.change(3)
    await awake.has_seen(menu.topic, 3)
    await devtools.send("Page.setWebLifecycleState", {"state": "active"})
    await frozen.has_seen(menu.topic, 3)
    assert street.road.count(_STREAM) == 1


async def test_a_command_outlives_a_reload_in_the_middle_of_sending(
    browser: Browser, street: Street, kitchen: Kitchen
) -> None:
    account = kitchen.people.staff[0].tiffin.account_id
    topic = f"restaurant.{kitchen.restaurant_id}"
    context = await browser.new_context(storage_state=kitchen.people.sessions[0])
    tab = await Tab.open(context, street.road, "socket", account)
    await tab.follow(topic, f"/v1/restaurants/{kitchen.restaurant_id}/tickets?state=all")
    placed = await kitchen.order()
    await tab.has_seen(topic, 1)
    street.road.silence(_SOCKET)
    await tab.page.evaluate("(id) => tab.accept(id)", placed.order_id)
    await tab.page.wait_for_function("async () => (await tab.kept()) === 1")
    assert await placed.state() == "placed"
    await tab.page.reload()
    street.road.cut(_SOCKET)
    await tab.begin("socket", account)

    async def is_accepted() -> bool:
        return await placed.state() == "confirmed"

    await eventually(is_accepted)
    await tab.page.wait_for_function("async () => (await tab.kept()) === 0")
    await context.close()


async def test_the_browsers_own_event_source_resumes_and_ends(
    browser: Browser, street: Street, kitchen: Kitchen
) -> None:
    placed = await kitchen.order()
    path = f"/v1/orders/{placed.order_id}/events"
    staff = kitchen.people.staff[0].tiffin
    context = await browser.new_context()
    await log_in(context, street.road, kitchen.people.customer.person.email)
    tab = await Tab.open(context, street.road, "stream")
    types = ["snapshot", *(f"order.{step}" for step in ("confirmed", "preparing", "ready", "picked_up", "delivered"))]
    await tab.page.evaluate("([path, types]) => void (window.source = tab.listen(path, types))", [path, types])
    await tab.page.wait_for_function("() => tab.native.length === 1")
    await staff.answer_ticket(placed.order_id, "accept", {"minutes": 25})
    await tab.page.wait_for_function("() => tab.native.length === 2")
    street.road.is_open = False
    street.road.cut(path)
    await staff.answer_ticket(placed.order_id, "advance", {"to": "preparing"})
    street.road.is_open = True
    for step in ("ready", "picked_up", "delivered"):
        await staff.answer_ticket(placed.order_id, "advance", {"to": step})
    await tab.page.wait_for_function("() => source.readyState === EventSource.CLOSED")
    native = await tab.page.evaluate("() => tab.native")
    assert [event["type"] for event in native] == types
    numbers = [int(event["id"].rpartition(":")[2]) for event in native]
    assert numbers == sorted(set(numbers))
    await context.close()
