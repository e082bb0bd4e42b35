"""The customer's app for everybody: small and large windows, dark, Finnish, by keyboard, with a screen reader."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from tests.browser.axe import look
from tests.browser.customer_town import Guest

from tiffin.app.site import SITE

SCREENS: list[dict[str, Any]] = [
    {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
    {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"},
    {"viewport": {"width": 1920, "height": 1080}, "color_scheme": "light"},
]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda one: f"{one['viewport']['width']}-{one['color_scheme']}")
async def test_every_page_is_accessible_and_fits(guest: Guest, screen: dict[str, Any]) -> None:
    page = await guest.open("/", **screen)
    await expect(page.locator(".restaurant-card").first).to_be_visible()
    wrong = await look(page, "home")
    await page.goto(guest.path)
    await page.get_by_role("button", name="Salmon soup").click()
    wrong += await look(page, "dish")
    await page.get_by_role("button", name="Add for").click()
    wrong += await look(page, "menu")
    await page.goto("/checkout")
    await expect(page.get_by_role("button", name="Order for")).to_be_enabled()
    wrong += await look(page, "checkout")
    await page.get_by_role("button", name="Order for").click()
    await expect(page.locator(".steps")).to_be_visible()
    wrong += await look(page, "order")
    await page.goto("/orders")
    await expect(page.locator(".order-card")).to_be_visible()
    wrong += await look(page, "orders")
    await page.goto("/account")
    await expect(page.get_by_text("This device")).to_be_visible()
    wrong += await look(page, "account")
    assert wrong == []


async def test_an_order_by_keyboard_alone(guest: Guest) -> None:
    page = await guest.open(guest.path)
    await expect(page.get_by_role("button", name="Salmon soup")).to_be_visible()
    await tab_to(page, "Salmon soup")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await tab_to(page, "Add for")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await tab_to(page, "Go to checkout")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Order for")).to_be_enabled()
    await tab_to(page, "Order for")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="The restaurant is looking at your order")).to_be_visible()


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what is called so."""
    for _ in range(60):
        focused: str = await page.evaluate("document.activeElement.textContent")
        if name in focused and await page.evaluate("document.activeElement !== document.body"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {name}")


async def test_finnish_and_back(guest: Guest) -> None:
    page = await guest.open("/", locale="fi-FI")
    await expect(page.get_by_role("heading", name="Mitä tekisi mieli?")).to_be_visible()
    await page.goto(guest.path)
    await expect(page.get_by_role("button", name="Salmon soup")).to_contain_text(re.compile(r"13,90\s€"))
    await page.goto("/account")
    await page.get_by_label("Kieli").select_option("en")
    await expect(page.get_by_role("heading", name="Account")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await page.reload()
    await expect(page.get_by_role("heading", name="Account")).to_be_visible()


async def test_a_link_with_a_code_logs_in_and_leaves_no_trace(guest: Guest) -> None:
    code = (await guest.tiffin.make_login_code())["code"]
    page = await guest.watched.open(f"/orders#code={code}")
    await expect(page.get_by_text("You have not ordered yet.")).to_be_visible()
    assert code not in page.url
    guest.watched.allow("401")
    second = await guest.watched.open(f"/orders#code={code}")
    await expect(second.get_by_role("heading", name="Log in")).to_be_visible()


async def test_the_policy_allows_nothing_foreign_and_nothing_inline(guest: Guest) -> None:
    page = await guest.open("/")
    answer = await page.request.get("/")
    policy = answer.headers["content-security-policy"]
    assert "'unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["cache-control"] == "no-cache"
    refused = await page.evaluate("""() => new Promise((told) => {
        document.addEventListener("securitypolicyviolation", (event) => told(event.effectiveDirective));
        const script = document.createElement("script");
        script.textContent = "window.inline = true";
        document.head.append(script);
    })""")
    assert refused.startswith("script-src")
    assert await page.evaluate("window.inline") is None
    guest.watched.errors.clear()  # the console told of it, too


async def test_a_cookie_counts_only_for_this_origin(guest: Guest) -> None:
    page = await guest.open("/")
    cookie = next(one for one in await page.context.cookies() if one["name"] == "tiffin_session")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    headers = {"origin": "https://evil.example", "cookie": f"tiffin_session={cookie['value']}"}
    answer = await page.request.post(f"{guest.origin}/v1/addresses", data={}, headers=headers)
    assert (answer.status, (await answer.json())["code"]) == (403, "forbidden_origin")


def test_the_first_load_is_small() -> None:
    page = (SITE / "customer" / "index.html").read_text(encoding="utf-8")
    first = set(re.findall(r'/assets/([^"]+\.js)', page))
    assert first
    size = sum(len(gzip.compress((SITE / "assets" / name).read_bytes(), 9)) for name in first | _imported(first))
    assert size < 120_000, f"{size} bytes of script before anything shows"


def _imported(names: set[str]) -> set[str]:
    """What these import statically, and what that imports."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        text = Path(SITE / "assets" / waiting.pop()).read_text(encoding="utf-8")
        fresh = set(re.findall(r'(?:from|import)\s*"\./([^"]+\.js)"', text)) - found - names
        found |= fresh
        waiting += fresh
    return found
