"""Tickets: one winner whoever races, receipts, timers, and what each costs in round trips."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.features.kitchen.world import World, statements

from tiffin.features.kitchen.events import TicketAnswerDue
from tiffin.realtime import TopicKind


def another_node(world: World) -> World:
    """The same people and tables, served by another process."""
    node = World(world.database)
    node.people = world.people
    return node


async def count(world: World, question: str, *values: Any) -> int:
    found: int = await world.database.pool.fetchval(question, *values)
    return found


async def alerts_of(world: World, ticket_id: str) -> list[dict[str, Any]]:
    rows = await world.database.pool.fetch("SELECT details FROM alert WHERE kind = 'ticket_unreceived'")
    return [row["details"] for row in rows if row["details"]["ticket_id"] == ticket_id]


# who wins


async def test_of_two_who_accept_on_two_nodes_one_wins_and_the_other_is_told_who(world: World) -> None:
    there = another_node(world)
    for _ in range(8):
        ticket_id = UUID(await world.place())
        answers = await asyncio.gather(
            world.kitchen.accept(world.people["staff"], ticket_id, 10),
            there.kitchen.accept(world.people["manager"], ticket_id, 20),
            return_exceptions=True,
        )
        [lost] = [answer for answer in answers if isinstance(answer, BaseException)]
        status = await world.status_of(str(ticket_id))
        winner = world.people[status["answered_by_name"].lower()]
        assert getattr(lost, "code", lost) == "ticket_already_answered"
        assert lost.details["answered_by"] == winner.account_id  # type: ignore[attr-defined]
        assert lost.details["answered_by_name"] in str(lost)  # type: ignore[attr-defined]
        assert status["minutes"] == (10 if status["answered_by_name"] == "Staff" else 20)


async def test_answer_deadline_and_cancellation_at_once_end_in_one_way(world: World) -> None:
    """Three nodes, one order: the order's lock decides, and order, ticket and customer say the same."""
    ends = set()
    fact = world.consumer("ticket_answer_due")
    for turn in range(12):
        order_id = await world.place()

        async def expire(order_id: str = order_id) -> None:
            async with world.database.transaction() as transaction:
                await fact.handle(transaction, TicketAnswerDue(ticket_id=UUID(order_id)))

        async def cancel(order_id: str = order_id) -> None:
            await world.orders.cancel(world.people["customer"], UUID(order_id), "Race")

        async def accept(order_id: str = order_id) -> None:
            await world.kitchen.accept(world.people["staff"], UUID(order_id), 10)

        racers = [expire, cancel, accept]
        racers = racers[turn % 3 :] + racers[: turn % 3]
        outcomes = await asyncio.gather(*(race() for race in racers), return_exceptions=True)
        assert outcomes[racers.index(expire)] is None, "a deadline that comes too late is no failure"
        await world.work("order.cancelled")
        history = [step["state"] for step in (await world.order_of(order_id))["history"]]
        ticket = await world.status_of(order_id)
        assert len(history) == 2, "exactly one thing happened"
        assert {"confirmed": "accepted"}.get(history[1], history[1]) == ticket["state"]
        told = [event.type for event in await world.log(f"order.{order_id}")]
        assert told == ["order.placed", f"order.{history[1]}"]
        ends.add(history[1])
    assert len(ends) > 1, "the race was none"


async def test_the_same_answer_again_is_the_same_success(world: World) -> None:
    ticket_id = await world.place()
    first = await world.must("staff", ticket_id, "accept", minutes=10)
    seq = len(await world.log(f"restaurant.{world.restaurant_id}"))
    assert await world.must("staff", ticket_id, "accept", minutes=10) == first
    other = await world.act("staff", ticket_id, "reject", reason="other")
    assert (other.status_code, other.json()["code"]) == (409, "ticket_already_answered")
    rejected = await world.place()
    await world.must("staff", rejected, "reject", reason="too_busy", note="  Sorry ")
    again = await world.must("staff", rejected, "reject", reason="too_busy")
    assert again["status"]["reason"] == "too_busy: Sorry"
    assert len(await world.log(f"restaurant.{world.restaurant_id}")) == seq + 2, "repeating told nobody anything"


