"""The WebSocket with resume: events, commands and acknowledgements over one socket that comes back by itself.

    async with tiffin.live({"restaurant.0197…": None}, snapshot=load_board) as live:
        async for event in live:
            await live.ack(event)
            await live.command("ticket.accept", {"ticket_id": …, "minutes": 20}, idempotent=True)

A task of its own reads the socket, so an answer arrives also while the application is busy with an event. Positions
move as the application takes events, and a new socket goes on from them; what was received twice is dropped when it
is taken. The reader stops reading at 1,000 events that nobody has taken, unless a command waits for its answer.
One consumer; any number of tasks may send commands.
"""

import asyncio
import contextlib
import itertools
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from tiffin.client.commands import Outstanding, OutstandingCommands
from tiffin.client.errors import CommandError, ConnectionLost, Disconnected, ProblemError, TopicRefused
from tiffin.client.positions import Event, Gap, LoadSnapshot, Positions, Sync
from tiffin.client.problems import problem_of
from tiffin.client.reconnect import DONE, UNAUTHENTICATED, Reconnect, full_jitter, is_final
from tiffin.client.stream import WATCHDOG_SECONDS, TokenSource

SUBPROTOCOL = Subprotocol("tiffin.v1")
_MOST_UNTAKEN = 1000
_MOST_FRAME_BYTES = 16 * 1024 * 1024
_OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 2.0


