"""Tickets on a running node: one winner, timers, receipts, and a board that is its snapshot plus its events."""

import asyncio
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from tests.app.town import Town
from tests.waiting import eventually
from websockets.asyncio.client import ClientConnection, connect

from tiffin.base.settings import Settings


@pytest.fixture
def node_settings(settings: Settings) -> Settings:
    """A kitchen in a hurry."""
    hurry = {"port": 0, "ticket_receive_seconds": 1, "ticket_see_seconds": 1, "order_answer_seconds": 10}
    return settings.model_copy(update=hurry | {"drain_seconds": 0.0})


class Board:
    """A staff device: the snapshot and every event since, over the socket."""

    def __init__(self, socket: ClientConnection, tickets: dict[str, Any]) -> None:
        self.socket = socket
        self.tickets = tickets
        self.types: list[str] = []
        self.present: dict[str, Any] = {}
        self.answers: dict[str, Any] = {}
        self._changed = asyncio.Condition()

    async def read(self) -> None:
        async for text in self.socket:
            message = orjson.loads(text)
            async with self._changed:
                if message["type"] == "event":
                    self._apply(message["event"])
                elif message["type"] in ("ok", "error"):
                    self.answers[message["id"]] = message
                self._changed.notify_all()

    def _apply(self, event: dict[str, Any]) -> None:
        self.types.append(event["type"])
        data = event["data"]
        if event["type"] == "presence.changed":
            self.present = event
        elif event["type"] == "ticket.created":
            self.tickets[data["ticket"]["ticket_id"]] = data["ticket"]
        elif "status" in data:
            self.tickets[data["ticket_id"]]["status"] = data["status"]

    async def until(self, type_: str, *, seconds: float = 6) -> None:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: type_ in self.types)

    async def until_present(self, *devices: str) -> None:
        def are_present() -> bool:
            return bool(self.present) and [one["device"] for one in self.present["data"]["present"]] == [*devices]

        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(are_present)

    async def command(self, name: str, **data: Any) -> dict[str, Any]:
        message_id = uuid4().hex
        await self.socket.send(orjson.dumps({"type": "command", "id": message_id, "name": name, "data": data}).decode())
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: message_id in self.answers)
        answer: dict[str, Any] = self.answers[message_id]
        return answer


@asynccontextmanager
async def board(town: Town, name: str, more: dict[str, str] | None = None) -> Any:
    path = f"/v1/restaurants/{town.ids['restaurant_id']}/tickets?state=all"
    snapshot = (await town.send(name, "GET", path)).json()
    url = town.origin.replace("http", "ws") + "/v1/socket"
    async with connect(url, additional_headers=town.bearer(name)) as socket:
        topics = {f"restaurant.{town.ids['restaurant_id']}": snapshot["position"], **(more or {})}
        hello = {"type": "hello", "device_id": str(uuid4()), "device": name, "topics": topics}
        await socket.send(orjson.dumps(hello).decode())
        made = Board(socket, {ticket["ticket_id"]: ticket for ticket in snapshot["tickets"]})
        reading = asyncio.create_task(made.read())
        yield made
        reading.cancel()


async def fresh(town: Town) -> dict[str, Any]:
    """The board as it is read now."""
    path = f"/v1/restaurants/{town.ids['restaurant_id']}/tickets?state=all"
    return {ticket["ticket_id"]: ticket for ticket in (await town.send("staff", "GET", path)).json()["tickets"]}


async def test_snapshot_and_events_are_the_fresh_board(town: Town) -> None:
    """Zulip's equation, through every write there is."""
    async with board(town, "staff") as device:
        first = town.ids["ticket_id"]
        second = await town.order()
        third = await town.order()
        fourth = await town.order()
        await device.command("ticket.acknowledge", ticket_id=first, state="received")
        await device.command("ticket.acknowledge", ticket_id=first, state="seen")
        await device.command("ticket.accept", ticket_id=first, minutes=20)
        for to in ("preparing", "ready", "picked_up", "delivered"):
            assert (await device.command("ticket.advance", ticket_id=first, to=to))["type"] == "ok"
        await device.command("ticket.reject", ticket_id=second, reason="too_busy", note="Sorry")
        await town.send("customer", "POST", f"/v1/orders/{third}/cancel", {"reason": "No"})
        await device.command("ticket.accept", ticket_id=fourth, minutes=5)
        await town.post("manager", f"/v1/tickets/{fourth}/cancel", {"reason": "No gas"})
        await eventually(lambda: device.types.count("ticket.cancelled") == 2)

        async def agrees() -> bool:
            return bool(device.tickets == await fresh(town))

        await eventually(agrees, seconds=3)
        states = [ticket["status"]["state"] for ticket in device.tickets.values()]
        assert states == ["delivered", "rejected", "cancelled", "cancelled"]


