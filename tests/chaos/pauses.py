"""How long the service was away: the longest stretches of a history in which nothing came. Pure."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from tests.chaos.history import History, Outcome

# a fault is felt for some time after its repair
_AFTERWARDS_SECONDS = 5.0


class Pause(NamedTuple):
    """Seconds without an acknowledged order, and without an event that anybody saw."""

    orders: float
    events: float


def pauses(history: History) -> dict[str, Pause]:
    """The longest of each kind of fault, from its beginning to 5 s after its end."""
    placed = [call for call in history.calls if call.name == "order.place"]
    answered = [call.ended_at for call in placed if call.outcome is Outcome.ACKNOWLEDGED]
    told = [step.at for step in history.steps]
    last = max(answered, default=0.0)
    longest: dict[str, Pause] = {}
    for fault in history.faults:
        begin, end = fault.began_at, max(fault.began_at, min(fault.ended_at + _AFTERWARDS_SECONDS, last))
        known = longest.get(fault.kind, Pause(0.0, 0.0))
        longest[fault.kind] = Pause(
            max(known.orders, longest_pause(answered, begin, end)),
            max(known.events, longest_pause(told, begin, end)),
        )
    return longest


def longest_pause(moments: Iterable[float], begin: float, end: float) -> float:
    """Seconds of the longest stretch between `begin` and `end` in which none of the moments lies."""
    inside = sorted(moment for moment in moments if begin < moment < end)
    edges = [begin, *inside, end]
    return max(later - earlier for earlier, later in pairwise(edges))
