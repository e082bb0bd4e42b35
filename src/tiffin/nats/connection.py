"""One connection to NATS a process: it reconnects for ever, notices a dead link in seconds, and never blocks a caller.

`publish` only queues; a single task writes. While NATS is away the queue keeps the newest messages and drops the
oldest: whoever listens repairs what is missing from PostgreSQL. The first connect may fail too; it is tried again
in the background, so a node starts without NATS.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import SlowConsumerError
from prometheus_client import Counter, Gauge

from tiffin.base.telemetry import get_logger

_log = get_logger("nats")
_CONNECTED = Gauge("tiffin_nats_connected", "1 while connected to NATS")
_DROPPED = Counter("tiffin_nats_dropped", "Outgoing messages dropped because NATS was away")

_MOST_WAITING = 10_000
_MOST_WAITING_BYTES = 32 * 1024 * 1024
_PENDING_MESSAGES = 200_000
_PENDING_BYTES = 256 * 1024 * 1024

Handler = Callable[[Msg], Awaitable[None]]


class NatsConnection:
    """Publishes and subscribes. `on_trouble` is called when messages to us may have been lost.

    `url` may name several servers of a cluster, with commas between; the login of the first is good for all, also for
    those that the cluster tells of.
    """

    def __init__(self, url: str, name: str, on_trouble: Callable[[], None] | None = None) -> None:
        self._urls = url.split(",")
        self._name = name
        self._on_trouble = on_trouble or (lambda: None)
        # called after every (re)connect, to make again what a restarted server forgot
        self._on_connect: list[Callable[[], Awaitable[None]]] = []
        self._subscriptions: list[tuple[str, Handler]] = []
        self._waiting: deque[tuple[str, bytes, dict[str, str] | None, str]] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._setups: set[asyncio.Task[None]] = set()
        self.client = Client()

    @property
    def is_connected(self) -> bool:
        """True while the link is up, as far as the last pings tell."""
        return self.client.is_connected

    def subscribe(self, subject: str, handler: Handler) -> None:
        """Have `handler` called for each message; before `start`."""
        self._subscriptions.append((subject, handler))

    def on_connect(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Call back after every connect and reconnect; before `start`."""
        self._on_connect.append(callback)

    def start(self) -> None:
        """Connect in the background and begin to write."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._connect()), loop.create_task(self._write())]

    async def stop(self) -> None:
        """Close. What is still waiting is dropped; it is in PostgreSQL."""
        for task in (*self._tasks, *self._setups):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._setups, return_exceptions=True)
        if not self.client.is_closed:
            try:
                async with asyncio.timeout(2):
                    await self.client.close()
            except Exception as error:
                _log.debug("nats_close_failed", error=repr(error))
        _CONNECTED.set(0)

    def publish(self, subject: str, payload: bytes, headers: dict[str, str] | None = None, reply: str = "") -> None:
        """Queue a message; returns at once and never raises."""
        self._waiting.append((subject, payload, headers, reply))
        self._waiting_bytes += len(payload)
        while len(self._waiting) > _MOST_WAITING or self._waiting_bytes > _MOST_WAITING_BYTES:
            self._next()
            _DROPPED.inc()
        self._wake.set()

    def _next(self) -> tuple[str, bytes, dict[str, str] | None, str]:
        """Take the oldest message from the queue."""
        message = self._waiting.popleft()
        self._waiting_bytes -= len(message[1])
        return message

    async def _connect(self) -> None:
        pause = 0.1
        while True:
            try:
                await self.client.connect(
                    self._urls,
                    **_login_of(self._urls[0]),
                    name=self._name,
                    no_echo=True,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,  # type: ignore[arg-type]
                    connect_timeout=2,
                    allow_reconnect=True,
                    error_cb=self._error,
                    disconnected_cb=self._disconnected,
                    reconnected_cb=self._connected,
                )
                for subject, handler in self._subscriptions:
                    await self.client.subscribe(
                        subject,
                        cb=handler,
                        pending_msgs_limit=_PENDING_MESSAGES,
                        pending_bytes_limit=_PENDING_BYTES,
                    )
                await self._connected()
                return
            except (OSError, nats.errors.Error, TimeoutError) as error:
                _log.warning("nats_unreachable", error=repr(error), next_try_seconds=pause)
                await self._abandon()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)

    async def _abandon(self) -> None:
        """Drop a client whose first connect failed; a half-made one cannot be used again."""
        try:
            async with asyncio.timeout(1):
                await self.client.close()
        except Exception as error:
            _log.debug("nats_close_failed", error=repr(error))
        self.client = Client()

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting and self.client.is_connected:
                subject, payload, headers, reply = self._next()
                try:
                    await self.client.publish(subject, payload, reply, headers)
                except Exception as error:
                    _DROPPED.inc()
                    _log.debug("nats_publish_failed", error=repr(error))

    async def _connected(self) -> None:
        _CONNECTED.set(1)
        _log.info("nats_connected")
        self._wake.set()
        self._on_trouble()
        for earlier in self._setups:
            earlier.cancel()
        for callback in self._on_connect:
            task = asyncio.get_running_loop().create_task(_until_done(callback))
            self._setups.add(task)
            task.add_done_callback(self._setups.discard)

    async def _disconnected(self) -> None:
        _CONNECTED.set(0)
        _log.warning("nats_disconnected")

    async def _error(self, error: Exception) -> None:
        if isinstance(error, SlowConsumerError):
            self._on_trouble()
        _log.warning("nats_error", error=repr(error))


async def _until_done(callback: Callable[[], Awaitable[None]]) -> None:
    """A cluster that has no leader yet refuses; meanwhile the relay does without."""
    pause = 0.25
    while True:
        try:
            await callback()
            return
        except Exception as error:
            _log.warning("nats_setup_failed", error=repr(error), next_try_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, 5.0)


def _login_of(url: str) -> dict[str, Any]:
    """The login in a URL, as options: those of the cluster's servers that nobody named come without one."""
    parts = urlsplit(url)
    if parts.username is None:
        return {}
    if parts.password is None:
        return {"token": parts.username}
    return {"user": parts.username, "password": parts.password}
