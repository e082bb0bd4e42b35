"""A customer and agents, in browsers: what one types the other sees, everybody sees the same, and nothing is lost."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from tests.browser.axe import look
from tests.browser.conftest import Server
from tests.browser.support_town import AgentPage, Desk, Somebody, ask, write
from tests.features.images.photos import photo


async def _talking(desk: Desk, **options: object) -> tuple[Somebody, Page, AgentPage]:
    """A customer with an agent."""
    kaisa = await desk.person("Kaisa")
    page = await kaisa.open("/", **options)
    await ask(page, "Where is my soup?")
    aino = await desk.agent("Aino")
    await expect(aino.pane("Kaisa")).to_contain_text("Where is my soup?")
    return kaisa, page, aino


async def test_a_question_is_asked_answered_solved_and_rated(desk: Desk) -> None:
    kaisa = await desk.person("Kaisa")
    page = await kaisa.open("/")
    await page.get_by_role("link", name="Help").click()
    await ask(page, "Where is my soup?")
    await expect(page.locator(".talk-head")).to_contain_text("You are next.")

    aino = await desk.agent("Aino")
    pane = aino.pane("Kaisa")
    await expect(page.locator(".talk-head h1")).to_have_text("Aino")
    await expect(page.locator(".talk-head")).to_contain_text("Aino is here")
    await expect(page.locator(".message.own .tick").first).to_have_attribute("data-tick", "read")

    await pane.get_by_label("Write a message").press_sequentially("It is on")
    await expect(page.locator(".typing")).to_contain_text("Aino is writing")
    await pane.get_by_label("Write a message").press_sequentially(" its way.")
    await pane.get_by_label("Write a message").press("Enter")
    await expect(page.locator(".message .text").last).to_have_text("It is on its way.")
    await expect(page.locator(".typing")).to_have_count(0)
    await expect(pane.locator(".message.own .tick").last).to_have_attribute("data-tick", "read")

    await aino.page.keyboard.press("Alt+r")
    await expect(pane).to_have_count(0)
    await page.get_by_role("button", name="4 stars").click()
    await expect(page.locator(".rating")).to_contain_text("Thank you")
    await write(page, "One more thing")
    await expect(aino.pane("Kaisa")).to_contain_text("One more thing")
    await expect(page.locator(".rating")).to_have_count(0)


async def test_an_agent_finds_a_solved_question_and_opens_it_again(desk: Desk) -> None:
    _, page, aino = await _talking(desk)
    await aino.pane("Kaisa").get_by_role("button", name="Solved").click()
    await page.get_by_label("What should we know?").fill("Too slow")
    await page.get_by_role("button", name="2 stars").click()
    await expect(page.locator(".rating")).to_contain_text("Thank you")
    await aino.page.keyboard.press("Alt+s")
    await aino.page.keyboard.type("soup")
    await aino.page.keyboard.press("Enter")
    dialog = aino.page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Kaisa").first.click()
    await expect(dialog).to_contain_text("2 stars · Too slow")
    await dialog.get_by_role("button", name="Open again").click()
    await expect(page.locator(".talk")).to_have_attribute("data-state", "assigned")
    await expect(aino.pane("Kaisa")).to_be_visible()


async def test_typing_ends_by_itself(desk: Desk) -> None:
    _, page, aino = await _talking(desk)
    await page.get_by_label("Write a message").press_sequentially("Well")
    await expect(aino.pane("Kaisa").locator(".typing")).to_contain_text("Kaisa is writing")
    await expect(aino.pane("Kaisa").locator(".typing")).to_have_count(0, timeout=8_000)


async def test_sent_then_delivered_then_read(desk: Desk) -> None:
    """Sent while the other is away, delivered to a page in the background, read when it is looked at."""
    _, page, aino = await _talking(desk)
    await page.goto("about:blank")
    pane = aino.pane("Kaisa")
    await expect(pane.locator("header .dot")).not_to_have_class(re.compile("on"), timeout=8_000)
    await aino.write("Kaisa", "Are you there?")
    tick = pane.locator(".message.own .tick").last
    await expect(tick).to_have_attribute("data-tick", "sent")
    await page.goto("/help/../orders")  # the app is open, the conversation is not
    await expect(tick).to_have_attribute("data-tick", "delivered")
    await expect(page.get_by_role("link", name="Help").locator(".count")).to_have_text("1")
    await page.get_by_role("link", name="Help").click()
    await page.get_by_role("link", name="A question").click()
    await expect(tick).to_have_attribute("data-tick", "read")
    await expect(page.get_by_role("link", name="Help").locator(".count")).to_have_count(0)


async def test_markup_is_text(desk: Desk) -> None:
    _, page, aino = await _talking(desk)
    evil = '<img src=x onerror="document.title=1"><script>document.title=1</script> & &amp; **no**'
    await write(page, evil)
    await expect(aino.pane("Kaisa").locator(".message .text").last).to_have_text(evil)
    await expect(page.locator(".message.own .text").last).to_have_text(evil)
    for screen in (page, aino.page):
        assert await screen.locator(".message img, .message script").count() == 0
        assert await screen.title() != "1"


async def test_a_handed_over_conversation_leaves_one_screen_and_comes_to_the_other(desk: Desk) -> None:
    _, page, aino = await _talking(desk)
    mikko = await desk.agent("Mikko")
    await aino.page.keyboard.press("Alt+t")
    dialog = aino.page.get_by_role("dialog")
    await dialog.get_by_label("A note for whoever gets it").fill("Speaks Swedish")
    await dialog.get_by_role("button", name="Mikko").click()
    await expect(aino.pane("Kaisa")).to_have_count(0)
    await expect(aino.page.locator(".toast").last).to_contain_text("Kaisa: Handed over.")
    await expect(mikko.page.locator(".known .notes")).to_contain_text("Speaks Swedish")
    await expect(page.locator(".talk-head h1")).to_have_text("Mikko")
    await mikko.write("Kaisa", "Hej!")
    await expect(page.locator(".message .text").last).to_have_text("Hej!")
    await expect(page.locator(".messages")).not_to_contain_text("Swedish")


async def test_a_killed_server_loses_nothing_and_repeats_nothing(desk: Desk, server: Server) -> None:
    """Written while the server is away, and reloaded in the middle: it arrives once, and what was missed is there."""
    desk.watched.allow("WebSocket connection|net::ERR_|Failed to fetch|status of 50")
    kaisa, page, aino = await _talking(desk)
    conversation_id = page.url.rpartition("/")[2]
    await server.kill()
    await write(page, "Can you hear me?")
    await write(page, "I am still here")
    waiting = page.locator(".message.waiting .tick")
    await expect(waiting.first).to_have_attribute("data-tick", "queued")
    # by the other node, which the browser does not know
    await kaisa.tiffin.send_message(conversation_id, "From my watch")
    await server.start()
    await page.reload()
    texts = ["Where is my soup?", "From my watch", "Can you hear me?", "I am still here"]
    await expect(page.locator(".message.own .text")).to_have_text(texts)
    await expect(page.locator(".message.waiting")).to_have_count(0)
    await expect(aino.pane("Kaisa").locator(".message:not(.own) .text")).to_have_text(texts)
    stored = await kaisa.tiffin.get_conversation(conversation_id)
    assert [message["text"] for message in stored["messages"] if message["author"] == "customer"] == texts


async def test_two_tabs_and_a_phone_agree(desk: Desk) -> None:
    kaisa, page, aino = await _talking(desk)
    tab = await page.context.new_page()
    await tab.goto(page.url)
    phone = await kaisa.open("/help", viewport={"width": 390, "height": 800})
    await phone.get_by_role("link", name="A question").click()
    await write(tab, "From a tab")
    await write(phone, "From the phone")
    await aino.write("Kaisa", "I see both")
    for screen in (page, tab, phone):
        await expect(screen.locator(".message .text").last).to_have_text("I see both")
        assert sorted(await screen.locator(".message.own .text").all_inner_texts()) == [
            "From a tab",
            "From the phone",
            "Where is my soup?",
        ]
        await expect(screen.locator(".message.waiting")).to_have_count(0)


async def test_a_flood_is_slowed_and_all_of_it_comes(desk: Desk) -> None:
    _, page, aino = await _talking(desk)
    for number in range(24):
        await write(page, f"Number {number}")
    await expect(page.locator(".message.waiting")).not_to_have_count(0)
    await expect(aino.pane("Kaisa").locator(".message .text").last).to_have_text("Number 23", timeout=20_000)
    texts = await aino.pane("Kaisa").locator(".message .text").all_inner_texts()
    assert texts[1:] == [f"Number {number}" for number in range(24)]


async def test_many_conversations_side_by_side_by_the_keyboard(desk: Desk) -> None:
    pages = {}
    for name in ("Kaisa", "Olli", "Eeva", "Pekka"):
        somebody = await desk.person(name)
        pages[name] = await somebody.open("/")
        await ask(pages[name], f"I am {name}")
    aino = await desk.agent("Aino", viewport={"width": 1366, "height": 800})
    await expect(aino.page.locator(".own .ask")).to_have_count(4)
    await expect(aino.page.locator(".pane")).to_have_count(2)
    await expect(aino.page.locator(".own .badge")).to_have_count(2)  # the two that are not in view
    await aino.page.keyboard.press("Alt+3")
    await expect(aino.pane("Eeva").get_by_label("Write a message")).to_be_focused()
    await aino.page.keyboard.press("Alt+ArrowDown")
    await expect(aino.pane("Pekka").get_by_label("Write a message")).to_be_focused()
    made = {"shortcut": "hi", "text": "Hello, how can I help?"}
    await aino.somebody.tiffin.http.call("POST", "/v1/support/canned-answers", json=made)
    await aino.page.keyboard.type("/h")
    await expect(aino.page.locator(".canned")).to_contain_text("Hello, how can I help?")
    await aino.page.keyboard.press("Enter")
    await aino.page.keyboard.type(" :)")
    await aino.page.keyboard.press("Enter")
    await expect(pages["Pekka"].locator(".message .text").last).to_have_text("Hello, how can I help? :)")
    await aino.page.keyboard.press("Alt+s")
    await aino.page.keyboard.type("Olli")
    await aino.page.keyboard.press("Enter")
    await aino.page.get_by_role("dialog").get_by_role("button", name="Olli").first.click()
    await expect(aino.page.locator(".looked .message .text")).to_have_text("I am Olli")


async def test_places_in_line_move_up(desk: Desk) -> None:
    pages = []
    for name in ("Kaisa", "Olli", "Eeva"):
        somebody = await desk.person(name)
        pages.append(await somebody.open("/"))
        await ask(pages[-1], "Hello?")
    places = ("You are next.", "You are number 2 in line.", "You are number 3 in line.")
    for page, text in zip(pages, places, strict=True):
        await expect(page.locator(".talk-head")).to_contain_text(text)
    aino = await desk.agent("Aino", capacity=1)
    await expect(pages[1].locator(".talk-head")).to_contain_text("You are next.")
    await expect(pages[2].locator(".talk-head")).to_contain_text("You are number 2 in line.")
    await expect(aino.page.locator(".queue")).to_have_attribute("data-total", "2")


async def test_who_is_no_agent_is_told_whom_to_ask(desk: Desk) -> None:
    desk.watched.allow("status of 403")
    kaisa = await desk.person("Kaisa")
    page = await kaisa.open("/support")
    await expect(page.get_by_role("alert")).to_contain_text("Ask an administrator")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1920, "dark")])
async def test_every_screen_is_accessible_and_fits(desk: Desk, width: int, scheme: str) -> None:
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    _, page, aino = await _talking(desk, **options)
    wide = await aino.somebody.open("/support", **options)
    await expect(wide.locator(".message .text")).to_have_text("Where is my soup?")
    await aino.write("Kaisa", "On its way. " * 20)
    await expect(page.locator(".message")).to_have_count(2)
    wrong = await look(page, "conversation") + await look(wide, "desk")
    await wide.locator('[data-action="transfer"]').click()
    wrong += await look(wide, "handing over")
    await aino.page.keyboard.press("Alt+r")
    await expect(page.locator(".rating")).to_be_visible()
    wrong += await look(page, "rating")
    await page.goto("/help")
    await expect(page.locator(".ask")).to_be_visible()
    wrong += await look(page, "help")
    assert wrong == []


async def test_a_picture_is_sent_when_it_has_been_made(desk: Desk, tmp_path: Path) -> None:
    _, page, aino = await _talking(desk)
    photo(1200, 900, seed=3).jpegsave(str(tmp_path / "soup.jpg"), Q=85)
    (tmp_path / "soup.txt").write_text("no picture")
    send = page.get_by_role("button", name="Send", exact=True)
    await page.get_by_label("Add pictures").set_input_files([tmp_path / "soup.txt"])
    await expect(page.locator(".attachment")).to_have_attribute("data-state", "failed")
    await page.get_by_role("button", name="Remove soup.txt").click()
    await page.get_by_label("Add pictures").set_input_files([tmp_path / "soup.jpg"])
    await expect(page.locator(".attachment")).to_have_attribute("data-state", "ready", timeout=20_000)
    await send.click()
    await expect(page.locator(".attachment")).to_have_count(0)
    shown = aino.pane("Kaisa").locator(".message .picture")
    await expect(shown).to_have_attribute("data-loaded", "true")
    await expect(aino.page.locator(".own .ask")).to_contain_text("A picture")
