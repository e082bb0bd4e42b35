"""Accounts on a real database, reached by HTTP like any client does, and the devices that use them."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI

from tiffin.app.error_handlers import install_error_handlers
from tiffin.base.principal import Principal, Role
from tiffin.base.settings import Settings
from tiffin.db import Connection, Database
from tiffin.features.accounts import (
    AccountService,
    PasswordHasher,
    SessionAuthenticator,
    SessionService,
    Tokens,
    accounts_feature,
    user_topic,
)
from tiffin.http.authentication import SESSION_COOKIE, Credential
from tiffin.realtime import EventLog, StoredEvent
from tiffin.realtime.event_log import list_events

PASSWORD = "correct horse battery staple"
ORIGIN = "http://127.0.0.1:8000"


@dataclass
class Device:
    """One logged-in device and what it holds."""

    client: httpx.AsyncClient
    account_id: UUID
    session_id: UUID
    headers: dict[str, str]
    refresh_token: str = ""

    async def send(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """A request with this device's credential."""
        return await self.client.request(method, f"/v1{path}", json=body, headers=self.headers | (headers or {}))

    async def get(self, path: str) -> Any:
        """What stands at `path`."""
        answer = await self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


@dataclass
class World:
    """The feature, wired as in production, without a hub."""

    database: Database
    settings: Settings
    hasher: PasswordHasher
    announced: list[StoredEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        events = EventLog(self.announced.extend)
        keys = [key.get_secret_value() for key in (self.settings.secret_key, *self.settings.previous_secret_keys)]
        self.tokens = Tokens(keys, self.settings.access_token_seconds)
        self.accounts = AccountService(
            self.database, events, self.hasher, registrations_per_hour=self.settings.register_attempts_per_hour
        )
        self.sessions = SessionService(
            self.database,
            events,
            self.hasher,
            self.tokens,
            attempts_per_minute=self.settings.login_attempts_per_minute,
            idle_seconds=self.settings.session_idle_seconds,
            absolute_seconds=self.settings.session_absolute_seconds,
        )
        self.authenticator = SessionAuthenticator(self.database, self.tokens, self.settings.session_idle_seconds)
        self.feature = accounts_feature(self.accounts, self.sessions, self.settings, further_events=())
        self.app = FastAPI()
        self.app.state.settings = self.settings
        self.app.state.authenticator = self.authenticator
        install_error_handlers(self.app)
        for router in self.feature.routers:
            self.app.include_router(router)
        self.client = self.client_from("203.0.113.7")

    def client_from(self, address: str) -> httpx.AsyncClient:
        """A client at this network address, without a cookie jar of its own."""
        transport = httpx.ASGITransport(self.app, client=(address, 4711))
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=_NoJar())

    async def register(self, email: str = "aino@example.com", name: str = "Aino Virtanen") -> UUID:
        """A new account; its id."""
        body = {"email": email, "password": PASSWORD, "name": name}
        answer = await self.client.post("/v1/accounts", json=body)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["account_id"])

    async def log_in(self, email: str = "aino@example.com", kind: str = "program", device_name: str = "") -> Device:
        """A device that has just logged in."""
        body = {"email": email, "password": PASSWORD, "kind": kind, "device_name": device_name}
        answer = await self.client.post("/v1/sessions", json=body)
        assert answer.status_code == 201, answer.text
        found = answer.json()
        if kind == "program":
            headers = {"authorization": f"Bearer {found['access_token']}"}
        else:
            headers = {"cookie": f"{SESSION_COOKIE}={answer.cookies[SESSION_COOKIE]}", "origin": ORIGIN}
        return Device(
            self.client,
            UUID(found["account_id"]),
            UUID(found["session_id"]),
            headers,
            found.get("refresh_token", ""),
        )

    async def device(self, email: str = "aino@example.com", kind: str = "program", name: str = "") -> Device:
        """A new account's first device."""
        await self.register(email)
        return await self.log_in(email, kind, name)

    async def admin(self, email: str = "admin@example.com") -> Device:
        """An administrator's device."""
        device = await self.device(email)
        await self.accounts.set_role_by_email(email, Role.ADMIN, granted=True)
        return device

    async def refresh(self, refresh_token: str) -> httpx.Response:
        """Send a refresh token."""
        return await self.client.post("/v1/sessions/refresh", json={"refresh_token": refresh_token})

    async def principal_of(self, device: Device) -> Principal:
        """Who the device is, as the authenticator says."""
        kind, _, secret = device.headers.get("authorization", "").partition(" ")
        if kind:
            return await self.authenticator.authenticate(Credential("bearer", secret))
        return await self.authenticator.authenticate(Credential("cookie", device.headers["cookie"].partition("=")[2]))

    async def execute(self, statement: str, *arguments: object) -> None:
        """Change the database behind everybody's back."""
        async with self.database.connection() as connection:
            await connection.execute(statement, *arguments)

    async def events_of(self, account_id: UUID, after: int = 0) -> list[StoredEvent]:
        """What the account's own topic holds above `after`."""
        async with self.database.connection() as connection:
            return await _list_all(connection, user_topic(account_id), after)


class _NoJar(httpx.Cookies):
    """Cookies are sent by hand in these tests."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Keep nothing."""

    def set_cookie_header(self, request: httpx.Request) -> None:
        """Add nothing."""


async def _list_all(connection: Connection, topic: str, after: int) -> list[StoredEvent]:
    return (await list_events(connection, [(topic, after)], 1000))[0]
