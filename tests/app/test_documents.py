"""The two documents say what the server really sends: OpenAPI for answers, AsyncAPI for everything live.

One life of an order is lived over REST, SSE and WebSocket; every answer, event and frame on the way is validated
against the document of the running node.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from jsonschema import Draft202012Validator
from tests.app.town import RESTAURANT, Town
from websockets.asyncio.client import connect

from tiffin.base.principal import Role


class Document:
    """A fetched document; `validate` raises on what it does not describe."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def validate(self, value: Any, schema: dict[str, Any]) -> None:
        Draft202012Validator(schema | {"components": self.content["components"]}).validate(value)

    def references(self) -> list[str]:
        """Every $ref in the document."""
        found: list[str] = []
        waiting: list[Any] = [self.content]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                if isinstance(value.get("$ref"), str):
                    found.append(value["$ref"])
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
        return found

    def resolve(self, reference: str) -> Any:
        value: Any = self.content
        for part in reference.removeprefix("#/").split("/"):
            value = value[part.replace("~1", "/").replace("~0", "~")]
        return value


@pytest.fixture
async def asyncapi(town: Town) -> Document:
    return Document((await town.client.get("/asyncapi.json")).json())


@pytest.fixture
async def openapi(town: Town) -> Document:
    return Document((await town.client.get("/openapi.json")).json())


