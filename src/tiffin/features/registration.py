"""What a feature hands to `app.wiring`: kernel and app know no feature by name."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter
from starlette.routing import BaseRoute

from tiffin.db import Transaction
from tiffin.realtime import AnyCommand, TopicKind
from tiffin.realtime.sse import ReadSnapshot
from tiffin.work import AnyConsumer, AnyLongConsumer, Postpone


@dataclass(frozen=True, slots=True)
class Stream:
    """An SSE resource of its own, `path` with `{id}`: it begins with a snapshot and ends with its topic."""

    path: str
    topic_of: Callable[[UUID], str]
    read: ReadSnapshot
    # event types after which nothing more can happen
    final_types: frozenset[str]
    # how long the stream stays open after the end
    linger_seconds: float
    summary: str


@dataclass(frozen=True, slots=True)
class Feature:
    """Everything one feature offers; leave out what it does not have."""

    name: str
    # each with the prefix V1
    routers: tuple[APIRouter, ...] = ()
    streams: tuple[Stream, ...] = ()
    topics: tuple[TopicKind, ...] = ()
    commands: tuple[AnyCommand, ...] = ()
    consumers: tuple[AnyConsumer, ...] = ()
    # work that takes longer than a transaction, done by processes with the role `images`
    long_consumers: tuple[AnyLongConsumer, ...] = ()
    # what those processes run beside it, for ever
    upkeep: tuple[Callable[[], Coroutine[None, None, None]], ...] = ()
    # plain ASGI endpoints outside the API, such as files
    files: tuple[BaseRoute, ...] = ()
    # patterns of paths whose requests may have larger bodies, and how large, in bytes
    large_bodies: tuple[tuple[str, int], ...] = ()
    # housekeeping, run about once a minute by one node, each in a transaction of its own
    chores: tuple[Callable[[Transaction], Awaitable[None]], ...] = ()
    # moves the deadlines it shows when all timers are postponed, in the same transaction
    postpone: Postpone | None = None
