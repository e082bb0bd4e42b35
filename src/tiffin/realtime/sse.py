"""Server-sent events: the subscriber that writes them, and the plain ASGI endpoints.

Stream endpoints stand outside the per-request machinery, so that an idle stream holds a few KB. They accept GET on
HTTP/1.1 alone (a raw body after HEAD would poison a kept-alive connection, uvicorn would chunk HTTP/1.0) and answer
`Connection: close`. An EventSource gives up for good on an error status, so what may pass (an expired login,
overload, a drain) is told in a stream: 200, `retry`, `bye`.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import orjson
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from tiffin.base.errors import NotFound, TiffinError, Unauthenticated, Unavailable
from tiffin.base.principal import Principal
from tiffin.http.authentication import Authenticator, read_credential
from tiffin.http.problems import problem_response
from tiffin.realtime.disconnect import DONE, DRAIN, OVERLOAD, UNAUTHENTICATED, Disconnect
from tiffin.realtime.encoding import Batch, LatestValue, chunk, sse_block
from tiffin.realtime.hub import Hub
from tiffin.realtime.subscriber import Subscriber, Subscription
from tiffin.realtime.topic import Position
from tiffin.realtime.transport import open_link

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"connection", b"close"),
]
_END_SECONDS = 5.0


class SseSubscriber(Subscriber):
    """One event stream."""

    def __init__(self, hub: Hub, principal: Principal | None, topics: list[str]) -> None:
        super().__init__(hub, principal)
        # in the order of the URL, which is the order of the cursor
        self.topics = topics
        # resolved when the response should be ended
        self.ended: asyncio.Future[None] = hub.loop.create_future()
        # types after which nothing can happen; the stream lives `linger_seconds` longer
        self.final_types: frozenset[str] = frozenset()
        self.linger_seconds = 0.0
        self._single = len(topics) == 1
        # positions as the client named them, for topics that are not attached (yet)
        self._named: dict[str, Position | None] = {}

    @property
    def cursor(self) -> str:
        """The positions of all topics, as they stand in `Last-Event-ID`."""
        return ";".join(self._position(topic) for topic in self.topics)

    def _position(self, topic: str) -> str:
        subscription = self.subscriptions.get(topic)
        position = subscription.position if subscription is not None else self._named.get(topic)
        return "-" if position is None else str(position)

    def name_positions(self, positions: Mapping[str, Position | None]) -> None:
        """Keep what the client said, so that the first id does not lose it."""
        self._named = dict(positions)

    def begin(self) -> None:
        """The first bytes: when to come back, and where the client stands."""
        self.send(b"retry: %d\nid: %b\n\n" % (random.randint(2000, 6000), self.cursor.encode()))

    def deliver(self, subscription: Subscription, batch: Batch) -> None:
        link = self.link
        assert link is not None
        if self._single and not subscription.lost:
            if self._turn or not link.framed:
                self.send(batch.blocks_with_id)
            else:
                link.write(batch.chunk_with_id)
        else:
            self.send(batch.blocks)
        if self.final_types and any(event.type in self.final_types for event in batch.events):
            self.ends_at = min(self.ends_at, time.monotonic() + self.linger_seconds)
            self.ends_with = DONE

    def write_sync(
        self, topic: str, *, position: Position | None, to: int = 0, epoch: str = "", reason: str | None = None
    ) -> None:
        self._named.pop(topic, None)
        self.send(sse_block("sync", sync_json(topic, position=position, to=to, epoch=epoch, reason=reason)))

    def write_latest(self, value: LatestValue) -> None:
        self.send(value.block)

    def write_snapshot(self, body: bytes, position: Position) -> None:
        """The state now, for a plain resource that was opened without a position."""
        self.send(sse_block("snapshot", body, str(position)))

    def write_heartbeat(self) -> None:
        self.send(sse_block("heartbeat", heartbeat_json()))

    def _flush_turn(self) -> None:
        payload = b"".join(self._turn)
        self._turn.clear()
        if not payload or self.link is None:
            return
        if not self._single or any(sub.lost for sub in self.subscriptions.values()):
            payload += b"id: %b\n\n" % self.cursor.encode()
        self.last_write = self.hub.now
        self.link.write(chunk(payload) if self.link.framed else payload)

    def _write_end(self, disconnect: Disconnect, after_ms: int) -> None:
        assert self.link is not None
        bye = sse_block("bye", bye_json(disconnect, after_ms))
        self.link.write(chunk(bye) if self.link.framed else bye)
        self.link.close_output()

    def _has_ended(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def sync_json(topic: str, *, position: Position | None, to: int, epoch: str, reason: str | None) -> bytes:
    """The body of a `sync`."""
    body: dict[str, Any] = {"topic": topic, "ok": reason is None}
    if reason is not None:
        body["reason"] = reason
    if epoch:
        body |= {"epoch": epoch, "from": position.seq if position else to, "to": to}
    return orjson.dumps(body)


def heartbeat_json() -> bytes:
    """The body of a heartbeat."""
    return orjson.dumps({"at": datetime.now(UTC)}, option=orjson.OPT_UTC_Z)


def bye_json(disconnect: Disconnect, after_ms: int) -> bytes:
    """The body of a `bye`."""
    return orjson.dumps(
        {
            "reason": disconnect.reason,
            "code": disconnect.code,
            "come_back": disconnect.come_back,
            "after_ms": after_ms,
        }
    )


def parse_cursor(text: str, topics: list[str]) -> dict[str, Position | None]:
    """The positions in a cursor, by topic; one of another length fits none of them."""
    parts = text.split(";")
    if len(parts) != len(topics):
        return dict.fromkeys(topics)
    return {topic: Position.parse(part) for topic, part in zip(topics, parts, strict=True)}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state a plain resource begins with. `over`: nothing more can happen, and the linger has passed."""

    body: bytes
    position: Position
    # seconds until the stream ends, for a state after which nothing can happen; None while something can
    ends_in_seconds: float | None = None