async def test_of_many_who_answer_exactly_one_wins(town: Town) -> None:
    """By socket and by REST at once; the others are told who was first, and all boards agree."""
    ticket_id = town.ids["ticket_id"]
    async with board(town, "staff") as one, board(town, "manager") as two, board(town, "owner") as three:
        answers = await asyncio.gather(
            one.command("ticket.accept", ticket_id=ticket_id, minutes=10),
            two.command("ticket.reject", ticket_id=ticket_id, reason="closing"),
            three.command("ticket.accept", ticket_id=ticket_id, minutes=30),
            town.send("owner", "POST", f"/v1/tickets/{ticket_id}/reject", {"reason": "other"}),
        )
        rest = answers[3].json() | {"type": "ok" if answers[3].is_success else "error"}
        kinds = [answer["type"] for answer in (*answers[:3], rest)]
        losers = [a for a in (*answers[:3], rest) if a["type"] == "error"]
        winners_name = (await fresh(town))[ticket_id]["status"]["answered_by_name"]
        assert kinds.count("ok") == 1, answers
        assert {loser["code"] for loser in losers} == {"ticket_already_answered"}
        assert all(winners_name in loser.get("message", loser.get("detail", "")) for loser in losers)
        await eventually(
            lambda: all(device.tickets[ticket_id]["status"]["state"] != "new" for device in (one, two, three)),
            seconds=1,
        )


async def test_answering_again_the_same_is_the_same_answer(town: Town) -> None:
    path = f"/v1/tickets/{town.ids['ticket_id']}"
    first = await town.post("staff", f"{path}/accept", {"minutes": 10})
    assert await town.post("staff", f"{path}/accept", {"minutes": 10}) == first
    other = await town.send("manager", "POST", f"{path}/accept", {"minutes": 10})
    assert (other.status_code, other.json()["answered_by_name"]) == (409, "Staff")


async def test_answer_and_cancellation_race(town: Town) -> None:
    """Whichever commits first wins; the order ends in exactly one way, and the ticket agrees."""
    for _ in range(6):
        order_id = await town.order()
        accepted, cancelled = await asyncio.gather(
            town.send("staff", "POST", f"/v1/tickets/{order_id}/accept", {"minutes": 10}),
            town.send("customer", "POST", f"/v1/orders/{order_id}/cancel", {"reason": "Race"}),
        )
        assert accepted.is_success != cancelled.is_success, (accepted.text, cancelled.text)
        expected = "accepted" if accepted.is_success else "cancelled"

        async def agrees(order_id: str = order_id, expected: str = expected) -> bool:
            return bool((await fresh(town))[order_id]["status"]["state"] == expected)

        await eventually(agrees, seconds=5)


async def test_nobody_connected_is_an_alert_then_louder_then_expired(town: Town) -> None:
    """No device, no person: operations are told after the first limit, and the customer at the end."""
    ticket_id = town.ids["ticket_id"]
    async with town.client.stream("GET", f"/v1/orders/{ticket_id}/events", headers=town.bearer("customer")) as customer:

        async def alerted() -> bool:
            alerts = (await town.send("admin", "GET", "/v1/alerts")).json()["alerts"]
            return any(
                alert["details"]["ticket_id"] == ticket_id and alert["details"]["nobody_connected"]
                for alert in alerts
                if alert["kind"] == "ticket_unreceived"
            )

        await eventually(alerted, seconds=5)

        async def louder() -> bool:
            return bool((await fresh(town))[ticket_id]["status"]["loudness"] == 3)

        await eventually(louder, seconds=8)
        await town.node.database.pool.execute("UPDATE work SET due_at = now() WHERE subject = 'ticket.answer_due'")
        async with asyncio.timeout(5):
            async for line in customer.aiter_lines():
                if line == "event: order.expired":
                    break
    ticket = (await fresh(town))[ticket_id]["status"]
    assert (ticket["state"], ticket["loudness"]) == ("expired", 0)
    late = await town.send("staff", "POST", f"/v1/tickets/{ticket_id}/accept", {"minutes": 5})
    assert late.json()["code"] == "ticket_not_open"


async def test_a_connected_device_that_stays_silent_is_told_apart(town: Town) -> None:
    async with board(town, "staff") as device:
        await town.order()
        await device.until("ticket.unreceived")
        details = await town.node.database.pool.fetchval("SELECT details FROM alert WHERE kind = 'ticket_unreceived'")
        assert details["nobody_connected"] is False
        present = (await town.send("owner", "GET", f"/v1/restaurants/{town.ids['restaurant_id']}/presence")).json()
        assert [one["device"] for one in present["present"]] == ["staff"]


