"""A small town: one person of every role, one restaurant, an order and its ticket.

People get their sessions straight from the database, a fresh one a request where a test asks for it, so that no test
waits for passwords.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import httpx

from tiffin.app.wiring import Node
from tiffin.base.ids import new_id
from tiffin.base.principal import Role
from tiffin.features.accounts import Tokens, repository
from tiffin.features.accounts.domain import SessionKind

PEOPLE = ("stranger", "customer", "staff", "manager", "owner", "courier", "agent", "admin")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

RESTAURANT = {
    "name": "Kolme Kruunua",
    "address": "Liisankatu 5",
    "latitude": 60.1737,
    "longitude": 24.9573,
    "time_zone": "Europe/Helsinki",
    "currency": "EUR",
    "published": True,
    "opening_hours": {day: [{"opens": "00:00", "closes": "00:00"}] for day in _DAYS},
}
DESTINATION = {"street": "Unioninkatu 40", "city": "Helsinki", "latitude": 60.172, "longitude": 24.95}


class Town:
    """People by name, and the ids of what there is."""

    def __init__(self, origin: str, node: Node) -> None:
        self.origin = origin
        self.node = node
        self.client = httpx.AsyncClient(base_url=origin, timeout=10)
        self.accounts: dict[str, UUID] = {}
        self.ids: dict[str, str] = {}
        keys = [node.settings.secret_key.get_secret_value()]
        self._tokens = Tokens(keys, node.settings.access_token_seconds)
        self._bearer: dict[str, str] = {}

    async def found(self, *, further: Sequence[str] = ()) -> None:
        """Let everybody move in, and `further` people."""
        async with self.node.database.transaction() as transaction:
            for name in (*PEOPLE, "guest", *further):
                account_id = self.accounts[name] = new_id()
                await repository.insert_account(
                    transaction.connection, account_id, f"{name}@example.org", name.title(), "en", "no password"
                )
        for name in PEOPLE:
            self._bearer[name] = await self.new_token(name)
        for name in ("courier", "agent", "admin"):
            await self.node.built.accounts.set_role_by_email(f"{name}@example.org", Role(name), granted=True)
        await self._open_restaurant()
        await self.order()

    async def _open_restaurant(self) -> None:
        made = await self.post("owner", "/v1/restaurants", RESTAURANT)
        self.ids["restaurant_id"] = made["id"]
        path = f"/v1/restaurants/{made['id']}"
        self.ids["category_id"] = (await self.post("owner", f"{path}/categories", {"name": "Mains"}))["id"]
        item = {"category_id": self.ids["category_id"], "name": "Meatballs", "price_minor": 1450}
        self.ids["item_id"] = (await self.post("owner", f"{path}/menu-items", item))["id"]
        for role in ("staff", "manager"):
            await self.post("owner", f"{path}/members", {"email": f"{role}@example.org", "role": role})

    def basket(self, quantity: int = 1) -> dict[str, Any]:
        """A basket of the restaurant's one dish."""
        lines = [{"menu_item_id": self.ids["item_id"], "quantity": quantity}]
        return {"restaurant_id": self.ids["restaurant_id"], "lines": lines, "destination": DESTINATION}

    async def order(self, *, with_ticket: bool = True) -> str:
        """The customer orders; returns once the ticket is there. The newest order is `order_id`."""
        body = self.basket() | {"expected_total_minor": 1450}
        order_id: str = (await self.post("customer", "/v1/orders", body))["order_id"]
        self.ids["order_id"] = self.ids["ticket_id"] = order_id
        async with asyncio.timeout(5):
            while with_ticket and not await self.node.database.pool.fetchval(
                "SELECT true FROM ticket WHERE id = $1", UUID(order_id)
            ):
                await asyncio.sleep(0.01)
        return order_id

    async def carry(self) -> None:
        """The newest order is with the courier, on the way to its customer: `carried_id`; and there is a next one."""
        await self.send("courier", "PUT", "/v1/courier/duty", {"on_duty": True})
        order_id = self.ids["order_id"]
        await self.post("staff", f"/v1/tickets/{order_id}/accept", {"minutes": 10})
        await self.post("staff", f"/v1/tickets/{order_id}/advance", {"to": "ready"})
        take = (
            "UPDATE delivery SET state = 'assigned', courier_id = $2, courier_name = 'Courier', assignment = 1,"
            " assigned_at = now() WHERE order_id = $1"
        )
        await self.node.database.pool.execute(take, UUID(order_id), self.accounts["courier"])
        await self.post("courier", f"/v1/assignments/{order_id}/advance", {"to": "picked_up"})
        self.ids["carried_id"] = order_id
        await self.order()

    async def new_token(self, name: str) -> str:
        """An access token of a fresh session."""
        async with self.node.database.transaction() as transaction:
            session = await repository.insert_session(
                transaction.connection, self.accounts[name], SessionKind.PROGRAM, name, None, 3600
            )
        return self._tokens.make_access(self.accounts[name], session.id)

    def bearer(self, name: str) -> dict[str, str]:
        """Headers of a person; nobody is anonymous."""
        return {"authorization": f"Bearer {self._bearer[name]}"} if name in self._bearer else {}

    async def send(
        self, name: str, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """A request of a person from a fresh session, with a fresh idempotency key unless one is given."""
        if name in self.accounts:
            self._bearer[name] = await self.new_token(name)
        sent = {"idempotency-key": uuid4().hex} | self.bearer(name) | (headers or {})
        return await self.client.request(method, path, json=body, headers=sent)

    async def post(self, name: str, path: str, body: Any) -> Any:
        """A POST that must succeed."""
        answer = await self.send(name, "POST", path, body)
        assert answer.is_success, answer.text
        return answer.json()

    async def close(self) -> None:
        await self.client.aclose()
