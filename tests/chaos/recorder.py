"""Writing histories: every client writes what it calls, where it stands and what it sees as it happens."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from tests.chaos.history import Call, History, Outcome, Right, Seen, Stood

from tiffin.client import CommandError, ConnectionLost, Disconnected, Event, ProblemError
from tiffin.client.http import Json
from tiffin.client.positions import Position

# told of every step, in the order in which the application had it
Note = Callable[[Stood | Seen], None]

_UNKNOWN = (ConnectionLost, TimeoutError, Disconnected, OSError)


def stood(client: str, topic: str, position: str) -> Stood:
    """A step to a snapshot's position."""
    epoch, seq = Position.parse(position)
    return Stood(client, topic, epoch, seq, time.monotonic())


def seen(client: str, event: Event) -> Stood | Seen:
    """What the application was given; the snapshot an order's stream begins with is a position."""
    if event.type == "snapshot":
        return Stood(client, event.topic, event.epoch, event.seq, time.monotonic())
    committed_at = datetime.fromisoformat(event.at).timestamp()
    return Seen(client, event.topic, event.epoch, event.seq, event.type, committed_at, time.monotonic())


class Recorder:
    """One run's history as it grows."""

    def __init__(self) -> None:
        self.history = History()
        # newest position of each client in each topic
        self.places: dict[tuple[str, str], tuple[str, int]] = {}

    def note(self, step: Stood | Seen) -> None:
        """A client stood or saw."""
        self.history.steps.append(step)
        self.places[step.client, step.topic] = (step.epoch, step.seq)

    def follows(self, client: str, topic: str, *, to_the_end: bool = True) -> None:
        """A client may read a topic, and must be at its head in the end."""
        self.history.rights.append(Right(client, topic))
        if to_the_end:
            self.history.followed.add((client, topic))

    def ends(self, client: str, topic: str) -> None:
        """From now on the client may no longer read the topic."""
        rights = self.history.rights
        index = next(i for i, right in enumerate(rights) if (right.client, right.topic) == (client, topic))
        rights[index] = Right(client, topic, time.monotonic(), time.time())

    async def call(
        self,
        asking: Awaitable[Json],
        *,
        client: str,
        account: str,
        name: str,
        key: str = "",
        order_id: str = "",
        state: str = "",
    ) -> tuple[Outcome, Json]:
        """Make a call and write down what became of it; cancelled, its outcome is unknown. The answer is {} if there
        is none; an order's id is taken from it where `order_id` is not given."""
        invoked_at = time.monotonic()
        answer: Json = {}
        outcome, error = Outcome.UNKNOWN, "cancelled"
        try:
            answer = await asking
            outcome, error = Outcome.ACKNOWLEDGED, ""
            order_id = order_id or answer.get("order_id", "")
        except (ProblemError, CommandError) as refusal:
            outcome = Outcome.UNKNOWN if refusal.is_temporary else Outcome.REFUSED
            error = str(refusal)
        except _UNKNOWN as loss:
            error = repr(loss)
        except asyncio.CancelledError:
            error = ""
            raise
        finally:
            ended_at = time.monotonic()
            self.history.calls.append(
                Call(client, account, name, key, order_id, state, invoked_at, ended_at, outcome, error)
            )
        return outcome, answer
