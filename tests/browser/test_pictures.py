"""Pictures from a file on a manager's device to every open menu."""

from base64 import b64encode
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from playwright.async_api import Locator, Page, Route, expect
from tests.browser.axe import look
from tests.browser.customer_town import Guest
from tests.browser.kitchen_town import Kitchen, log_in
from tests.browser.watched import Watched
from tests.features.images.photos import photo

from tiffin.client.http import open_http

_SOON = 15_000


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Two good ones, a dark one, and half of one."""
    for number in range(2):
        photo(1600, 1200, seed=10 * number + 1).jpegsave(str(tmp_path / f"soup-{number}.jpg"), Q=88)
    photo(1200, 900, seed=5, brightness=12).jpegsave(str(tmp_path / "cellar.jpg"))
    whole = (tmp_path / "soup-0.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    return [tmp_path / name for name in ("soup-0.jpg", "soup-1.jpg", "cellar.jpg", "half.jpg")]


async def open_pictures(guest: Guest, *, width: int = 1280) -> Page:
    """The page of the restaurant's pictures, as its owner sees it."""
    session = await log_in(guest.browser, guest.origin, guest.kitchen.people.owner.email)
    path = f"/kitchen/{guest.kitchen.restaurant_id}/pictures"
    page = await guest.watched.open(path, session=session, viewport={"width": width, "height": 900})
    await expect(page.get_by_role("heading", name="Salmon soup")).to_be_visible()
    return page


def of_soup(page: Page) -> Locator:
    return page.get_by_role("region", name="Salmon soup")


async def choose(page: Page, *files: Path) -> None:
    await of_soup(page).get_by_label("Salmon soup: choose photos").set_input_files(files)


async def is_drawn(page: Page, image: Locator) -> None:
    """Loaded, by the browser's own account."""
    await expect(image).to_be_visible(timeout=_SOON)
    handle = await image.element_handle()
    await page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=handle, timeout=_SOON)


async def test_from_a_file_to_every_open_menu(guest: Guest, photos: list[Path]) -> None:
    menu = await guest.open(guest.path)
    soup = menu.get_by_role("button", name="Salmon soup")
    await expect(soup).to_be_visible()
    await expect(soup.locator("img")).to_have_count(0)
    page = await open_pictures(guest)
    await choose(page, photos[0])
    await is_drawn(page, of_soup(page).get_by_role("img", name="Salmon soup, picture 1"))
    await is_drawn(menu, soup.locator("img"))
    await expect(of_soup(page).get_by_role("progressbar")).to_have_count(0)
    await soup.click()
    large = menu.get_by_role("dialog").get_by_role("img", name="Salmon soup")
    await is_drawn(menu, large)
    source = await large.evaluate("image => image.currentSrc")
    assert source.endswith(".avif")
    answer = await menu.request.get(source)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_steps_failures_and_advice_are_told(guest: Guest, photos: list[Path]) -> None:
    page = await open_pictures(guest)
    await choose(page, photos[3])
    half = page.get_by_role("group", name="half.jpg")
    await expect(half.get_by_role("alert")).to_contain_text("damaged or not whole", timeout=_SOON)
    await expect(half.get_by_role("button", name="Try again")).to_have_count(0)
    await page.reload()
    await expect(half.get_by_role("alert")).to_contain_text("damaged or not whole")
    await half.get_by_role("button", name="Dismiss").click()
    await expect(half).to_have_count(0)
    await choose(page, photos[2])
    await expect(of_soup(page).get_by_role("status")).to_contain_text("try near a window", timeout=_SOON)
    assert await look(page, "pictures") == []


async def test_what_cannot_work_is_not_sent(guest: Guest, tmp_path: Path) -> None:
    page = await open_pictures(guest)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method != "GET" else None)
    for name, content, words in (
        ("IMG_1.heic", b"x", "Most Compatible"),
        ("logo.svg", b"<svg/>", "save it as PNG"),
        ("empty.jpg", b"", "The file is empty"),
    ):
        (tmp_path / name).write_bytes(content)
        await choose(page, tmp_path / name)
        group = page.get_by_role("group", name=name)
        await expect(group.get_by_role("alert")).to_contain_text(words)
        await group.get_by_role("button", name="Dismiss").click()
        await expect(group).to_have_count(0)
    assert sent == []


