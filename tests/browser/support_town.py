"""Support for browser tests: agents at their desks and customers who ask, each logged in without a password."""

import hashlib
import secrets
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from playwright.async_api import Locator, Page, StorageState, expect
from tests.browser.watched import Watched
from tests.e2e.cluster import Cluster
from tests.e2e.people import move_in

from tiffin.client import Tiffin

_SESSION = """
INSERT INTO session (id, account_id, kind, device_name, secret_hash, expires_at)
VALUES (gen_random_uuid(), $1, 'browser', 'A browser', $2, now() + interval '1 hour')
"""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person with a program and any number of browsers."""

    name: str
    tiffin: Tiffin
    watched: Watched
    session: StorageState

    async def open(self, path: str, **options: object) -> Page:
        """A page on a device of its own."""
        return await self.watched.open(path, session=self.session, **options)


@dataclass(frozen=True, slots=True)
class Desk:
    """Makes people; at the end nobody is left who could be given another test's conversation."""

    cluster: Cluster
    watched: Watched
    origin: str
    agents: list[Somebody] = field(default_factory=list)

    async def person(self, name: str, role: str | None = None) -> Somebody:
        """Somebody new."""
        (tiffin,) = await move_in(self.cluster, [name], role)
        cookie = secrets.token_urlsafe(16)
        connection = await asyncpg.connect(self.cluster.postgres.url)
        try:
            secret_hash = hashlib.sha256(cookie.encode()).digest()
            await connection.execute(_SESSION, UUID(tiffin.account_id), secret_hash)
        finally:
            await connection.close()
        session: StorageState = {
            "cookies": [
                {
                    "name": "tiffin_session",
                    "value": cookie,
                    "domain": "127.0.0.1",
                    "path": "/",
                    "expires": -1,
                    "httpOnly": True,
                    "secure": False,
                    "sameSite": "Lax",
                }
            ],
            "origins": [],
        }
        return Somebody(name, tiffin, self.watched, session)

    async def agent(self, name: str, capacity: int = 5, **options: object) -> "AgentPage":
        """At the desk, taking conversations."""
        somebody = await self.person(name, "agent")
        self.agents.append(somebody)
        await somebody.tiffin.set_availability(True, capacity)
        page = await somebody.open("/support", **options)
        await expect(page.locator(".support")).to_have_attribute("data-connected", "true")
        return AgentPage(somebody, page)

    async def go_home(self) -> None:
        """Nobody takes anything, and nothing waits."""
        for agent in self.agents:
            await agent.tiffin.set_availability(False, 1)
        connection = await asyncpg.connect(self.cluster.postgres.url)
        try:
            await connection.execute(
                "UPDATE conversation SET state = 'resolved', resolved_at = now(), agent_id = NULL"
                " WHERE state <> 'resolved'"
            )
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class AgentPage:
    """An agent's screen."""

    somebody: Somebody
    page: Page

    def pane(self, customer: str) -> Locator:
        """A conversation on it."""
        return self.page.get_by_role("region", name=customer)

    async def write(self, customer: str, text: str) -> None:
        """Say something to a customer."""
        await self.pane(customer).get_by_label("Write a message").fill(text)
        await self.pane(customer).get_by_label("Write a message").press("Enter")


async def ask(page: Page, text: str) -> None:
    """A customer's first words, on the page of help."""
    await page.goto("/help")
    await page.get_by_label("What can we help with?").fill(text)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".talk")).to_be_visible()


async def write(page: Page, text: str) -> None:
    """A customer says more."""
    await page.get_by_label("Write a message").fill(text)
    await page.get_by_role("button", name="Send", exact=True).click()
