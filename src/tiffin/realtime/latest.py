"""Topics that keep only the newest value: where a courier is, who is typing.

A value goes to this node's hub directly and to the others by NATS core, and is written nowhere by the kernel; a feature
that wants newcomers to see the last one keeps it and says how it is read (`TopicKind.read_latest`). Values may be lost,
repeated or late: hubs take only what is newer. While NATS is away, every node reads the values of the topics that are
followed on it once a second. Sampled topics, such as the figures of operations, are always read so: each node computes
them for its own followers, and not at all while there are none.
"""

import asyncio
import random
from collections.abc import Sequence

import orjson
from nats.aio.msg import Msg

from tiffin.base.errors import TiffinError
from tiffin.base.telemetry import get_logger
from tiffin.db import Database
from tiffin.nats import NatsConnection
from tiffin.realtime.encoding import LatestValue
from tiffin.realtime.hub import Hub

_log = get_logger("realtime.latest")
SUBJECT = "tiffin.latest"
_PERIOD_SECONDS = 1.0


class LatestValues:
    """Tells every node the newest values."""

    def __init__(self, nats: NatsConnection, database: Database) -> None:
        self._nats = nats
        self._database = database
        self._hub: Hub | None = None
        self._task: asyncio.Task[None] | None = None
        nats.subscribe(SUBJECT, self._receive)

    def attach(self, hub: Hub) -> None:
        """This node's hub."""
        self._hub = hub

    def start(self) -> None:
        """Begin to watch for NATS being away, and to compute what is sampled."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def publish(self, values: Sequence[LatestValue]) -> None:
        """Tell of new values. Never blocks, never raises."""
        if not values:
            return
        if self._hub is not None:
            for value in values:
                self._hub.accept_latest(value)
        lines: list[bytes] = []
        for value in values:
            lines += (orjson.dumps([value.topic, value.generation, value.at]), value.data)
        self._nats.publish(SUBJECT, b"\n".join(lines))

    async def _receive(self, message: Msg) -> None:
        if self._hub is None:
            return
        try:
            lines = message.data.split(b"\n")
            for header, data in zip(lines[::2], lines[1::2], strict=True):
                topic, generation, at = orjson.loads(header)
                if topic in self._hub.topics:
                    self._hub.accept_latest(LatestValue(topic, generation, at, data))
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("latest_unreadable", error=repr(error))

    async def _run(self) -> None:
        away = False
        while True:
            await asyncio.sleep(_PERIOD_SECONDS * random.uniform(0.8, 1.0))
            was_away, away = away, not self._nats.is_connected
            if self._hub is None:
                continue
            if away or was_away:  # once more when it is back: what was told in between is lost
                await self._read(self._hub, list(self._hub.topics))
            elif sampled := self._hub.access.list_sampled(self._hub.topics):
                await self._read(self._hub, sampled)

    async def _read(self, hub: Hub, topics: Sequence[str]) -> None:
        try:
            async with self._database.connection() as connection:
                values = await hub.access.read_latest(connection, topics)
        except TiffinError as error:
            _log.warning("latest_not_read", error=repr(error))
            return
        for value in values.values():
            hub.accept_latest(value)
