"""Support above everything else on a test's database; a test says who is connected and when work is done."""

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
from tests.features.kitchen.world import World as KitchenWorld

from tiffin.base.principal import Principal, Role
from tiffin.db import Database
from tiffin.features.accounts import AccountService
from tiffin.features.support import CannedAnswerService, ConversationService, DeskService, support_feature
from tiffin.features.support.events import agent_topic
from tiffin.realtime import EventLog, LatestValue
from tiffin.realtime.presence import list_present
from tiffin.work import Outbox
from tiffin.work.runner import Runner


class World(KitchenWorld):
    """A restaurant with customers, and support."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        events = EventLog(self.announced.extend)
        accounts = cast(AccountService, self)
        self.published: list[LatestValue] = []
        self.desk = DeskService(
            database, events, Outbox(lambda handovers: None), self.clock, accounts, list_present, grace_seconds=60
        )
        self.conversations = ConversationService(
            database, events, self.orders, self.images, self.desk, list_present, self.published.extend
        )
        feature = support_feature(self.conversations, self.desk, CannedAnswerService(database))
        for router in feature.routers:
            self.app.include_router(router)
        self.topics = {kind.pattern: kind for kind in feature.topics}
        self._runner = Runner(
            database,
            (*self.consumers.all(), *feature.consumers),
            self._bury,
            lease_seconds=20,
            max_attempts=2,
            concurrency=4,
        )

    async def agent(self, name: str, capacity: int = 5, *, available: bool = True, connected: bool = True) -> Principal:
        """An agent, by default at the desk and taking conversations."""
        principal = self.person(name, Role.AGENT)
        if connected:
            await self.connect(name)
        await self.do(name, "PUT", "/support/availability", {"available": available, "capacity": capacity})
        return principal

    async def connect(self, name: str, *, here: bool = True) -> None:
        """An agent's device comes, or its last one leaves, as the kernel tells it."""
        account_id = self.people[name].account_id
        room = agent_topic(account_id)
        if here:
            await self.enter(room, account_id)
        else:
            await self.database.pool.execute("DELETE FROM presence WHERE room = $1", room)
        async with self.database.transaction() as transaction:
            await self.desk.tell_presence(transaction, [room])
        await self.work("support.agent_presence")

    async def enter(self, room: str, account_id: UUID) -> None:
        """A device follows a topic by WebSocket."""
        entered = (
            "INSERT INTO presence (room, connection_id, account_id, device, expires_at) VALUES ($1, $2, $3, $4, $5)"
        )
        await self.database.pool.execute(entered, room, uuid4(), account_id, "Tab", datetime.max.replace(tzinfo=UTC))

    async def open(self, name: str = "customer", text: str = "Where is my order?", **changes: Any) -> str:
        """The id of a new conversation."""
        body = {"client_id": str(uuid4()), "text": text} | changes
        answer = await self.do(name, "POST", "/conversations", body)
        return str(answer["conversation"]["conversation_id"])

    async def say(self, name: str, conversation_id: str, text: str = "Hello", **changes: Any) -> Any:
        """A message, as it is stored."""
        answer = await self.try_to_say(name, conversation_id, text, **changes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def try_to_say(self, name: str, conversation_id: str, text: str = "Hello", **changes: Any) -> httpx.Response:
        """The answer to a message."""
        body = {"client_id": str(uuid4()), "text": text} | changes
        return await self.ask(name, "POST", f"/conversations/{conversation_id}/messages", body)

    async def read(self, name: str, conversation_id: str) -> Any:
        """A conversation as somebody sees it."""
        return await self.do(name, "GET", f"/conversations/{conversation_id}")

    async def status(self, conversation_id: str, name: str = "customer") -> tuple[str, str | None]:
        """State and agent."""
        status = (await self.read(name, conversation_id))["conversation"]["status"]
        return status["state"], status["agent_name"]

    async def line(self) -> list[str]:
        """The conversations that wait, in order."""
        rows = await self.database.pool.fetch("SELECT id FROM conversation WHERE state = 'waiting' ORDER BY place")
        return [str(row["id"]) for row in rows]

    async def types_of(self, topic: str) -> list[str]:
        """What happened on a topic."""
        return [event.type for event in await self.log(topic, 0)]
