"""A connection as the hub sees it: a cursor in each topic it reads, and a link.

A subscription is *live* when it stands at the head and is written to directly; otherwise it is *behind* and the
subscriber's catch-up pages it forward, from the ring or the log, as fast as the link takes it. Only one catch-up runs
a subscriber, and only while there is something to do: an idle connection has no task and no queue.

After every await the catch-up looks again whether it may still write: the grant, freshness and the link.
"""

import asyncio
import random
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from tiffin.base.errors import Unavailable
from tiffin.base.principal import Principal
from tiffin.base.telemetry import get_logger
from tiffin.realtime.disconnect import GONE, LIFETIME, REVOKED, SLOW, Disconnect
from tiffin.realtime.encoding import Batch, EncodedEvent, LatestValue
from tiffin.realtime.live_topic import LiveTopic
from tiffin.realtime.topic import NOTHING_WRITTEN, Position
from tiffin.realtime.transport import Link

if TYPE_CHECKING:
    from tiffin.realtime.hub import Hub

_log = get_logger("realtime")

STUCK_SECONDS = 20.0


class Subscription:
    """One topic read by one connection."""

    __slots__ = (
        "generation",
        "granted",
        "guards",
        "live",
        "lost",
        "public",
        "seq",
        "shown",
        "subscriber",
        "topic",
    )

    def __init__(self, subscriber: "Subscriber", topic: LiveTopic, seq: int, *, lost: bool) -> None:
        self.subscriber = subscriber
        self.topic = topic
        # everything up to here was written to this connection
        self.seq = seq
        # True while events are written directly
        self.live = False
        # True once a position was lost, until the client comes back with a snapshot's
        self.lost = lost
        # False while rights are being read anew
        self.granted = True
        self.public = False
        # topics whose flagged events suspend this subscription
        self.guards: tuple[LiveTopic, ...] = ()
        # of a topic that keeps only the newest value: which values are for this reader, and the last one written
        self.generation = 0
        self.shown: LatestValue | None = None

    @property
    def position(self) -> Position | None:
        """What the cursor says of this topic; None while the position is lost."""
        return None if self.lost else Position(self.topic.epoch or NOTHING_WRITTEN.epoch, self.seq)


