"""The messages of a socket that wait for their `ok` or `error`: what is sent, sent again, or given up. No I/O."""

import asyncio
import itertools
import uuid
from dataclasses import dataclass
from typing import Any

import orjson

from tiffin.client.errors import CommandError, ConnectionLost


@dataclass(slots=True, eq=False)
class Outstanding:
    """One message that waits."""

    message_id: str
    frame: bytes
    answer: asyncio.Future[dict[str, Any]]
    # may be sent again without being done twice
    idempotent: bool
    # left for the wire at least once
    sent: bool = False


class OutstandingCommands:
    """All that wait, oldest first."""

    def __init__(self) -> None:
        self._waiting: dict[str, Outstanding] = {}
        self._prefix = uuid.uuid4().hex[:12]
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, body: dict[str, Any], *, idempotent: bool) -> Outstanding:
        """A new message, with an id of its own."""
        message_id = f"{self._prefix}-{next(self._numbers)}"
        frame = orjson.dumps({**body, "id": message_id})
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[message_id] = Outstanding(message_id, frame, answer, idempotent)
        return waiting

    def remove(self, waiting: Outstanding) -> None:
        """Nobody waits for it any more."""
        self._waiting.pop(waiting.message_id, None)
        waiting.answer.cancel()

    def answered(self, message: dict[str, Any]) -> None:
        """An `ok` or `error` came; one that nobody waits for is dropped."""
        waiting = self._waiting.get(message["id"] or "")
        if waiting is None or waiting.answer.done():
            return
        if message["type"] == "ok":
            waiting.answer.set_result(message.get("data") or {})
        else:
            waiting.answer.set_exception(CommandError(message["code"], message["message"], message.get("details")))

    def to_send(self) -> list[Outstanding]:
        """What goes out on a new connection: what was never sent, and what may be repeated."""
        return [waiting for waiting in self._waiting.values() if waiting.idempotent or not waiting.sent]

    def connection_lost(self) -> None:
        """What may have been done and must not be repeated fails."""
        for waiting in self._waiting.values():
            if waiting.sent and not waiting.idempotent and not waiting.answer.done():
                waiting.answer.set_exception(ConnectionLost("the socket was lost before the answer came"))

    def end(self, error: Exception) -> None:
        """There will be no further connection."""
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(error)
