"""An administrator announces, and people see it: at once, on every device, in their language, until it is over."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect
from tests.browser.axe import look
from tests.browser.conftest import Server
from tests.browser.kitchen_board import open_board
from tests.browser.kitchen_town import Kitchen
from tests.browser.support_town import Desk, Somebody

_RAIN = {"en": {"title": "Heavy rain", "body": "Food may come later."}, "fi": {"title": "Rankkasade", "body": ""}}
_EVERYONE = {"kind": "everyone"}


@pytest.fixture
async def admin(desk: Desk) -> Somebody:
    """Somebody who runs the platform; nothing is announced yet."""
    admin = await desk.person("Ada", "admin")
    for one in (await admin.tiffin.get_announcements())["announcements"]:
        await admin.tiffin.withdraw_announcement(one["announcement_id"])
    return admin


async def _bell(page: Page, unread: int) -> None:
    name = f"Announcements, {unread} unread" if unread else "Announcements"
    await expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()


async def test_written_previewed_sent_seen_and_withdrawn(desk: Desk, admin: Somebody) -> None:
    customer = await desk.person("Kaisa")
    phone, laptop = await customer.open("/orders"), await customer.open("/help")
    desk.watched.allow("401")  # who is nobody asks who it is
    stranger = await desk.watched.open("/orders")
    office = await admin.open("/admin/announcements")
    await expect(office.get_by_role("heading", name="Announcements")).to_be_visible()

    await office.get_by_role("button", name="New announcement").click()
    dialog = office.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Announce now")).to_be_disabled()
    await expect(dialog.locator("[data-reach]")).to_contain_text(re.compile(r"Reaches \d+ people"))
    await dialog.get_by_label("Important").check()
    await dialog.locator("[name=title-en]").fill("Heavy rain")
    await dialog.locator("[name=body-en]").fill("Food may come later.")
    await dialog.locator("[name=title-fi]").fill("Rankkasade")
    await dialog.locator("[name=link]").fill("/orders")
    cards = dialog.locator(".announcement")
    await expect(cards).to_have_count(2)
    await expect(cards.nth(0)).to_contain_text("Food may come later.")
    await expect(cards.nth(1)).to_contain_text("Rankkasade")
    assert await look(office, "composer") == []
    await dialog.get_by_role("button", name="Announce now").click()
    await expect(dialog).to_have_count(0)
    await expect(office.locator(".draft").first).to_have_attribute("data-state", "published")

    for page in (phone, laptop, stranger, office):
        await _bell(page, 1)
    toast = phone.locator(".toast", has_text="Heavy rain")
    await toast.click()
    inbox = phone.get_by_role("dialog")
    await expect(inbox.locator(".announcement[data-new=true]")).to_contain_text("Food may come later.")
    assert await look(phone, "inbox") == []
    for page in (phone, laptop):
        await _bell(page, 0)
    await _bell(stranger, 1)

    await office.get_by_role("button", name="Withdraw").first.click()
    await office.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    await expect(inbox.locator(".announcement")).to_have_count(0)
    await _bell(stranger, 0)
    await expect(office.locator(".draft").first).to_have_attribute("data-state", "withdrawn")


async def test_a_scheduled_one_is_changed_and_comes_by_itself(desk: Desk, admin: Somebody) -> None:
    page = await (await desk.person("Kaisa")).open("/orders")
    office = await admin.open("/admin/announcements", timezone_id="America/New_York")
    await _bell(page, 0)
    soon = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    made = await admin.tiffin.announce({"kind": "customers"}, _RAIN, publishes_at=soon)
    draft = office.locator(f"[data-id='{made['announcement_id']}']")
    await expect(draft).to_have_attribute("data-state", "scheduled")
    await draft.get_by_role("button", name="Edit").click()
    dialog = office.get_by_role("dialog")
    await expect(dialog).to_contain_text("America/New_York")
    await dialog.locator("[name=title-en]").fill("Snow")
    await dialog.locator("[name=publishes-at]").fill("")
    await dialog.get_by_role("button", name="Save").click()
    await expect(draft).to_have_attribute("data-state", "published")
    await expect(page.locator(".toast", has_text="Snow")).to_be_visible()

    await draft.get_by_role("button", name="Edit").click()
    await expect(dialog.locator("[name=audience]")).to_be_disabled()
    await expect(dialog.locator("[name=publishes-at]")).to_be_disabled()
    await dialog.locator("[name=title-en]").fill("Snow and ice")
    await dialog.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Announcements, 1 unread").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Snow and ice")


async def test_what_is_urgent_stands_on_every_page_in_the_readers_language(desk: Desk, admin: Somebody) -> None:
    page = await (await desk.person("Kaisa")).open("/orders", locale="fi-FI")
    await admin.tiffin.announce(_EVERYONE, _RAIN, severity="critical")
    bar = page.locator(".announcement-bar")
    await expect(bar).to_contain_text("Rankkasade")
    assert await look(page, "bar") == []
    await page.reload()
    await expect(bar).to_contain_text("Rankkasade")
    await bar.get_by_role("button", name="Näytä").click()
    await page.keyboard.press("Escape")
    await expect(bar).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("button", name="Tiedotteet", exact=True)).to_be_visible()
    await expect(bar).to_have_count(0)


async def test_offline_meanwhile_and_back(desk: Desk, admin: Somebody, server: Server) -> None:
    """What was published and withdrawn while nobody was connected is as it is now, without a reload."""
    page = await (await desk.person("Kaisa")).open("/orders")
    gone = await admin.tiffin.announce(_EVERYONE, _RAIN)
    await _bell(page, 1)
    desk.watched.allow("ERR_CONNECTION|503")
    await server.kill()
    await expect(page.locator(".connection-bar")).to_be_visible()
    await admin.tiffin.withdraw_announcement(gone["announcement_id"])
    for title in ("Snow", "Ice"):
        await admin.tiffin.announce({"kind": "customers"}, {"en": {"title": title}})
    await server.start()
    await _bell(page, 2)


async def test_couriers_and_kitchens_have_an_inbox_of_theirs(desk: Desk, admin: Somebody, kitchen: Kitchen) -> None:
    """Also when the role comes while the page is open."""
    customer = await desk.person("Kaisa")
    page = await customer.open("/orders")
    courier = await (await desk.person("Ville", "courier")).open("/courier")
    board = await open_board(desk.watched, kitchen)
    await admin.tiffin.announce({"kind": "couriers"}, {"en": {"title": "New bags"}})
    await admin.tiffin.announce({"kind": "restaurants"}, {"en": {"title": "New menus"}})
    await _bell(courier, 1)
    await _bell(board.page, 1)
    await _bell(page, 0)
    account_id = customer.tiffin.account_id
    assert account_id is not None
    await admin.tiffin.http.call("PUT", f"/v1/accounts/{account_id}/roles/courier")
    await _bell(page, 1)
    await admin.tiffin.http.call("DELETE", f"/v1/accounts/{account_id}/roles/courier")
    await _bell(page, 0)


async def test_only_administrators_get_in(desk: Desk) -> None:
    page = await (await desk.person("Kaisa")).open("/admin/announcements")
    await expect(page.get_by_role("alert")).to_contain_text("Only administrators")