async def test_order_replace_and_remove(guest: Guest, photos: list[Path]) -> None:
    page = await open_pictures(guest)
    await choose(page, *photos[:2])
    shown = of_soup(page).get_by_role("figure")
    await expect(shown).to_have_count(2, timeout=_SOON)

    async def order() -> list[str]:
        first, second = [shown.nth(number).get_by_role("img") for number in range(2)]
        return [await image.get_attribute("src") or "" for image in (first, second)]

    before = await order()
    await page.get_by_role("button", name="Salmon soup, picture 2: further to the front").click()
    await expect(shown.nth(0).get_by_role("img")).to_have_attribute("src", before[1])
    assert await order() == before[::-1]
    await page.get_by_label("Salmon soup, picture 1: replace").set_input_files(photos[2])
    await expect(shown.nth(0).get_by_role("img")).not_to_have_attribute("src", before[1], timeout=_SOON)
    assert (await order())[1] == before[0]
    await expect(shown).to_have_count(2)
    await page.get_by_role("button", name="Salmon soup, picture 2: remove").click()
    await expect(shown).to_have_count(1)


async def test_a_broken_connection_goes_on_where_it_was(guest: Guest, photos: list[Path]) -> None:
    guest.watched.allow("ERR_|Failed to load resource")
    page = await open_pictures(guest)
    offsets: list[str] = []
    broken = 0

    async def break_once(route: Route) -> None:
        nonlocal broken
        if route.request.method == "PATCH":
            offsets.append(route.request.headers["upload-offset"])
            broken += 1
            if broken == 1:
                await route.abort("connectionreset")
                return
        await route.continue_()

    await page.route("**/v1/uploads/*", break_once)
    await choose(page, photos[0])
    await is_drawn(page, of_soup(page).get_by_role("img", name="Salmon soup, picture 1"))
    assert broken >= 2
    assert offsets[0] == offsets[1] == "0"


_DROP = """(box, content) => {
  const bytes = Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "dropped.jpg", { type: "image/jpeg" }));
  for (const type of ["dragover", "drop"])
    box.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""


async def test_a_photo_is_dropped_on_a_dish(guest: Guest, photos: list[Path]) -> None:
    page = await open_pictures(guest)
    await of_soup(page).evaluate(_DROP, b64encode(photos[0].read_bytes()).decode())
    await is_drawn(page, of_soup(page).get_by_role("img", name="Salmon soup, picture 1"))


async def test_what_went_wrong_on_our_side_may_be_tried_again(
    guest: Guest, photos: list[Path], running_database_url: str
) -> None:
    """An upload whose work became a dead letter, as the database then has it."""
    content, origin = photos[0].read_bytes(), guest.origin
    token = await guest.kitchen.people.owner.tiffin.http.access_token()
    headers = {"authorization": f"Bearer {token}", "tus-resumable": "1.0.0"}
    async with open_http() as http:
        item = f"{origin}/v1/menu-items/{guest.kitchen.items['Salmon soup']}/images"
        begun = await http.post(item, headers=headers | {"upload-length": str(len(content) + 1)})
        path = begun.headers["location"]
        stream = {"upload-offset": "0", "content-type": "application/offset+octet-stream"}
        assert (await http.patch(origin + path, content=content, headers=headers | stream)).status_code == 204
    connection = await asyncpg.connect(running_database_url)
    dead = "UPDATE image SET bytes = received_bytes, state = 'failed', code = 'processing_failed' WHERE id = $1"
    await connection.execute(dead, UUID(path.rsplit("/", 1)[-1]))
    await connection.close()
    page = await open_pictures(guest)
    await expect(of_soup(page).get_by_role("alert")).to_contain_text("on our side")
    await of_soup(page).get_by_role("button", name="Try again").click()
    await is_drawn(page, of_soup(page).get_by_role("img", name="Salmon soup, picture 1"))
    await expect(of_soup(page).get_by_role("alert")).to_have_count(0)


async def test_staff_may_look_only(watched: Watched, kitchen: Kitchen) -> None:
    watched.allow("403")
    page = await watched.open(f"/kitchen/{kitchen.restaurant_id}/pictures", session=kitchen.people.sessions[0])
    await expect(page.get_by_text("Only managers and owners change pictures.")).to_be_visible()


async def test_on_a_phone_and_in_finnish(guest: Guest, photos: list[Path]) -> None:
    page = await open_pictures(guest, width=360)
    await choose(page, photos[0])
    await is_drawn(page, of_soup(page).get_by_role("img", name="Salmon soup, picture 1"))
    await page.evaluate("localStorage.setItem('tiffin.language', 'fi')")
    await page.reload()
    await expect(page.get_by_role("link", name="Tilaustaululle")).to_be_visible()
    await expect(page.get_by_label("Salmon soup: ota kuva")).to_be_attached()
    assert await look(page, "pictures on a phone") == []