async def test_presence_is_live(town: Town) -> None:
    """An old list with its events is the fresh list, whoever comes and goes."""
    path = f"/v1/restaurants/{town.ids['restaurant_id']}/presence"
    topic = f"presence.{town.ids['restaurant_id']}"
    before = (await town.send("owner", "GET", path)).json()
    assert before == {"present": [], "position": "0:0"}
    async with board(town, "owner", {topic: before["position"]}) as watching:
        await watching.until_present("owner")
        async with board(town, "staff"):
            await watching.until_present("owner", "staff")
            fresh = (await town.send("owner", "GET", path)).json()
            newest = watching.present
            assert fresh["present"] == newest["data"]["present"]
            assert fresh["position"] == f"{newest['epoch']}:{newest['seq']}"
        await watching.until_present("owner")


async def test_received_and_seen_stop_the_alarms(town: Town) -> None:
    async with board(town, "staff") as one, board(town, "owner") as two:
        ticket_id = await town.order()
        await one.until("ticket.created")
        answers = await asyncio.gather(
            *(device.command("ticket.acknowledge", ticket_id=ticket_id, state="received") for device in (one, two))
        )
        assert {answer["type"] for answer in answers} == {"ok"}
        await two.command("ticket.acknowledge", ticket_id=ticket_id, state="seen")
        await one.until("ticket.seen")
        assert one.types.count("ticket.received") == 1, "the first receipt tells, the second only counts"
        receipts = "SELECT count(*) FROM ticket_receipt WHERE ticket_id = $1"
        assert await town.node.database.pool.fetchval(receipts, UUID(ticket_id)) == 2
        timers = "SELECT count(*) FROM work WHERE subject IN ('ticket.receive_due', 'ticket.see_due')"

        async def timers_have_passed() -> bool:
            return bool(await town.node.database.pool.fetchval(timers) == 0)

        await eventually(timers_have_passed, seconds=10)
        status = (await fresh(town))[ticket_id]["status"]
        assert (status["loudness"], status["seen_by_name"]) == (0, "Owner")
        unreceived = "SELECT count(*) FROM alert WHERE details->>'ticket_id' = $1"
        assert await town.node.database.pool.fetchval(unreceived, ticket_id) == 0


async def test_an_ack_on_a_socket_is_a_receipt(town: Town) -> None:
    """A device that says how far it has stored the board's topic need not name the tickets."""
    async with board(town, "staff") as device:
        ticket_id = await town.order()
        await device.until("ticket.created")
        topic = f"restaurant.{town.ids['restaurant_id']}"
        await device.socket.send(orjson.dumps({"type": "ack", "topic": topic, "seq": 2**40}).decode())
        await device.until("ticket.received")
        receipts = "SELECT count(*) FROM ticket_receipt WHERE ticket_id = $1"
        assert await town.node.database.pool.fetchval(receipts, UUID(ticket_id)) == 1


async def test_a_message_that_comes_twice_makes_one_ticket(town: Town) -> None:
    """The queue repeats itself, the relay helps: the ticket is one."""
    consumer = town.node.runner.consumers["kitchen.order_placed"]
    fact = consumer.fact(order_id=UUID(town.ids["order_id"]))
    before = await town.node.database.pool.fetchval("SELECT count(*) FROM event WHERE type = 'ticket.created'")
    for _ in range(3):
        async with town.node.database.transaction() as transaction:
            await consumer.handle(transaction, fact)
    after = await town.node.database.pool.fetchval("SELECT count(*) FROM event WHERE type = 'ticket.created'")
    assert (before, after) == (1, 1)


async def test_a_member_who_is_removed_is_stopped_within_a_second(town: Town) -> None:
    async with board(town, "staff") as device:
        await town.order()
        await device.until("ticket.created")
        path = f"/v1/restaurants/{town.ids['restaurant_id']}/members/{town.accounts['staff']}"
        assert (await town.send("owner", "DELETE", path)).is_success
        await asyncio.wait_for(_hears_nothing_more(town, device), 5)
        refused = await device.command("ticket.accept", ticket_id=town.ids["ticket_id"], minutes=5)
        assert refused["code"] == "ticket_not_found"


async def _hears_nothing_more(town: Town, device: Board) -> None:
    """After at most a second, orders no longer reach the device."""
    await asyncio.sleep(1)
    seen = device.types.count("ticket.created")
    await town.order()
    await device.command("ticket.acknowledge", ticket_id=town.ids["ticket_id"], state="seen")
    assert device.types.count("ticket.created") == seen
