"""What becomes of a ticket on two boards: it rings, is seen, answered by one of them, cooked and handed over."""

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import expect
from tests.browser.kitchen_board import Board, open_board
from tests.browser.kitchen_town import Kitchen
from tests.browser.watched import Watched
from tests.waiting import eventually


async def two_boards(watched: Watched, kitchen: Kitchen) -> tuple[Board, Board]:
    return await open_board(watched, kitchen, 0), await open_board(watched, kitchen, 1)


async def test_an_order_rings_on_every_device_until_a_person_has_seen_it(watched: Watched, kitchen: Kitchen) -> None:
    first, second = await two_boards(watched, kitchen)
    order = await kitchen.order()
    for board in (first, second):
        await board.expect_sound("bell")
        await expect(board.ticket(order)).to_have_attribute("data-unseen", "true")
        await expect(board.page).to_have_title(re.compile(r"^\(1\) "))
        await expect(board.page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("^data:"))
    await first.ticket(order).get_by_text("Salmon soup").click()
    for board in (first, second):
        await board.expect_sound("silent")
        await expect(board.ticket(order)).to_have_attribute("data-unseen", "false")
        await expect(board.page).to_have_title(re.compile("^Ahven"))


async def test_the_banner_stops_the_bell_and_the_bell_comes_back_with_the_next_order(
    watched: Watched, kitchen: Kitchen
) -> None:
    board = await open_board(watched, kitchen)
    await kitchen.order()
    await board.press("1 new order. Touch to stop the bell.")
    await board.expect_sound("silent")
    await kitchen.order()
    await board.expect_sound("bell")


async def test_the_server_knows_which_devices_have_stored_a_ticket(watched: Watched, kitchen: Kitchen) -> None:
    before = await kitchen.order()  # comes with the snapshot
    await open_board(watched, kitchen)
    after = await kitchen.order()  # comes as an event
    staff = kitchen.people.staff[0].tiffin

    async def all_received() -> bool:
        tickets = (await staff.list_tickets(kitchen.restaurant_id))["tickets"]
        received = {one["ticket_id"] for one in tickets if one["status"]["received_at"] is not None}
        return received == {before.order_id, after.order_id}

    await eventually(all_received)


async def test_a_ticket_nobody_looks_at_gets_louder(watched: Watched, kitchen: Kitchen) -> None:
    board = await open_board(watched, kitchen)
    await kitchen.order()
    await board.expect_sound("bell")
    await expect(board.root).to_have_attribute("data-loudness", "0")
    await expect(board.root).to_have_attribute("data-loudness", "1")


async def test_accepted_in_one_browser_shows_in_the_other_within_a_second(watched: Watched, kitchen: Kitchen) -> None:
    first, second = await two_boards(watched, kitchen)
    order = await kitchen.order()
    await expect(second.ticket(order)).to_be_visible()
    await second.watch_for(order, "cooking")
    await first.watch_clicks()
    await first.accept(order, 30)
    await expect(second.in_column("cooking", order)).to_contain_text("Accepted by")
    assert await second.moment("arrivedAt") - await first.moment("clickedAt") < 1000
    assert await order.state() == "confirmed"


async def test_the_countdown_runs_and_hurries_in_the_last_minute(watched: Watched, kitchen: Kitchen) -> None:
    board = await open_board(watched, kitchen)
    order = await kitchen.order()
    countdown = board.ticket(order).locator(".countdown")
    await expect(countdown).to_have_text(re.compile(r"Answer within 4:5\d"))
    await expect(countdown).to_have_attribute("data-hurry", "false")
    shown = await countdown.inner_text()
    await expect(countdown).not_to_have_text(shown)
    await board.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(minutes=4, seconds=30))
    await expect(countdown).to_have_attribute("data-hurry", "true")
    await expect(countdown).to_have_text(re.compile(r"Answer within 0:[23]\d"))


async def test_a_wrong_clock_does_not_shorten_the_countdown(watched: Watched, kitchen: Kitchen) -> None:
    board = await open_board(watched, kitchen)
    await board.page.clock.install(time=datetime.now(UTC) + timedelta(hours=1))
    await board.page.reload()
    order = await kitchen.order()
    await expect(board.ticket(order)).to_contain_text(re.compile(r"Answer within 4:[45]\d|Answer within 5:0\d"))
    await expect(board.ticket(order)).to_contain_text("0 min ago")


async def test_minutes_are_as_usual_unless_moved_and_busy_adds_to_them(watched: Watched, kitchen: Kitchen) -> None:
    board = await open_board(watched, kitchen)
    order = await kitchen.order()
    await board.press("Busy")
    await board.press("+10 min")
    await board.press("Accept", within=board.ticket(order))
    await expect(board.page.get_by_role("button", name="Accept: 30 min")).to_be_focused()
    await board.press("Five minutes more")
    await board.press("Accept: 35 min")
    await expect(board.in_column("cooking", order)).to_contain_text("ready at")
    tickets = (await kitchen.people.staff[0].tiffin.list_tickets(kitchen.restaurant_id))["tickets"]
    assert tickets[0]["status"]["minutes"] == 35


