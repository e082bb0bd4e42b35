"""The live SDK in a real browser, behind a proxy that can be cut: one connection for all tabs, and nothing missed."""

import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import SETTINGS
from tests.browser.customer_town import Guest, make_guest
from tests.browser.kitchen_town import Kitchen
from tests.browser.watched import Watched
from tests.chaos.proxy import Proxy
from tests.e2e.cluster import Cluster
from tests.waiting import eventually

# what the console says of a connection that is cut, and what the map says of a page that is left
_CUT = "ERR_|Worker failed to load"
_WITHOUT_SHARED_WORKERS = "delete window.SharedWorker"
_HEADINGS = {
    "confirmed": "The restaurant has accepted your order",
    "preparing": "Your food is being cooked",
    "ready": "Your food is ready and waits for the courier",
}


@dataclass
class Line:
    """A guest whose browser reaches the server by a line that can be cut."""

    guest: Guest
    proxy: Proxy


@pytest.fixture
async def line(_cluster: Cluster, kitchen: Kitchen, browser: Browser) -> AsyncIterator[Line]:
    """A node of its own behind the proxy; orders end their streams after a second."""
    proxy = Proxy(("127.0.0.1", 0))
    await proxy.start()
    origin = f"http://127.0.0.1:{proxy.port}"
    node = await _cluster.start_node(
        **SETTINGS, TIFFIN_ALLOWED_ORIGINS=f'["{origin}"]', TIFFIN_ORDER_STREAM_LINGER_SECONDS="1"
    )
    proxy.target = ("127.0.0.1", int(node.origin.rpartition(":")[2]))
    watched = Watched(browser, origin)
    watched.allow(_CUT)
    yield Line(await make_guest(kitchen, browser, watched, origin, _cluster.pool), proxy)
    await watched.close()
    await _cluster.remove(node, signal.SIGTERM)
    await proxy.stop()
    assert watched.errors == []


async def expect_state(page: Page, state: str, **options: Any) -> None:
    await expect(page.get_by_role("heading", name=_HEADINGS[state])).to_be_visible(**options)


async def test_a_cut_stream_misses_nothing(line: Line) -> None:
    page = await line.guest.open()
    order_id = await line.guest.order(page)
    await line.guest.cook(order_id, "accept")
    await expect_state(page, "confirmed")
    line.proxy.cut()
    await expect(page.get_by_role("alert")).to_contain_text("Not connected")
    await line.guest.cook(order_id, "preparing", "ready")
    line.proxy.heal()
    await expect_state(page, "ready", timeout=25_000)
    await expect(page.locator(".step[data-kind=done], .step[data-kind=current]")).to_have_count(4)


async def test_a_computer_that_slept_is_right_when_it_wakes(line: Line) -> None:
    """Without a shared worker, so that the page's own clock is the hub's; the line dies silently in the meantime."""
    page = await line.guest.open("/orders")
    await page.context.add_init_script(_WITHOUT_SHARED_WORKERS)
    await page.clock.install()
    order_id = await line.guest.order(page)
    await line.guest.cook(order_id, "accept")
    await expect_state(page, "confirmed")
    line.proxy.mute()
    await line.guest.cook(order_id, "preparing")
    line.proxy.heal()  # new connections pass; the one that is open stays dead
    await page.clock.fast_forward("10:00")
    preparing = page.get_by_role("heading", name=_HEADINGS["preparing"])

    async def is_shown() -> bool:
        # the browser has more dead connections than this one, and tries each until its time is over
        await page.clock.fast_forward("00:20")
        return await preparing.is_visible()

    await eventually(is_shown, seconds=20)


async def test_tabs_share_one_connection_that_outlives_the_first(line: Line) -> None:
    first = await line.guest.open()
    second = await first.context.new_page()
    opened = [_streams_of(first), _streams_of(second)]
    order_id = await line.guest.order(first)
    await second.goto(f"/orders/{order_id}")
    await expect(second.locator(".steps")).to_be_visible()
    await line.guest.cook(order_id, "accept")
    for tab in (first, second):
        await expect_state(tab, "confirmed")
    assert opened == [[], []], "the shared worker has the only one"
    await first.close()
    await line.guest.cook(order_id, "preparing")
    await expect_state(second, "preparing")


async def test_without_shared_workers_each_tab_has_its_own(line: Line) -> None:
    first = await line.guest.open("/orders")
    await first.context.add_init_script(_WITHOUT_SHARED_WORKERS)
    second = await first.context.new_page()
    opened = [_streams_of(first), _streams_of(second)]
    order_id = await line.guest.order(first)
    await second.goto(f"/orders/{order_id}")
    await line.guest.cook(order_id, "accept")
    for tab in (first, second):
        await expect_state(tab, "confirmed")
    assert all(opened)


def _streams_of(tab: Page) -> list[str]:
    """Live connections that this very page opens from now on, not its shared worker."""
    opened: list[str] = []
    tab.on("request", lambda request: opened.append(request.url) if "/v1/events" in request.url else None)
    return opened


_FOLLOW = """(orderId) => {
    window.seen = [];
    const source = (window.source = new EventSource(`/v1/orders/${orderId}/events`));
    const states = ["confirmed", "preparing", "ready", "picked_up", "delivered"];
    for (const type of ["snapshot", "bye", ...states.map((state) => `order.${state}`)])
        source.addEventListener(type, (event) => window.seen.push([type, event.lastEventId]));
}"""


async def test_the_browsers_own_eventsource_resumes_and_ends(line: Line) -> None:
    page = await line.guest.open()
    order_id = await line.guest.order(page)
    await page.goto("/account")
    await page.evaluate(_FOLLOW, order_id)
    await eventually(lambda: _holds(page, "window.seen.length === 1"))
    await line.guest.cook(order_id, "accept")
    await eventually(lambda: _holds(page, "window.seen.length === 2"))
    line.proxy.cut()
    await line.guest.cook(order_id, "preparing", "ready")
    line.proxy.heal()
    await eventually(lambda: _holds(page, "window.seen.length === 4"), seconds=20)
    await line.guest.cook(order_id, "picked_up", "delivered")
    await eventually(lambda: _holds(page, "window.source.readyState === EventSource.CLOSED"), seconds=20)
    seen: list[tuple[str, str]] = await page.evaluate("window.seen")
    states = ["confirmed", "preparing", "ready", "picked_up", "delivered"]
    assert [one[0] for one in seen] == ["snapshot", *(f"order.{state}" for state in states), "bye"]
    numbers = [int(one[1].rpartition(":")[2]) for one in seen[:6]]
    assert numbers == list(range(numbers[0], numbers[0] + 6)), "each once, in order, over the cut"


async def _holds(page: Page, condition: str) -> bool:
    return await page.evaluate(condition) is True
