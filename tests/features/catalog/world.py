"""The catalog on a test's database, with people who speak to it over HTTP."""

from json import dumps
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
from fastapi import FastAPI

from tiffin.app.error_handlers import install_error_handlers
from tiffin.base.clock import SystemClock
from tiffin.base.errors import Unauthenticated
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal, Role
from tiffin.db import Connection, Database
from tiffin.features.accounts import AccountService
from tiffin.features.catalog import CatalogService, MemberRole, repository
from tiffin.features.catalog.member_service import MemberService
from tiffin.features.catalog.menu_image_service import MenuImageService
from tiffin.features.catalog.menu_service import MenuService
from tiffin.features.catalog.registration import catalog_feature
from tiffin.features.images import ImageService
from tiffin.http.authentication import Credential
from tiffin.idempotency import StoredAnswers
from tiffin.realtime import EventLog, StoredEvent
from tiffin.realtime.event_log import list_events
from tiffin.storage import open_objects
from tiffin.work import Outbox

RESTAURANT = {
    "name": "Kolme Kruunua",
    "description": "Meatballs since 1952",
    "address": "Liisankatu 5, Helsinki",
    "latitude": 60.1737,
    "longitude": 24.9573,
    "time_zone": "Europe/Helsinki",
    "currency": "EUR",
    "published": True,
    "opening_hours": {
        day: [{"opens": "00:00", "closes": "00:00"}]
        for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    },
    "delivery_radius_meters": 3000,
    "delivery_fee_minor": 290,
    "minimum_order_minor": 1000,
    "tax_basis_points": 1400,
}
GROUPS = [
    {
        "name": "Size",
        "min_choices": 1,
        "max_choices": 1,
        "options": [{"name": "Small"}, {"name": "Large", "price_minor": 300}],
    },
    {"name": "Extras", "max_choices": 2, "options": [{"name": "Dill"}, {"name": "Lingonberry", "price_minor": 100}]},
]


class World:
    """People by name; everybody's access token is their name, their e-mail NAME@example.org."""

    def __init__(self, database: Database, events: EventLog | None = None) -> None:
        self.database = database
        self.people: dict[str, Principal] = {}
        events = events or EventLog(lambda stored: None)
        clock = SystemClock()
        accounts = cast(AccountService, self)
        self.catalog = CatalogService(database, events, clock)
        self.menus = MenuService(database, events, clock)
        self.members = MemberService(database, events, accounts)
        objects = open_objects(Path("/nonexistent"), None, {})  # no test here sends bytes
        self.images = ImageService(database, events, Outbox(lambda handovers: None), clock, objects)
        self.pictures = MenuImageService(database, self.menus, self.images)
        self.feature = catalog_feature(self.catalog, self.menus, self.pictures, self.members, clock)
        app = FastAPI()
        for router in self.feature.routers:
            app.include_router(router)
        app.state.settings = SimpleNamespace(origins=frozenset())
        app.state.authenticator = self
        app.state.stored_answers = StoredAnswers(database)
        install_error_handlers(app)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.app = app
        self.client = httpx.AsyncClient(transport=transport, base_url="http://tiffin.test/v1")

    def person(self, name: str, *roles: Role) -> Principal:
        """Somebody with an account."""
        return self.people.setdefault(name, Principal(new_id(), new_id(), frozenset(roles), name=name.capitalize()))

    async def authenticate(self, credential: Credential) -> Principal:
        """What accounts does with an access token."""
        if credential.secret not in self.people:
            raise Unauthenticated()
        return self.people[credential.secret]

    async def find_by_email(self, connection: Connection, email: str) -> Any:
        """What accounts does with an e-mail address."""
        name = email.partition("@")[0]
        return self._account(name) if name in self.people else None

    async def list_by_ids(self, connection: Connection, account_ids: list[UUID]) -> dict[UUID, Any]:
        """What accounts knows of some people."""
        accounts = [self._account(name) for name in self.people]
        return {account.id: account for account in accounts if account.id in account_ids}

    def _account(self, name: str) -> Any:
        person = self.people[name]
        email = f"{name}@example.org"
        return SimpleNamespace(id=person.account_id, name=name.capitalize(), email=email, roles=person.roles)

    async def ask(self, name: str | None, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        """A request; headers by keyword, with _ for -. A POST gets a fresh key."""
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        if json is not None:
            sent["content-type"] = "application/json"
        if name is not None:
            sent["authorization"] = f"Bearer {name}"
        if method == "POST":
            sent.setdefault("idempotency-key", str(new_id()))
        # as ASCII, so that what no careful client sends can be sent as well: lone surrogates, Infinity
        content = None if json is None else dumps(json)
        return await self.client.request(method, path, content=content, headers=sent)

    async def do(self, name: str, method: str, path: str, json: Any = None, **headers: str) -> Any:
        """A request that must succeed; its body."""
        answer = await self.ask(name, method, path, json, **headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def restaurant(self, owner: str = "owner", **changes: Any) -> str:
        """The id of a new restaurant."""
        self.person(owner)
        created = await self.do(owner, "POST", "/restaurants", RESTAURANT | changes)
        return str(created["id"])

    async def join(self, restaurant_id: str, name: str, role: MemberRole) -> Principal:
        """Make somebody a member, past all rules and events."""
        principal = self.person(name)
        async with self.database.connection() as connection:
            await repository.insert_member(connection, UUID(restaurant_id), principal.account_id, role)
        return principal

    async def item(self, restaurant_id: str, by: str = "owner", **changes: Any) -> Any:
        """A new item in a category of its own."""
        category = await self.do(by, "POST", f"/restaurants/{restaurant_id}/categories", {"name": "Mains"})
        body = {"category_id": category["id"], "name": "Meatballs", "price_minor": 1450, "option_groups": GROUPS}
        return await self.do(by, "POST", f"/restaurants/{restaurant_id}/menu-items", body | changes)

    async def log(self, topic: str, after: int = 0) -> list[StoredEvent]:
        """The events of a topic."""
        async with self.database.connection() as connection:
            return (await list_events(connection, [(topic, after)], 1000))[0]
