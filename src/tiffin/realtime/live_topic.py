"""What a node knows of one topic that somebody here follows. No I/O: events and heads in, decisions out.

Invariants: `ring` is contiguous and ends at `head`; `head` only grows within an epoch; whatever does not fit
(a gap, another epoch) is refused and has to be settled by reading PostgreSQL.
"""

from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

from tiffin.realtime.encoding import EncodedEvent, LatestValue
from tiffin.realtime.event_log import Head
from tiffin.realtime.topic import NOTHING_WRITTEN

if TYPE_CHECKING:
    from tiffin.realtime.subscriber import Subscription
    from tiffin.realtime.watch import Watch

_RING_EVENTS = 64
_RING_BYTES = 256 * 1024
_MOST_EARLY = 64


class Accepted(Enum):
    """What became of an event."""

    NEW = auto()  # it is the head now
    KNOWN = auto()  # it was seen before
    GAP = auto()  # something before it is missing, or its epoch is another one: read the log


class HeadChange(Enum):
    """What a head read from PostgreSQL means for the node."""

    NONE = auto()
    BEHIND = auto()  # events are missing here; they can be read
    RESET = auto()  # the history is another one: every reader must be told
    TRIMMED = auto()  # what is missing here is no longer kept: every reader must be told


class LiveTopic:
    """One followed topic."""

    __slots__ = (
        "early",
        "epoch",
        "followers",
        "has_events",
        "head",
        "last_rights",
        "latest",
        "name",
        "pending",
        "pins",
        "ring",
        "ring_bytes",
        "scheduled",
        "subscriptions",
        "watches",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        # None until a head has been read
        self.epoch: str | None = None
        self.head = 0
        # the newest events, contiguous, ending at head
        self.ring: deque[EncodedEvent] = deque()
        self.ring_bytes = 0
        # events that came before the one they follow
        self.early: dict[int, EncodedEvent] = {}
        # accepted and not yet handed to the subscriptions
        self.pending: list[EncodedEvent] = []
        # True while a delivery of this topic is waiting or under way
        self.scheduled = False
        # who reads it
        self.subscriptions: dict[Subscription, None] = {}
        # whose rights it guards
        self.followers: dict[Subscription, None] = {}
        # who else wants to know when rights change (the session cache)
        self.watches: dict[Watch, None] = {}
        # seq of the newest event that may have changed rights
        self.last_rights = 0
        # connections that are attaching and need it to stay
        self.pins = 0
        # False where only the newest value is kept; such a topic has no head to compare
        self.has_events = True
        # that value
        self.latest: LatestValue | None = None

    @property
    def is_idle(self) -> bool:
        """True if nobody needs the topic any more."""
        return not (self.subscriptions or self.followers or self.watches or self.pins)

    def accept(self, event: EncodedEvent) -> Accepted:
        """Take an event in if it is the next one; remember it if it came early."""
        if self.epoch is None:
            return Accepted.GAP
        if event.epoch != self.epoch and not self._is_first(event):
            return Accepted.GAP
        if event.seq <= self.head:
            return Accepted.KNOWN
        if event.seq > self.head + 1:
            if len(self.early) < _MOST_EARLY:
                self.early[event.seq] = event
            return Accepted.GAP
        self.epoch = event.epoch
        self._append(event)
        while self.early:
            following = self.early.pop(self.head + 1, None)
            if following is None:
                break
            self._append(following)
        return Accepted.NEW

    def _is_first(self, event: EncodedEvent) -> bool:
        return self.epoch == NOTHING_WRITTEN.epoch and self.head == 0 and event.seq == 1

    def _append(self, event: EncodedEvent) -> None:
        self.head = event.seq
        self.ring.append(event)
        self.ring_bytes += len(event.json)
        while len(self.ring) > _RING_EVENTS or (self.ring_bytes > _RING_BYTES and len(self.ring) > 1):
            self.ring_bytes -= len(self.ring.popleft().json)
        self.pending.append(event)
        if event.rights:
            self.last_rights = event.seq

    def recall(self, page: Sequence[EncodedEvent]) -> None:
        """Put events that were read from the log before those in the ring, so that the next reader finds them here."""
        for event in reversed(page):
            following = self.ring[0].seq if self.ring else self.head + 1
            if event.seq >= following:
                continue
            is_full = len(self.ring) >= _RING_EVENTS or self.ring_bytes + len(event.json) > _RING_BYTES
            if is_full or event.seq + 1 != following or event.epoch != self.epoch:
                return
            self.ring.appendleft(event)
            self.ring_bytes += len(event.json)

    def judge(self, head: Head, known_seq: int) -> HeadChange:
        """What `head`, read now, means; `known_seq` was our head when the query started."""
        if self.epoch is None:
            self.epoch, self.head = head.epoch, head.last_seq
            self.early.clear()
            return HeadChange.NONE
        if head.epoch != self.epoch:
            if self.epoch != NOTHING_WRITTEN.epoch or head.first_seq != 1:
                return HeadChange.RESET
            self.epoch = head.epoch
            return HeadChange.BEHIND
        if head.last_seq < known_seq:
            return HeadChange.RESET
        if head.last_seq <= self.head:
            return HeadChange.NONE
        return HeadChange.TRIMMED if head.first_seq > self.head + 1 else HeadChange.BEHIND

    def restart(self, head: Head) -> None:
        """Begin again at `head`, knowing nothing of what was before."""
        self.epoch, self.head = head.epoch, head.last_seq
        self.ring.clear()
        self.ring_bytes = 0
        self.early.clear()
        self.pending.clear()
        self.last_rights = head.last_seq

    def ring_after(self, seq: int) -> list[EncodedEvent] | None:
        """The events above `seq`, if the ring still has all of them."""
        if not self.ring or seq + 1 < self.ring[0].seq or seq >= self.head:
            return None
        skip = seq + 1 - self.ring[0].seq
        return [event for index, event in enumerate(self.ring) if index >= skip]
