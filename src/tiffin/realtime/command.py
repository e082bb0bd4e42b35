"""Commands: what a socket may send, registered by features.

A command that changes anything carries an id from the client and is idempotent by it in the feature; the kernel
answers each with exactly one `ok` or `error`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from tiffin.base.principal import Principal

B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the command: the principal and the device it named in its `hello`."""

    principal: Principal
    device_id: UUID


@dataclass(frozen=True, slots=True)
class Command(Generic[B]):
    """One thing a socket may ask for. `handle` may raise any `TiffinError`; it becomes the `error` answer."""

    name: str
    body: type[B]
    handle: Callable[[Caller, B], Awaitable[BaseModel | None]]
    summary: str
    # the shape of the answer's `data`, for AsyncAPI; None where there is none
    answer: type[BaseModel] | None = None


AnyCommand = Command[Any]
