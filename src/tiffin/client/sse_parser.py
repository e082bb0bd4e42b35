"""The event-stream format as pure logic: bytes in, in any pieces; messages out.

Follows the WHATWG standard ("9.2.6 Interpreting an event stream"): lines end with LF, CRLF or CR, one BOM at the
start is skipped, comments are ignored, an id with NUL is ignored, `retry` counts only as digits, a block without data
gives no message but moves the last event id, and a block that is not closed by a blank line is dropped.
"""

from typing import NamedTuple

_BOM = b"\xef\xbb\xbf"


class Message(NamedTuple):
    """One dispatched message. `event` is `message` where the block named none."""

    event: str
    data: str
    last_event_id: str


class SseParser:
    """Parses one response. A new connection gets a new parser."""

    def __init__(self) -> None:
        # the last event id as of the last blank line
        self.last_event_id = ""
        # the newest `retry` in milliseconds
        self.retry_ms: int | None = None
        # a line that has no end yet
        self._rest = b""
        # the last piece ended with CR: an LF that follows belongs to it
        self._after_cr = False
        # True until the first three bytes are known not to be a BOM
        self._at_start = True
        self._event = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, data: bytes) -> list[Message]:
        """Take the next bytes; the messages that are complete now."""
        if self._after_cr and data:
            self._after_cr = False
            if data[:1] == b"\n":
                data = data[1:]
        buffer = self._rest + data
        if self._at_start:
            buffer = self._skip_bom(buffer)
            if self._at_start:
                self._rest = buffer
                return []
        if b"\r" in buffer:
            self._after_cr = buffer.endswith(b"\r")
            buffer = buffer.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = buffer.split(b"\n")
        self._rest = lines.pop()
        messages: list[Message] = []
        for line in lines:
            if line:
                self._take(line)
            else:
                self._dispatch(messages)
        return messages

    def _skip_bom(self, buffer: bytes) -> bytes:
        if len(buffer) < len(_BOM) and _BOM.startswith(buffer):
            return buffer
        self._at_start = False
        return buffer.removeprefix(_BOM)

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if name == b"data":
            self._data.append(value.decode("utf-8", "replace"))
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit():
            self.retry_ms = int(value)

    def _dispatch(self, messages: list[Message]) -> None:
        self.last_event_id = self._id
        if self._data:
            messages.append(Message(self._event or "message", "\n".join(self._data), self._id))
        self._event = ""
        self._data = []
