"""Topics: what can be followed, who may read it, and where a reader stands in it.

A feature hands in one `TopicKind` for each pattern such as `order.{id}`. Its `readers` answers, for a batch of
principals, who may read which topic now; it runs in the same snapshot in which the kernel reads positions.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from tiffin.base.principal import Principal
from tiffin.db import Connection, Transaction
from tiffin.realtime.encoding import LatestValue
from tiffin.realtime.event import Event

Durability = Literal["durable", "latest"]

_NAME = re.compile(r"[a-z][a-z_]*(\.[A-Za-z0-9_-]+){0,3}")
MAX_TOPIC_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader stands: everything up to and including `seq` of this `epoch` has been seen."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Position | None":
        """Read `epoch:seq`; None where it is not one."""
        epoch, colon, seq = text.partition(":")
        if not colon or not epoch.isalnum() or len(epoch) > 32 or not seq.isascii() or not seq.isdigit():
            return None
        return cls(epoch, int(seq)) if len(seq) <= 18 else None

    @classmethod
    def read(cls, text: str) -> "Position":
        """One that the kernel wrote itself, as SQL's `topic_position` does."""
        position = cls.parse(text)
        assert position is not None
        return position


# the position in a topic that has never been written to
NOTHING_WRITTEN = Position("0", 0)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One question: may `principal` (None: anonymous) read the topic with this `key`, now?"""

    principal: Principal | None
    topic: str
    # what stands in the pattern's place: the id in `order.{id}`
    key: str


@dataclass(frozen=True, slots=True)
class Grant:
    """Yes, as long as nothing flagged `rights` happens on one of `guards` (topics); the reader's own
    `user.{id}` is always among them, added by the kernel."""

    guards: tuple[str, ...] = ()
    # True where anybody may read; then nothing guards it, not even the reader's own topic
    public: bool = False
    # of a topic that keeps only the newest value: only values of this generation are for this reader
    generation: int = 0


Readers = Callable[[Connection, Sequence[ReadRequest]], Awaitable[Sequence[Grant | None]]]
OnPresence = Callable[[Transaction, Sequence[str]], Awaitable[None]]
ReadLatest = Callable[[Connection, Sequence[str]], Awaitable[Sequence[LatestValue | None]]]
OnAck = Callable[[Principal, UUID, str, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class TopicKind:
    """All topics of one pattern. `{…}` stands for one segment, the key."""

    pattern: str
    readers: Readers
    # the events that appear here, for AsyncAPI and for tests
    events: tuple[type[Event], ...]
    summary: str
    durability: Durability = "durable"
    # reads the newest values of topics that keep only that, for who comes later and while NATS is away
    read_latest: ReadLatest | None = None
    # computed anew by `read_latest` once a second, on each node, for as long as somebody follows it there; has no key
    sampled: bool = False
    # its shape, for AsyncAPI
    value: type[BaseModel] | None = None
    # called when a WebSocket device says it has stored events up to a seq: (principal, device, topic, seq)
    on_ack: OnAck | None = None
    # set: who follows it by WebSocket is present, by lease; called with the topics in the transaction that changes who
    on_presence: OnPresence | None = None
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        regex = re.sub(r"\\\{[a-z_]+\\\}", "([A-Za-z0-9_-]{1,64})", re.escape(self.pattern))
        object.__setattr__(self, "_pattern", re.compile(regex))

    def key_of(self, topic: str) -> str | None:
        """The key in `topic`, or None if it is not of this kind. A pattern without a key has the key ''."""
        found = self._pattern.fullmatch(topic)
        if found is None:
            return None
        return found[1] if found.groups() else ""


class TopicKinds:
    """Every kind the features registered."""

    def __init__(self, kinds: Sequence[TopicKind]) -> None:
        patterns = [kind.pattern for kind in kinds]
        if len(set(patterns)) != len(patterns):
            raise ValueError(f"a topic pattern is registered twice: {sorted(patterns)}")
        self.all = tuple(kinds)

    def find(self, topic: str) -> tuple[TopicKind, str] | None:
        """The kind of `topic` and its key; None for a topic nobody registered."""
        if len(topic) > MAX_TOPIC_LENGTH or _NAME.fullmatch(topic) is None:
            return None
        for kind in self.all:
            key = kind.key_of(topic)
            if key is not None:
                return kind, key
        return None