class Live:
    """One device's socket. `topics` maps each topic to the position held, None for none."""

    def __init__(
        self,
        reconnect: Reconnect,
        token: TokenSource,
        topics: Mapping[str, str | None],
        *,
        device_id: str | None = None,
        device: str = "",
        snapshot: LoadSnapshot | None = None,
        watchdog_seconds: float = WATCHDOG_SECONDS,
    ) -> None:
        self.device_id = device_id or str(uuid.uuid4())
        self.positions = Positions(topics)
        # set while the server has answered hello and every topic by a sync
        self.live = asyncio.Event()
        # how often a connection was opened
        self.connections = 0
        self._reconnect = reconnect
        self._token = token
        self._topics = dict.fromkeys(topics)
        self._device = device
        self._snapshot = snapshot
        self._watchdog_seconds = watchdog_seconds
        self._task: asyncio.Task[None] | None = None
        # the open socket, after hello was answered
        self._socket: ClientConnection | None = None
        # topics that the open socket has said nothing of yet
        self._silent: set[str] = set()
        # received and not taken
        self._inbox: deque[Event | Sync] = deque()
        self._arrived = asyncio.Event()
        # cleared while the reader waits for the application
        self._room = asyncio.Event()
        # what the application is busy with
        self._current: Event | None = None
        self._outstanding = OutstandingCommands()
        # the newest acknowledgement of each topic, repeated on a new socket
        self._acknowledged: dict[str, int] = {}
        self._refused_token: str | None = None
        # why it is over for good
        self._end: BaseException | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="tiffin live")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._finish(StopAsyncIteration())

    # taking events

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """The next event. Raises Disconnected, TopicRefused, PositionLost, ProblemError."""
        if self._current is not None:
            self.positions.passed(self._current)
            self._current = None
        while True:
            event = await self._next_of(await self._take())
            if event is not None:
                self._current = event
                return event

    async def _take(self) -> Event | Sync:
        while not self._inbox:
            if self._end is not None:
                raise self._end
            self._arrived.clear()
            await self._arrived.wait()
        item = self._inbox.popleft()
        if len(self._inbox) < _MOST_UNTAKEN:
            self._room.set()
        return item

    async def _next_of(self, item: Event | Sync) -> Event | None:
        try:
            if isinstance(item, Sync):
                await self._sync(item)
                return None
            if item.type == "latest" or self.positions.is_new(item):
                return item
        except (Gap, OSError):
            self._come_back()
        except ProblemError as error:
            if not error.is_temporary:
                raise
            self._come_back()
        return None

    async def _sync(self, sync: Sync) -> None:
        if sync.topic not in self._topics:
            return  # unsubscribed meanwhile
        if not sync.ok:
            self._acknowledged.pop(sync.topic, None)
        await self.positions.settle(sync, self._snapshot)
        if self._topics and len(self.positions.refused) == len(self._topics):
            raise TopicRefused(self.positions.refused)
        self._silent.discard(sync.topic)
        if not self._silent and self._socket is not None:
            self.live.set()

    def _come_back(self) -> None:
        """What follows does not fit the positions: a new socket begins from them."""
        self._inbox.clear()
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None
        self.live.clear()

    # sending

    async def command(
        self, name: str, data: dict[str, Any] | None = None, *, idempotent: bool = False, timeout: float = 30.0
    ) -> dict[str, Any]:
        """Send a command; its answer's data. Only if `idempotent` it is repeated: after a lost socket with the same
        id, and while a part of the service is down, until `timeout` seconds have passed.

        Raises CommandError, ConnectionLost (it may have been done), TimeoutError, Disconnected.
        """
        body = {"type": "command", "name": name, "data": data or {}}
        deadline = asyncio.get_running_loop().time() + timeout
        for attempt in itertools.count():
            left = deadline - asyncio.get_running_loop().time()
            try:
                return await self._ask(body, idempotent=idempotent, timeout=left)
            except CommandError as error:
                pause = full_jitter(attempt)
                if not (idempotent and error.is_temporary and pause < left):
                    raise
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def ping(self, *, timeout: float = 10.0) -> None:
        """Wait for a sign of life."""
        await self._ask({"type": "ping"}, idempotent=True, timeout=timeout)

    async def subscribe(self, topics: Mapping[str, str | None], *, timeout: float = 30.0) -> None:
        """Follow more topics, from now on also on every new socket."""
        for topic, position in topics.items():
            self._topics[topic] = None
            if position is not None:
                self.positions.put(topic, position)
        body = {"type": "subscribe", "topics": self.positions.texts(topics)}
        await self._ask(body, idempotent=True, timeout=timeout)

    async def unsubscribe(self, topics: Sequence[str], *, timeout: float = 30.0) -> None:
        """Follow these topics no more."""
        for topic in topics:
            self._topics.pop(topic, None)
            self.positions.forget(topic)
            self._acknowledged.pop(topic, None)
        await self._ask({"type": "unsubscribe", "topics": list(topics)}, idempotent=True, timeout=timeout)

    async def ack(self, event: Event) -> None:
        """Tell that this device has stored everything up to this event; repeated by itself on a new socket."""
        self._acknowledged[event.topic] = max(event.seq, self._acknowledged.get(event.topic, 0))
        if self._socket is not None:
            await self._send(self._socket, {"type": "ack", "topic": event.topic, "seq": event.seq})

    async def _ask(self, body: dict[str, Any], *, idempotent: bool, timeout: float) -> dict[str, Any]:
        if self._end is not None:
            raise ConnectionLost("the connection is over") from self._end
        waiting = self._outstanding.add(body, idempotent=idempotent)
        self._room.set()
        try:
            async with asyncio.timeout(timeout):
                if self._socket is not None:
                    await self._send_outstanding(self._socket, waiting)
                return await waiting.answer
        finally:
            self._outstanding.remove(waiting)

    async def _send_outstanding(self, socket: ClientConnection, waiting: Outstanding) -> None:
        waiting.sent = True
        with contextlib.suppress(ConnectionClosed):  # the reader sees it too and decides what becomes of it
            await socket.send(waiting.frame, text=True)

    @staticmethod
    async def _send(socket: ClientConnection, body: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionClosed):
            await socket.send(orjson.dumps(body), text=True)

    # the connection

    async def _run(self) -> None:
        """Connect again and again until told not to."""
        try:
            while True:
                pause_seconds = await self._connect_once()
                await asyncio.sleep(pause_seconds)
        except (Disconnected, ProblemError, StopAsyncIteration) as end:
            self._finish(end)
        except Exception as error:
            self._finish(error)
            raise

    async def _connect_once(self) -> float:
        """One connection from beginning to end; the seconds until the next."""
        token = None
        try:
            token = await self._token(self._refused_token)
            self._refused_token = None
            await self._converse(token)
        except ConnectionClosed as closed:
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "lost")
            return self._after_close(code, reason, token)
        except InvalidStatus as refused:
            answer = refused.response
            return self._after_problem(
                problem_of(answer.status_code, bytes(answer.body or b""), answer.headers.get("Retry-After")), token
            )
        except ProblemError as error:
            return self._after_problem(error, token)
        except (OSError, WebSocketException):
            return self._reconnect.after_loss()
        finally:
            self._leave_socket()
        return self._reconnect.after_loss()

    async def _converse(self, token: str | None) -> None:
        """Greet, then read until the socket closes, which raises ConnectionClosed."""
        async with connect(
            self._reconnect.origin.replace("http", "ws", 1) + "/v1/socket",
            additional_headers={"Authorization": f"Bearer {token}"} if token else None,
            subprotocols=[SUBPROTOCOL],
            compression=None,
            proxy=None,
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            ping_interval=None,
            max_size=_MOST_FRAME_BYTES,
        ) as socket:
            topics = self.positions.texts(self._topics)
            hello = {"type": "hello", "device_id": self.device_id, "device": self._device, "topics": topics}
            await socket.send(orjson.dumps(hello), text=True)
            self._silent = set(topics)
            greeted = False
            while True:
                async with asyncio.timeout(self._watchdog_seconds):
                    frame = await socket.recv(decode=False)
                body = orjson.loads(frame)
                for message in body if isinstance(body, list) else (body,):
                    if message["type"] == "hello":
                        await self._greeted(socket)
                        greeted = True
                    elif greeted and self._socket is not socket:
                        return  # given up by `_come_back`
                    else:
                        self._receive(message)
                await self._wait_for_room()

    async def _greeted(self, socket: ClientConnection) -> None:
        """The server knows us: repeat what may be repeated."""
        self._reconnect.worked()
        self.connections += 1
        self._socket = socket
        if not self._silent:
            self.live.set()
        for topic, seq in list(self._acknowledged.items()):
            await self._send(socket, {"type": "ack", "topic": topic, "seq": seq})
        for waiting in self._outstanding.to_send():
            await self._send_outstanding(socket, waiting)

    def _receive(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "event":
                self._put(Event.of(message["event"]))
            case "latest":
                self._put(Event.of_latest(message))
            case "sync":
                self._put(Sync.of(message))
            case "ok" | "error":
                self._outstanding.answered(message)

    def _put(self, item: Event | Sync) -> None:
        self._inbox.append(item)
        self._arrived.set()

    async def _wait_for_room(self) -> None:
        while len(self._inbox) >= _MOST_UNTAKEN and not self._outstanding:
            self._room.clear()
            await self._room.wait()

    def _leave_socket(self) -> None:
        """The socket is gone: what may have been done and must not be repeated fails."""
        self._socket = None
        self.live.clear()
        self._outstanding.connection_lost()

    def _after_close(self, code: int, reason: str, token: str | None) -> float:
        """Seconds until the next attempt. Raises Disconnected or StopAsyncIteration where there is none."""
        if code == UNAUTHENTICATED and token is not None and self._reconnect.may_renew():
            self._refused_token = token
            return 0.0
        if code == DONE:
            raise StopAsyncIteration
        if is_final(code):
            raise Disconnected(code, reason)
        return self._reconnect.after_end(code)

    def _after_problem(self, error: ProblemError, token: str | None) -> float:
        """An HTTP status instead of a socket. Raises the problem where coming back does not help."""
        if error.status == 401 and token is not None and self._reconnect.may_renew():
            self._refused_token = token
            return 0.0
        if error.status >= 500 or error.is_temporary:
            return self._reconnect.after_loss(back_off=True, after_seconds=error.retry_after_seconds)
        raise error

    def _finish(self, end: BaseException) -> None:
        self._end = self._end or end
        self._arrived.set()
        self._outstanding.end(end if isinstance(end, Disconnected) else ConnectionLost("the connection is over"))
