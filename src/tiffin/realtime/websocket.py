"""The WebSocket: one socket a client, for topics and commands.

Everything the server sends is a text frame with one JSON object, written straight to the transport; only accept and
close go through the ASGI server. Commands of one socket run one after the other, in the order they came; events flow
meanwhile. Reading stops while a command runs, so a client cannot pile up work.
"""

import asyncio
import random
from contextlib import suppress
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from tiffin.base.errors import Forbidden, RateLimited, TiffinError, Unavailable
from tiffin.base.principal import Principal
from tiffin.base.telemetry import get_logger
from tiffin.http.authentication import Authenticator, read_credential
from tiffin.http.limits import RateLimiter
from tiffin.realtime import disconnect as reasons
from tiffin.realtime.command import AnyCommand, Caller
from tiffin.realtime.disconnect import Disconnect
from tiffin.realtime.encoding import Batch, LatestValue, text_frame
from tiffin.realtime.hub import Hub
from tiffin.realtime.presence import Presence
from tiffin.realtime.protocol import (
    SUBPROTOCOL,
    Ack,
    ClientMessage,
    CommandMessage,
    Hello,
    Malformed,
    Ping,
    Subscribe,
    Unsubscribe,
    parse_frame,
    parse_positions,
)
from tiffin.realtime.sse import heartbeat_json, sync_json
from tiffin.realtime.subscriber import Subscriber, Subscription
from tiffin.realtime.topic import Position, TopicKinds
from tiffin.realtime.transport import open_link

_log = get_logger("realtime.websocket")

_HELLO_SECONDS = 5.0
_END_SECONDS = 5.0
_COMMANDS_PER_SECOND = 50
_MOST_MALFORMED = 20


