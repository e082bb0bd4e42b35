"""Events as bytes, made once and shared by every connection.

An SSE block goes out as one HTTP chunk, a WebSocket message as one unmasked text frame (RFC 6455, section 5.2),
both complete in themselves, so that they can be written straight to a transport.
"""

from collections.abc import Sequence
from functools import cached_property

from tiffin.realtime.event import StoredEvent

# events with larger bodies are announced without them and read from the log
LARGEST_ANNOUNCED_BYTES = 64 * 1024


def chunk(payload: bytes) -> bytes:
    """`payload` as one chunk of a chunked HTTP body (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def text_frame(payload: bytes) -> bytes:
    """`payload` (UTF-8) as one final, unmasked text frame."""
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 65_536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


def sse_block(event: str, data: bytes, event_id: str | None = None) -> bytes:
    """One block of an event stream. `data` must be a single line."""
    if event_id is None:
        return b"event: %b\ndata: %b\n\n" % (event.encode(), data)
    return b"event: %b\nid: %b\ndata: %b\n\n" % (event.encode(), event_id.encode(), data)


class EncodedEvent:
    """A numbered event with its JSON on the wire."""

    __slots__ = ("__dict__", "epoch", "json", "rights", "seq", "topic", "type")

    def __init__(self, topic: str, epoch: str, seq: int, type_: str, rights: bool, json: bytes) -> None:
        self.topic = topic
        self.epoch = epoch
        self.seq = seq
        self.type = type_
        # True: it may change who may read something
        self.rights = rights
        self.json = json

    @classmethod
    def of(cls, event: StoredEvent) -> "EncodedEvent":
        """Encode a stored event."""
        return cls(event.topic, event.epoch, event.seq, event.type, event.rights, event.encode())

    @cached_property
    def block_with_id(self) -> bytes:
        """For streams of one topic: the id is the position after this event."""
        return sse_block(self.type, self.json, f"{self.epoch}:{self.seq}")

    @cached_property
    def block(self) -> bytes:
        """For streams of several topics, whose id follows the flush."""
        return sse_block(self.type, self.json)

    @cached_property
    def frame(self) -> bytes:
        """For WebSockets."""
        return text_frame(b'{"type":"event","event":%b}' % self.json)


class LatestValue:
    """The value of a topic that keeps only the newest. `data` is its JSON.

    Of two, the one with the greater (`generation`, `at`) is the newer; `at` counts in whatever the feature measures
    time in. Values of another generation than a reader's grant are not for that reader.
    """

    __slots__ = ("__dict__", "at", "data", "generation", "topic")

    def __init__(self, topic: str, generation: int, at: int, data: bytes) -> None:
        self.topic = topic
        self.generation = generation
        self.at = at
        self.data = data

    def is_newer_than(self, other: "LatestValue | None") -> bool:
        """True if `other` is over."""
        return other is None or (self.generation, self.at) > (other.generation, other.at)

    @cached_property
    def json(self) -> bytes:
        """The JSON object on the wire."""
        return b'{"topic":"%b","data":%b}' % (self.topic.encode(), self.data)

    @cached_property
    def message(self) -> bytes:
        """The same as a WebSocket's message."""
        return b'{"type":"latest",%b' % self.json[1:]

    @cached_property
    def frame(self) -> bytes:
        """For WebSockets."""
        return text_frame(self.message)

    @cached_property
    def block(self) -> bytes:
        """For event streams; without an id, since it has no position."""
        return sse_block("latest", self.json)


class Batch:
    """Contiguous events of one topic that leave together; each form is joined once."""

    __slots__ = ("__dict__", "epoch", "events", "first_seq", "last_seq")

    def __init__(self, events: Sequence[EncodedEvent]) -> None:
        self.events = events
        self.epoch = events[0].epoch
        self.first_seq = events[0].seq
        self.last_seq = events[-1].seq

    @cached_property
    def blocks_with_id(self) -> bytes:
        """All events, for a stream of this topic alone."""
        return b"".join(event.block_with_id for event in self.events)

    @cached_property
    def chunk_with_id(self) -> bytes:
        """The same as one HTTP chunk."""
        return chunk(self.blocks_with_id)

    @cached_property
    def blocks(self) -> bytes:
        """All events, for a stream of several topics."""
        return b"".join(event.block for event in self.events)

    @cached_property
    def frames(self) -> bytes:
        """All events, a frame each."""
        return b"".join(event.frame for event in self.events)

    def after(self, seq: int) -> "Batch":
        """The events above `seq`, which must be within the batch."""
        return Batch(self.events[seq + 1 - self.first_seq :])