async def test_every_reference_resolves_and_every_schema_is_one(openapi: Document, asyncapi: Document) -> None:
    for document in (openapi, asyncapi):
        for reference in document.references():
            document.resolve(reference)
        for schema in document.content["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)
    assert asyncapi.content["asyncapi"] == "3.0.0"
    assert openapi.content["openapi"].startswith("3.1")
    for path, operations in openapi.content["paths"].items():
        for method, operation in operations.items():
            assert operation.get("description"), f"{method} {path} is not described"


def _schema_of(openapi: Document, method: str, path: str, status: int) -> dict[str, Any] | None:
    """The schema of an answer; None where the document says that there is no body."""
    segments = path.split("?")[0].split("/")
    for template, operations in openapi.content["paths"].items():
        parts = template.split("/")
        same = len(parts) == len(segments) and all(
            part == segment or part.startswith("{") for part, segment in zip(parts, segments, strict=True)
        )
        if same and method.lower() in operations:
            answer = operations[method.lower()]["responses"].get(str(status))
            assert answer is not None, f"{method} {template} does not document {status}"
            content = answer.get("content", {}).get("application/json")
            schema: dict[str, Any] | None = content["schema"] if content else None
            return schema
    raise AssertionError(f"{method} {path} is not in the document")


async def test_answers_are_as_documented(town: Town, openapi: Document) -> None:
    restaurant, item, order = (town.ids[key] for key in ("restaurant_id", "item_id", "order_id"))
    new = {"email": "new@example.org", "password": "a phrase of several words", "name": "New"}
    steps: list[tuple[str, str, str, Any]] = [
        ("", "POST", "/v1/accounts", new),
        ("", "POST", "/v1/sessions", {"email": new["email"], "password": new["password"]}),
        ("", "POST", "/v1/sessions", {"email": new["email"], "password": new["password"], "kind": "browser"}),
        ("customer", "GET", "/v1/sessions", None),
        ("customer", "GET", "/v1/profile", None),
        ("customer", "GET", "/v1/addresses", None),
        ("customer", "POST", "/v1/stream-tickets", {"topics": [f"order.{order}"]}),
        ("", "GET", "/v1/restaurants", None),
        ("", "GET", f"/v1/restaurants/{restaurant}", None),
        ("", "GET", f"/v1/restaurants/{restaurant}/menu", None),
        ("owner", "POST", "/v1/restaurants", RESTAURANT),
        ("owner", "GET", "/v1/my/restaurants", None),
        ("owner", "GET", f"/v1/restaurants/{restaurant}/members", None),
        ("staff", "PUT", f"/v1/menu-items/{item}/sold-out", {"sold_out": False}),
        ("staff", "PUT", f"/v1/restaurants/{restaurant}/busy", {"extra_minutes": 5}),
        ("customer", "POST", "/v1/baskets/price", town.basket()),
        ("customer", "GET", f"/v1/orders/{order}", None),
        ("staff", "GET", f"/v1/restaurants/{restaurant}/tickets", None),
        ("staff", "GET", f"/v1/restaurants/{restaurant}/presence", None),
        ("staff", "POST", f"/v1/tickets/{order}/accept", {"minutes": 10}),
        ("staff", "POST", f"/v1/tickets/{order}/advance", {"to": "ready"}),
        ("staff", "POST", f"/v1/tickets/{order}/advance", {"to": "picked_up"}),
        ("staff", "POST", f"/v1/tickets/{order}/advance", {"to": "delivered"}),
        ("customer", "GET", f"/v1/orders/{order}/receipt", None),
        ("customer", "POST", f"/v1/orders/{order}/reorder", None),
        ("customer", "POST", "/v1/orders", town.basket() | {"expected_total_minor": 1450}),
        ("customer", "GET", "/v1/orders", None),
        ("admin", "GET", "/v1/alerts", None),
    ]
    for name, method, path, body in steps:
        answer = await town.send(name, method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        schema = _schema_of(openapi, method, path, answer.status_code)
        assert schema is not None, f"{method} {path} answers with a body that is not documented"
        openapi.validate(answer.json(), schema)


async def test_refusals_are_problems_as_documented(town: Town, openapi: Document) -> None:
    problem = openapi.content["components"]["schemas"]["Problem"]
    cases = [
        ("", "GET", "/v1/profile", None, 401),
        ("customer", "GET", "/v1/alerts", None, 403),
        ("customer", "GET", f"/v1/orders/{uuid4()}", None, 404),
        ("customer", "GET", "/v1/nowhere", None, 404),
        ("customer", "PUT", "/v1/profile", {}, 405),
        ("customer", "PATCH", "/v1/profile", {"name": "X"}, 428),
        ("customer", "POST", "/v1/orders", town.basket() | {"expected_total_minor": 1}, 409),
        ("customer", "POST", "/v1/orders", {"lines": "none"}, 422),
    ]
    for name, method, path, body, status in cases:
        answer = await town.send(name, method, path, body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        openapi.validate(answer.json(), problem)


async def _blocks(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, Any]]:
    event = ""
    async for line in lines:
        if line.startswith("event: "):
            event = line[7:]
        elif line.startswith("data: "):
            yield event, orjson.loads(line[6:])


def _event_schema(asyncapi: Document, topic: str, type_: str) -> dict[str, Any]:
    """The schema of an event on a topic. Fails if the topic's channel does not name the type."""
    kind = topic.split(".")[0]
    channel = next(one for one in asyncapi.content["channels"].values() if one["address"].split(".")[0] == kind)
    names = {message["$ref"].rsplit("/", 1)[1] for message in channel["messages"].values()}
    assert type_ in names, f"{type_} on {topic} is not documented"
    payload: dict[str, Any] = asyncapi.content["components"]["messages"][type_]["payload"]
    return payload


def _frame(asyncapi: Document, name: str) -> dict[str, Any]:
    schema: dict[str, Any] = asyncapi.content["components"]["schemas"][name]
    return schema


async def _live_a_life(town: Town) -> None:
    """Events of every kind of topic, ending with the order's end."""
    order = town.ids["order_id"]
    await town.send("customer", "POST", "/v1/addresses", {"street": "S", "city": "C", "latitude": 60, "longitude": 24})
    await town.send("staff", "PUT", f"/v1/restaurants/{town.ids['restaurant_id']}/busy", {"extra_minutes": 5})
    async with town.node.database.transaction() as transaction:
        await town.node.built.alerts.raise_alert(transaction, "test", "A test", {})
    await town.post("staff", f"/v1/tickets/{order}/accept", {"minutes": 10})
    for to in ("preparing", "ready", "picked_up", "delivered"):
        await town.post("staff", f"/v1/tickets/{order}/advance", {"to": to})


async def test_streams_send_what_is_documented(town: Town, asyncapi: Document) -> None:
    order = town.ids["order_id"]
    await town.node.built.accounts.set_role_by_email("customer@example.org", Role.ADMIN, granted=True)
    topics = [
        f"order.{order}",
        f"user.{town.accounts['customer']}",
        f"menu.{town.ids['restaurant_id']}",
        "alerts.operations",
        "nonsense.x",
    ]
    query = "&".join(f"topic={topic}" for topic in topics)
    kinds_seen: set[str] = set()
    headers = {"authorization": f"Bearer {await town.new_token('customer')}"}
    async with town.client.stream("GET", f"/v1/events?{query}", headers=headers) as answer:
        blocks = _blocks(answer.aiter_lines())
        for _ in topics:
            event, data = await anext(blocks)
            assert event == "sync"
            asyncapi.validate(data, _frame(asyncapi, "SyncData"))
        living = asyncio.create_task(_live_a_life(town))
        async with asyncio.timeout(15):
            while "order.delivered" not in kinds_seen:
                event, data = await anext(blocks)
                asyncapi.validate(data, _event_schema(asyncapi, data["topic"], event))
                kinds_seen.add(event)
        await living
    assert {"address.changed", "restaurant.busy", "alert.raised", "order.changed"} <= kinds_seen
    async with town.client.stream("GET", "/v1/events?topic=menu.x", headers={"authorization": "Bearer x"}) as answer:
        event, data = await anext(_blocks(answer.aiter_lines()))
        assert event == "bye"
        asyncapi.validate(data, _frame(asyncapi, "Bye"))


async def test_sockets_send_what_is_documented(town: Town, asyncapi: Document) -> None:
    frames = {"hello": "ServerHello", "sync": "Sync", "ok": "Ok", "error": "Error", "heartbeat": "Heartbeat"}
    topic = f"restaurant.{town.ids['restaurant_id']}"
    seen: set[str] = set()
    url = town.origin.replace("http", "ws") + "/v1/socket"
    async with connect(url, additional_headers={"authorization": f"Bearer {await town.new_token('staff')}"}) as socket:
        sent = [
            {"type": "hello", "device_id": str(uuid4()), "topics": {topic: None}},
            {"type": "ping", "id": "1"},
            {"type": "command", "id": "2", "name": "ticket.accept", "data": {"ticket_id": str(uuid4()), "minutes": 5}},
            {"type": "nonsense"},
        ]
        for message in sent:
            await socket.send(orjson.dumps(message).decode())
        living = asyncio.create_task(_live_a_life(town))
        async with asyncio.timeout(15):
            while not {"hello", "sync", "ok", "error", "ticket.accepted", "ticket.advanced"} <= seen:
                message = orjson.loads(await socket.recv())
                if message["type"] == "event":
                    event = message["event"]
                    asyncapi.validate(event, _event_schema(asyncapi, event["topic"], event["type"]))
                    seen.add(event["type"])
                else:
                    asyncapi.validate(message, _frame(asyncapi, frames[message["type"]]))
                    seen.add(message["type"])
        await living
