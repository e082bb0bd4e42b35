"""The event log: durable topics in PostgreSQL, numbered without gaps in commit order.

`append` only notes the event; the numbers are taken by the last statement before COMMIT, all topics of the
transaction in byte order, and the announcement leaves after it. What is read back is always contiguous or it is
said that it is not; the caller compares numbers, never counts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tiffin.db import Connection, Part, Transaction, load_queries
from tiffin.realtime.event import Event, StoredEvent
from tiffin.realtime.topic import NOTHING_WRITTEN, Position

QUERIES = load_queries(__package__)

PAGE_EVENTS = 100
# a page is never much larger than this, so that a slow reader of large events costs one page and not a hundred
PAGE_BYTES = 256 * 1024
_STATE = "realtime.events"

Announce = Callable[[Sequence[StoredEvent]], None]


@dataclass(frozen=True, slots=True)
class Head:
    """Where a topic stands; events from `first_seq` to `last_seq` are kept."""

    epoch: str
    last_seq: int
    first_seq: int

    @property
    def position(self) -> Position:
        """The position of a reader who has seen everything."""
        return Position(self.epoch, self.last_seq)


NO_HEAD = Head(NOTHING_WRITTEN.epoch, 0, 1)


class EventLog:
    """Appends events. `announce` is told after each commit and must not block."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce

    def append(self, transaction: Transaction, topic: str, event: Event) -> None:
        """Make `event` part of `transaction`: it gets its number at the very end, or never existed."""
        pending: list[tuple[str, Event]] | None = transaction.state.get(_STATE)
        if pending is None:
            pending = transaction.state[_STATE] = []
            transaction.at_end(lambda: self._part(transaction))
        pending.append((topic, event))

    def _part(self, transaction: Transaction) -> Part:
        pending: list[tuple[str, Event]] = transaction.state[_STATE]
        counts: dict[str, int] = {}
        events: list[dict[str, Any]] = []
        for topic, event in reversed(pending):
            back = counts.get(topic, 0)
            counts[topic] = back + 1
            body = event.model_dump_json()
            events.append({"topic": topic, "back": back, "type": event.type, "rights": event.rights, "body": body})
        events.reverse()
        topics = [{"topic": topic, "count": count} for topic, count in counts.items()]
        return Part(
            "events",
            QUERIES["append_events"],
            (topics, events),
            lambda heads: self._numbered(transaction, events, {head["topic"]: head for head in heads}),
        )

    def _numbered(
        self, transaction: Transaction, events: list[dict[str, Any]], heads: dict[str, dict[str, Any]]
    ) -> None:
        at = datetime.fromisoformat(next(iter(heads.values()))["at"])
        stored = [
            StoredEvent(
                event["topic"],
                heads[event["topic"]]["epoch"],
                heads[event["topic"]]["last_seq"] - event["back"],
                event["type"],
                at,
                event["rights"],
                event["body"],
            )
            for event in events
        ]

        async def announce() -> None:
            self._announce(stored)

        transaction.after_commit(announce)


async def list_heads(connection: Connection, topics: Sequence[str]) -> dict[str, Head]:
    """Where each of `topics` stands; a topic never written to has `NO_HEAD`."""
    rows = await connection.fetch(QUERIES["list_heads"], list(topics))
    heads = {row["topic"]: Head(row["epoch"], row["last_seq"], row["first_seq"]) for row in rows}
    return {topic: heads.get(topic, NO_HEAD) for topic in topics}


async def get_position(connection: Connection, topic: str) -> Position:
    """The position of `topic` in this connection's snapshot, to be given out with a snapshot of its state."""
    return (await list_positions(connection, [topic]))[topic]


async def list_positions(connection: Connection, topics: Sequence[str]) -> dict[str, Position]:
    """The same of several topics."""
    return {topic: head.position for topic, head in (await list_heads(connection, topics)).items()}


async def list_changed_heads(connection: Connection, known: Sequence[tuple[str, str, int]]) -> dict[str, Head]:
    """Of the topics in `known` (topic, epoch, seq): the heads of those that stand elsewhere now."""
    rows = await connection.fetch(
        QUERIES["list_changed_heads"],
        [topic for topic, _, _ in known],
        [epoch for _, epoch, _ in known],
        [seq for _, _, seq in known],
    )
    return {row["topic"]: Head(row["epoch"], row["last_seq"], row["first_seq"]) for row in rows}


async def list_events(
    connection: Connection, wanted: Sequence[tuple[str, int]], limit: int = PAGE_EVENTS
) -> list[list[StoredEvent]]:
    """For each (topic, after), in the same order: up to `limit` events with a seq above `after`.

    A page may be shorter than `limit` and not the last: it ends where it reaches `PAGE_BYTES`.
    """
    topics, afters = [topic for topic, _ in wanted], [after for _, after in wanted]
    rows = await connection.fetch(QUERIES["list_events"], topics, afters, limit, PAGE_BYTES)
    pages: list[list[StoredEvent]] = [[] for _ in wanted]
    for row in rows:
        pages[row["i"] - 1].append(_stored(row))
    return pages


async def trim_events(transaction: Transaction, before: datetime, max_topics: int = 500) -> int:
    """Delete events older than `before` from up to `max_topics` topics. Returns how many topics were trimmed."""
    rows = await transaction.connection.fetch(QUERIES["lock_trimmable_heads"], before, max_topics)
    topics = [row["topic"] for row in rows]
    if topics:
        await transaction.connection.execute(QUERIES["trim_events"], topics, before)
    return len(topics)


def _stored(row: Any) -> StoredEvent:
    return StoredEvent(row["topic"], row["epoch"], row["seq"], row["type"], row["at"], row["rights"], row["body"])