async def test_of_two_who_press_accept_one_wins_and_the_other_reads_who(watched: Watched, kitchen: Kitchen) -> None:
    boards = await two_boards(watched, kitchen)
    order = await kitchen.order()
    for board in boards:
        await board.press("Accept", within=board.ticket(order))
    at = await boards[0].page.evaluate("Date.now() + 300")
    for board in boards:
        await board.press_at(at, "15 min")
    for board in boards:
        await expect(board.in_column("cooking", order)).to_contain_text("Accepted by")
    names = [person.name for person in kitchen.people.staff]
    [winner] = [name for name in names if name in await boards[0].ticket(order).locator(".answered").inner_text()]
    loser = boards[1 - names.index(winner)]
    await expect(loser.ticket(order).get_by_role("alert")).to_contain_text(f"{winner} was first")
    await expect(boards[names.index(winner)].ticket(order).get_by_role("alert")).to_have_count(0)


async def test_who_is_still_choosing_minutes_reads_who_was_first(watched: Watched, kitchen: Kitchen) -> None:
    first, second = await two_boards(watched, kitchen)
    order = await kitchen.order()
    await second.press("Accept", within=second.ticket(order))
    await first.accept(order, 15)
    winner = kitchen.people.staff[0].name
    await expect(second.page.get_by_role("dialog")).to_contain_text(f"{winner} was first")
    await second.press("I have read it")
    await expect(second.in_column("cooking", order)).to_contain_text(f"Accepted by {winner}")


async def test_rejected_with_a_reason_it_leaves_every_board(watched: Watched, kitchen: Kitchen) -> None:
    first, second = await two_boards(watched, kitchen)
    order = await kitchen.order()
    await expect(second.ticket(order)).to_be_visible()
    await first.press("Reject", within=first.ticket(order))
    await first.page.get_by_label("A word to the customer").fill("The oven is broken")
    await first.press("Too much to do")
    for board in (first, second):
        await expect(board.ticket(order)).to_have_count(0)
        await board.expect_sound("silent")
    await expect(first.page.get_by_text(f"{order.number}: rejected")).to_be_visible()
    assert await order.state() == "rejected"


async def test_each_further_step_is_one_touch_until_it_leaves_the_board(watched: Watched, kitchen: Kitchen) -> None:
    first, second = await two_boards(watched, kitchen)
    order = await kitchen.order()
    await first.accept(order, 15)
    for step, column in (("Start cooking", "cooking"), ("Ready", "ready"), ("Handed over", "ready")):
        await first.press(step, within=first.in_column("cooking" if step != "Handed over" else "ready", order))
        await expect(second.in_column(column, order)).to_be_visible()
    await second.press("Delivered", within=second.ticket(order))
    for board in (first, second):
        await expect(board.ticket(order)).to_have_count(0)
    await eventually(lambda: _is(order.state, "delivered"))


async def _is(state, wanted: str) -> bool:  # type: ignore[no-untyped-def]
    return bool(await state() == wanted)


async def test_what_the_customer_cancels_stays_until_somebody_has_read_it(watched: Watched, kitchen: Kitchen) -> None:
    board = await open_board(watched, kitchen)
    order = await kitchen.order()
    await expect(board.ticket(order)).to_be_visible()
    await order.tiffin.cancel_order(order.order_id, "Wrong address")
    await expect(board.ticket(order).get_by_role("alert")).to_contain_text("Wrong address")
    await board.expect_sound("silent")
    await board.press("I have read it", within=board.ticket(order))
    await expect(board.ticket(order)).to_have_count(0)


async def test_an_accepted_order_is_cancelled_with_a_reason(watched: Watched, kitchen: Kitchen) -> None:
    board = await open_board(watched, kitchen)
    order = await kitchen.order()
    await board.accept(order, 15)
    await board.press("Cancel the order", within=board.in_column("cooking", order))
    dialog = board.page.get_by_role("dialog")
    await dialog.get_by_label("Why?").fill("The fish is gone")
    await board.press("Cancel the order", within=dialog)
    await expect(board.ticket(order).get_by_role("alert")).to_contain_text("The fish is gone")
    assert await order.state() == "cancelled"


async def test_the_keyboard_is_enough(watched: Watched, kitchen: Kitchen) -> None:
    board = await open_board(watched, kitchen)
    orders = [await kitchen.order(), await kitchen.order()]
    await expect(board.ticket(orders[1])).to_be_visible()
    await board.ticket(orders[0]).focus()
    await board.page.keyboard.press("ArrowDown")
    await expect(board.ticket(orders[1])).to_be_focused()
    await board.page.keyboard.press("Enter")
    await expect(board.page.get_by_role("dialog")).to_be_visible()
    await board.page.keyboard.press("Enter")
    await expect(board.in_column("cooking", orders[1])).to_be_focused()
    await board.page.keyboard.press("ArrowLeft")
    await expect(board.ticket(orders[0])).to_be_focused()
