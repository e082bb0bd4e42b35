"""Where a client stands in each topic: what is new, what was seen, and what to do with a `sync`. No I/O of its own.

Invariants: a position moves forward by one event of its epoch, or is replaced by a snapshot's position. An event that
does not follow on the position (`Gap`) is never taken; the connection comes back from the position instead.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

from tiffin.client.errors import PositionLost

# loads the state of a topic and returns the position that the state has
LoadSnapshot = Callable[[str], Awaitable[str]]

_REFUSALS = ("forbidden", "unknown")


class Gap(Exception):
    """An event is missing before this one."""


class Position(NamedTuple):
    """Everything up to and including `seq` of `epoch` has been seen. `0:0`: nothing was ever written."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read `epoch:seq`. Raises ValueError."""
        epoch, colon, seq = text.partition(":")
        if not colon or not epoch:
            raise ValueError(f"not a position: {text!r}")
        return cls(epoch, int(seq))


class Event(NamedTuple):
    """Something that happened in a topic. `at` is RFC 3339. Values of topics that keep only the newest have type
    `latest` and seq 0; the state an order's stream begins with has type `snapshot` and its position."""

    topic: str
    epoch: str
    seq: int
    type: str
    at: str
    data: dict[str, Any]

    @classmethod
    def of(cls, body: dict[str, Any]) -> "Event":
        """From its JSON object."""
        return cls(body["topic"], body["epoch"], body["seq"], body["type"], body["at"], body["data"])

    @classmethod
    def of_latest(cls, body: dict[str, Any]) -> "Event":
        """From the JSON object of a topic that keeps only the newest value."""
        return cls(body["topic"], "", 0, "latest", "", body["data"])


class Sync(NamedTuple):
    """The server's word on where a topic stands. `begin` is the position it sends from."""

    topic: str
    ok: bool
    epoch: str
    begin: int
    to: int
    reason: str

    @classmethod
    def of(cls, body: dict[str, Any]) -> "Sync":
        """From its JSON object."""
        return cls(
            body["topic"],
            body["ok"],
            body.get("epoch", ""),
            body.get("from", 0),
            body.get("to", 0),
            body.get("reason", ""),
        )


class Positions:
    """The positions of one client. Keep `texts()` over a restart and give it back to go on from there."""

    def __init__(self, known: Mapping[str, str | None] | None = None) -> None:
        self._known: dict[str, Position] = {}
        # topics that may not be read or do not exist, with the reason
        self.refused: dict[str, str] = {}
        for topic, text in (known or {}).items():
            if text is not None:
                self._known[topic] = Position.parse(text)

    def get(self, topic: str) -> Position | None:
        """The position in a topic, None if unknown."""
        return self._known.get(topic)

    def put(self, topic: str, position: str | Position) -> None:
        """Take a snapshot's position."""
        self._known[topic] = position if isinstance(position, Position) else Position.parse(position)

    def forget(self, topic: str) -> None:
        """The topic is no longer followed."""
        self._known.pop(topic, None)
        self.refused.pop(topic, None)

    def text(self, topic: str) -> str | None:
        """The position as it goes over the wire."""
        position = self._known.get(topic)
        return None if position is None else str(position)

    def texts(self, topics: Iterable[str] | None = None) -> dict[str, str | None]:
        """The positions of these topics (default: of all that are known)."""
        return {topic: self.text(topic) for topic in (self._known if topics is None else topics)}

    def cursor(self, topics: Iterable[str]) -> str:
        """The positions in the order of the topics, as in `Last-Event-ID`."""
        return ";".join(self.text(topic) or "-" for topic in topics)

    def is_new(self, event: Event) -> bool:
        """False if the event was seen. Raises Gap if it does not follow on the position."""
        position = self._known.get(event.topic)
        if position is None:
            return True
        if event.epoch == position.epoch:
            if event.seq == position.seq + 1:
                return True
            if event.seq <= position.seq:
                return False
        elif position.epoch == "0" and event.seq == 1:
            return True
        raise Gap(f"{event.topic}: {event.epoch}:{event.seq} does not follow on {position}")

    def passed(self, event: Event) -> None:
        """The application has finished with the event."""
        if event.seq:
            self._known[event.topic] = Position(event.epoch, event.seq)

    async def settle(self, sync: Sync, load: LoadSnapshot | None) -> None:
        """Act on a `sync`. Raises PositionLost without `load`, Gap if the snapshot is older than what will follow."""
        if sync.reason in _REFUSALS:
            self.refused[sync.topic] = sync.reason
            return
        self.refused.pop(sync.topic, None)
        if sync.ok and not sync.epoch:
            return  # keeps only the newest value; there is no position
        if sync.ok:
            known = self._known.get(sync.topic)
            if known is None or known.epoch == "0":
                self._known[sync.topic] = Position(sync.epoch, sync.begin)
            return
        self._known.pop(sync.topic, None)
        if load is not None:
            self.put(sync.topic, await load(sync.topic))
            self._fits(sync)
        elif sync.reason == "position":
            self._known[sync.topic] = Position(sync.epoch, sync.to)
        else:
            raise PositionLost(sync.topic, sync.reason)

    def _fits(self, sync: Sync) -> None:
        position = self._known[sync.topic]
        if sync.epoch not in (position.epoch, "", "0") or position.seq < sync.to:
            raise Gap(f"{sync.topic}: the snapshot is at {position}, the stream goes on after {sync.epoch}:{sync.to}")
