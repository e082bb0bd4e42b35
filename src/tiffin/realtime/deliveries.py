"""Events out: what happened on a topic is written to all its connections, and a large fan-out holds nothing up.

All events of one loop turn leave in one write a connection. What is not done within a slice of time goes on in further
slices, between which everything else runs, small deliveries first. While PostgreSQL is answering somebody the fan-out
rests after each slice as well: a request takes a dozen turns of the loop and as many of PostgreSQL's, which may have to
share the processor, and each of them would wait for a slice.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence

from prometheus_client import Counter

from tiffin.realtime.encoding import Batch, EncodedEvent
from tiffin.realtime.event_log import PAGE_BYTES
from tiffin.realtime.live_topic import LiveTopic

_SLICE_SECONDS = 0.001
# a fifth of the loop's time: with less rest a busy node had nothing left for who waits (measured, ADR 15)
_REST_SECONDS = 0.004
_SLICE_CHECK = 32
# a fan-out to so many takes longer than this anyway; what comes meanwhile leaves in the same write a connection
_CROWD = 1000
_GATHER_SECONDS = 0.02

_DELIVERIES = Counter("tiffin_deliveries", "Batches of events written to connections")


class _Delivery:
    """A batch on its way to the subscriptions a topic had when it left."""

    __slots__ = ("batch", "index", "subscriptions", "topic")

    def __init__(self, topic: LiveTopic) -> None:
        self.topic = topic
        amount = _fitting(topic.pending)
        self.batch = Batch(topic.pending[:amount])
        self.subscriptions = list(topic.subscriptions)
        self.index = 0
        topic.pending = topic.pending[amount:]


class Deliveries:
    """All of a node. `is_busy`: somebody waits for PostgreSQL."""

    def __init__(self, loop: asyncio.AbstractEventLoop, is_busy: Callable[[], bool]) -> None:
        self._loop = loop
        self._is_busy = is_busy
        self._ready: list[LiveTopic] = []
        self._begun: deque[_Delivery] = deque()
        # those that did not fit in a slice
        self._large: deque[_Delivery] = deque()
        self._is_flush_scheduled = False

    @property
    def is_idle(self) -> bool:
        """True if nothing is left to write."""
        return not (self._ready or self._begun or self._large)

    def schedule(self, topic: LiveTopic) -> None:
        """Its pending events leave soon."""
        if not topic.subscriptions:
            topic.pending = []
        elif not topic.scheduled:
            topic.scheduled = True
            if len(topic.subscriptions) >= _CROWD:
                self._loop.call_later(_GATHER_SECONDS, self._flush_soon, topic)
            else:
                self._flush_soon(topic)

    def _flush_soon(self, topic: LiveTopic) -> None:
        self._ready.append(topic)
        if not self._is_flush_scheduled:
            self._is_flush_scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Begin with what is new; what is not done within a slice is large, and goes on beside everything else."""
        self._is_flush_scheduled = False
        ready, self._ready = self._ready, []
        for topic in ready:
            topic.scheduled = bool(topic.pending)  # a restart may have dropped them
            if topic.pending:
                self._begun.append(_Delivery(topic))
        left = self._slice(self._begun)
        if left is not None:
            self._large.append(left)
            if len(self._large) == 1:
                self._rest()
        if self._begun and not self._is_flush_scheduled:
            self._is_flush_scheduled = True
            self._loop.call_soon(self._flush)

    def _go_on(self) -> None:
        left = self._slice(self._large)
        if left is not None:
            self._large.append(left)
        if self._large:
            self._rest()

    def _rest(self) -> None:
        if self._is_busy():
            self._loop.call_later(_REST_SECONDS, self._go_on)
        else:
            self._loop.call_soon(self._go_on)

    def _slice(self, deliveries: deque[_Delivery]) -> _Delivery | None:
        """Write for at most a slice. The delivery that was not done when it was over."""
        deadline = time.perf_counter() + _SLICE_SECONDS
        while deliveries:
            delivery = deliveries.popleft()
            if not _write(delivery, deadline):
                return delivery
            delivery.topic.scheduled = False
            if delivery.topic.pending:
                self.schedule(delivery.topic)
            if time.perf_counter() > deadline:
                break
        return None


def _write(delivery: _Delivery, deadline: float) -> bool:
    """True if the delivery is complete, False if the slice is over."""
    subscriptions, batch = delivery.subscriptions, delivery.batch
    while delivery.index < len(subscriptions):
        end = min(delivery.index + _SLICE_CHECK, len(subscriptions))
        for index in range(delivery.index, end):
            subscription = subscriptions[index]
            subscription.subscriber.receive(subscription, batch)
        _DELIVERIES.inc(end - delivery.index)
        delivery.index = end
        if end < len(subscriptions) and time.perf_counter() > deadline:
            return False
    return True


def _fitting(events: Sequence[EncodedEvent]) -> int:
    """How many of `events`, at least one, leave together; the next batch finds the slow ones behind."""
    size = 0
    for amount, event in enumerate(events):
        if size >= PAGE_BYTES:
            return amount
        size += len(event.json)
    return len(events)
