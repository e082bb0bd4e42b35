"""Who may do what: every endpoint and every socket command, with every kind of person.

The table is the specification. An endpoint, a stream or a command that is not in it fails the first test.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from tests.app.town import DESTINATION, PEOPLE, RESTAURANT, Town
from websockets.asyncio.client import connect

EVERYBODY = frozenset(("anonymous", *PEOPLE))
LOGGED_IN = frozenset(PEOPLE)
ADMIN = frozenset(("admin",))
CUSTOMER = frozenset(("customer",))
STAFF = frozenset(("staff", "manager", "owner"))
MANAGERS = frozenset(("manager", "owner"))
COURIER = frozenset(("courier",))
AGENT = frozenset(("agent",))
OWNER = frozenset(("owner",))
SUPPORT = frozenset(("agent", "admin"))

# what the state of things, rather than who asks, may answer to somebody who may
_MAY = frozenset((200, 201, 202, 204, 304, 409, 412))


@dataclass(frozen=True)
class Endpoint:
    """One row: who may, and a good body."""

    who: frozenset[str]
    body: Any = None
    etag: bool = False
    headers: dict[str, str] = field(default_factory=dict)


_NEW_CATEGORY = {"name": "Desserts"}
_ITEM = {"name": "Pancakes", "price_minor": 700}
_TUS = {"tus-resumable": "1.0.0"}
_ANNOUNCEMENT = {"audience": {"kind": "everyone"}, "texts": {"en": {"title": "Rain"}}}
_PASSWORDS = {"current_password": "not the password", "new_password": "an entirely new phrase"}

TABLE: dict[str, Endpoint] = {
    "POST /v1/accounts": Endpoint(
        EVERYBODY, {"email": "{unique}@example.org", "password": "long phrase of words", "name": "N"}
    ),
    "GET /v1/accounts?email=customer@example.org": Endpoint(ADMIN),
    "PUT /v1/accounts/{stranger}/roles/courier": Endpoint(ADMIN),
    "DELETE /v1/accounts/{stranger}/roles/courier": Endpoint(ADMIN),
    "POST /v1/sessions": Endpoint(EVERYBODY, {"email": "nobody@example.org", "password": "wrong"}),
    "POST /v1/sessions/code": Endpoint(EVERYBODY, {"code": "wrong"}),
    "POST /v1/login-codes": Endpoint(LOGGED_IN),
    "POST /v1/sessions/refresh": Endpoint(EVERYBODY, {"refresh_token": "wrong"}),
    "GET /v1/sessions": Endpoint(LOGGED_IN),
    "DELETE /v1/sessions": Endpoint(LOGGED_IN),
    "DELETE /v1/sessions/current": Endpoint(LOGGED_IN),
    "PATCH /v1/sessions/{own_session}": Endpoint(CUSTOMER, {"device_name": "Phone"}),
    "DELETE /v1/sessions/{own_session}": Endpoint(CUSTOMER),
    "GET /v1/profile": Endpoint(LOGGED_IN),
    "PATCH /v1/profile": Endpoint(LOGGED_IN, {"phone": "+358 1"}, etag=True),
    "POST /v1/profile/password": Endpoint(LOGGED_IN, _PASSWORDS),
    "GET /v1/addresses": Endpoint(LOGGED_IN),
    "POST /v1/addresses": Endpoint(LOGGED_IN, DESTINATION),
    "PATCH /v1/addresses/{own_address}": Endpoint(CUSTOMER, {"label": "Home"}),
    "DELETE /v1/addresses/{own_address}": Endpoint(CUSTOMER),
    "POST /v1/stream-tickets": Endpoint(LOGGED_IN, {"topics": ["menu.x"]}),
    "GET /v1/alerts": Endpoint(ADMIN),
    "POST /v1/alerts/{alert_id}/acknowledge": Endpoint(ADMIN),
    "POST /v1/restaurants": Endpoint(LOGGED_IN, RESTAURANT),
    "GET /v1/restaurants": Endpoint(EVERYBODY),
    "GET /v1/my/restaurants": Endpoint(LOGGED_IN),
    "GET /v1/restaurants/{restaurant_id}": Endpoint(EVERYBODY),
    "PATCH /v1/restaurants/{restaurant_id}": Endpoint(MANAGERS | ADMIN, {"description": "New"}, etag=True),
    "GET /v1/restaurants/{restaurant_id}/menu": Endpoint(EVERYBODY),
    "POST /v1/restaurants/{restaurant_id}/categories": Endpoint(MANAGERS | ADMIN, _NEW_CATEGORY),
    "PATCH /v1/categories/{category_id}": Endpoint(MANAGERS | ADMIN, {"name": "Main dishes"}),
    "DELETE /v1/categories/{category_id}": Endpoint(MANAGERS | ADMIN),
    "POST /v1/restaurants/{restaurant_id}/menu-items": Endpoint(
        MANAGERS | ADMIN, _ITEM | {"category_id": "{category_id}"}
    ),
    "PATCH /v1/menu-items/{item_id}": Endpoint(MANAGERS | ADMIN, {"description": "With sauce"}, etag=True),
    "PUT /v1/menu-items/{item_id}/sold-out": Endpoint(STAFF | ADMIN, {"sold_out": False}),
    "PUT /v1/restaurants/{restaurant_id}/pause": Endpoint(STAFF | ADMIN, {"minutes": 5}),
    "DELETE /v1/restaurants/{restaurant_id}/pause": Endpoint(STAFF | ADMIN),
    "PUT /v1/restaurants/{restaurant_id}/busy": Endpoint(STAFF | ADMIN, {"extra_minutes": 10}),
    "GET /v1/restaurants/{restaurant_id}/members": Endpoint(MANAGERS | ADMIN),
    "PATCH /v1/restaurants/{restaurant_id}/members/{staff}": Endpoint(MANAGERS | ADMIN, {"role": "staff"}),
    "POST /v1/baskets/price": Endpoint(LOGGED_IN, "basket"),
    "POST /v1/orders": Endpoint(LOGGED_IN, "order"),
    "GET /v1/orders": Endpoint(LOGGED_IN),
    "GET /v1/orders/{order_id}": Endpoint(CUSTOMER | STAFF | SUPPORT),
    "GET /v1/orders/{order_id}/events": Endpoint(CUSTOMER | SUPPORT),
    "GET /v1/orders/{order_id}/receipt": Endpoint(CUSTOMER),
    "POST /v1/orders/{order_id}/reorder": Endpoint(CUSTOMER),
    "GET /v1/restaurants/{restaurant_id}/tickets": Endpoint(STAFF),
    "GET /v1/restaurants/{restaurant_id}/presence": Endpoint(STAFF),
    "POST /v1/tickets/{ticket_id}/acknowledge": Endpoint(STAFF, {"device_id": "{device}", "state": "received"}),
    "POST /v1/tickets/{ticket_id}/accept": Endpoint(STAFF, {"minutes": 10}),
    "POST /v1/tickets/{ticket_id}/reject": Endpoint(STAFF, {"reason": "too_busy"}),
    "POST /v1/tickets/{ticket_id}/advance": Endpoint(STAFF, {"to": "preparing"}),
    "POST /v1/tickets/{ticket_id}/cancel": Endpoint(STAFF, {"reason": "No gas"}),
    "GET /v1/courier": Endpoint(COURIER),
    "PUT /v1/courier/duty": Endpoint(COURIER, {"on_duty": True}),
    "GET /v1/couriers": Endpoint(ADMIN),
    "POST /v1/offers/{new_offer}/accept": Endpoint(COURIER),
    "POST /v1/offers/{new_offer}/decline": Endpoint(COURIER),
    "GET /v1/assignments/{carried_id}/way?latitude=60.17&longitude=24.95": Endpoint(COURIER),
    "POST /v1/assignments/{carried_id}/advance": Endpoint(COURIER, {"to": "arrived"}),
    "POST /v1/assignments/{carried_id}/unassign": Endpoint(COURIER | SUPPORT, {"reason": "Flat tyre"}),
    "GET /v1/orders/{carried_id}/delivery": Endpoint(CUSTOMER | SUPPORT),
    "POST /v1/assignments/{carried_id}/fail": Endpoint(COURIER, {"reason": "Nobody opens"}),
    "POST /v1/orders/{order_id}/cancel": Endpoint(CUSTOMER | SUPPORT, {"reason": "Changed my mind"}),
    "POST /v1/restaurants/{restaurant_id}/members": Endpoint(
        MANAGERS | ADMIN, {"email": "stranger@example.org", "role": "staff"}
    ),
    "DELETE /v1/restaurants/{restaurant_id}/members/{new_member}": Endpoint(MANAGERS | ADMIN),
    "DELETE /v1/menu-items/{new_item}": Endpoint(MANAGERS | ADMIN),
    "POST /v1/menu-items/{item_id}/images": Endpoint(MANAGERS | ADMIN, headers=_TUS | {"upload-length": "100"}),
    "GET /v1/menu-items/{item_id}/images": Endpoint(MANAGERS | ADMIN),
    "PUT /v1/menu-items/{item_id}/images": Endpoint(MANAGERS | ADMIN, {"image_ids": []}),
    "GET /v1/images/{image_id}": Endpoint(OWNER | ADMIN),
    "GET /v1/images/{image_id}/events": Endpoint(OWNER | ADMIN),
    "POST /v1/images/{image_id}/retry": Endpoint(OWNER),
    "HEAD /v1/uploads/{image_id}": Endpoint(OWNER, headers=_TUS),
    "PATCH /v1/uploads/{image_id}": Endpoint(
        OWNER, headers=_TUS | {"upload-offset": "7", "content-type": "application/offset+octet-stream"}
    ),
    "DELETE /v1/uploads/{image_id}": Endpoint(OWNER, headers=_TUS),
    "DELETE /v1/menu-items/{item_id}/images/{image_id}": Endpoint(MANAGERS | ADMIN),
    "POST /v1/conversations": Endpoint(LOGGED_IN, {"client_id": "{device}", "text": "Hello"}),
    "GET /v1/conversations": Endpoint(LOGGED_IN),
    "GET /v1/conversations/{conversation_id}": Endpoint(CUSTOMER | AGENT),
    "GET /v1/conversations/{conversation_id}/messages": Endpoint(CUSTOMER | AGENT),
    "POST /v1/conversations/{conversation_id}/messages": Endpoint(
        CUSTOMER | AGENT, {"client_id": "{new_id}", "text": "Hello"}
    ),
    "POST /v1/conversations/{conversation_id}/marks": Endpoint(LOGGED_IN, {"read": 1}),
    "POST /v1/conversations/{conversation_id}/images": Endpoint(
        CUSTOMER | AGENT, headers=_TUS | {"upload-length": "100"}
    ),
    "GET /v1/conversations/{conversation_id}/notes": Endpoint(AGENT),
    "POST /v1/conversations/{conversation_id}/notes": Endpoint(AGENT, {"client_id": "{device}", "text": "Careful"}),
    "GET /v1/conversations/{conversation_id}/orders": Endpoint(AGENT),
    "POST /v1/conversations/{conversation_id}/transfer": Endpoint(AGENT, {"agent_id": "{agent}"}),
    "POST /v1/conversations/{conversation_id}/resolve": Endpoint(CUSTOMER | AGENT),
    "PUT /v1/conversations/{conversation_id}/rating": Endpoint(CUSTOMER, {"stars": 5}),
    "POST /v1/conversations/{conversation_id}/reopen": Endpoint(CUSTOMER | AGENT),
    "GET /v1/support/queue": Endpoint(LOGGED_IN),
    "GET /v1/support/desk": Endpoint(AGENT),
    "PUT /v1/support/availability": Endpoint(AGENT, {"available": False, "capacity": 5}),
    "GET /v1/support/canned-answers": Endpoint(AGENT),
    "POST /v1/support/canned-answers": Endpoint(AGENT, {"shortcut": "hi", "text": "Hello"}),
    "PUT /v1/support/canned-answers/{canned_id}": Endpoint(AGENT, {"shortcut": "bye", "text": "Bye"}),
    "DELETE /v1/support/canned-answers/{canned_id}": Endpoint(AGENT),
    "GET /v1/announcements": Endpoint(EVERYBODY),
    "POST /v1/announcements/read": Endpoint(LOGGED_IN, {"announcement_ids": ["{announcement_id}"]}),
    "GET /v1/announcing/desk": Endpoint(ADMIN),
    "GET /v1/announcing/reach?kind=couriers": Endpoint(ADMIN),
    "GET /v1/announcing/cities": Endpoint(ADMIN),
    "POST /v1/announcing/announcements": Endpoint(ADMIN, _ANNOUNCEMENT),
    "PUT /v1/announcing/announcements/{announcement_id}": Endpoint(ADMIN, _ANNOUNCEMENT, etag=True),
    "POST /v1/announcing/announcements/{announcement_id}/withdraw": Endpoint(ADMIN),
    "GET /v1/events?topic=menu.{restaurant_id}": Endpoint(EVERYBODY),
}

_REPORT = {"latitude": 60.17, "longitude": 24.95, "accuracy_meters": 8, "at": "2026-06-01T12:00:00Z"}
# each command with a good body
COMMANDS: dict[str, tuple[frozenset[str], dict[str, Any]]] = {
    "ticket.acknowledge": (STAFF, {"state": "seen"}),
    "ticket.accept": (STAFF, {"minutes": 10}),
    "ticket.advance": (STAFF, {"to": "preparing"}),
    "ticket.reject": (STAFF, {"reason": "other"}),
    "location.report": (COURIER, {"reports": [_REPORT]}),
    "offer.accept": (COURIER, {"offer_id": "{new_offer}"}),
    "offer.decline": (COURIER, {"offer_id": "{new_offer}"}),
    "assignment.advance": (COURIER, {"order_id": "{carried_id}", "to": "arrived"}),
    "chat.send": (CUSTOMER | AGENT, {"conversation_id": "{conversation_id}", "client_id": "{device}", "text": "Hello"}),
    "chat.read": (LOGGED_IN, {"conversation_id": "{conversation_id}", "read": 1}),
    "chat.typing": (CUSTOMER | AGENT, {"conversation_id": "{conversation_id}"}),
}
_REFUSALS = ("ticket_not_found", "not_a_courier", "conversation_not_found")

# who may follow which topic
TOPICS: dict[str, frozenset[str]] = {
    "menu.{restaurant_id}": EVERYBODY,
    "restaurant.{restaurant_id}": STAFF,
    "presence.{restaurant_id}": STAFF,
    "order.{order_id}": CUSTOMER | SUPPORT,
    "order.{carried_id}.location": CUSTOMER,
    "courier.{courier}": COURIER,
    "user.{customer}": CUSTOMER,
    "image.{image_id}": OWNER | ADMIN,
    "alerts.operations": ADMIN,
    "conversation.{conversation_id}": CUSTOMER | AGENT,
    "conversation.{conversation_id}.notes": AGENT,
    "conversation.{conversation_id}.agent_typing": CUSTOMER,
    "conversation.{conversation_id}.customer_typing": AGENT,
    "agent.{agent}": AGENT,
    "support.desk": AGENT,
    "support.queue": LOGGED_IN,
    "announcements.everyone": EVERYBODY,
    "announcements.customers": LOGGED_IN,
    "announcements.couriers": COURIER,
    "announcements.agents": AGENT,
    "announcements.admins": ADMIN,
    "announcements.restaurants": STAFF,
    "announcements.restaurant-{restaurant_id}": STAFF,
    "announcing.desk": ADMIN,
    "operations.now": ADMIN,
    # administrators too, but only after a look that stands in the audit log
    "operations.couriers": frozenset(),
}


@pytest.fixture
async def town(town: Town) -> Town:
    """A town with an order on board."""
    await town.carry()
    return town


def _shape(path: str) -> str:
    """`GET /v1/orders/{x}`: a row or a route without the names of its parameters."""
    path = path.split("?")[0]
    path = re.sub(r"/roles/courier$", "/roles/{}", path)
    return re.sub(r"\{[a-z_]+\}", "{}", path)


async def _fill(town: Town, value: Any) -> Any:
    """A row's text or body with real ids in it."""
    if value == "basket":
        return town.basket()
    if value == "order":
        return town.basket() | {"expected_total_minor": 1450}
    if isinstance(value, dict):
        return {key: await _fill(town, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [await _fill(town, inner) for inner in value]
    if not isinstance(value, str):
        return value
    known = town.ids | {person: str(account_id) for person, account_id in town.accounts.items()}
    known |= {"device": str(uuid4()), "unique": uuid4().hex}
    for word in re.findall(r"\{([a-z_]+)\}", value):
        made = known[word] if word in known else await _MAKERS[word](town)
        value = value.replace("{" + word + "}", made)
    return value


async def _own_session(town: Town) -> str:
    headers = {"authorization": f"Bearer {await town.new_token('customer')}"}
    sessions = (await town.client.get("/v1/sessions", headers=headers)).json()
    return str(next(one["session_id"] for one in sessions if one["current"]))


async def _own_address(town: Town) -> str:
    return str((await town.post("customer", "/v1/addresses", DESTINATION))["address_id"])


async def _new_item(town: Town) -> str:
    item = _ITEM | {"category_id": town.ids["second_category_id"]}
    return str((await town.post("owner", f"/v1/restaurants/{town.ids['restaurant_id']}/menu-items", item))["id"])


async def _new_member(town: Town) -> str:
    member = {"email": "guest@example.org", "role": "staff"}
    await town.send("owner", "POST", f"/v1/restaurants/{town.ids['restaurant_id']}/members", member)
    return str(town.accounts["guest"])


async def _alert(town: Town) -> str:
    async with town.node.database.transaction() as transaction:
        await town.node.built.alerts.raise_alert(transaction, "test", "A test", {}, key=uuid4().hex)
    return str(await town.node.database.pool.fetchval("SELECT id FROM alert ORDER BY raised_at DESC"))


async def _new_offer(town: Town) -> str:
    """To the courier, of an order that nobody has."""
    pool, known = town.node.database.pool, dict(town.ids)
    await pool.execute("UPDATE delivery_offer SET state = 'withdrawn' WHERE state = 'open'")
    order_id = await town.order()
    town.ids.update(known)
    await town.post("staff", f"/v1/tickets/{order_id}/accept", {"minutes": 200})
    end = "UPDATE delivery SET state = 'ended', ended_at = now() WHERE courier_id IS NOT NULL AND order_id <> $1"
    await pool.execute(end, UUID(town.ids["carried_id"]))
    offer = (
        "INSERT INTO delivery_offer (id, order_id, courier_id, round, state, distance_meters, expires_at)"
        " VALUES ($1, $2, $3, 1, 'open', 100, now() + interval '1 minute')"
    )
    offer_id = uuid4()
    await pool.execute(offer, offer_id, UUID(order_id), town.accounts["courier"])
    return str(offer_id)


async def _image(town: Town) -> str:
    """A resumable upload that the owner has begun."""
    headers = town.bearer("owner") | _TUS | {"upload-length": "100"}
    answer = await town.client.post(f"/v1/menu-items/{town.ids['item_id']}/images", headers=headers)
    assert answer.status_code in (201, 409), answer.text
    if answer.status_code == 409:  # five are there
        await town.node.database.pool.execute("DELETE FROM image")
        return await _image(town)
    return answer.headers["location"].rsplit("/", 1)[-1]


async def _conversation(town: Town) -> str:
    """The customer's, with the agent."""
    made = (
        "INSERT INTO conversation (id, client_id, customer_id, customer_name, agent_id, agent_name, state, place)"
        " VALUES ($1, $1, $2, 'Customer', $3, 'Agent', 'assigned', nextval('support_place'))"
    )
    conversation_id = uuid4()
    people = town.accounts["customer"], town.accounts["agent"]
    await town.node.database.pool.execute(made, conversation_id, *people)
    return str(conversation_id)


async def _canned_answer(town: Town) -> str:
    canned_id = uuid4()
    made = "INSERT INTO canned_answer (id, shortcut, text) VALUES ($1, $2, 'Hello')"
    await town.node.database.pool.execute(made, canned_id, canned_id.hex)
    return str(canned_id)


async def _announcement(town: Town) -> str:
    return str((await town.post("admin", "/v1/announcing/announcements", _ANNOUNCEMENT))["announcement_id"])


async def _new_id(_: Town) -> str:
    return str(uuid4())


# things made anew for each request, since a good one may use them up
_MAKERS: dict[str, Callable[[Town], Awaitable[str]]] = {
    "own_session": _own_session,
    "own_address": _own_address,
    "new_item": _new_item,
    "new_member": _new_member,
    "alert_id": _alert,
    "new_offer": _new_offer,
    "image_id": _image,
    "conversation_id": _conversation,
    "canned_id": _canned_answer,
    "announcement_id": _announcement,
    "new_id": _new_id,
}


async def _ask(town: Town, name: str, row: str, endpoint: Endpoint) -> tuple[int, str]:
    """Status and code of a request by a person with a session of its own."""
    method, path = row.split(" ", 1)
    path = await _fill(town, path)
    headers = {"idempotency-key": uuid4().hex, **endpoint.headers}
    if name != "anonymous":
        headers["authorization"] = f"Bearer {await town.new_token(name)}"
    if endpoint.etag:
        headers["if-match"] = '"stale"'
    body = await _fill(town, endpoint.body)
    async with town.client.stream(method, path, json=body, headers=headers) as answer:
        if "text/event-stream" in answer.headers.get("content-type", ""):
            return answer.status_code, await _reason(answer.aiter_lines())
        content = await answer.aread()
    return answer.status_code, orjson.loads(content).get("code", "") if answer.is_error and content else ""


async def _reason(lines: Any) -> str:
    """The reason with which a stream ends or refuses, if it does at once."""
    async for line in lines:
        if line.startswith("data: "):
            data = orjson.loads(line[6:])
            reason: str = data.get("reason", "")
            return reason if reason in ("unauthenticated", "forbidden", "unknown") else ""
    return ""


async def test_the_table_is_complete(town: Town) -> None:
    routes = set()
    for path, operations in (await town.client.get("/openapi.json")).json()["paths"].items():
        routes |= {f"{method.upper()} {_shape(path)}" for method in operations}
    routes |= {f"GET {_shape('/v1' + s.path)}" for feature in town.node.features for s in feature.streams}
    rows = {_shape(row) for row in TABLE} - {"GET /v1/events"}
    assert rows == routes
    assert {command.name for feature in town.node.features for command in feature.commands} == set(COMMANDS)
    kinds = {re.sub(r"\{[a-z_]+\}", "{}", kind.pattern) for kind in town.node.kinds.all}
    topics = {re.sub(r"^announcements\..*", "announcements.{}", topic) for topic in TOPICS}
    assert {re.sub(r"\{[a-z_]+\}", "{}", topic) for topic in topics} == kinds


@pytest.mark.timeout(180)
async def test_every_endpoint_with_every_person(town: Town) -> None:
    wrong = []
    menu = f"/v1/restaurants/{town.ids['restaurant_id']}/categories"
    town.ids["second_category_id"] = (await town.post("owner", menu, {"name": "Second"}))["id"]
    for row, endpoint in TABLE.items():
        people = sorted(EVERYBODY, key=lambda name: name in endpoint.who)  # those who may not come first
        for name in people:
            status, code = await _ask(town, name, row, endpoint)
            refused = status in (401, 403, 404) or code in ("unauthenticated", "forbidden")
            # a wrong password or token is told apart from a missing login by its code
            if code in ("wrong_credentials", "invalid_token", "invalid_login_code", "wrong_password"):
                refused = False
            elif name in endpoint.who and not refused and status not in _MAY:
                wrong.append(f"{row} as {name}: {status} {code}, neither done nor refused")
            if refused == (name in endpoint.who):
                wrong.append(f"{row} as {name}: {status} {code}")
            if name == "anonymous" and name not in endpoint.who and status != 401 and code != "unauthenticated":
                wrong.append(f"{row} anonymous: {status}, not 401")
    assert "\n".join(wrong) == ""


async def test_every_command_with_every_person(town: Town) -> None:
    wrong = []
    for name in sorted(PEOPLE, key=lambda name: name in STAFF | COURIER):
        async with connect(
            town.origin.replace("http", "ws") + "/v1/socket", additional_headers=town.bearer(name)
        ) as socket:
            await socket.send(orjson.dumps({"type": "hello", "device_id": str(uuid4())}).decode())
            for command, (who, body) in COMMANDS.items():
                data = await _fill(town, body | ({"ticket_id": "{ticket_id}"} if "ticket" in command else {}))
                await socket.send(
                    orjson.dumps({"type": "command", "id": command, "name": command, "data": data}).decode()
                )
                answer: dict[str, Any] = {}
                while answer.get("id") != command:
                    answer = orjson.loads(await socket.recv())
                refused = answer.get("code") in _REFUSALS
                if refused == (name in who):
                    wrong.append((name, command, answer))
    assert wrong == []


async def test_every_topic_with_every_person(town: Town) -> None:
    wrong = []
    for pattern, who in TOPICS.items():
        topic = await _fill(town, pattern)
        for name in sorted(EVERYBODY):
            async with town.client.stream("GET", f"/v1/events?topic={topic}", headers=town.bearer(name)) as answer:
                reason = await _reason(answer.aiter_lines())
            if (reason == "forbidden") == (name in who):
                wrong.append((topic, name, reason))
    assert wrong == []