async def test_who_answers_too_late_is_told_what_happened(world: World) -> None:
    withdrawn, expired, stopped = [await world.place() for _ in range(3)]
    await world.do("customer", "POST", f"/orders/{withdrawn}/cancel", {"reason": "Changed my mind"})
    between = await world.act("staff", withdrawn, "accept", minutes=5)
    assert between.json()["code"] == "order_cannot_change", "the queue has not brought the cancellation yet"
    await world.must("staff", stopped, "accept", minutes=5)
    await world.must("manager", stopped, "cancel", reason="No gas")
    await world.work("order.cancelled", "ticket.answer_due")
    for ticket_id, state, why in (
        (withdrawn, "cancelled", "Changed my mind"),
        (expired, "expired", "did not answer"),
        (stopped, "cancelled", "No gas"),
    ):
        late = (await world.act("staff", ticket_id, "accept", minutes=5)).json()
        assert (late["code"], late["state"]) == ("ticket_not_open", state)
        assert why in late["detail"]
    assert (await world.order_of(expired))["state"] == "expired"


async def test_steps_cannot_be_left_out(world: World) -> None:
    ticket_id = await world.place()
    for to in ("preparing", "ready", "picked_up", "delivered"):
        answer = await world.act("staff", ticket_id, "advance", to=to)
        assert (answer.status_code, answer.json()["code"]) == (409, "order_cannot_change")
    early = await world.act("staff", ticket_id, "cancel", reason="No gas")
    assert early.json()["code"] == "ticket_not_open", "before it is accepted it is rejected, not cancelled"
    await world.must("staff", ticket_id, "accept", minutes=5)
    assert (await world.act("staff", ticket_id, "advance", to="picked_up")).status_code == 409
    await world.must("staff", ticket_id, "advance", to="ready")
    again = await world.must("manager", ticket_id, "advance", to="ready")
    assert again["status"]["state"] == "ready", "being there already is fine"
    assert (await world.act("staff", ticket_id, "advance", to="preparing")).status_code == 409, "never backwards"


# tickets come


async def test_a_fact_that_comes_twice_makes_one_ticket_and_one_set_of_timers(world: World) -> None:
    order_id = await world.place(with_ticket=False)
    consumer = world.consumer("order_placed")

    async def handle() -> None:
        async with world.database.transaction() as transaction:
            await consumer.handle(transaction, consumer.fact(order_id=UUID(order_id)))

    await asyncio.gather(handle(), handle(), handle())
    assert await count(world, "SELECT count(*) FROM event WHERE type = 'ticket.created'") == 1
    assert await count(world, "SELECT count(*) FROM work WHERE subject LIKE 'ticket.%'") == 3


async def test_an_order_cancelled_before_the_queue_brings_it_has_no_ticket(world: World) -> None:
    order_id = await world.place(with_ticket=False)
    assert (await world.act("staff", order_id, "accept", minutes=5)).json()["code"] == "ticket_not_found"
    await world.do("customer", "POST", f"/orders/{order_id}/cancel", {"reason": "No"})
    await world.work("order.cancelled")
    await world.work("order.placed")
    assert (await world.board())["tickets"] == {}
    assert await count(world, "SELECT count(*) FROM work") == 0


async def test_the_deadline_is_counted_by_the_database(world: World) -> None:
    """A node whose clock is wrong neither shortens nor stretches a restaurant's time."""
    world.clock.at = datetime.fromisoformat("2020-01-01T12:00:00+00:00")
    ticket_id = await world.place()
    ticket = (await world.board())["tickets"][ticket_id]
    times = [datetime.fromisoformat(text) for text in (ticket["created_at"], ticket["status"]["answer_due_at"])]
    assert (times[1] - times[0]).total_seconds() == 300
    assert await count(world, "SELECT count(*) FROM ticket WHERE created_at > now() - interval '1 minute'") == 1


# receipts


async def test_devices_on_two_nodes_that_store_the_same_ticket_do_not_wait_for_each_other(world: World) -> None:
    """Both receipts share the ticket's row by their foreign key; a full lock on it afterwards was a deadlock."""
    there = another_node(world)
    before = await _deadlocks(world)
    async with asyncio.timeout(20):
        for _ in range(10):
            ticket_id = UUID(await world.place())
            await asyncio.gather(
                world.kitchen.receive(world.people["staff"], uuid4(), ticket_id),
                there.kitchen.receive(world.people["manager"], uuid4(), ticket_id),
            )
    assert await _deadlocks(world) == before
    assert await count(world, "SELECT count(*) FROM event WHERE type = 'ticket.received'") == 10


