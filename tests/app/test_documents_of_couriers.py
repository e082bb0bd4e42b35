"""What a courier and their customer are sent, against the documents: one order from the offer to the door."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
from tests.app.test_documents import Document, _blocks, _event_schema, _frame, _schema_of, asyncapi, openapi
from tests.app.town import RESTAURANT, Town
from websockets.asyncio.client import ClientConnection, connect

__all__ = ["asyncapi", "openapi"]

_FRAMES = {"hello": "ServerHello", "sync": "Sync", "ok": "Ok", "error": "Error", "latest": "SharedLocationLatest"}


class _Device:
    """A socket whose every frame is validated."""

    def __init__(self, socket: ClientConnection, asyncapi: Document) -> None:
        self._socket = socket
        self._asyncapi = asyncapi

    async def say(self, type_: str, **fields: Any) -> None:
        await self._socket.send(orjson.dumps({"type": type_, **fields}).decode())

    async def command(self, name: str, data: Any) -> Any:
        await self.say("command", id=uuid4().hex, name=name, data=data)
        return (await self.until("ok"))["data"]

    async def until(self, type_: str) -> Any:
        """The next frame, or the data of the next event, of this type."""
        async with asyncio.timeout(10):
            while True:
                message = orjson.loads(await self._socket.recv())
                if message["type"] == "event":
                    event = message["event"]
                    self._asyncapi.validate(event, _event_schema(self._asyncapi, event["topic"], event["type"]))
                    if event["type"] == type_:
                        return event["data"]
                else:
                    self._asyncapi.validate(message, _frame(self._asyncapi, _FRAMES[message["type"]]))
                    assert message["type"] != "error", message
                    if message["type"] == type_:
                        return message


async def _ask(town: Town, openapi: Document, name: str, method: str, path: str, body: Any = None) -> Any:
    answer = await town.send(name, method, path, body)
    assert answer.is_success, f"{method} {path}: {answer.text}"
    schema = _schema_of(openapi, method, path, answer.status_code)
    if schema is not None:
        openapi.validate(answer.json(), schema)
    return answer.json() if answer.content else None


def _report(seconds_ago: float) -> dict[str, Any]:
    at = (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()
    where = {"latitude": RESTAURANT["latitude"], "longitude": RESTAURANT["longitude"], "accuracy_meters": 7, "at": at}
    return {"reports": [where]}


async def test_from_the_offer_to_the_door(town: Town, openapi: Document, asyncapi: Document) -> None:
    order = town.ids["order_id"]
    url = town.origin.replace("http", "ws") + "/v1/socket"
    tokens = {name: f"Bearer {await town.new_token(name)}" for name in ("courier", "customer")}
    async with (
        connect(url, additional_headers={"authorization": tokens["courier"]}) as courier_socket,
        connect(url, additional_headers={"authorization": tokens["customer"]}) as customer_socket,
    ):
        courier, customer = _Device(courier_socket, asyncapi), _Device(customer_socket, asyncapi)
        topics = {f"courier.{town.accounts['courier']}": None}
        await courier.say("hello", device_id=str(uuid4()), topics=topics)
        await courier.until("sync")
        await customer.say("hello", device_id=str(uuid4()), topics={f"order.{order}": None})
        await customer.until("sync")
        await _ask(town, openapi, "courier", "PUT", "/v1/courier/duty", {"on_duty": True})
        await courier.until("duty.changed")
        accepted = await courier.command("location.report", _report(5))
        assert accepted == {"accepted": 1, "refused": []}
        await town.post("staff", f"/v1/tickets/{order}/accept", {"minutes": 5})
        offer = (await courier.until("offer.made"))["offer"]
        assert offer["order_id"] == order
        await courier.command("offer.accept", {"offer_id": offer["offer_id"]})
        assert (await customer.until("order.courier_assigned"))["courier"] == {"name": "Courier"}
        await _ask(town, openapi, "courier", "GET", "/v1/courier")
        way = f"/v1/assignments/{order}/way?latitude=60.17&longitude=24.95"
        await _ask(town, openapi, "courier", "GET", way)
        await town.post("staff", f"/v1/tickets/{order}/advance", {"to": "ready"})
        await courier.command("assignment.advance", {"order_id": order, "to": "arrived"})
        await customer.until("order.courier_arrived")
        await _ask(town, openapi, "courier", "POST", f"/v1/assignments/{order}/advance", {"to": "picked_up"})
        await customer.until("order.picked_up")
        await customer.say("subscribe", id="s", topics={f"order.{order}.location": None})
        await customer.until("sync")
        await courier.command("location.report", _report(0))
        shown = (await customer.until("latest"))["data"]
        assert shown["latitude"] == RESTAURANT["latitude"]
        path = f"/v1/events?topic=order.{order}.location"
        async with town.client.stream("GET", path, headers={"authorization": tokens["customer"]}) as answer:
            blocks = _blocks(answer.aiter_lines())
            assert (await anext(blocks))[0] == "sync"
            event, data = await anext(blocks)
            asyncapi.validate({"type": event, **data}, _frame(asyncapi, "SharedLocationLatest"))
            assert data["data"] == shown
        delivery = await _ask(town, openapi, "customer", "GET", f"/v1/orders/{order}/delivery")
        assert delivery["location"] == shown
        step = {"order_id": order, "to": "delivered", "code": delivery["code"]}
        await courier.command("assignment.advance", step)
        await customer.until("order.delivered")
        ended = await courier.until("assignment.ended")
        assert ended == {"order_id": order, "reason": "delivered"}