# reads the snapshot of one resource for a principal; raises TiffinError
ReadSnapshot = Callable[[Principal | None, UUID], Awaitable[Snapshot]]


class Streams:
    """`GET /v1/events` as a plain ASGI endpoint, and what makes the other stream endpoints of a node.

    An idle stream keeps the frames of all coroutines that wait for its end, so there are few, with few variables.
    """

    def __init__(self, hub: Hub, authenticator: Authenticator, origins: frozenset[str], *, max_topics: int) -> None:
        self.hub = hub
        self._authenticator = authenticator
        self._origins = origins
        self._max_topics = max_topics

    async def principal(self, scope: Scope) -> Principal | None:
        """Who opens the stream. Raises Unauthenticated, ForbiddenOrigin."""
        credential = read_credential(
            Headers(scope=scope), self._origins, unsafe=False, query_string=scope["query_string"]
        )
        return None if credential is None else await self._authenticator.authenticate(credential)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Any topics the caller may read."""
        if not await accepts_stream(scope, receive, send):
            return
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=self._max_topics + 10)
        topics = list(dict.fromkeys(query.get("topic", [])))
        if not 0 < len(topics) <= self._max_topics:
            detail = f"Name 1 to {self._max_topics} topics as ?topic=…&topic=…"
            await problem_response(422, "Unprocessable Content", "topics_missing", detail)(scope, receive, send)
            return
        positions = parse_cursor(Headers(scope=scope).get("last-event-id") or query.get("since", [""])[0], topics)
        del query

        async def attach(subscriber: SseSubscriber) -> None:
            await self.hub.open(subscriber, positions)

        await self._stream(scope, receive, send, topics, positions, attach)

    def resource(
        self, topic_of: Callable[[UUID], str], read: ReadSnapshot, final_types: frozenset[str], linger_seconds: float
    ) -> "Resource":
        """The endpoint of one plain resource, such as `/v1/orders/{id}/events`."""
        return Resource(self, topic_of, read, final_types, linger_seconds)

    async def _stream(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        topics: list[str],
        positions: Mapping[str, Position | None],
        attach: Callable[[SseSubscriber], Awaitable[None]],
    ) -> None:
        subscriber = SseSubscriber(self.hub, None, topics)
        subscriber.name_positions(positions)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if self.hub.draining:
            await _say_bye(send, DRAIN)
            return
        self.hub.count_connection("sse", 1)
        try:
            watcher = await self._begin(scope, receive, send, subscriber, attach)
            await subscriber.ended
            if watcher is not None:
                watcher.cancel()
            await _end(send, subscriber)
        finally:
            self.hub.detach(subscriber)
            self.hub.count_connection("sse", -1)

    async def _begin(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        subscriber: SseSubscriber,
        attach: Callable[[SseSubscriber], Awaitable[None]],
    ) -> "asyncio.Task[None] | None":
        """Write the first bytes and attach the topics. Returns what watches for the client to leave, if it must."""

        async def send_payload(payload: bytes) -> None:
            await send({"type": "http.response.body", "body": payload, "more_body": True})

        subscriber.link = link = open_link(scope, subscriber, send_payload)
        watcher = None if link.framed else asyncio.create_task(_watch_disconnect(receive, subscriber))
        subscriber.begin()
        try:
            subscriber.principal = await self.principal(scope)
            await attach(subscriber)
        except TiffinError as error:
            subscriber.finish(_reason_of(error), after_ms=random.randint(1000, 4000))
        scope["headers"].clear()  # an idle stream keeps nothing that nobody reads again
        return watcher


class Resource:
    """A stream of one topic that begins with a snapshot and ends when nothing more can happen."""

    def __init__(
        self,
        streams: Streams,
        topic_of: Callable[[UUID], str],
        read: ReadSnapshot,
        final_types: frozenset[str],
        linger_seconds: float,
    ) -> None:
        self._streams = streams
        self._topic_of = topic_of
        self._read = read
        self._final_types = final_types
        self._linger_seconds = linger_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await accepts_stream(scope, receive, send):
            return
        try:
            key = UUID(scope["path_params"]["id"])
        except ValueError:
            await _problem(NotFound(), 404)(scope, receive, send)
            return
        query = parse_qs(scope["query_string"].decode("latin-1"))
        cursor = Headers(scope=scope).get("last-event-id") or query.get("since", [""])[0]
        topic, position = self._topic_of(key), Position.parse(cursor)
        try:
            principal = await self._streams.principal(scope)
            snapshot = await self._read(principal, key)
        except (Unauthenticated, Unavailable) as error:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _say_bye(send, _reason_of(error))
            return
        except TiffinError as error:
            await _problem(error, 404 if isinstance(error, NotFound) else 403)(scope, receive, send)
            return
        over = snapshot.ends_in_seconds is not None and snapshot.ends_in_seconds <= 0
        if over and position == snapshot.position:  # who has not seen the end yet is given it first
            await send({"type": "http.response.start", "status": 204, "headers": [(b"connection", b"close")]})
            await send({"type": "http.response.body", "body": b""})
            return

        async def attach(subscriber: SseSubscriber) -> None:
            await self._attach(subscriber, topic, key, position, snapshot)

        await self._streams._stream(scope, receive, send, [topic], {topic: position}, attach)

    async def _attach(
        self, subscriber: SseSubscriber, topic: str, key: UUID, position: Position | None, snapshot: Snapshot
    ) -> None:
        hub = self._streams.hub
        subscriber.final_types = self._final_types
        subscriber.linger_seconds = self._linger_seconds
        if position is None or position.epoch != snapshot.position.epoch:
            position = snapshot.position
            subscriber.write_snapshot(snapshot.body, position)
        await hub.open(subscriber, {topic: position})
        # otherwise the end is among the events that are missing, and ends the stream when it has been written
        if snapshot.ends_in_seconds is not None and position == snapshot.position:
            subscriber.ends_at = min(subscriber.ends_at, time.monotonic() + max(0.0, snapshot.ends_in_seconds))
            subscriber.ends_with = DONE


async def accepts_stream(scope: Scope, receive: Receive, send: Send) -> bool:
    """True for GET on HTTP/1.1 or newer; otherwise the refusal has been sent."""
    if scope["method"] != "GET":
        detail = "A stream is opened with GET."
        answer = problem_response(405, "Method Not Allowed", "method_not_allowed", detail, None, {"allow": "GET"})
    elif scope["http_version"] == "1.0":
        detail = "Streams need HTTP/1.1; a proxy in between speaks HTTP/1.0 (nginx: proxy_http_version 1.1)."
        answer = problem_response(505, "HTTP Version Not Supported", "http_version", detail)
    else:
        return True
    await answer(scope, receive, send)
    return False


async def _end(send: Send, subscriber: SseSubscriber) -> None:
    """Finish the response, or cut the connection off if that takes too long."""
    with suppress(Exception):
        async with asyncio.timeout(_END_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
    if subscriber.link is not None:
        subscriber.link.abort()


def _problem(error: TiffinError, status: int) -> Any:
    return problem_response(status, HTTPStatus(status).phrase, error.code, str(error))


def _reason_of(error: TiffinError) -> Disconnect:
    return OVERLOAD if isinstance(error, Unavailable) else UNAUTHENTICATED


async def _say_bye(send: Send, disconnect: Disconnect) -> None:
    after_ms = random.randint(500, 4000)
    body = b"retry: %d\n\n" % random.randint(2000, 6000) + sse_block("bye", bye_json(disconnect, after_ms))
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _watch_disconnect(receive: Receive, subscriber: SseSubscriber) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscriber.on_lost()