async def _deadlocks(world: World) -> int:
    """How many deadlocks PostgreSQL had to break in this database; its sessions report as they end."""
    await world.database.pool.expire_connections()
    async with asyncio.timeout(5):
        while True:
            others = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            async with world.database.pool.acquire() as connection:
                if await connection.fetchval(others) <= 1:
                    await connection.execute("SELECT pg_stat_clear_snapshot()")
                    found: int = await connection.fetchval(
                        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
                    )
                    return found
            await asyncio.sleep(0.01)


def _board_topic(world: World) -> TopicKind:
    return world.kitchen_feature.topics[0]


async def test_an_acknowledged_position_is_a_receipt_of_every_ticket_up_to_it(world: World) -> None:
    """A device that says `ack` on the board's topic has stored what was announced there, and no more."""
    topic = f"restaurant.{world.restaurant_id}"
    first, second = await world.place(), await world.place()
    stored = len(await world.log(topic))
    third = await world.place()
    on_ack, device = _board_topic(world).on_ack, uuid4()
    assert on_ack is not None
    for _ in range(2):
        await on_ack(world.people["staff"], device, topic, stored)
    received = {ticket_id: (await world.status_of(ticket_id))["received_at"] for ticket_id in (first, second, third)}
    assert [received[ticket_id] is not None for ticket_id in (first, second, third)] == [True, True, False]
    assert await count(world, "SELECT count(*) FROM ticket_receipt WHERE device_id = $1", device) == 2
    await on_ack(world.people["manager"], uuid4(), topic, stored + 50)
    assert (await world.status_of(third))["received_at"] is not None
    assert await count(world, "SELECT count(*) FROM event WHERE type = 'ticket.received'") == 3


async def test_an_acknowledged_position_before_a_ticket_says_nothing_about_it(world: World) -> None:
    on_ack = _board_topic(world).on_ack
    assert on_ack is not None
    ticket_id = await world.place()
    await on_ack(world.people["staff"], uuid4(), f"restaurant.{world.restaurant_id}", 1)
    assert (await world.status_of(ticket_id))["received_at"] is None


async def test_a_receipt_of_no_member_does_not_stop_the_alarm(world: World) -> None:
    ticket_id = await world.place()
    for name in ("stranger", "rival", "customer", "admin"):
        answer = await world.act(name, ticket_id, "acknowledge", device_id=str(uuid4()), state="received")
        assert answer.json()["code"] == "ticket_not_found"
    assert (await world.status_of(ticket_id))["received_at"] is None


# timers


@pytest.mark.parametrize("somebody", [False, True])
async def test_a_ticket_that_no_device_has_is_an_alert(world: World, *, somebody: bool) -> None:
    if somebody:
        await world.present("staff")
    ticket_id = await world.place()
    await world.work("ticket.receive_due")
    assert [details["nobody_connected"] for details in await alerts_of(world, ticket_id)] == [not somebody]
    [told] = [
        event for event in await world.log(f"restaurant.{world.restaurant_id}") if event.type.endswith("unreceived")
    ]
    assert f'"nobody_connected":{str(not somebody).lower()}' in told.body


@pytest.mark.parametrize("what", ["received", "seen", "accepted"])
async def test_a_ticket_that_was_taken_notice_of_is_no_alert(world: World, what: str) -> None:
    ticket_id = await world.place()
    if what == "accepted":
        await world.must("staff", ticket_id, "accept", minutes=5)
        assert await count(world, "SELECT count(*) FROM work") == 0, "its timers are taken back"
    else:
        await world.do("staff", "POST", f"/tickets/{ticket_id}/acknowledge", {"device_id": str(uuid4()), "state": what})
    await world.work("ticket.receive_due")
    assert await alerts_of(world, ticket_id) == []


async def test_unseen_it_gets_louder_up_to_the_loudest_and_seen_it_is_silent(world: World) -> None:
    ticket_id = await world.place()
    heard = []
    for _ in range(4):
        await world.work("ticket.see_due")
        heard.append((await world.status_of(ticket_id))["loudness"])
    assert heard == [1, 2, 3, 3]
    assert await count(world, "SELECT count(*) FROM event WHERE type = 'ticket.louder'") == 3
    await world.do("staff", "POST", f"/tickets/{ticket_id}/acknowledge", {"device_id": str(uuid4()), "state": "seen"})
    status = await world.status_of(ticket_id)
    assert (status["loudness"], status["seen_by_name"]) == (0, "Staff")
    quiet = await world.place()
    await world.do("manager", "POST", f"/tickets/{quiet}/acknowledge", {"device_id": str(uuid4()), "state": "seen"})
    await world.work("ticket.see_due")
    assert (await world.status_of(quiet))["loudness"] == 0


