"""Announcements: after a commit, the events go to this node's hub directly and to the others by NATS core.

One message carries the events of one transaction, two lines an event: a header for the hub and the event's bytes as
they go to readers. Bodies over 64 KB are announced without them; the other nodes read the log. Announcements may be
lost, repeated, late or stale: hubs take only what fits their position and epoch.
"""

from collections.abc import Sequence

import orjson
from nats.aio.msg import Msg

from tiffin.base.telemetry import get_logger
from tiffin.nats import NatsConnection
from tiffin.realtime.encoding import LARGEST_ANNOUNCED_BYTES, EncodedEvent
from tiffin.realtime.event import StoredEvent
from tiffin.realtime.hub import Hub

_log = get_logger("realtime.announcer")
SUBJECT = "tiffin.events"
_LARGEST_MESSAGE_BYTES = 512 * 1024


class Announcer:
    """Tells every node what was committed."""

    def __init__(self, nats: NatsConnection) -> None:
        self._nats = nats
        self._hub: Hub | None = None
        nats.subscribe(SUBJECT, self._receive)

    def attach(self, hub: Hub) -> None:
        """This node's hub; a process without one only announces to others."""
        self._hub = hub

    def announce(self, events: Sequence[StoredEvent]) -> None:
        """Tell of committed events. Never blocks, never raises."""
        encoded = [EncodedEvent.of(event) for event in events]
        if self._hub is not None:
            for event in encoded:
                self._hub.accept(event)
        lines: list[bytes] = []
        size = 0
        for event in encoded:
            header, body = _header(event)
            if lines and size + len(body) > _LARGEST_MESSAGE_BYTES:
                self._nats.publish(SUBJECT, b"\n".join(lines))
                lines, size = [], 0
            lines += (header, body)
            size += len(header) + len(body)
        self._nats.publish(SUBJECT, b"\n".join(lines))

    async def _receive(self, message: Msg) -> None:
        if self._hub is None:
            return
        try:
            lines = message.data.split(b"\n")
            for header, body in zip(lines[::2], lines[1::2], strict=True):
                self._take(self._hub, header, body)
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("announcement_unreadable", error=repr(error))

    @staticmethod
    def _take(hub: Hub, header: bytes, body: bytes) -> None:
        topic, epoch, seq, type_, rights = orjson.loads(header)
        live = hub.topics.get(topic)
        if live is None:
            return
        if body:
            hub.accept(EncodedEvent(topic, epoch, seq, type_, rights, body))
        else:
            hub.want(live, 0.0)


def _header(event: EncodedEvent) -> tuple[bytes, bytes]:
    header = orjson.dumps([event.topic, event.epoch, event.seq, event.type, event.rights])
    return header, event.json if len(event.json) <= LARGEST_ANNOUNCED_BYTES else b""
