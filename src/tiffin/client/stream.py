"""Server-sent events with resume: `async for event in stream`.

The loop that iterates does all the work: it connects, reads, loads snapshots and comes back after losses, so nothing
runs while nobody asks, and a slow application slows only its own stream. Lifecycle: an event's position is taken when
the next one is asked for; the iteration ends when the server says `done` (or 204), raises when it says not to come
back, and goes on for ever otherwise. One consumer a stream.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import orjson

from tiffin.client.errors import Disconnected, ProblemError, TopicRefused
from tiffin.client.positions import Event, Gap, LoadSnapshot, Position, Positions, Sync
from tiffin.client.problems import problem_of
from tiffin.client.reconnect import DONE, UNAUTHENTICATED, Reconnect
from tiffin.client.sse_connection import SseConnection
from tiffin.client.sse_parser import Message, SseParser

# the access token to use, None for none; called with the token that was refused, it gives another one
TokenSource = Callable[[str | None], Awaitable[str | None]]

WATCHDOG_SECONDS = 45.0
_ANSWER_SECONDS = 10.0


class EventStream:
    """One stream of one or more topics.

    `path` is `/v1/events` or a plain resource such as `/v1/orders/{id}/events`. `snapshot` loads the state of a topic
    whose position cannot be served and returns the state's position; without it the stream of a new topic begins with
    what happens from now on, and a lost position raises PositionLost.
    """

    def __init__(
        self,
        reconnect: Reconnect,
        token: TokenSource,
        path: str,
        topics: Sequence[str],
        *,
        positions: Mapping[str, str | None] | None = None,
        snapshot: LoadSnapshot | None = None,
        watchdog_seconds: float = WATCHDOG_SECONDS,
    ) -> None:
        self.topics = tuple(topics)
        self.positions = Positions(positions)
        # set while connected and every topic has been answered by a sync
        self.live = asyncio.Event()
        # how often a connection was opened
        self.connections = 0
        self._reconnect = reconnect
        self._token = token
        self._target = path if path != "/v1/events" else f"{path}?{urlencode([('topic', name) for name in topics])}"
        self._snapshot = snapshot
        self._watchdog_seconds = watchdog_seconds
        self._connection: SseConnection | None = None
        self._parser = SseParser()
        # parsed and not yet looked at
        self._messages: deque[Message] = deque()
        # what the application is busy with
        self._current: Event | None = None
        # topics that this connection has said nothing of yet
        self._silent: set[str] = set()
        # the token of the connection, and the one that the server refused last
        self._sent_token: str | None = None
        self._refused_token: str | None = None
        self._pause_seconds = 0.0
        self._over = asyncio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the stream; an iteration that waits raises StopAsyncIteration."""
        self._over.set()
        self._disconnect()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """The next event. Raises Disconnected, TopicRefused, PositionLost, ProblemError."""
        if self._current is not None:
            self.positions.passed(self._current)
            self._current = None
        while True:
            while self._messages:
                event = await self._next_of(self._messages.popleft())
                if event is not None:
                    self._current = event
                    return event
            if self._over.is_set():
                raise StopAsyncIteration
            await self._fill()

    # reading

    async def _fill(self) -> None:
        """Get more messages, connecting first where necessary; what passes is turned into a pause."""
        try:
            if self._connection is None:
                await self._pause()
                await self._connect()
                return
            data = await self._connection.read(self._watchdog_seconds)
        except ProblemError as error:
            if not error.is_temporary:
                raise
            self._lose(back_off=True, after_seconds=error.retry_after_seconds)
        except OSError:  # TimeoutError and ConnectionLost among them
            self._lose()
        else:
            self._messages.extend(self._parser.feed(data))
            if not data:
                self._lose()

    async def _pause(self) -> None:
        """Wait as long as the last loss asks for, or until somebody closes the stream."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pause_seconds):
                await self._over.wait()

    async def _connect(self) -> None:
        if self._over.is_set():
            return
        token = await self._token(self._refused_token)
        self._refused_token, self._sent_token = None, token
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        cursor = self.positions.cursor(self.topics)
        if cursor.strip("-;"):
            headers["Last-Event-ID"] = cursor
        connection = await SseConnection.open(self._reconnect.origin, self._target, headers)
        if self._over.is_set():
            connection.close()
            return
        status = connection.status.result()
        if status == 204:
            self._over.set()
            connection.close()
        elif status == 200:
            self._connection, self._parser = connection, SseParser()
            self._silent = set(self.topics)
            self.connections += 1
        else:
            await _refuse(connection, status)

    def _lose(self, *, back_off: bool = False, move: bool = True, after_seconds: float | None = None) -> None:
        """Leave this connection and come back later."""
        self._disconnect()
        self._pause_seconds = self._reconnect.after_loss(back_off=back_off, move=move, after_seconds=after_seconds)

    def _disconnect(self) -> None:
        self.live.clear()
        self._messages.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # understanding

    async def _next_of(self, message: Message) -> Event | None:
        """The event in a message, None if it holds none or one that was seen."""
        match message.event:
            case "sync":
                await self._sync(Sync.of(orjson.loads(message.data)))
            case "bye":
                self._bye(orjson.loads(message.data))
            case "heartbeat":
                pass
            case "snapshot":
                return self._state(message)
            case "latest":
                return Event.of_latest(orjson.loads(message.data))
            case _:
                return self._event(Event.of(orjson.loads(message.data)))
        return None

    def _event(self, event: Event) -> Event | None:
        try:
            return event if self.positions.is_new(event) else None
        except Gap:
            self._lose(move=False)
            return None

    def _state(self, message: Message) -> Event:
        position = Position.parse(message.last_event_id)
        self.positions.put(self.topics[0], position)
        state = orjson.loads(message.data)
        return Event(self.topics[0], position.epoch, position.seq, "snapshot", "", state)

    async def _sync(self, sync: Sync) -> None:
        try:
            await self.positions.settle(sync, self._snapshot)
        except (Gap, OSError):
            self._lose(move=False)
            return
        except ProblemError as error:
            if not error.is_temporary:
                raise
            self._lose(back_off=True, after_seconds=error.retry_after_seconds)
            return
        self._reconnect.worked()
        if len(self.positions.refused) == len(self.topics):
            self.close()
            raise TopicRefused(self.positions.refused)
        self._silent.discard(sync.topic)
        if not self._silent:
            self.live.set()

    def _bye(self, body: dict[str, Any]) -> None:
        code, reason = int(body.get("code", 0)), str(body["reason"])
        if code == UNAUTHENTICATED and self._sent_token is not None and self._reconnect.may_renew():
            self._refused_token = self._sent_token
            self._disconnect()
            self._pause_seconds = 0.0
        elif body["come_back"]:
            self._disconnect()
            self._pause_seconds = self._reconnect.after_end(code, after_seconds=float(body["after_ms"]) / 1000)
        else:
            self.close()
            if code != DONE:
                raise Disconnected(code, reason)


async def _refuse(connection: SseConnection, status: int) -> None:
    """Raise what an error status says."""
    body = b""
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            while piece := await connection.read(_ANSWER_SECONDS):
                body += piece
    finally:
        connection.close()
    raise problem_of(status, body, connection.headers.get("retry-after"))
