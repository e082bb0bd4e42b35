"""What the clients of a simulation really saw, and what follows from it: latencies, lost, twice.

*Lost*: an order that was answered 201 and that a staff device of its restaurant, connected to this day, never showed.
*Twice*: a ticket that the SDK handed to the same device's application as new more than once. Times are seconds of
one process's monotonic clock, so latencies compare like with like.
"""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

# latencies are of the most recent orders
_RECENT = 2000


@dataclass(slots=True)
class PlacedOrder:
    """One order, as far as anybody has seen it."""

    order_id: str
    restaurant_id: str
    # when the client began to send it
    sent_at: float
    answered_at: float | None = None
    # device to when its application had the ticket
    shown_at: dict[str, float] = field(default_factory=dict)
    accepted_at: float | None = None
    confirmed_at: float | None = None
    ended_as: str | None = None


class Ledger:
    """Everything that was seen. Screens may know of an order before its customer has the answer."""

    def __init__(self) -> None:
        self.orders: dict[str, PlacedOrder] = {}
        self.twice = 0
        # restaurant to the devices that must show its orders
        self._devices: dict[str, frozenset[str]] = {}
        # tickets seen of orders that nobody here placed (yet)
        self._early: dict[str, dict[str, float]] = {}
        self._recent: deque[float] = deque(maxlen=_RECENT)

    def expect(self, restaurant_id: str, devices: Iterable[str]) -> None:
        """These devices are connected from now on."""
        self._devices[restaurant_id] = frozenset(devices)

    def placed(self, order_id: str, restaurant_id: str, sent_at: float) -> PlacedOrder:
        """An order was answered 201."""
        order = PlacedOrder(order_id, restaurant_id, sent_at, time.perf_counter())
        order.shown_at = self._early.pop(order_id, {})
        self.orders[order_id] = order
        self._note_latency(order)
        return order

    def shown(self, order_id: str, device: str, *, as_new: bool) -> bool:
        """A device's application has a ticket, by an event (`as_new`) or on a board it loaded. True the first time."""
        order = self.orders.get(order_id)
        shown_at = self._early.setdefault(order_id, {}) if order is None else order.shown_at
        if device in shown_at:
            self.twice += as_new
            return False
        shown_at[device] = time.perf_counter()
        if order is not None:
            self._note_latency(order)
        return True

    def _note_latency(self, order: PlacedOrder) -> None:
        if self.is_on_screens(order):
            self._recent.append(self.latency(order))

    def is_on_screens(self, order: PlacedOrder) -> bool:
        """True if every device of its restaurant shows it."""
        return self._devices.get(order.restaurant_id, frozenset()) <= order.shown_at.keys()

    @staticmethod
    def latency(order: PlacedOrder) -> float:
        """Seconds from sending to the last device."""
        return max(order.shown_at.values(), default=order.sent_at) - order.sent_at

    @property
    def lost(self) -> int:
        """Orders that are missing on a screen. Meant for the end; on the way they are on their way."""
        return sum(not self.is_on_screens(order) for order in self.orders.values())

    @property
    def on_screens(self) -> int:
        """Orders that every device shows."""
        return len(self.orders) - self.lost

    @property
    def accepted(self) -> int:
        """Orders a kitchen said yes to."""
        return sum(order.accepted_at is not None for order in self.orders.values())

    def ended(self, as_what: str) -> int:
        """Orders that ended so, as their customers saw it."""
        return sum(order.ended_as == as_what for order in self.orders.values())

    def percentile(self, share: float) -> float | None:
        """Seconds to the last screen below which this share of the recent orders stayed; None without any."""
        return percentile(self._recent, share)


def percentile(values: Iterable[float], share: float) -> float | None:
    """The value below which this share lies (nearest rank); None without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None