async def test_a_timer_that_comes_twice_is_one_step_louder(world: World) -> None:
    ticket_id = await world.place()
    consumer = world.consumer("ticket_see_due")
    for _ in range(3):
        async with world.database.transaction() as transaction:
            await consumer.handle(transaction, consumer.fact(ticket_id=UUID(ticket_id), loudness=1))
    assert (await world.status_of(ticket_id))["loudness"] == 1
    assert await count(world, "SELECT count(*) FROM event WHERE type = 'ticket.louder'") == 1
    assert await count(world, "SELECT count(*) FROM work WHERE payload->>'loudness' = '2'") == 1


@pytest.mark.parametrize("answer", ["accept", "reject"])
async def test_a_deadline_that_runs_while_somebody_answers_does_nothing(world: World, answer: str) -> None:
    """It cannot be taken back any more; it looks, and fails nothing: no retry, no dead letter."""
    ticket_id = await world.place()
    body: dict[str, Any] = {"minutes": 5} if answer == "accept" else {"reason": "other"}
    await world.must("staff", ticket_id, answer, **body)
    before, events = await world.board(), await count(world, "SELECT count(*) FROM event")
    async with world.database.transaction() as transaction:
        consumer = world.consumer("ticket_answer_due")
        await consumer.handle(transaction, consumer.fact(ticket_id=UUID(ticket_id)))
    assert await world.board() == before
    assert await count(world, "SELECT count(*) FROM event") == events


async def test_ten_minutes_without_a_database_expire_no_ticket(world: World) -> None:
    ticket_id = await world.place()
    answered = await world.place()
    await world.must("staff", answered, "accept", minutes=5)
    due_at = datetime.fromisoformat((await world.status_of(ticket_id))["answer_due_at"])
    # as if all of this had happened ten minutes ago, and nothing since
    pool = world.database.pool
    await pool.execute("UPDATE work_beat SET beat_at = now() - interval '10 minutes'")
    await pool.execute("UPDATE work SET due_at = due_at - interval '10 minutes'")
    await pool.execute("UPDATE ticket SET answer_due_at = answer_due_at - interval '10 minutes'")
    await world.relay()
    status = await world.status_of(ticket_id)
    assert (status["state"], status["loudness"]) == ("new", 0)
    assert abs(datetime.fromisoformat(status["answer_due_at"]) - due_at) < timedelta(seconds=5)
    told = await pool.fetch("SELECT body FROM event WHERE type = 'ticket.postponed'")
    assert [ticket_id in row["body"] for row in told] == [True], "its boards are told, and of no other ticket"
    await world.work("ticket.answer_due")
    assert (await world.status_of(ticket_id))["state"] == "expired"


async def test_timers_of_a_ticket_that_is_gone_are_harmless(world: World) -> None:
    async with world.database.transaction() as transaction:
        for name in ("ticket_receive_due", "ticket_see_due"):
            consumer = world.consumer(name)
            fields = {"ticket_id": uuid4()} | ({"loudness": 1} if name == "ticket_see_due" else {})
            await consumer.handle(transaction, consumer.fact(**fields))


# what it costs


async def test_round_trips(world: World) -> None:
    """A hundred orders a second on two cores: each statement more is felt."""
    staff, device = world.people["staff"], uuid4()
    await world.place()
    ticket_id = UUID(await world.place(with_ticket=False))
    consumer = world.consumer("order_placed")
    async with statements(world.database) as seen:
        async with world.database.transaction() as transaction:
            await consumer.handle(transaction, consumer.fact(order_id=ticket_id))
        assert 0 < len(seen) <= 4, seen
    for limit, use in (
        (4, lambda: world.kitchen.receive(staff, device, ticket_id)),
        (5, lambda: world.kitchen.see(staff, ticket_id)),
        (6, lambda: world.kitchen.accept(staff, ticket_id, 10)),
    ):
        async with statements(world.database) as seen:
            await use()
            assert 0 < len(seen) <= limit, seen


async def test_boards_cost_the_same_however_many_tickets(world: World) -> None:
    async def cost() -> int:
        async with statements(world.database) as seen:
            await world.kitchen.read_board(world.people["staff"], UUID(world.restaurant_id), open_only=True)
            return len(seen)

    empty = await cost()
    assert empty > 0
    for _ in range(5):
        await world.place()
    assert await cost() == empty
