"""Facts that make work, and the consumers that do it.

A fact is published once by subject; every registered consumer of that subject gets its own row, so that one
failing consumer never repeats another's effect. A consumer that is new finds no rows of earlier facts.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from tiffin.db import Transaction


class Fact(BaseModel):
    """What work is about. `subject` names it, such as `order.placed`; the fields are the row's payload.

    `long`: its consumers work outside the database for a while (see `long_work`).
    `by_calendar`: its delay means a date, which an outage does not postpone (see `beat`).
    """

    model_config = ConfigDict(frozen=True)

    subject: ClassVar[str]
    long: ClassVar[bool] = False
    by_calendar: ClassVar[bool] = False


F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Consumer(Generic[F]):
    """Who does the work of one subject. `name` must stand in the table `work_consumer` (a migration puts it there).

    `handle` runs inside the transaction that deletes the row: its effect on the database happens exactly once.
    It must load the state and compare before it sets, since no order is promised between rows. It may not call
    anything outside the database.
    """

    name: str
    fact: type[F]
    handle: Callable[[Transaction, F], Awaitable[None]]


AnyConsumer = Consumer[Any]
