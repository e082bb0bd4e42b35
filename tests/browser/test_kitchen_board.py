"""The board itself: switches, who is there, a lost server, a reload in the middle, everybody's eyes and languages."""

import re
from typing import Any

import pytest
from playwright.async_api import expect
from tests.browser.axe import look
from tests.browser.conftest import Server
from tests.browser.kitchen_board import open_board
from tests.browser.kitchen_town import Kitchen
from tests.browser.watched import Watched

from tiffin.demo.city import DEMO_PASSWORD

# what the console says of a server that is not there
_AWAY = "ERR_|WebSocket connection"


async def test_log_in_leads_to_the_only_board(watched: Watched, kitchen: Kitchen) -> None:
    watched.allow("401")
    page = await watched.open(kitchen.path)
    await page.get_by_label("E-mail").fill(kitchen.people.staff[0].email)
    await page.get_by_label("Password").fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_role("button", name="Start the shift")).to_be_visible()
    await page.goto("/kitchen")
    await expect(page.get_by_role("heading", name="Which restaurant?")).to_be_visible()
    await page.locator(f'a[href="{kitchen.path}"]').click()
    await expect(page.get_by_role("button", name="Start the shift")).to_be_visible()


async def test_sold_out_pause_and_busy_show_on_every_board(watched: Watched, kitchen: Kitchen) -> None:
    first, second = await open_board(watched, kitchen, 0), await open_board(watched, kitchen, 1)
    for board in (first, second):
        await board.press("Sold out")
    await first.press("Perch on mash: Until I lift it")
    gone = second.page.locator(f"[data-item='{kitchen.items['Perch on mash']}']")
    await expect(gone).to_have_attribute("data-sold-out", "true")
    await second.press("Perch on mash: Available again")
    await expect(first.page.get_by_role("button", name="Perch on mash: Until tomorrow")).to_be_visible()
    for board in (first, second):
        await board.page.keyboard.press("Escape")
    await first.press("Pause")
    await first.press("15 min")
    await expect(second.page.locator(".paused")).to_contain_text("Paused until")
    await second.press("Take orders again")
    await expect(first.page.locator(".paused")).to_have_count(0)
    await first.press("Busy")
    await first.press("+20 min")
    await expect(second.page.get_by_role("button", name="Busy: +20 min")).to_be_visible()


async def test_who_is_connected_is_told_at_once(watched: Watched, kitchen: Kitchen) -> None:
    first = await open_board(watched, kitchen, 0)
    await first.press("Only you")
    dialog = first.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Only you.")
    second = await open_board(watched, kitchen, 1)
    await expect(dialog).to_contain_text(kitchen.people.staff[1].name)
    await expect(dialog).not_to_contain_text("Only you.")
    await second.page.close()
    await expect(dialog).to_contain_text("Only you.")


async def test_a_killed_server_is_unmistakable_and_everything_is_right_when_it_is_back(
    watched: Watched, kitchen: Kitchen, server: Server
) -> None:
    watched.allow(_AWAY)
    board = await open_board(watched, kitchen)
    cooking = await kitchen.order()
    await board.accept(cooking, 20)
    waiting = await kitchen.order()
    await board.ticket(waiting).get_by_text("Salmon soup").click()
    await board.page.clock.install()
    await server.kill()
    await board.expect_connected(False)
    await board.expect_sound("silent")
    await board.page.clock.fast_forward(16_000)
    await board.expect_sound("alarm")
    await expect(board.page.get_by_role("alert").first).to_contain_text("Not connected. Orders do not ring here.")
    await board.accept(waiting, 20)  # into the outbox
    await expect(board.ticket(waiting)).to_contain_text("Waiting for the connection")
    meanwhile = await kitchen.order()
    await server.start()
    await board.page.evaluate("window.dispatchEvent(new Event('online'))")  # else it takes its time, with jitter
    await expect(board.root).to_have_attribute("data-connected", "true", timeout=25_000)
    await expect(board.in_column("new", meanwhile)).to_be_visible()
    await board.expect_sound("bell")
    await expect(board.in_column("cooking", waiting)).to_be_visible()
    await expect(board.ticket(waiting)).not_to_contain_text("Waiting for the connection")
    assert await waiting.state() == "confirmed"


async def test_a_reload_in_the_middle_of_accepting_loses_nothing(
    watched: Watched, kitchen: Kitchen, server: Server
) -> None:
    watched.allow(_AWAY)
    board = await open_board(watched, kitchen)
    order = await kitchen.order()
    await board.ticket(order).get_by_text("Salmon soup").click()
    await board.page.route("**/v1/restaurants/**", lambda route: route.abort())  # a reload meets a server half away
    await server.kill()
    await board.expect_connected(False)
    await board.accept(order, 20)
    await expect(board.ticket(order)).to_contain_text("Waiting for the connection")
    await server.start()
    await board.page.unroute_all()
    await board.page.reload()
    await expect(board.in_column("cooking", order)).to_be_visible(timeout=25_000)
    assert await order.state() == "confirmed"


@pytest.mark.parametrize(
    "screen",
    [
        {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
        {"viewport": {"width": 1024, "height": 768}, "color_scheme": "light"},
        {"viewport": {"width": 1920, "height": 1080}, "color_scheme": "dark"},
    ],
    ids=lambda one: f"{one['viewport']['width']}-{one['color_scheme']}",
)
async def test_every_screen_is_accessible_and_fits(watched: Watched, kitchen: Kitchen, screen: dict[str, Any]) -> None:
    board = await open_board(watched, kitchen, **screen)
    cooking = await kitchen.order(wish="No dill")
    await board.accept(cooking, 20)
    waiting = await kitchen.order(note="Ring twice")
    await expect(board.ticket(waiting)).to_be_attached()
    wrong = await look(board.page, "board")
    await board.press("Accept", within=board.ticket(waiting))
    wrong += await look(board.page, "accept")
    await board.page.keyboard.press("Escape")
    await board.press("Reject", within=board.ticket(waiting))
    wrong += await look(board.page, "reject")
    await board.page.keyboard.press("Escape")
    for name in ("Sold out", "Pause", "Busy"):
        await board.press(name)
        wrong += await look(board.page, name)
        await board.page.keyboard.press("Escape")
    assert wrong == []


async def test_finnish(watched: Watched, kitchen: Kitchen) -> None:
    page = await watched.open(kitchen.path, session=kitchen.people.sessions[0], locale="fi-FI")
    await page.get_by_role("button", name="Aloita vuoro").click()
    order = await kitchen.order()
    ticket = page.locator(f'[data-ticket="{order.order_id}"]')
    await expect(ticket).to_contain_text(re.compile("Vastaa .* kuluessa"))
    await expect(ticket.get_by_role("button", name="Hyväksy")).to_be_visible()