class SocketSubscriber(Subscriber):
    """One WebSocket."""

    def __init__(self, hub: Hub, principal: Principal, send: Send) -> None:
        super().__init__(hub, principal)
        # named by the client's hello
        self.device_id: UUID | None = None
        # sends the close frame; the endpoint may not return before it has
        self.closing: asyncio.Task[None] | None = None
        self._asgi_send = send
        # who waits for the link to take answers again
        self._room: asyncio.Future[None] | None = None
        # a socket acts for its session even where it reads nothing
        self._session = hub.watch(hub.access.own_topic(principal), self.recheck)

    @property
    def knows_its_session(self) -> bool:
        """True while the node would have noticed the end of the session or a change of roles."""
        return self.hub.is_fresh and self._session.topic.epoch is not None and not self.is_rechecking

    def forget_session(self) -> None:
        """The connection has ended."""
        self.hub.unwatch(self._session)

    def deliver(self, subscription: Subscription, batch: Batch) -> None:
        assert self.link is not None
        if self.link.framed:
            self.send(batch.frames)
        else:
            for event in batch.events:
                self.send(b'{"type":"event","event":%b}' % event.json)

    def write_latest(self, value: LatestValue) -> None:
        assert self.link is not None
        self.send(value.frame if self.link.framed else value.message)

    def say(self, payload: bytes) -> None:
        """Send one JSON object."""
        if self.is_open:
            assert self.link is not None
            self.send(text_frame(payload) if self.link.framed else payload)

    def write_sync(
        self, topic: str, *, position: Position | None, to: int = 0, epoch: str = "", reason: str | None = None
    ) -> None:
        body = sync_json(topic, position=position, to=to, epoch=epoch, reason=reason)
        self.say(b'{"type":"sync",%b' % body[1:])

    def write_heartbeat(self) -> None:
        self.say(b'{"type":"heartbeat",%b' % heartbeat_json()[1:])

    def answer(self, message_id: str, data: BaseModel | None = None) -> None:
        """The one answer to a message that succeeded."""
        body = b"null" if data is None else data.model_dump_json().encode()
        self.say(b'{"type":"ok","id":%b,"data":%b}' % (orjson.dumps(message_id), body))

    def refuse(self, message_id: str | None, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        """The one answer to a message that failed."""
        body = {"type": "error", "id": message_id, "code": code, "message": message, "details": details or {}}
        self.say(orjson.dumps(body, default=str))

    def _flush_turn(self) -> None:
        turn, self._turn = self._turn, []
        if self.link is None or not turn:
            return
        self.last_write = self.hub.now
        if self.link.framed:
            self.link.write(b"".join(turn))
        else:
            for payload in turn:
                self.link.write(payload)

    def _write_end(self, disconnect: Disconnect, after_ms: int) -> None:
        assert self.link is not None
        self.link.close_output()
        self.closing = self.hub.loop.create_task(self._close(disconnect))

    async def _close(self, disconnect: Disconnect) -> None:
        with suppress(Exception):
            async with asyncio.timeout(_END_SECONDS):
                close = {"type": "websocket.close", "code": disconnect.code, "reason": disconnect.reason}
                await self._asgi_send(close)
                return
        if self.link is not None:
            self.link.abort()

    def _has_ended(self) -> None:
        """The endpoint's loop sees the disconnect in `receive`."""
        self._make_room()

    def on_drained(self) -> None:
        super().on_drained()
        self._make_room()

    def _make_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def until_writable(self) -> None:
        """Wait while the client takes no answers; until the connection has ended, at the latest."""
        while self.is_open and not self.is_writable:
            self._room = self.hub.loop.create_future()
            await self._room


class SocketEndpoint:
    """`GET /v1/socket` as a plain ASGI endpoint."""

    def __init__(
        self,
        hub: Hub,
        authenticator: Authenticator,
        kinds: TopicKinds,
        commands: tuple[AnyCommand, ...],
        presence: Presence,
        origins: frozenset[str],
        *,
        max_topics: int,
        heartbeat_seconds: float,
    ) -> None:
        self._hub = hub
        self._authenticator = authenticator
        self._kinds = kinds
        self._commands = {command.name: command for command in commands}
        self._presence = presence
        self._origins = origins
        self._max_topics = max_topics
        self._heartbeat_seconds = heartbeat_seconds
        self._limiter = RateLimiter(_COMMANDS_PER_SECOND * 4, 4.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        offered = scope.get("subprotocols") or []
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in offered else None
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        refusal = reasons.DRAIN if self._hub.draining else None
        principal = None
        try:
            principal = await self._principal(scope)
        except Forbidden:
            refusal = reasons.FORBIDDEN_ORIGIN
        except Unavailable:
            refusal = reasons.OVERLOAD
        except TiffinError:
            refusal = reasons.UNAUTHENTICATED
        if principal is None or refusal is not None:
            refusal = refusal or reasons.UNAUTHENTICATED
            await send({"type": "websocket.close", "code": refusal.code, "reason": refusal.reason})
            return
        await self._serve(scope, receive, send, SocketSubscriber(self._hub, principal, send))

    async def _principal(self, scope: Scope) -> Principal | None:
        credential = read_credential(
            Headers(scope=scope), self._origins, unsafe=True, query_string=scope["query_string"]
        )
        return None if credential is None else await self._authenticator.authenticate(credential)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, subscriber: SocketSubscriber) -> None:
        async def send_payload(payload: bytes) -> None:
            await send({"type": "websocket.send", "text": payload.decode()})

        subscriber.link = open_link(scope, subscriber, send_payload)
        scope["headers"].clear()  # an idle socket keeps nothing that nobody reads again
        self._hub.count_connection("websocket", 1)
        timer = self._hub.loop.call_later(_HELLO_SECONDS, self._expect_hello, subscriber)
        malformed = 0
        try:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive" or subscriber.ended_by is not None:
                    break
                malformed += await self._take(subscriber, message.get("text"))
                if malformed > _MOST_MALFORMED:
                    subscriber.finish(reasons.MALFORMED)
        finally:
            timer.cancel()
            subscriber.on_lost()
            subscriber.forget_session()
            if subscriber.closing is not None:
                await subscriber.closing
            self._presence.leave(subscriber.id)
            self._hub.count_connection("websocket", -1)

    @staticmethod
    def _expect_hello(subscriber: SocketSubscriber) -> None:
        if subscriber.device_id is None:
            subscriber.finish(reasons.HELLO_TIMEOUT)

    async def _take(self, subscriber: SocketSubscriber, text: str | None) -> int:
        """Handle one frame. Returns how many of its messages were malformed."""
        if text is None:
            subscriber.finish(reasons.MALFORMED)
            return 1
        try:
            messages = parse_frame(text)
        except Malformed as error:
            subscriber.refuse(None, "malformed", str(error))
            return 1
        malformed = 0
        for message in messages:
            await subscriber.until_writable()  # who does not read is not read either
            if subscriber.ended_by is not None:
                break
            if isinstance(message, Malformed):
                malformed += 1
                subscriber.refuse(message.message_id, "malformed", str(message))
            else:
                await self._handle(subscriber, message)
        return malformed

    async def _handle(self, subscriber: SocketSubscriber, message: ClientMessage) -> None:
        message_id = getattr(message, "id", None)
        if subscriber.device_id is None and not isinstance(message, Hello):
            subscriber.refuse(message_id, "hello_first", "Send hello before anything else.")
            return
        try:
            match message:
                case Hello():
                    await self._hello(subscriber, message)
                case Subscribe():
                    await self._subscribe(subscriber, message)
                case Unsubscribe():
                    self._unsubscribe(subscriber, message)
                case Ack():
                    await self._ack(subscriber, message)
                case CommandMessage():
                    await self._command(subscriber, message)
                case Ping():
                    subscriber.answer(message.id)
        except TiffinError as error:
            subscriber.refuse(message_id, error.code, str(error), error.details)
        except Exception:
            _log.exception("socket_message_failed", kind=message.type)
            subscriber.refuse(message_id, "internal_error", "This is a fault on our side; try again.")

    async def _hello(self, subscriber: SocketSubscriber, message: Hello) -> None:
        if subscriber.device_id is not None:
            subscriber.refuse(None, "malformed", "hello is sent once.")
            return
        subscriber.device_id = message.device_id
        hello = {
            "type": "hello",
            "connection_id": subscriber.id,
            "heartbeat_ms": int(self._heartbeat_seconds * 1000),
        }
        subscriber.say(orjson.dumps(hello))
        await self._open(subscriber, message.topics, message.device)

    async def _subscribe(self, subscriber: SocketSubscriber, message: Subscribe) -> None:
        subscriber.answer(message.id)
        for topic in message.topics:
            self._hub.close_subscription(subscriber, topic)
        await self._open(subscriber, message.topics, "")

    async def _open(self, subscriber: SocketSubscriber, topics: dict[str, str | None], device: str) -> None:
        positions = parse_positions(topics)
        if len(subscriber.subscriptions) + len(positions) > self._max_topics:
            subscriber.refuse(None, "too_many_topics", f"A connection follows at most {self._max_topics} topics.")
            return
        try:
            await self._hub.open(subscriber, positions)
        except Unavailable:
            subscriber.finish(reasons.LOST)
            return
        self._enter(subscriber, positions, device)

    def _enter(self, subscriber: SocketSubscriber, topics: dict[str, Position | None], device: str) -> None:
        for topic in topics:
            found = self._kinds.find(topic)
            if found is not None and found[0].on_presence and topic in subscriber.subscriptions:
                assert subscriber.principal is not None
                self._presence.enter(topic, subscriber.id, subscriber.principal.account_id, device)

    def _unsubscribe(self, subscriber: SocketSubscriber, message: Unsubscribe) -> None:
        for topic in message.topics:
            self._hub.close_subscription(subscriber, topic)
            self._presence.leave(subscriber.id, topic)
        subscriber.answer(message.id)

    async def _ack(self, subscriber: SocketSubscriber, message: Ack) -> None:
        subscription = subscriber.subscriptions.get(message.topic)
        found = self._kinds.find(message.topic)
        if subscription is None or not subscription.granted or found is None or found[0].on_ack is None:
            return
        assert subscriber.principal is not None
        assert subscriber.device_id is not None
        seq = min(message.seq, subscription.seq)
        await found[0].on_ack(subscriber.principal, subscriber.device_id, message.topic, seq)

    async def _command(self, subscriber: SocketSubscriber, message: CommandMessage) -> None:
        command = self._commands.get(message.name)
        assert subscriber.device_id is not None
        if command is None:
            known = ", ".join(sorted(self._commands))
            subscriber.refuse(message.id, "unknown_command", f"There is no such command; known are: {known}.")
            return
        if subscriber.principal is not None and subscriber.principal.topics is not None:
            raise Forbidden("A stream ticket only reads; log in to act.")
        await self._within_rate(subscriber)
        try:
            body = command.body.model_validate(message.data)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in found["loc"])
            subscriber.refuse(message.id, "invalid_fields", f"{where}: {found['msg']}")
            return
        principal = await self._current(subscriber)
        answer = await command.handle(Caller(principal, subscriber.device_id), body)
        subscriber.answer(message.id, answer)

    async def _current(self, subscriber: SocketSubscriber) -> Principal:
        """Who acts, by what the node knows or else by asking: a session that has ended does nothing more."""
        assert subscriber.principal is not None
        if subscriber.knows_its_session:
            return subscriber.principal
        rights = await self._hub.access.read(subscriber.principal, [])
        if rights.principal is None:
            subscriber.finish(reasons.REVOKED)
            raise Forbidden("The session has ended; log in again.")
        return rights.principal

    async def _within_rate(self, subscriber: SocketSubscriber) -> None:
        """Slow a client down that sends commands faster than it may; it is not cut off."""
        for _ in range(10):
            try:
                self._limiter.take(str(subscriber.id))
                return
            except RateLimited:
                await asyncio.sleep(random.uniform(0.05, 0.15))
        raise RateLimited(1.0)
