"""Floor 2: live topics to subscribers.

Guarantees (the contract is docs/realtime-protocol.md):

- Durable topics arrive at least once, in order, without gaps, from the position a client holds.
- A position that cannot be served is said in-band; a gap is never silent.
- No subscriber slows another; none has a queue. A connection is a cursor: at the head and writable it is
  written to directly, behind it is paged from the ring or the log.
- Who lost a right gets nothing more, also in the middle of a catch-up.
- NATS only makes it fast: the head check, once a second, finds what an announcement lost.

Features use what is exported here; the rest is the kernel's own.
"""

from tiffin.realtime.command import AnyCommand, Caller, Command
from tiffin.realtime.encoding import LatestValue
from tiffin.realtime.event import Event, StoredEvent
from tiffin.realtime.event_log import EventLog, get_position, list_positions
from tiffin.realtime.topic import Grant, Position, ReadRequest, TopicKind

__all__ = [
    "AnyCommand",
    "Caller",
    "Command",
    "Event",
    "EventLog",
    "Grant",
    "LatestValue",
    "Position",
    "ReadRequest",
    "StoredEvent",
    "TopicKind",
    "get_position",
    "list_positions",
]
