"""What every client sent and saw, and what the database holds in the end: plain values, no I/O.

Times are seconds of the machine's monotonic clock, the same one for all processes; `committed_at` is PostgreSQL's
wall clock, as events carry it. Records of one client stand in the order in which its application had them.
"""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

FINAL_STATES = frozenset({"delivered", "rejected", "expired", "cancelled", "failed"})


class Outcome(StrEnum):
    """What a client knows of a call when it gives up or is done."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Call:
    """One write as its client sees it, all its repetitions included."""

    client: str
    account: str
    # order.place, basket.price, ticket.accept, ticket.reject, ticket.advance
    name: str
    # the idempotency key of an order; empty for commands on tickets
    key: str
    # what an acknowledged one is about; empty for an order nobody got an id of
    order_id: str
    # the state that the order is brought to
    state: str
    invoked_at: float
    ended_at: float
    outcome: Outcome
    error: str = ""


@dataclass(frozen=True, slots=True)
class Stood:
    """A client took a position that is not from an event: a snapshot's, or the one it began with."""

    client: str
    topic: str
    epoch: str
    seq: int
    at: float


@dataclass(frozen=True, slots=True)
class Seen:
    """The SDK gave an event to the application."""

    client: str
    topic: str
    epoch: str
    seq: int
    type: str
    committed_at: float
    at: float


@dataclass(frozen=True, slots=True)
class Right:
    """A client may read a topic, until `ended_at` if that is given; then `limit_seconds` are left to take effect."""

    client: str
    topic: str
    ended_at: float | None = None
    ended_wall: float | None = None
    limit_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was done to the system, from its beginning until it was repaired."""

    kind: str
    target: str
    began_at: float
    ended_at: float


@dataclass(slots=True)
class History:
    """Everything the clients of one run wrote down."""

    calls: list[Call] = field(default_factory=list)
    steps: list[Stood | Seen] = field(default_factory=list)
    rights: list[Right] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    # (client, topic) that must stand at the head in the end
    followed: set[tuple[str, str]] = field(default_factory=set)

    def seen(self) -> list[Seen]:
        """Every event that any application had."""
        return [step for step in self.steps if isinstance(step, Seen)]


@dataclass(frozen=True, slots=True)
class Logged:
    """An event in the log. `order_id` is empty where it is about no order."""

    epoch: str
    seq: int
    type: str
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order in the database. `states` is its history, oldest first; `ticket_state` None without a ticket."""

    order_id: str
    key: str
    customer_id: str
    restaurant_id: str
    states: tuple[str, ...]
    ticket_state: str | None
    answered_by: str | None


@dataclass(slots=True)
class Truth:
    """What PostgreSQL holds after everything has settled."""

    orders: dict[str, StoredOrder] = field(default_factory=dict)
    log: dict[str, list[Logged]] = field(default_factory=dict)
    # topic to epoch and number of its last event
    heads: dict[str, tuple[str, int]] = field(default_factory=dict)
    # work that is due and not done, by consumer
    work_left: list[str] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)


def encode_step(step: Stood | Seen) -> dict[str, Any]:
    """As a JSON object, for clients that are processes of their own."""
    return {"kind": type(step).__name__, **asdict(step)}


def decode_step(body: dict[str, Any]) -> Stood | Seen:
    """What `encode_step` made."""
    fields = {name: value for name, value in body.items() if name != "kind"}
    return Stood(**fields) if body["kind"] == "Stood" else Seen(**fields)
