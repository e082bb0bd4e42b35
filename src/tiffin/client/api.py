"""`Tiffin`: the API as one account sees it, one thin method an endpoint, and its live parts.

Answers are the JSON objects of the OpenAPI document, as dictionaries. What creates or charges carries an
Idempotency-Key by itself, so a lost answer never makes a second order; give `key` to keep one over a restart.
"""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from tiffin.client.http import Answer, Http, Json, Tokens
from tiffin.client.live import Live
from tiffin.client.positions import LoadSnapshot
from tiffin.client.reconnect import Reconnect
from tiffin.client.stream import EventStream


class Tiffin:
    """One account, or nobody, on one origin or on several nodes of one system.

    `pool` is shared by several clients of one process; `on_tokens` is told of every new pair of tokens to keep.
    """

    def __init__(
        self,
        origins: str | Sequence[str],
        *,
        tokens: Tokens | None = None,
        on_tokens: Callable[[Tokens], None] | None = None,
        pool: httpx.AsyncClient | None = None,
    ) -> None:
        self.origins = [origins] if isinstance(origins, str) else list(origins)
        self.http = Http(self.origins, pool=pool, tokens=tokens, on_tokens=on_tokens)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.http.aclose()

    @property
    def account_id(self) -> str:
        """Who is logged in. Raises RuntimeError if nobody is."""
        if self.http.tokens is None:
            raise RuntimeError("log in first")
        return self.http.tokens.account_id

    # accounts

    async def register(self, email: str, password: str, name: str) -> Json:
        """Make an account; it is not logged in by that."""
        return await self._post("/v1/accounts", {"email": email, "password": password, "name": name})

    async def log_in(self, email: str, password: str, *, device_name: str = "") -> Tokens:
        """Log in as a program and be that account from now on."""
        body = {"email": email, "password": password, "kind": "program", "device_name": device_name}
        tokens = Tokens.of(await self._post("/v1/sessions", body))
        self.http.take_tokens(tokens)
        return tokens

    async def make_login_code(self) -> Json:
        """A single-use code that logs this account in on another device, where the server allows it."""
        return await self._post("/v1/login-codes", {})

    async def log_out(self) -> None:
        """End this session everywhere."""
        await self.http.call("DELETE", "/v1/sessions/current")
        self.http.take_tokens(None)

    async def list_sessions(self) -> Json:
        """The devices that are logged in."""
        return await self._get("/v1/sessions")

    async def end_session(self, session_id: str) -> None:
        """Log a device out."""
        await self.http.call("DELETE", f"/v1/sessions/{session_id}")

    async def end_other_sessions(self) -> None:
        """Log all other devices out."""
        await self.http.call("DELETE", "/v1/sessions")

    async def get_profile(self) -> Answer:
        """The profile with its ETag."""
        return await self.http.call("GET", "/v1/profile")

    async def update_profile(self, changes: Json, etag: str) -> Answer:
        """Change the profile that was read with `etag`. Raises ProblemError 412 if it was changed meanwhile."""
        return await self.http.call("PATCH", "/v1/profile", json=changes, headers={"If-Match": etag})

    async def grant_role(self, account_id: str, role: str) -> None:
        """Give an account a platform role; administrators only."""
        await self.http.call("PUT", f"/v1/accounts/{account_id}/roles/{role}")

    async def list_addresses(self) -> Json:
        """The own addresses."""
        return await self._get("/v1/addresses")

    async def add_address(self, address: Json) -> Json:
        """Keep an address."""
        return await self._post("/v1/addresses", address)

    async def make_stream_ticket(self, topics: Sequence[str]) -> Json:
        """A single-use ticket, for clients that can send no header."""
        return await self._post("/v1/stream-tickets", {"topics": list(topics)})

    # restaurants

    async def create_restaurant(self, restaurant: Json, *, key: str | None = None) -> Json:
        """Open a restaurant and own it."""
        return await self._post("/v1/restaurants", restaurant, idempotent=True, key=key)

    async def list_restaurants(self, **query: Any) -> Json:
        """A page of restaurants: `latitude`, `longitude`, `open`, `cursor`, `limit`."""
        return await self._get("/v1/restaurants", query)

    async def get_restaurant(self, restaurant_id: str) -> Answer:
        """A restaurant with its ETag."""
        return await self.http.call("GET", f"/v1/restaurants/{restaurant_id}")

    async def my_restaurants(self) -> Json:
        """The restaurants this account is a member of, with its role."""
        return await self._get("/v1/my/restaurants")

    async def update_restaurant(self, restaurant_id: str, changes: Json, etag: str) -> Answer:
        """Change what was read with `etag`."""
        path = f"/v1/restaurants/{restaurant_id}"
        return await self.http.call("PATCH", path, json=changes, headers={"If-Match": etag})

    async def get_menu(self, restaurant_id: str) -> Json:
        """The menu with the position of `menu.{restaurant_id}`."""
        return await self._get(f"/v1/restaurants/{restaurant_id}/menu")

    async def add_category(self, restaurant_id: str, category: Json) -> Json:
        """Add a category to the menu."""
        return await self._post(f"/v1/restaurants/{restaurant_id}/categories", category, idempotent=True)

    async def add_menu_item(self, restaurant_id: str, item: Json) -> Json:
        """Add something to eat."""
        return await self._post(f"/v1/restaurants/{restaurant_id}/menu-items", item, idempotent=True)

    async def set_sold_out(self, item_id: str, sold_out: bool) -> Json:
        """Mark an item sold out, or available again."""
        return (await self.http.call("PUT", f"/v1/menu-items/{item_id}/sold-out", json={"sold_out": sold_out})).data

    async def list_members(self, restaurant_id: str) -> Json:
        """Who works at a restaurant."""
        return await self._get(f"/v1/restaurants/{restaurant_id}/members")

    async def add_member(self, restaurant_id: str, email: str, role: str) -> Json:
        """Take an account on: `staff`, `manager` or `owner`."""
        path = f"/v1/restaurants/{restaurant_id}/members"
        return await self._post(path, {"email": email, "role": role}, idempotent=True)

    # orders

    async def price_basket(self, basket: Json) -> Json:
        """What a basket would cost."""
        return await self._post("/v1/baskets/price", basket)

    async def place_order(self, order: Json, *, key: str | None = None) -> Json:
        """Place an order, once, however often the call is repeated."""
        return await self._post("/v1/orders", order, idempotent=True, key=key)

    async def list_orders(self, cursor: str | None = None) -> Json:
        """A page of the own orders, newest first."""
        return await self._get("/v1/orders", {"cursor": cursor} if cursor else None)

    async def get_order(self, order_id: str) -> Json:
        """An order."""
        return await self._get(f"/v1/orders/{order_id}")

    async def cancel_order(self, order_id: str, reason: str) -> Json:
        """Cancel an order that nobody has confirmed."""
        return await self._post(f"/v1/orders/{order_id}/cancel", {"reason": reason})

    # kitchen

    async def list_tickets(self, restaurant_id: str, *, state: str = "open") -> Json:
        """The board with the position of `restaurant.{id}`."""
        return await self._get(f"/v1/restaurants/{restaurant_id}/tickets", {"state": state})

    async def answer_ticket(self, ticket_id: str, answer: str, body: Json) -> Json:
        """`accept`, `reject`, `advance`, `acknowledge` or `cancel` a ticket."""
        return await self._post(f"/v1/tickets/{ticket_id}/{answer}", body)

    async def get_presence(self, restaurant_id: str) -> Json:
        """Which devices of the staff are connected."""
        return await self._get(f"/v1/restaurants/{restaurant_id}/presence")

    # couriers

    async def get_courier(self) -> Json:
        """The own duty, offers and assignments, with the position of `courier.{account_id}`."""
        return await self._get("/v1/courier")

    async def set_duty(self, on_duty: bool) -> Json:
        """Go on or off duty."""
        return (await self.http.call("PUT", "/v1/courier/duty", json={"on_duty": on_duty})).data

    async def answer_offer(self, offer_id: str, answer: str) -> Json:
        """`accept` or `decline` an offer."""
        return await self._post(f"/v1/offers/{offer_id}/{answer}", {})

    async def advance_assignment(self, order_id: str, to: str, *, code: str | None = None) -> Json:
        """`arrived`, `picked_up`, or `delivered` with the code that the customer tells."""
        return await self._post(f"/v1/assignments/{order_id}/advance", {"to": to, "code": code})

    async def end_assignment(self, order_id: str, how: str, reason: str) -> None:
        """`unassign` before pick-up, `fail` after it."""
        await self._post(f"/v1/assignments/{order_id}/{how}", {"reason": reason})

    async def get_way(self, order_id: str, latitude: float, longitude: float) -> Json:
        """The way from a point to the next stop of an assignment."""
        return await self._get(f"/v1/assignments/{order_id}/way", {"latitude": latitude, "longitude": longitude})

    async def get_delivery(self, order_id: str) -> Json:
        """Who brings an order, the code for the door, and where the courier is."""
        return await self._get(f"/v1/orders/{order_id}/delivery")

    # support

    async def open_conversation(self, text: str, *, order_id: str | None = None, client_id: str | None = None) -> Json:
        """Ask for help; the conversation with its messages and the position of `conversation.{id}`."""
        body = {"client_id": client_id or str(uuid4()), "text": text, "order_id": order_id}
        return await self._post("/v1/conversations", body, idempotent=True)

    async def list_conversations(self, **filters: Any) -> Json:
        """A page of the own conversations, or with scope="all" of everybody's: state, search, cursor, limit."""
        return await self._get("/v1/conversations", filters)

    async def get_conversation(self, conversation_id: str) -> Json:
        """A conversation with its newest messages and the position of `conversation.{id}`."""
        return await self._get(f"/v1/conversations/{conversation_id}")

    async def list_messages(self, conversation_id: str, *, before: int | None = None, limit: int = 50) -> Json:
        """What was said earlier."""
        params = {"limit": limit} | ({"before": before} if before is not None else {})
        return await self._get(f"/v1/conversations/{conversation_id}/messages", params)

    async def send_message(self, conversation_id: str, text: str, *, client_id: str | None = None) -> Json:
        """Say something; on a socket `chat.send` does the same."""
        body = {"client_id": client_id or str(uuid4()), "text": text}
        return await self._post(f"/v1/conversations/{conversation_id}/messages", body, idempotent=True)

    async def resolve_conversation(self, conversation_id: str) -> Json:
        """Say that it is done."""
        return await self._post(f"/v1/conversations/{conversation_id}/resolve", {}, idempotent=True)

    async def transfer_conversation(self, conversation_id: str, agent_id: str | None, note: str = "") -> None:
        """Hand it to a colleague, or (None) back to the queue."""
        await self._post(f"/v1/conversations/{conversation_id}/transfer", {"agent_id": agent_id, "note": note})

    async def get_desk(self) -> Json:
        """An agent's conversations, the queue and the colleagues."""
        return await self._get("/v1/support/desk")

    async def set_availability(self, available: bool, capacity: int) -> Json:
        """Whether an agent takes conversations, and how many at once."""
        body = {"available": available, "capacity": capacity}
        return (await self.http.call("PUT", "/v1/support/availability", json=body)).data

    # announcements

    async def get_announcements(self) -> Json:
        """What is announced to the caller, unread first, and the topics to follow with their positions."""
        return await self._get("/v1/announcements")

    async def mark_announcements_read(self, announcement_ids: Sequence[str]) -> Json:
        """Say that these were seen."""
        return await self._post("/v1/announcements/read", {"announcement_ids": list(announcement_ids)}, idempotent=True)

    async def announce(self, audience: Json, texts: Json, **fields: Any) -> Json:
        """Announce something, once: severity, link, publishes_at, expires_at. Administrators."""
        body = {"audience": audience, "texts": texts, **fields}
        return await self._post("/v1/announcing/announcements", body, idempotent=True)

    async def withdraw_announcement(self, announcement_id: str) -> Json:
        """Take an announcement back. Administrators."""
        return await self._post(f"/v1/announcing/announcements/{announcement_id}/withdraw", {})

    # live

    def follow(
        self,
        topics: Sequence[str],
        *,
        positions: Mapping[str, str | None] | None = None,
        snapshot: LoadSnapshot | None = None,
    ) -> EventStream:
        """A stream of events (SSE) of these topics."""
        path = "/v1/events"
        return EventStream(
            self._reconnect(), self.http.access_token, path, topics, positions=positions, snapshot=snapshot
        )

    def follow_order(self, order_id: str, *, position: str | None = None) -> EventStream:
        """An order from its state now (event type `snapshot`) to its end, where the iteration ends."""
        topic = f"order.{order_id}"
        path = f"/v1/orders/{order_id}/events"
        return EventStream(self._reconnect(), self.http.access_token, path, [topic], positions={topic: position})

    def live(
        self,
        topics: Mapping[str, str | None],
        *,
        device_id: str | None = None,
        device: str = "",
        snapshot: LoadSnapshot | None = None,
    ) -> Live:
        """A WebSocket for topics and commands."""
        return Live(
            self._reconnect(), self.http.access_token, topics, device_id=device_id, device=device, snapshot=snapshot
        )

    def _reconnect(self) -> Reconnect:
        return Reconnect(self.origins)

    async def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Json:
        return (await self.http.call("GET", path, params=params)).data

    async def _post(self, path: str, body: Json, *, idempotent: bool = False, key: str | None = None) -> Json:
        return (await self.http.call("POST", path, json=body, idempotent=idempotent, key=key)).data
