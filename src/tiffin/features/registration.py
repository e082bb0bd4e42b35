"""What a feature hands to `app.wiring`: kernel and app know no feature by name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.types import ASGIApp

from tiffin.realtime import AnyCommand, TopicKind
from tiffin.work import AnyConsumer


@dataclass(frozen=True, slots=True)
class Stream:
    """An SSE resource of its own: a plain ASGI endpoint outside the per-request machinery."""

    path: str
    endpoint: ASGIApp
    summary: str


@dataclass(frozen=True, slots=True)
class Feature:
    """Everything one feature offers; leave out what it does not have."""

    name: str
    # mounted under /v1
    router: APIRouter | None = None
    streams: tuple[Stream, ...] = ()
    topics: tuple[TopicKind, ...] = ()
    commands: tuple[AnyCommand, ...] = ()
    consumers: tuple[AnyConsumer, ...] = ()
    # housekeeping, run about once a minute by one node
    chores: tuple[Callable[[], Awaitable[None]], ...] = ()
