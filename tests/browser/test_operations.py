"""The administrators' live page: figures, alerts and the map change by themselves while things happen."""

import asyncpg
import pytest
from playwright.async_api import expect
from tests.browser.axe import look
from tests.browser.conftest import Server
from tests.browser.kitchen_board import open_board
from tests.browser.kitchen_town import Kitchen
from tests.browser.support_town import Desk, Somebody

_OVER = (
    "UPDATE ticket SET state = 'expired', ended_at = now() WHERE ended_at IS NULL",
    "UPDATE customer_order SET state = 'expired', ended_at = now() WHERE ended_at IS NULL",
    "UPDATE alert SET acknowledged_at = now() WHERE acknowledged_at IS NULL",
    "UPDATE courier SET on_duty = false",
)


@pytest.fixture
async def admin(desk: Desk, running_database_url: str) -> Somebody:
    """Somebody who runs the platform; no test before has left anything behind."""
    connection = await asyncpg.connect(running_database_url)
    try:
        for over in _OVER:
            await connection.execute(over)
    finally:
        await connection.close()
    return await desk.person("Ada", "admin")


async def test_figures_and_alerts_follow_what_happens(desk: Desk, admin: Somebody, kitchen: Kitchen) -> None:
    page = await admin.open("/admin")
    placed = page.locator("[data-orders=placed] strong")
    await expect(placed).to_have_text("0")
    for part in ("database", "nats", "live", "work"):
        await expect(page.locator(f"[data-part={part}]")).to_have_attribute("data-ok", "true")
    nobody = page.get_by_role("region", name="Restaurants").locator(".figure").nth(1).locator("strong")
    away = int(await nobody.inner_text())
    assert away > 0

    order = await kitchen.order()
    await expect(placed).to_have_text("1")
    ticket = page.locator("[data-ticket]")
    await expect(ticket).to_contain_text("is on no device")
    assert await look(page, "live page") == []
    alert = page.locator(".alert[data-kind=ticket_unreceived]")
    await expect(alert).to_be_visible(timeout=15_000)

    board = await open_board(desk.watched, kitchen)
    await expect(nobody).to_have_text(str(away - 1))
    await board.press("1 new order. Touch to stop the bell.")
    await expect(ticket).to_have_count(0)
    await alert.get_by_role("button", name="Got it").click()
    await expect(alert).to_have_count(0)
    await board.press("Accept", within=board.ticket(order))
    await board.press("15 min")
    await expect(page.locator("[data-orders=confirmed] strong")).to_have_text("1")
    await expect(placed).to_have_text("0")


async def test_couriers_are_on_the_map_for_who_looks(desk: Desk, admin: Somebody) -> None:
    courier = await desk.person("Ville", "courier")
    await courier.tiffin.http.call("PUT", "/v1/courier/duty", json={"on_duty": True})
    desk.watched.allow("Worker failed to load")
    page = await admin.open("/admin")
    await page.get_by_role("button", name="Show where they are").click()
    live_map = page.locator(".live-map")
    await expect(live_map).to_have_attribute("data-couriers", "1")
    await courier.tiffin.http.call("PUT", "/v1/courier/duty", json={"on_duty": False})
    await expect(live_map).to_have_attribute("data-couriers", "0")


async def test_old_figures_say_so(desk: Desk, admin: Somebody, server: Server) -> None:
    page = await admin.open("/admin")
    await expect(page.locator("[data-orders=placed]")).to_be_visible()
    desk.watched.allow("ERR_CONNECTION|503")
    await server.kill()
    await expect(page.get_by_role("alert").filter(has_text="No new figures")).to_be_visible(timeout=10_000)
    await server.start()
    await expect(page.get_by_role("alert").filter(has_text="No new figures")).to_have_count(0, timeout=25_000)
