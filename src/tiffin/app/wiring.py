"""The composition root: builds a node from settings, and nothing else knows how things are put together.

Order of building: adapters (database, NATS), what features write to (event log, outbox), the features, then the kernel
that reads (access, hub, head check) from what the features registered, and last the HTTP application.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
from fastapi import FastAPI
from starlette.types import ASGIApp

from tiffin.app.features import Built, build_features
from tiffin.app.main import build_api, build_asgi
from tiffin.base.clock import SystemClock
from tiffin.base.principal import Role
from tiffin.base.settings import Settings
from tiffin.base.telemetry import get_logger
from tiffin.db import Database, Transaction, create_pool
from tiffin.db.transaction import unavailable_when_unreachable
from tiffin.features.operations import NodeState
from tiffin.idempotency import StoredAnswers, delete_old_answers
from tiffin.nats import NatsConnection
from tiffin.realtime import EventLog
from tiffin.realtime.access import Access
from tiffin.realtime.announcer import Announcer
from tiffin.realtime.event_log import trim_events
from tiffin.realtime.head_check import HeadCheck
from tiffin.realtime.hub import Hub
from tiffin.realtime.latest import LatestValues
from tiffin.realtime.presence import Presence
from tiffin.realtime.topic import TopicKinds
from tiffin.routing import Routes
from tiffin.storage import open_objects
from tiffin.work import Outbox
from tiffin.work.long_work import LongRunner
from tiffin.work.queue import Handing, Queue
from tiffin.work.relay import Relay
from tiffin.work.runner import Claim, Runner

_log = get_logger("app.wiring")
_CHORE_SECONDS = 60.0
_CHORE_LOCK = 7_401_954


class Node:
    """Everything one process runs."""

    def __init__(self, settings: Settings, database: Database) -> None:
        url = settings.database_url
        nats_url = settings.nats_url
        assert url is not None
        assert nats_url is not None
        self.settings = settings
        self.database = database
        self.nats = NatsConnection(nats_url.get_secret_value(), "tiffin", self._on_trouble)
        self.announcer = Announcer(self.nats)
        self.events = EventLog(self.announcer.announce)
        self.outbox = Outbox(Handing(self.nats).hand, settings.work_fallback_seconds)
        self.latest = LatestValues(self.nats, database)
        self.routes = Routes(street_graph=settings.street_graph, router_url=settings.router_url)
        folder = settings.data_dir / "objects"
        self.objects = open_objects(folder, settings.object_store_url, settings.object_store_secrets)
        self.built: Built = build_features(
            settings,
            database,
            self.events,
            self.outbox,
            SystemClock(),
            self.latest.publish,
            self.routes,
            self.objects,
            self.read_state,
        )
        self.features = self.built.features
        self.kinds = TopicKinds([kind for feature in self.features for kind in feature.topics])
        self.access = Access(database, self.kinds, self.built.read_sessions, self.built.user_topic)
        self.hub = Hub(
            database,
            self.access,
            lifetime_seconds=settings.stream_lifetime_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
        )
        self.announcer.attach(self.hub)
        self.latest.attach(self.hub)
        self.built.follow_sessions(self.hub)
        self.head_check = HeadCheck(self.hub, url.get_secret_value(), settings.head_check_seconds)
        self.presence = Presence(database, self._on_presence)
        self.stored_answers = StoredAnswers(database)
        self.runner = Runner(
            database,
            [consumer for feature in self.features for consumer in feature.consumers],
            self._on_dead,
            lease_seconds=settings.work_lease_seconds,
            max_attempts=settings.work_max_attempts,
            concurrency=max(2, settings.database_pool_size // 2),
            postpone=[feature.postpone for feature in self.features if feature.postpone is not None],
        )

        self.long_runner = LongRunner(
            database,
            [consumer for feature in self.features for consumer in feature.long_consumers],
            self._on_dead,
            lease_seconds=settings.work_lease_seconds,
            max_attempts=settings.image_max_attempts,
        )

    def read_state(self) -> NodeState:
        """How this node is."""
        return NodeState(self.nats.is_connected, self.hub.is_fresh, len(self.hub.subscribers))

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, *, relay: bool, consumers: bool, images: bool = False
    ) -> AsyncIterator["Node"]:
        """A running node. Raises Unavailable if the database cannot be reached."""
        assert settings.database_url is not None
        with unavailable_when_unreachable():
            pool = await create_pool(settings.database_url.get_secret_value(), settings.database_pool_size)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_close, pool)
            node = cls(settings, Database(pool, settings.database_url.get_secret_value()))
            queue = Queue(node.nats, node.runner, replicas=settings.nats_replicas) if consumers else None
            long_queue = Queue(node.nats, node.long_runner, replicas=settings.nats_replicas) if images else None
            node.nats.start()
            stack.push_async_callback(node.nats.stop)
            node.hub.start()
            stack.push_async_callback(node.hub.stop)
            node.head_check.start()
            stack.push_async_callback(node.head_check.stop)
            node.latest.start()
            stack.push_async_callback(node.latest.stop)
            stack.push_async_callback(node.routes.close)
            node.presence.start()
            stack.push_async_callback(node.presence.stop)
            if queue is not None:
                queue.start()
                stack.push_async_callback(queue.stop)
            if long_queue is not None:
                await node._start_long_work(stack, long_queue)
            if relay:
                running = Relay(node.runner)
                running.start()
                stack.push_async_callback(running.stop)
                node.hub.spawn(node._do_chores())
            yield node

    async def _start_long_work(self, stack: AsyncExitStack, queue: Queue) -> None:
        """Take long work from the queue and from its rows, and keep what belongs to it in order."""
        queue.start()
        stack.push_async_callback(queue.stop)
        stack.push_async_callback(self.long_runner.stop)
        relay = Relay(self.long_runner)
        relay.start()
        stack.push_async_callback(relay.stop)
        for feature in self.features:
            for keep in feature.upkeep:
                self.hub.spawn(keep())

    def api(self) -> FastAPI:
        """The HTTP API."""
        return build_api(self)

    def asgi(self) -> ASGIApp:
        """The whole application: streams, health, documents, and the API behind its middleware."""
        return build_asgi(self)

    def _on_trouble(self) -> None:
        """NATS came back or lost messages: compare everything with PostgreSQL at once."""
        self.head_check.check_all_now()

    async def _on_presence(self, transaction: Transaction, rooms: Sequence[str]) -> None:
        """Tell each feature of its rooms."""
        for kind in self.kinds.all:
            if kind.on_presence is not None and (own := [room for room in rooms if kind.key_of(room) is not None]):
                await kind.on_presence(transaction, own)

    async def _on_dead(self, transaction: Transaction, claim: Claim, error: str) -> None:
        await self.built.raise_dead_letter(transaction, claim.id, claim.consumer, error)

    async def _do_chores(self) -> None:
        chores = [self._trim, delete_old_answers, *(chore for feature in self.features for chore in feature.chores)]
        while True:
            await asyncio.sleep(_CHORE_SECONDS * random.uniform(0.8, 1.2))
            await self._do_each(chores)

    async def _do_each(self, chores: Sequence[Callable[[Transaction], Awaitable[None]]]) -> None:
        for chore in chores:
            try:
                async with self.database.transaction() as transaction:
                    if not await transaction.connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _CHORE_LOCK):
                        continue
                    await chore(transaction)
            except Exception as error:
                _log.warning("chore_failed", error=repr(error))

    async def _trim(self, transaction: Transaction) -> None:
        before = await transaction.connection.fetchval(
            "SELECT now() - make_interval(secs => $1)", float(self.settings.event_retention_seconds)
        )
        await trim_events(transaction, before)


async def grant_role(settings: Settings, email: str, role: Role, *, revoke: bool) -> None:
    """Grant or revoke a platform role, as `tiffin grant` does. Raises AccountNotFound, Unavailable."""
    assert settings.database_url is not None
    url = settings.database_url.get_secret_value()
    with unavailable_when_unreachable():
        pool = await create_pool(url, 2, min_size=1)
    try:
        node = Node(settings, Database(pool, url))
        await node.built.accounts.set_role_by_email(email, role, granted=not revoke)
    finally:
        await _close(pool)


async def _close(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """Close the pool, or cut it off if something still holds a connection."""
    try:
        async with asyncio.timeout(5):
            await pool.close()
    except TimeoutError:
        pool.terminate()
