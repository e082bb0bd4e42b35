"""Alerts on a real database, and the people who ask for them."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from fastapi import FastAPI

from tiffin.app.error_handlers import install_error_handlers
from tiffin.base.errors import Unauthenticated
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal, Role
from tiffin.base.settings import Settings
from tiffin.db import Database
from tiffin.features.alerts import OPERATIONS_TOPIC, AlertService, alerts_feature
from tiffin.http.authentication import Credential
from tiffin.realtime import EventLog, StoredEvent
from tiffin.realtime.event_log import list_events

ADMIN = Principal(new_id(), new_id(), frozenset((Role.ADMIN,)))
PEOPLE = {
    "admin": ADMIN,
    "agent": Principal(new_id(), new_id(), frozenset((Role.AGENT, Role.COURIER))),
    "customer": Principal(new_id(), new_id()),
}


class ByName:
    """A token is its holder's name."""

    async def authenticate(self, credential: Credential) -> Principal:
        if credential.secret not in PEOPLE:
            raise Unauthenticated()
        return PEOPLE[credential.secret]


@dataclass
class World:
    """The feature, wired as in production."""

    database: Database
    settings: Settings
    announced: list[StoredEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = AlertService(self.database, EventLog(self.announced.extend))
        self.feature = alerts_feature(self.service)
        app = FastAPI()
        app.state.settings = self.settings
        app.state.authenticator = ByName()
        install_error_handlers(app)
        for router in self.feature.routers:
            app.include_router(router)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tiffin/v1")

    async def raise_alert(self, kind: str = "nobody_connected", key: str | None = None, **details: Any) -> None:
        """Raise an alert in a transaction of its own."""
        async with self.database.transaction() as transaction:
            await self.service.raise_alert(transaction, kind, "Nobody is there", details, key=key)

    async def send(self, method: str, path: str, person: str = "admin") -> httpx.Response:
        """A request of one of the people."""
        return await self.client.request(method, path, headers={"authorization": f"Bearer {person}"})

    async def snapshot(self) -> tuple[dict[str, Any], int]:
        """The open alerts by id, and the seq they were read at."""
        answer = await self.send("GET", "/alerts")
        assert answer.status_code == 200, answer.text
        alerts = {alert["id"]: alert for alert in answer.json()["alerts"]}
        return alerts, int(answer.json()["position"].partition(":")[2])

    async def events_after(self, seq: int) -> list[tuple[str, dict[str, Any]]]:
        """Types and data of the topic's events above `seq`."""
        async with self.database.connection() as connection:
            (events,) = await list_events(connection, [(OPERATIONS_TOPIC, seq)], 1000)
        return [(event.type, orjson.loads(event.encode())["data"]) for event in events]
