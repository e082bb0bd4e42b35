"""The hub: everything one node follows, and the delivery to its subscribers.

Guarantees: a live subscription gets every event of its topic once, in order; whoever cannot take one falls behind and
is paged forward by its own cursor; a large fan-out is cut into slices, so that it never holds up another topic.
Concurrency: everything here runs on one event loop and changes state only between awaits. Lifecycle: `start`, then
`open` and `detach` a connection, `drain`, `stop`. The head check (`head_check.py`) repairs whatever announcements lose.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any

from prometheus_client import Counter, Gauge

from tiffin.base.telemetry import get_logger
from tiffin.db import Database
from tiffin.realtime.access import Access, Granted, Refused, Rights
from tiffin.realtime.batcher import Batcher
from tiffin.realtime.deliveries import Deliveries
from tiffin.realtime.disconnect import DRAIN, REVOKED
from tiffin.realtime.encoding import EncodedEvent, LatestValue
from tiffin.realtime.event_log import Head, list_events
from tiffin.realtime.live_topic import Accepted, HeadChange, LiveTopic
from tiffin.realtime.subscriber import Subscriber, Subscription
from tiffin.realtime.topic import NOTHING_WRITTEN, Position
from tiffin.realtime.watch import Watch

_log = get_logger("realtime.hub")

# without a successful head check for this long, nothing guarded is delivered
FRESH_SECONDS = 3.0

_CONNECTIONS = Gauge("tiffin_connections", "Open SSE and WebSocket connections", ["kind"])
_TOPICS = Gauge("tiffin_live_topics", "Topics followed on this node")
_RESETS = Counter("tiffin_resets", "Positions that could not be served", ["reason"])


class Hub:
    """All topics and connections of a node."""

    def __init__(
        self, database: Database, access: Access, *, lifetime_seconds: float, heartbeat_seconds: float
    ) -> None:
        self.access = access
        self.lifetime_seconds = lifetime_seconds
        self.topics: dict[str, LiveTopic] = {}
        self.subscribers: dict[Subscriber, None] = {}
        # coarse loop time, moved once a tick
        self.now = time.monotonic()
        # until when rights may be trusted; moved by the head check
        self.fresh_until = 0.0
        # True once the node sends its clients away
        self.draining = False
        # asks the head check to look at a topic soon; set by `HeadCheck`
        self.want: Callable[[LiveTopic, float], None] = lambda topic, delay: None
        self._heartbeat_seconds = heartbeat_seconds
        self._pages: Batcher[tuple[str, int], list[EncodedEvent]] = Batcher(self._read_pages, pause_seconds=0.01)
        self._database = database
        self._tasks: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self.loop = asyncio.get_running_loop()
        self.deliveries = Deliveries(self.loop, lambda: database.is_busy)

    # lifecycle

    def start(self) -> None:
        """Start the one timer of all connections."""
        self._ticker = self.loop.create_task(self._tick())

    async def stop(self) -> None:
        """Cancel everything that is still running."""
        tasks = [*self._tasks, *([self._ticker] if self._ticker else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self, seconds: float) -> None:
        """Send every client to another node, spread over `seconds`, and take no new ones."""
        self.draining = True
        waiting = list(self.subscribers)
        random.shuffle(waiting)
        pause = seconds / len(waiting) if waiting else 0
        due = time.monotonic()
        for subscriber in waiting:
            subscriber.finish(DRAIN)
            due += pause
            if (ahead := due - time.monotonic()) > 0.01:
                await asyncio.sleep(ahead)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1.0 if self._heartbeat_seconds >= 5 else self._heartbeat_seconds / 5)
            self.now = time.monotonic()
            await self._tick_all()

    async def _tick_all(self) -> None:
        """A frame of its own, so that the last connection is not kept until the next tick that finds one."""
        for index, subscriber in enumerate(list(self.subscribers)):
            subscriber.tick(self.now, self._heartbeat_seconds)
            if index % 500 == 499:
                await asyncio.sleep(0)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside everything else; cancelled when the hub stops."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back later on the loop."""
        self.loop.call_later(seconds, callback)

    # attaching

    async def open(self, subscriber: Subscriber, topics: Mapping[str, Position | None]) -> Rights:
        """Attach `subscriber` to `topics` at the given positions; each gets its `sync` before its events.

        Raises Unavailable if the database does not answer; then nothing is attached.
        """
        pinned = self._pin(topics, subscriber)
        known = {topic.name: topic.head for topic in pinned}
        try:
            rights = await self.access.read(subscriber.principal, list(topics))
            if rights.ended:
                subscriber.finish(REVOKED)
            elif subscriber.ended_by is None:
                self.subscribers[subscriber] = None
                subscriber.principal = rights.principal
                for name, position in topics.items():
                    self._attach(subscriber, name, position, rights.topics[name], known.get(name, 0))
                subscriber.wake()
            return rights
        finally:
            for topic in pinned:
                topic.pins -= 1
                self._drop_if_idle(topic)

    def _pin(self, names: Iterable[str], subscriber: Subscriber) -> list[LiveTopic]:
        """Follow the topics before anything is read, so that no announcement falls in between."""
        own = [self.access.own_topic(subscriber.principal)] if subscriber.principal else []
        pinned = [self._topic(name) for name in {*names, *own}]
        for topic in pinned:
            topic.pins += 1
        return pinned

    def _attach(
        self, subscriber: Subscriber, name: str, position: Position | None, answer: Granted | Refused, known: int
    ) -> None:
        if isinstance(answer, Refused):
            subscriber.write_sync(name, position=None, reason=answer.reason)
            return
        topic = self._topic(name)
        if not answer.durable:
            self._attach_latest(subscriber, topic, answer)
            return
        self._settle(topic, answer.head, known)
        reason = _judge(position, answer.head)
        subscription = Subscription(subscriber, topic, answer.head.last_seq, lost=reason is not None)
        subscriber.subscriptions[name] = subscription
        topic.subscriptions[subscription] = None
        if reason is None and position is not None:
            subscription.seq = position.seq
            subscriber.write_sync(name, position=position, to=answer.head.last_seq, epoch=answer.head.epoch)
        else:
            self.count_reset(reason or "position")
            subscriber.write_sync(name, position=None, to=answer.head.last_seq, epoch=answer.head.epoch, reason=reason)
        self._guard(subscription, answer)

    def _attach_latest(self, subscriber: Subscriber, topic: LiveTopic, answer: Granted) -> None:
        topic.has_events = False
        subscription = Subscription(subscriber, topic, 0, lost=False)
        subscriber.subscriptions[topic.name] = subscription
        topic.subscriptions[subscription] = None
        subscriber.write_sync(topic.name, position=None)
        self._guard(subscription, answer)

    def _settle(self, topic: LiveTopic, head: Head, known: int) -> None:
        """Take note of a head that was read from PostgreSQL."""
        change = topic.judge(head, known)
        if change is HeadChange.BEHIND:
            self.want(topic, 0.0)
        elif change is not HeadChange.NONE:
            self._restart(topic, head, "epoch" if change is HeadChange.RESET else "trimmed")

    def _guard(self, subscription: Subscription, answer: Granted) -> None:
        """Follow the guards of a grant from the positions in the snapshot it was read in."""
        subscription.public = answer.public
        subscription.granted = True
        subscription.generation = answer.generation
        if answer.latest is not None:
            self.accept_latest(answer.latest)
        old = subscription.guards
        guards = []
        for name, head in answer.guards:
            guard = self._topic(name)
            guard.followers[subscription] = None
            guards.append(guard)
            self._settle(guard, head, 0)
            if guard.last_rights > head.last_seq:
                subscription.subscriber.suspend(subscription)
        subscription.guards = tuple(guards)
        for guard in old:
            if guard not in guards:
                guard.followers.pop(subscription, None)
                self._drop_if_idle(guard)

    def close_subscription(self, subscriber: Subscriber, name: str) -> None:
        """Stop one topic of a connection."""
        subscription = subscriber.subscriptions.pop(name, None)
        if subscription is not None:
            subscription.live = subscription.granted = False
            subscription.topic.subscriptions.pop(subscription, None)
            for guard in subscription.guards:
                guard.followers.pop(subscription, None)
                self._drop_if_idle(guard)
            self._drop_if_idle(subscription.topic)

    def detach(self, subscriber: Subscriber) -> None:
        """Forget a connection and everything it follows."""
        self.subscribers.pop(subscriber, None)
        for name in list(subscriber.subscriptions):
            self.close_subscription(subscriber, name)

    def apply_rights(self, subscriber: Subscriber, rights: Rights) -> None:
        """Rights were read anew: go on with what is still allowed, end what is not."""
        if rights.ended:
            subscriber.finish(REVOKED)
            return
        subscriber.principal = rights.principal
        for name, subscription in list(subscriber.subscriptions.items()):
            answer = rights.topics.get(name)
            if answer is None:  # subscribed after the question was asked
                subscriber.suspend(subscription)
            elif isinstance(answer, Refused):
                self.close_subscription(subscriber, name)
                if subscriber.link is not None and subscriber.link.unsent_bytes:
                    subscriber.finish(REVOKED)
                    return
                subscriber.write_sync(name, position=None, reason=answer.reason)
            else:
                self._guard(subscription, answer)
        subscriber.wake()

    # topics

    def _topic(self, name: str) -> LiveTopic:
        topic = self.topics.get(name)
        if topic is None:
            topic = self.topics[name] = LiveTopic(name)
            _TOPICS.set(len(self.topics))
        return topic

    def _drop_if_idle(self, topic: LiveTopic) -> None:
        if topic.is_idle and self.topics.get(topic.name) is topic:
            del self.topics[topic.name]
            _TOPICS.set(len(self.topics))

    def watch(self, name: str, changed: Callable[[], None]) -> Watch:
        """Be told when rights may have changed on a topic."""
        topic = self._topic(name)
        watch = Watch(topic, changed)
        topic.watches[watch] = None
        if topic.epoch is None:
            self.want(topic, 0.0)
        return watch

    def unwatch(self, watch: Watch) -> None:
        """Stop watching."""
        watch.topic.watches.pop(watch, None)
        self._drop_if_idle(watch.topic)

    @property
    def is_fresh(self) -> bool:
        """True if the head check succeeded recently, so that no lost right can have gone unnoticed."""
        return time.monotonic() < self.fresh_until

    def may_flow(self, subscription: Subscription) -> bool:
        """False for a guarded topic on a node that cannot know whether rights were lost."""
        return subscription.public or time.monotonic() < self.fresh_until

    def has_become_fresh(self) -> None:
        """The head check succeeds again: whoever was held back catches up."""
        for subscriber in list(self.subscribers):
            subscriber.wake()

    # events in

    def accept(self, event: EncodedEvent) -> None:
        """An event was announced or read: deliver it if it is the next one of a followed topic."""
        topic = self.topics.get(event.topic)
        if topic is None:
            return
        accepted = topic.accept(event)
        if accepted is Accepted.GAP:
            self.want(topic, 0.03)
            self._rights_changed(topic)  # what is missing may be the loss of a right
        elif accepted is Accepted.NEW:
            if topic.last_rights >= event.seq:
                self._rights_changed(topic)
            self.deliveries.schedule(topic)

    def accept_latest(self, value: LatestValue) -> None:
        """A value of a topic that keeps only the newest was announced or read."""
        topic = self.topics.get(value.topic)
        if topic is None or not value.is_newer_than(topic.latest):
            return
        topic.latest = value
        for subscription in list(topic.subscriptions):
            subscription.subscriber.receive_latest(subscription)

    def accept_head(self, topic: LiveTopic, head: Head, known: int) -> bool:
        """The head check read a head. True if events have to be read from the log."""
        change = topic.judge(head, known)
        if change in (HeadChange.RESET, HeadChange.TRIMMED):
            self._restart(topic, head, "epoch" if change is HeadChange.RESET else "trimmed")
        return change is HeadChange.BEHIND

    def _restart(self, topic: LiveTopic, head: Head, reason: str) -> None:
        _log.warning("topic_restarted", topic=topic.name, reason=reason)
        topic.restart(head)
        self._rights_changed(topic)
        for subscription in list(topic.subscriptions):
            subscription.subscriber.lose(subscription, reason)

    def _rights_changed(self, topic: LiveTopic) -> None:
        for subscription in list(topic.followers):
            subscription.subscriber.suspend(subscription)
        for watch in list(topic.watches):
            watch.changed()

    async def read_page(self, topic: str, after: int) -> list[EncodedEvent]:
        """A page of the log. Equal reads within a few milliseconds are one."""
        return await self._pages.ask((topic, after))

    async def _read_pages(self, wanted: Any) -> list[list[EncodedEvent]]:
        async with self._database.connection() as connection:
            pages = await list_events(connection, wanted)
        return [[EncodedEvent.of(event) for event in page] for page in pages]

    # figures

    def count_connection(self, kind: str, amount: int) -> None:
        """A connection came (1) or went (-1)."""
        _CONNECTIONS.labels(kind).inc(amount)

    def count_reset(self, reason: str) -> None:
        """A position could not be served."""
        _RESETS.labels(reason).inc()


def _judge(position: Position | None, head: Head) -> str | None:
    """Why `position` cannot be served, None if it can."""
    if position is None:
        return "position"
    if position.epoch != head.epoch:
        return "epoch"
    if position == NOTHING_WRITTEN:
        return None
    if position.seq > head.last_seq:
        return "ahead"
    return "trimmed" if position.seq + 1 < head.first_seq else None
