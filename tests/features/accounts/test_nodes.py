"""A session kept on one node ends there when another node ends it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID

import httpx
import pytest
from tests.features.accounts.world import ORIGIN, PASSWORD
from tests.waiting import eventually

from tiffin.app.wiring import Node
from tiffin.base.principal import Role
from tiffin.base.settings import Settings

ACCOUNT = {"email": "aino@example.com", "password": PASSWORD, "name": "Aino"}


class Web:
    """One node and a client of it."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(node.api()), base_url=ORIGIN)
        self.token = ""

    async def log_in(self) -> UUID:
        """A new session on this node; its id."""
        body = {"email": ACCOUNT["email"], "password": PASSWORD, "kind": "program"}
        found = (await self.client.post("/v1/sessions", json=body)).json()
        self.token = found["access_token"]
        return UUID(found["session_id"])

    async def status(self, method: str = "GET", path: str = "/profile") -> int:
        """The status of a request with this node's token."""
        headers = {"authorization": f"Bearer {self.token}"}
        return (await self.client.request(method, f"/v1{path}", headers=headers)).status_code

    async def keeps_session(self) -> bool:
        """Ask once; true if the answer is now trusted without asking the database."""
        assert await self.status() == 200
        return any(cached.trusted_until > 0 for cached in self.node.built.authenticator._cache.values())


@pytest.fixture
async def nodes(settings: Settings) -> AsyncIterator[tuple[Web, Web]]:
    """Two nodes on one database and one NATS."""
    async with AsyncExitStack() as stack:
        webs = [
            Web(await stack.enter_async_context(Node.open(settings, relay=False, consumers=False))) for _ in range(2)
        ]
        for web in webs:
            await stack.enter_async_context(web.client)
        assert (await webs[0].client.post("/v1/accounts", json=ACCOUNT)).status_code == 201
        yield webs[0], webs[1]


async def test_a_session_ended_on_another_node_is_refused(nodes: tuple[Web, Web]) -> None:
    here, there = nodes
    session_id = await here.log_in()
    await there.log_in()
    await eventually(here.keeps_session)
    assert await there.status("DELETE", f"/sessions/{session_id}") == 204

    async def is_refused() -> bool:
        return await here.status() == 401

    await eventually(is_refused, seconds=3)
    assert await there.status() == 200


async def test_logging_out_is_seen_at_once_where_it_happens(nodes: tuple[Web, Web]) -> None:
    here, _ = nodes
    await here.log_in()
    await eventually(here.keeps_session)
    assert await here.status("DELETE", "/sessions/current") == 204
    assert await here.status() == 401


async def test_a_role_granted_on_another_node_counts(nodes: tuple[Web, Web]) -> None:
    here, there = nodes
    await here.log_in()
    await eventually(here.keeps_session)
    path = f"/accounts?email={ACCOUNT['email']}"
    assert await here.status("GET", path) == 403
    await there.node.built.accounts.set_role_by_email(ACCOUNT["email"], Role.ADMIN, granted=True)

    async def may() -> bool:
        return await here.status("GET", path) == 200

    await eventually(may, seconds=3)


async def test_a_node_that_cannot_know_asks_every_time(nodes: tuple[Web, Web]) -> None:
    here, there = nodes
    session_id = await here.log_in()
    await there.log_in()
    await eventually(here.keeps_session)
    await here.node.head_check.stop()
    here.node.hub.fresh_until = 0.0
    await here.node.nats.stop()
    assert await there.status("DELETE", f"/sessions/{session_id}") == 204
    assert await here.status() == 401
