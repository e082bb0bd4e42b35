"""The head check: compares what the node believes of its topics with PostgreSQL, and reads what is missing.

Once a second (± 20 %) for all topics, and soon for one where a gap showed. It repairs every lost announcement, also
the last of a burst, and is what keeps streams going while NATS is down. It has a connection of its own, so that a full
pool cannot delay it. A check that succeeds makes rights trustworthy for three seconds from the moment it started.
"""

import asyncio
import random
import time
from collections.abc import Sequence

import asyncpg
from prometheus_client import Counter, Histogram

from tiffin.base.telemetry import get_logger
from tiffin.db import UNREACHABLE, connect
from tiffin.realtime.encoding import EncodedEvent
from tiffin.realtime.event_log import list_changed_heads, list_events
from tiffin.realtime.hub import FRESH_SECONDS, Hub
from tiffin.realtime.live_topic import LiveTopic

_log = get_logger("realtime.head_check")
_SECONDS = Histogram("tiffin_head_check_seconds", "Duration of a full head check")
_REPAIRED = Counter("tiffin_repaired_events", "Events found by a head check and not by an announcement")
# topics whose pages are read, and stand in memory, together
_TOPICS_A_READ = 500
# topics that are compared by one question: some milliseconds of this process, between which others get their turn
_TOPICS_A_QUESTION = 1_000


class HeadCheck:
    """One node's head check."""

    def __init__(self, hub: Hub, url: str, period_seconds: float) -> None:
        self._hub = hub
        self._url = url
        self._period_seconds = period_seconds
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        # topics to look at before the next full check
        self._wanted: dict[LiveTopic, None] = {}
        self._now = asyncio.Event()
        self._full_now = False
        self._task: asyncio.Task[None] | None = None
        hub.want = self.want

    def start(self) -> None:
        """Begin checking."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop and close the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._disconnect()

    def want(self, topic: LiveTopic, delay_seconds: float) -> None:
        """Look at `topic` within `delay_seconds`."""
        if topic not in self._wanted:
            self._wanted[topic] = None
            if delay_seconds > 0:
                self._hub.call_later(delay_seconds, self._now.set)
            else:
                self._now.set()

    def check_all_now(self) -> None:
        """Check everything at once: NATS came back, or reported a slow consumer."""
        self._full_now = True
        self._now.set()

    async def _run(self) -> None:
        due = 0.0
        while True:
            full = self._full_now or time.monotonic() >= due
            try:
                await self._check(full)
            except (*UNREACHABLE, asyncpg.PostgresError) as error:
                _log.warning("head_check_failed", error=repr(error))
                await self._disconnect()
                await asyncio.sleep(random.uniform(0.1, 0.4))
                continue
            if full:
                self._full_now = False
                due = time.monotonic() + self._period_seconds * random.uniform(0.8, 1.2)
            await self._wait(due - time.monotonic())

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._now.wait()
        except TimeoutError:
            pass
        self._now.clear()

    async def _check(self, full: bool) -> None:
        wanted, self._wanted = list(self._wanted), {}
        topics = [topic for topic in self._hub.topics.values() if topic.has_events] if full else wanted
        started = time.monotonic()
        if self._connection is None:
            self._connection = await connect(self._url)
        # an empty question still proves that the database answers
        for begin in range(0, len(topics) or 1, _TOPICS_A_QUESTION):
            await self._settle(self._connection, topics[begin : begin + _TOPICS_A_QUESTION])
        if full:
            _SECONDS.observe(time.monotonic() - started)
            was_fresh = self._hub.is_fresh
            self._hub.fresh_until = started + FRESH_SECONDS
            if not was_fresh:
                self._hub.has_become_fresh()

    async def _settle(self, connection: "asyncpg.Connection[asyncpg.Record]", topics: Sequence[LiveTopic]) -> None:
        known = {topic.name: topic for topic in topics}
        believed = [(topic.name, topic.epoch or "", topic.head) for topic in topics]
        heads_then = {name: head for name, _, head in believed}
        behind = []
        for name, head in (await list_changed_heads(connection, believed)).items():
            topic = known[name]
            if self._hub.topics.get(name) is topic and self._hub.accept_head(topic, head, heads_then[name]):
                behind.append((topic, head.last_seq))
        while behind:
            behind = [*behind[_TOPICS_A_READ:], *await self._read(connection, behind[:_TOPICS_A_READ])]

    async def _read(
        self, connection: "asyncpg.Connection[asyncpg.Record]", behind: list[tuple[LiveTopic, int]]
    ) -> list[tuple[LiveTopic, int]]:
        """Read a page for each topic. Returns those that need another."""
        pages = await list_events(connection, [(topic.name, topic.head) for topic, _ in behind])
        more = []
        for (topic, last_seq), page in zip(behind, pages, strict=True):
            before = topic.head
            for event in page:
                self._hub.accept(EncodedEvent.of(event))
            _REPAIRED.inc(max(0, topic.head - before))
            if before < topic.head < last_seq:
                more.append((topic, last_seq))
        return more

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
