"""The queue: JetStream spreads rows of work over nodes within milliseconds.

A message is a row's id and the attempt it is claimed for. It is acknowledged when the row has been looked at, whatever
came of it: rows drive retries, JetStream never does. Nothing here is trusted: what is lost, late or repeated, the
relay and the row's claim make good. Stream and consumers are made again after every reconnect, since a wiped server
has forgotten them.

Each consumer keeps one pull request open that asks for as many rows as it has room for; the server answers it as
work comes. A request that stays silent is made anew, so a subscription can never be dead for long.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import orjson
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError

from tiffin.base.errors import Unavailable
from tiffin.base.telemetry import get_logger
from tiffin.nats import NatsConnection
from tiffin.work.long_work import LongRunner
from tiffin.work.outbox import Handover
from tiffin.work.runner import Claim, Runner

_log = get_logger("work.queue")

STREAM = "TIFFIN_WORK"
_SUBJECT = "tiffin.work"
_BATCH = 32
_EXPIRES_SECONDS = 5.0
_SILENCE_SECONDS = 8.0
_ACK_WAIT_SECONDS = 30.0


def _token(consumer: str) -> str:
    return consumer.replace(".", "_")


def stream_config(replicas: int = 1) -> StreamConfig:
    """The one stream: short-lived hints; `discard: new`, since the default would drop the oldest work."""
    return StreamConfig(
        name=STREAM,
        subjects=[f"{_SUBJECT}.*"],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_age=60,
        max_msgs=1_000_000,
        duplicate_window=60,
        num_replicas=replicas,
    )


class Handing:
    """Hands rows to the queue after their commit, without waiting for it."""

    def __init__(self, nats: NatsConnection) -> None:
        self._nats = nats

    def hand(self, handovers: Sequence[Handover]) -> None:
        """Tell the queue of rows. The message id joins row and attempt, so that a retry is not taken for a double."""
        for handover in handovers:
            self._nats.publish(
                f"{_SUBJECT}.{_token(handover.consumer)}",
                handover.work_id.bytes + handover.attempt.to_bytes(4, "big"),
                {"Nats-Msg-Id": f"{handover.work_id}:{handover.attempt}"},
            )


class Queue:
    """This node's pull requests, one a consumer."""

    def __init__(self, nats: NatsConnection, runner: Runner | LongRunner, *, replicas: int = 1) -> None:
        self._nats = nats
        self._runner = runner
        # servers of a NATS cluster that keep the stream
        self._replicas = replicas
        self._tasks: list[asyncio.Task[None]] = []
        batch = runner.concurrency if isinstance(runner, LongRunner) else _BATCH
        self._pulls = [_Pull(nats, name, runner.run, batch) for name in runner.consumers]
        nats.on_connect(self._set_up)

    def start(self) -> None:
        """Begin to pull."""
        self._tasks = [asyncio.get_running_loop().create_task(pull.keep()) for pull in self._pulls]

    async def stop(self) -> None:
        """Stop pulling, and let what runs finish."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(pull.finish() for pull in self._pulls))

    async def _set_up(self) -> None:
        jetstream = self._nats.client.jetstream(timeout=5)
        config = stream_config(self._replicas)
        try:
            await jetstream.add_stream(config)
        except BadRequestError:  # it is there, with other settings than ours
            await jetstream.update_stream(config)
        for pull in self._pulls:
            await jetstream.add_consumer(STREAM, pull.config())
        for pull in self._pulls:
            pull.ask()


class _Pull:
    """One consumer's pull request."""

    def __init__(self, nats: NatsConnection, name: str, run: Callable[[Claim], Awaitable[None]], batch: int) -> None:
        self._nats = nats
        self._batch = batch
        self._consumer = name
        self._token = _token(name)
        self._run = run
        # where the answers come; a subject of this process alone
        self._inbox = f"_INBOX.tiffin.{uuid4().hex}.{self._token}"
        # messages the open request may still bring
        self._open = 0
        self._heard_at = 0.0
        self._room = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        # by the message's reply subject: when to say again that it is being worked on
        self._in_progress: dict[str, asyncio.TimerHandle] = {}
        nats.subscribe(self._inbox, self._receive)

    def config(self) -> ConsumerConfig:
        return ConsumerConfig(
            durable_name=self._token,
            filter_subject=f"{_SUBJECT}.{self._token}",
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_WAIT_SECONDS,
            max_deliver=3,
            max_ack_pending=10_000,
        )

    def ask(self) -> None:
        """Forget the open request and make a new one."""
        self._open = 0
        self._room.set()

    async def keep(self) -> None:
        """Keep a request open while there is room."""
        while True:
            room = self._batch - len(self._running)
            silent = time.monotonic() - self._heard_at > _SILENCE_SECONDS
            if self._nats.is_connected and room > 0 and (self._open <= 0 or silent):
                self._open = room
                self._heard_at = time.monotonic()
                request = {"batch": room, "expires": int(_EXPIRES_SECONDS * 1e9)}
                subject = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self._token}"
                self._nats.publish(subject, orjson.dumps(request), reply=self._inbox)
            self._room.clear()
            try:
                async with asyncio.timeout(1.0):
                    await self._room.wait()
            except TimeoutError:
                pass

    async def finish(self) -> None:
        """Let running rows finish."""
        if self._running:
            await asyncio.wait(self._running, timeout=5)

    async def _receive(self, message: Msg) -> None:
        self._heard_at = time.monotonic()
        if not message.data or not message.reply:  # a status: the request is over, or there is no such consumer
            self.ask()
            return
        self._open -= 1
        task = asyncio.get_running_loop().create_task(self._do(message.data, message.reply))
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: Any) -> None:
        self._running.discard(task)
        if self._open <= 0:
            self._room.set()

    async def _do(self, data: bytes, reply: str) -> None:
        still = asyncio.get_running_loop().call_later(_ACK_WAIT_SECONDS / 3, self._say_in_progress, reply)
        self._in_progress[reply] = still
        try:
            await self._run(Claim(UUID(bytes=data[:16]), self._consumer, int.from_bytes(data[16:], "big")))
        except (Unavailable, ValueError) as error:
            _log.warning("work_left_to_the_relay", error=repr(error))
        except Exception:
            _log.exception("work_failed_unexpectedly")
        finally:
            self._in_progress.pop(reply).cancel()
        self._nats.publish(reply, b"+ACK")

    def _say_in_progress(self, reply: str) -> None:
        """Long work is not to be handed to somebody else while it runs."""
        self._nats.publish(reply, b"+WPI")
        loop = asyncio.get_running_loop()
        self._in_progress[reply] = loop.call_later(_ACK_WAIT_SECONDS / 3, self._say_in_progress, reply)