class Subscriber(ABC):
    """One connection. The subclasses know how things are written: `sse` and `websocket`."""

    def __init__(self, hub: "Hub", principal: Principal | None) -> None:
        self.id: UUID = uuid4()
        self.hub = hub
        self.principal = principal
        # set once the response has started
        self.link: Link | None = None
        # by topic, in the order the client named them
        self.subscriptions: dict[str, Subscription] = {}
        # the reason once it has ended
        self.ended_by: Disconnect | None = None
        # coarse loop time of the last write, for heartbeats
        self.last_write = hub.now
        # when it must come back, and with what reason
        self.ends_at = hub.now + hub.lifetime_seconds * random.uniform(0.9, 1.0)
        self.ends_with: Disconnect = LIFETIME
        # counts suspensions, so that a recheck that was overtaken is repeated
        self.rights_version = 0
        self.is_rechecking = False
        self._catching_up = False
        # bytes of this loop turn, written together
        self._turn: list[bytes] = []
        # watchdog: what was unsent at the last look, and since when none of it was taken
        self._unsent_bytes = 0
        self._stuck_since: float | None = None

    # what subclasses do

    @abstractmethod
    def deliver(self, subscription: Subscription, batch: Batch) -> None:
        """Write a batch that follows directly on the subscription's seq; the link is writable."""

    @abstractmethod
    def write_latest(self, value: LatestValue) -> None:
        """Write the newest value of a topic that keeps only that; the link is writable."""

    @abstractmethod
    def write_sync(
        self, topic: str, *, position: Position | None, to: int = 0, epoch: str = "", reason: str | None = None
    ) -> None:
        """Say where a topic begins, or with `reason` why it cannot be served as asked."""

    @abstractmethod
    def write_heartbeat(self) -> None:
        """Something visible after a silence."""

    @abstractmethod
    def _write_end(self, disconnect: Disconnect, after_ms: int) -> None:
        """Begin the end: say why. Runs after the subscriber was detached."""

    @abstractmethod
    def _flush_turn(self) -> None:
        """Write what was gathered in this turn."""

    # the hub's side

    @property
    def is_open(self) -> bool:
        """True while the connection may be written to at all."""
        return self.ended_by is None and self.link is not None

    @property
    def is_writable(self) -> bool:
        """True if a write now would not pile up behind a slow client."""
        return self.ended_by is None and self.link is not None and self.link.writable

    def receive(self, subscription: Subscription, batch: Batch) -> None:
        """Take a batch of the hub's: write it, or fall behind."""
        if not subscription.live or batch.epoch != subscription.topic.epoch:
            return
        if subscription.seq >= batch.last_seq:
            return
        if not self.is_writable or not self.hub.may_flow(subscription):
            self.fall_behind(subscription)
            return
        if subscription.seq >= batch.first_seq:
            batch = batch.after(subscription.seq)
        elif subscription.seq + 1 != batch.first_seq:
            self.fall_behind(subscription)
            return
        subscription.seq = batch.last_seq
        self.last_write = self.hub.now
        self.deliver(subscription, batch)

    def receive_latest(self, subscription: Subscription) -> None:
        """The topic has a newer value: write it, or later the one that is the newest then."""
        if not subscription.live:
            return
        if self.is_writable and self.hub.may_flow(subscription):
            self._show_latest(subscription)
        else:
            self.fall_behind(subscription)

    def _show_latest(self, subscription: Subscription) -> None:
        value = subscription.topic.latest
        if value is None or value is subscription.shown:
            return
        if value.generation > subscription.generation:
            self.suspend(subscription)  # the grant is older than the value
        elif value.generation == subscription.generation:
            subscription.shown = value
            self.last_write = self.hub.now
            self.write_latest(value)

    def fall_behind(self, subscription: Subscription) -> None:
        """Stop writing directly; the catch-up takes over when it can."""
        subscription.live = False
        self.wake()

    def wake(self) -> None:
        """Start the catch-up if there is something to do and nothing in the way."""
        if self._catching_up or not self.is_writable:
            return
        if any(self._is_behind(subscription) for subscription in self.subscriptions.values()):
            self._catching_up = True
            self.hub.spawn(self._catch_up())

    def _is_behind(self, subscription: Subscription) -> bool:
        return not subscription.live and subscription.granted and self.hub.may_flow(subscription)

    async def _catch_up(self) -> None:
        try:
            while self.is_writable:
                behind = next((sub for sub in self.subscriptions.values() if self._is_behind(sub)), None)
                if behind is None:
                    return
                await self._advance(behind)
        except Unavailable:
            self.hub.call_later(1.0, self.wake)
        except Exception:
            _log.exception("catch_up_failed")
            self.finish(SLOW)
        finally:
            self._catching_up = False

    async def _advance(self, subscription: Subscription) -> None:
        """Write one page, or go live at the head. May return with nothing done; the caller looks again."""
        topic = subscription.topic
        if subscription.seq >= topic.head:
            subscription.live = True
            self._show_latest(subscription)
            return
        page: list[EncodedEvent] | None = topic.ring_after(subscription.seq)
        if page is None:
            epoch, seq = topic.epoch, subscription.seq
            page = await self.hub.read_page(topic.name, seq)
            if self.subscriptions.get(topic.name) is not subscription or not self.is_writable:
                return
            if not self._is_behind(subscription) or subscription.seq != seq or topic.epoch != epoch:
                return
            if not page or page[0].seq != seq + 1 or page[0].epoch != epoch:
                self.lose(subscription, "trimmed")
                return
            topic.recall(page)
        batch = Batch(page)
        subscription.seq = batch.last_seq
        self.last_write = self.hub.now
        self.deliver(subscription, batch)
        await asyncio.sleep(0)  # let the write reach the socket, and others run

    def lose(self, subscription: Subscription, reason: str) -> None:
        """Tell in-band that the position cannot be served, and go on from the head."""
        topic = subscription.topic
        subscription.lost = True
        subscription.seq = topic.head
        subscription.live = subscription.granted
        self.hub.count_reset(reason)
        if self.is_open:
            self.write_sync(
                topic.name, position=None, to=topic.head, epoch=topic.epoch or NOTHING_WRITTEN.epoch, reason=reason
            )

    # rights

    def suspend(self, subscription: Subscription) -> None:
        """Stop the flow of one topic until its rights have been read anew."""
        subscription.granted = False
        subscription.live = False
        self.recheck()

    def recheck(self) -> None:
        """Read the session and all rights anew; what is suspended waits for it."""
        self.rights_version += 1
        if not self.is_rechecking and self.ended_by is None:
            self.is_rechecking = True
            self.hub.spawn(self._recheck())

    async def _recheck(self) -> None:
        try:
            while self.ended_by is None:
                version = self.rights_version
                try:
                    rights = await self.hub.access.read(self.principal, list(self.subscriptions))
                except Exception as error:  # nothing flows meanwhile
                    _log.warning("rights_not_read", error=repr(error))
                    await asyncio.sleep(random.uniform(0.2, 1.0))
                    continue
                if version == self.rights_version and self.ended_by is None:
                    self.hub.apply_rights(self, rights)
                    if version == self.rights_version:  # else a guard moved past the snapshot: ask again
                        return
        finally:
            self.is_rechecking = False

    # link and life

    def on_drained(self) -> None:
        """The link takes bytes again."""
        self._stuck_since = None
        self.wake()

    def on_lost(self) -> None:
        """The connection is gone."""
        self.hub.detach(self)
        if self.ended_by is None:
            self.ended_by = GONE
        self._has_ended()

    def finish(self, disconnect: Disconnect, *, after_ms: int | None = None) -> None:
        """End the connection: detached in this turn, told why if that can be written, aborted otherwise."""
        if self.ended_by is not None:
            return
        self.ended_by = disconnect
        self.hub.detach(self)
        link = self.link
        if link is not None:
            unsent = link.unsent_bytes
            if (disconnect is REVOKED and unsent) or not link.writable:
                link.abort()
            else:
                self._flush_turn()
                self._write_end(disconnect, random.randint(200, 2000) if after_ms is None else after_ms)
        self._has_ended()

    @abstractmethod
    def _has_ended(self) -> None:
        """Let the endpoint's task finish the response."""

    def send(self, data: bytes) -> None:
        """Write `data` with whatever else leaves in this loop turn."""
        if not self._turn:
            self.hub.loop.call_soon(self._end_turn)
        self._turn.append(data)

    def _end_turn(self) -> None:
        if self._turn and self.ended_by is None:
            self._flush_turn()

    def tick(self, now: float, heartbeat_seconds: float) -> None:
        """Once a second: lifetime, watchdog, heartbeat."""
        if self.link is None or self.ended_by is not None:
            return
        if now >= self.ends_at:
            self.finish(self.ends_with)
        elif not self.link.writable:
            self._watch_stuck(now)
        elif now - self.last_write >= heartbeat_seconds:
            self.last_write = now
            self.write_heartbeat()

    def _watch_stuck(self, now: float) -> None:
        assert self.link is not None
        unsent = self.link.unsent_bytes
        if self._stuck_since is None or unsent < self._unsent_bytes:
            self._stuck_since = now
        self._unsent_bytes = unsent
        if now - self._stuck_since >= STUCK_SECONDS:
            _log.info("stuck_connection_aborted", unsent_bytes=unsent)
            self.finish(SLOW)
