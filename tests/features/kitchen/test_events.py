"""Zulip's equation: an old board with its events applied is the board as it is read fresh, for every write."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from tests.features.kitchen.world import World

from tiffin.features.kitchen import TicketCourier
from tiffin.features.kitchen.events import TICKET_EVENTS, TicketCreated


class Board:
    """A device that loaded the board once and follows it."""

    def __init__(self, world: World, snapshot: Any) -> None:
        self.world = world
        self.tickets: dict[str, Any] = snapshot["tickets"]
        self.seq = int(snapshot["position"].split(":")[1])
        self.types: set[str] = set()

    async def follow(self) -> None:
        """Apply what has happened since."""
        for event in await self.world.log(f"restaurant.{self.world.restaurant_id}", self.seq):
            assert event.seq == self.seq + 1, "gapless"
            self.seq = event.seq
            self.types.add(event.type)
            data = json.loads(event.body)
            if event.type == TicketCreated.type:
                self.tickets[data["ticket"]["ticket_id"]] = data["ticket"]
            else:
                self.tickets[data["ticket_id"]]["status"] = data["status"]


async def test_every_write(world: World) -> None:
    board = Board(world, await world.board())
    ids = {name: await world.place(note=name) for name in ("done", "no", "slow", "withdrawn", "stopped")}

    def acknowledge(name: str, state: str) -> Callable[[], Awaitable[Any]]:
        body = {"device_id": str(uuid4()), "state": state}
        return lambda: world.do("staff", "POST", f"/tickets/{ids[name]}/acknowledge", body)

    def act(who: str, name: str, what: str, **body: Any) -> Callable[[], Awaitable[Any]]:
        return lambda: world.must(who, ids[name], what, **body)

    def cancel(who: str, name: str) -> Callable[[], Awaitable[Any]]:
        return lambda: world.do(who, "POST", f"/orders/{ids[name]}/cancel", {"reason": f"{who} says so"})

    def work(*subjects: str) -> Callable[[], Awaitable[Any]]:
        return lambda: world.work(*subjects)

    def courier(name: str, shown: TicketCourier | None) -> Callable[[], Awaitable[Any]]:
        async def show() -> None:
            async with world.database.transaction() as transaction:
                order = await world.orders.lock(transaction.connection, UUID(ids[name]))
                await world.kitchen.show_courier(transaction, order, shown)

        return show

    async def away() -> None:
        await world.database.pool.execute("UPDATE work_beat SET beat_at = now() - interval '5 seconds'")
        await world.relay()

    writes: list[Callable[[], Awaitable[Any]]] = [
        acknowledge("done", "received"),
        acknowledge("done", "received"),
        acknowledge("done", "seen"),
        work("ticket.receive_due"),
        *[work("ticket.see_due")] * 4,
        acknowledge("no", "seen"),
        away,
        act("staff", "done", "accept", minutes=20),
        act("manager", "no", "reject", reason="closing", note="Sorry"),
        cancel("customer", "withdrawn"),
        work("order.cancelled"),
        act("owner", "stopped", "accept", minutes=5),
        act("staff", "done", "advance", to="preparing"),
        act("staff", "done", "advance", to="ready"),
        act("staff", "stopped", "cancel", reason="No gas"),
        courier("done", TicketCourier(name="Mikko", state="arrived")),
        courier("done", None),
        act("staff", "done", "advance", to="picked_up"),
        work("ticket.answer_due"),
        act("staff", "done", "advance", to="delivered"),
        acknowledge("slow", "received"),
        acknowledge("slow", "seen"),
    ]
    for number, write in enumerate(writes):
        await write()
        await board.follow()
        fresh = await world.board()
        assert fresh["position"].endswith(f":{board.seq}"), number
        assert board.tickets == fresh["tickets"], number
    states = {name: board.tickets[ticket_id]["status"]["state"] for name, ticket_id in ids.items()}
    assert states == {
        "done": "delivered",
        "no": "rejected",
        "slow": "expired",
        "withdrawn": "cancelled",
        "stopped": "cancelled",
    }
    assert board.types == {event.type for event in TICKET_EVENTS}, "every kind of event was met"
    assert (await world.board("open"))["tickets"] == {}


async def test_an_agents_cancellation_after_acceptance_reaches_the_board(world: World) -> None:
    ticket_id = await world.place()
    await world.must("staff", ticket_id, "accept", minutes=20)
    board = Board(world, await world.board())
    await world.do("agent", "POST", f"/orders/{ticket_id}/cancel", {"reason": "The customer called"})
    await world.work("order.cancelled")
    await board.follow()
    assert board.tickets == (await world.board())["tickets"]
    status = board.tickets[ticket_id]["status"]
    assert (status["state"], status["reason"]) == ("cancelled", "The customer called")


async def test_a_created_ticket_has_all_a_board_shows_and_not_who_the_customer_is(world: World) -> None:
    ticket_id = await world.place(note="Ring twice")
    [created] = [event for event in world.announced if event.type == "ticket.created"]
    ticket = json.loads(created.body)["ticket"]
    assert ticket["ticket_id"] == ticket_id
    content = ticket["content"]
    assert (content["customer_name"], content["note"], content["total_minor"]) == ("Customer", "Ring twice", 1740)
    assert [(line["name"], line["quantity"]) for line in content["lines"]] == [("Meatballs", 1)]
    assert content["destination"]["street"] == "Unioninkatu 40"
    assert ticket["status"]["answer_due_at"] > ticket["created_at"]
    assert str(world.people["customer"].account_id) not in created.body
    assert "@" not in created.body


async def test_one_restaurants_tickets_are_on_no_others_topic(world: World) -> None:
    ticket_id = await world.place()
    await world.must("staff", ticket_id, "accept", minutes=20)
    topics = {event.topic for event in world.announced if ticket_id in event.body}
    customer = world.people["customer"].account_id
    assert topics == {f"order.{ticket_id}", f"user.{customer}", f"restaurant.{world.restaurant_id}"}
