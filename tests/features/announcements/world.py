"""Announcements above real accounts and a real catalog; a test says what time it is."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import sentinel

from tests.features.catalog.world import World as CatalogWorld
from tests.features.kitchen.world import SettableClock

from tiffin.base.principal import Role
from tiffin.db import Database
from tiffin.features.accounts import AccountService, user_topic
from tiffin.features.accounts import repository as accounts_repository
from tiffin.features.accounts.schemas import AddressFields
from tiffin.features.announcements import AnnouncementService, announcements_feature
from tiffin.features.announcements.audiences import Audiences
from tiffin.features.catalog import MemberRole
from tiffin.realtime import EventLog, Grant, ReadRequest
from tiffin.work import Outbox
from tiffin.work.runner import Runner

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TEXTS = {
    "en": {"title": "Rain", "body": "Couriers ride carefully."},
    "fi": {"title": "Sadetta", "body": "Lähetit ajavat varovasti."},
}
_ADDRESS = {"street": "Unioninkatu 40", "postal_code": "00170", "latitude": 60.172, "longitude": 24.95}


class World(CatalogWorld):
    """An administrator, a customer with an address, a courier, an agent and a restaurant's staff."""

    def __init__(self, database: Database) -> None:
        events = EventLog(lambda stored: None)
        super().__init__(database, events)
        self.clock = SettableClock()
        self.clock.at = NOON
        self.accounts = AccountService(database, events, sentinel.hasher, registrations_per_hour=1)
        self.audiences = Audiences(self.accounts, self.catalog)
        self.service = AnnouncementService(
            database, events, Outbox(lambda handovers: None), self.clock, self.accounts, self.audiences
        )
        self.announcements = announcements_feature(self.service, self.audiences)
        for router in self.announcements.routers:
            self.app.include_router(router)
        self.dead: list[str] = []
        self.runner = Runner(
            database, self.announcements.consumers, self._bury, lease_seconds=20, max_attempts=2, concurrency=4
        )
        self.restaurant_id = ""

    async def _bury(self, transaction: Any, claim: Any, error: str) -> None:
        self.dead.append(f"{claim.consumer}: {error}")

    async def found(self) -> None:
        """Let everybody move in."""
        roles = {"admin": Role.ADMIN, "courier": Role.COURIER, "agent": Role.AGENT}
        for name in ("owner", "staff", "customer", "stranger", *roles):
            person = self.person(name, *([roles[name]] if name in roles else []))
            async with self.database.transaction() as transaction:
                await accounts_repository.insert_account(
                    transaction.connection, person.account_id, f"{name}@example.org", name.title(), "en", "none"
                )
            if name in roles:
                await self.accounts.set_role(None, person.account_id, roles[name], granted=True)
        self.restaurant_id = await self.restaurant("owner")
        await self.join(self.restaurant_id, "staff", MemberRole.STAFF)
        await self.live_in("customer", "Helsinki")

    async def live_in(self, name: str, city: str) -> str:
        """The id of a new address of somebody."""
        address = await self.accounts.add_address(self.people[name], AddressFields(city=city, **_ADDRESS))
        return str(address.id)

    async def announce(self, kind: str = "everyone", **changes: Any) -> Any:
        """A new announcement, as the desk shows it."""
        audience = {"kind": kind} | {key: changes.pop(key) for key in ("city", "restaurant_id") if key in changes}
        body = {"audience": audience, "texts": TEXTS} | changes
        return await self.do("admin", "POST", "/announcing/announcements", body)

    async def rewrite(self, announcement: Any, **changes: Any) -> Any:
        """The same with other words; its version is as it was read."""
        audience = {key: value for key, value in announcement["audience"].items() if key != "name" and value}
        if audience["kind"] == "city":
            audience["city"] = announcement["audience"]["name"]
        kept = {key: announcement[key] for key in ("severity", "texts", "link", "publishes_at", "expires_at")}
        path = f"/announcing/announcements/{announcement['announcement_id']}"
        body = {"audience": audience} | kept | changes
        return await self.ask("admin", "PUT", path, body, if_match=f'"{announcement["version"]}"')

    async def withdraw(self, announcement: Any) -> Any:
        """Take one back."""
        path = f"/announcing/announcements/{announcement['announcement_id']}/withdraw"
        return await self.do("admin", "POST", path)

    async def inbox(self, name: str | None) -> Any:
        """Somebody's inbox."""
        answer = await self.ask(name, "GET", "/announcements")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ids_in(self, name: str | None) -> list[str]:
        """What stands in somebody's inbox."""
        return [one["announcement_id"] for one in (await self.inbox(name))["announcements"]]

    async def wait(self, **how_long: float) -> None:
        """Let time pass for Tiffin and for PostgreSQL, then do what a relay does when it looks."""
        passed = timedelta(**how_long)
        assert self.clock.at is not None
        self.clock.at += passed
        await self.database.pool.execute("UPDATE work SET due_at = due_at - $1::interval", passed)
        await self.relay()

    async def relay(self) -> None:
        """Do what is due."""
        await self.database.pool.execute("UPDATE work_beat SET beat_at = now()")
        await self.runner.run_overdue(100)
        assert self.dead == []

    async def types_of(self, topic: str) -> list[str]:
        """What happened on a topic."""
        return [event.type for event in await self.log(topic, 0)]

    async def may_follow(self, name: str | None, key: str) -> bool:
        """Whether somebody may follow an audience's topic at this moment."""
        principal = self.people[name] if name is not None else None
        request = ReadRequest(principal, f"announcements.{key}", key)
        async with self.database.connection() as connection:
            grants: list[Grant | None] = await self.audiences.read_grants(connection, [request])
        return grants[0] is not None

    def topic_of(self, name: str) -> str:
        """Somebody's own topic."""
        return user_topic(self.people[name].account_id)
