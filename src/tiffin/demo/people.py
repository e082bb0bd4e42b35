"""People of the demo city: a customer orders and follows, a kitchen shows, answers, cooks and hands over.

They use nothing but the client. Time is compressed: an order lives about twenty seconds.
"""

import asyncio
import random
import time
from collections.abc import Callable

from tiffin.client import CommandError, Event, Live
from tiffin.client.http import Json
from tiffin.client.positions import LoadSnapshot
from tiffin.demo.city import Customer, Person, Restaurant, destination
from tiffin.demo.ledger import Ledger, PlacedOrder

# gets one line for whatever is worth telling
Tell = Callable[[str], None]

_LOOK_SECONDS = (0.5, 3.0)
_ANSWER_SECONDS = (0.5, 2.5)
# what follows on a state, and how long it takes
_STEPS = {
    "accepted": ("preparing", (1.0, 3.0)),
    "preparing": ("ready", (3.0, 7.0)),
    "ready": ("picked_up", (1.0, 3.0)),
    "picked_up": ("delivered", (2.0, 4.0)),
}
_REJECTED_SHARE = 0.02
_ENDS = frozenset({"delivered", "rejected", "expired", "cancelled", "failed"})
_AT_LEAST_CONFIRMED = frozenset({"confirmed", "preparing", "ready", "picked_up", "delivered"})


class Kitchen:
    """A restaurant's staff, each at a device with a socket of its own. One of them takes care of each ticket."""

    def __init__(self, restaurant: Restaurant, ledger: Ledger, chance: random.Random, tell: Tell) -> None:
        self.restaurant = restaurant
        self._ledger = ledger
        self._chance = chance
        self._tell = tell
        self._topic = f"restaurant.{restaurant.restaurant_id}"
        # set for each device once it is connected and knows the board
        self._ready = {person.email: asyncio.Event() for person in restaurant.staff}
        # tickets that somebody takes care of
        self._taken: set[str] = set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for person in self.restaurant.staff:
                tasks.create_task(self._work_at(person, tasks))

    async def wait_ready(self) -> None:
        """Wait until every device is connected; from then on each has to show every order."""
        for ready in self._ready.values():
            await ready.wait()
        self._ledger.expect(self.restaurant.restaurant_id, self._ready)

    async def _work_at(self, person: Person, tasks: asyncio.TaskGroup) -> None:
        found: asyncio.Queue[Json] = asyncio.Queue()
        live = person.tiffin.live({self._topic: None}, device=person.name, snapshot=self._load(person, found))
        async with live:
            tasks.create_task(self._notice_loaded(person, live, found, tasks))
            async for event in live:
                if event.type == "ticket.created":
                    self._notice(person, live, event.data["ticket"], tasks, as_new=True)

    def _load(self, person: Person, found: "asyncio.Queue[Json]") -> LoadSnapshot:
        """Loads the board of one device; what is on it goes to `found`."""

        async def load(topic: str) -> str:
            board = await person.tiffin.list_tickets(self.restaurant.restaurant_id)
            for ticket in board["tickets"]:
                self._ledger.shown(ticket["ticket_id"], person.email, as_new=False)
                found.put_nowait(ticket)
            self._ready[person.email].set()
            return str(board["position"])

        return load

    async def _notice_loaded(
        self, person: Person, live: Live, found: "asyncio.Queue[Json]", tasks: asyncio.TaskGroup
    ) -> None:
        while True:
            self._notice(person, live, await found.get(), tasks, as_new=False)

    def _notice(self, person: Person, live: Live, ticket: Json, tasks: asyncio.TaskGroup, *, as_new: bool) -> None:
        """A ticket is on a device's screen."""
        ticket_id, state = ticket["ticket_id"], ticket["status"]["state"]
        if as_new:
            self._ledger.shown(ticket_id, person.email, as_new=True)
            tasks.create_task(self._receive(live, ticket_id))
        staff = self.restaurant.staff
        mine = staff[int(ticket_id[-4:], 16) % len(staff)] is person
        if mine and ticket_id not in self._taken and state not in _ENDS:
            self._taken.add(ticket_id)
            tasks.create_task(self._care_for(person, live, ticket))

    async def _receive(self, live: Live, ticket_id: str) -> None:
        await self._say(live, "ticket.acknowledge", {"ticket_id": ticket_id, "state": "received"})

    async def _care_for(self, person: Person, live: Live, ticket: Json) -> None:
        """One ticket from here to its end."""
        ticket_id, state = ticket["ticket_id"], ticket["status"]["state"]
        if state == "new":
            state = await self._answer(person, live, ticket)
        while state in _STEPS:
            state, pause = _STEPS[state]
            await self._pause(pause)
            if not await self._say(live, "ticket.advance", {"ticket_id": ticket_id, "to": state}):
                return

    async def _answer(self, person: Person, live: Live, ticket: Json) -> str:
        """Look, think, accept or reject; the state that follows, "" if somebody else was first."""
        ticket_id = ticket["ticket_id"]
        await self._pause(_LOOK_SECONDS)
        await self._say(live, "ticket.acknowledge", {"ticket_id": ticket_id, "state": "seen"})
        await self._pause(_ANSWER_SECONDS)
        if self._chance.random() < _REJECTED_SHARE:
            refusal = {"ticket_id": ticket_id, "reason": "too_busy"}
            if await self._say(live, "ticket.reject", refusal):
                self._tell(f"[yellow]✗[/] {self.restaurant.name} is too busy for {_number(ticket)}")
            return ""
        minutes = self._chance.choice((15, 20, 25, 30))
        if not await self._say(live, "ticket.accept", {"ticket_id": ticket_id, "minutes": minutes}):
            return ""
        order = self._ledger.orders.get(ticket_id)
        if order is not None and order.accepted_at is None:
            order.accepted_at = time.perf_counter()
            seconds = order.accepted_at - order.sent_at
            self._tell(
                f"[green]✓[/] {person.name} at {self.restaurant.name} accepts {_number(ticket)} in {seconds:.1f} s"
            )
        return "accepted"

    async def _say(self, live: Live, name: str, data: Json) -> bool:
        """Send a command, again over every lost socket. False if it was refused."""
        try:
            await live.command(name, data, idempotent=True, timeout=60.0)
        except CommandError as error:
            if error.code not in ("order_cannot_change", "ticket_already_answered", "ticket_not_open"):
                self._tell(f"[red]![/] {self.restaurant.name}: {name}: {error}")
            return False
        return True

    async def _pause(self, between: tuple[float, float]) -> None:
        await asyncio.sleep(self._chance.uniform(*between))


async def order(
    customer: Customer, restaurant: Restaurant, ledger: Ledger, chance: random.Random, tell: Tell
) -> PlacedOrder:
    """One order from the basket to its end, as its customer lives it. Raises ProblemError, ConnectionLost."""
    tiffin = customer.person.tiffin
    basket = fill_basket(restaurant, customer, chance)
    bill = await tiffin.price_basket(basket)
    sent_at = time.perf_counter()
    answer = await tiffin.place_order({**basket, "expected_total_minor": bill["total_minor"], "note": ""})
    placed = ledger.placed(answer["order_id"], restaurant.restaurant_id, sent_at)
    total = f"{bill['total_minor'] / 100:.2f} €"
    tell(f"[blue]+[/] {customer.person.name} orders {answer['number']} at {restaurant.name} for {total}")
    async with tiffin.follow_order(placed.order_id) as events:
        async for event in events:
            if _see(placed, event):
                break
    seconds = time.perf_counter() - sent_at
    if placed.ended_as == "delivered":
        tell(f"[bold green]●[/] {customer.person.name} has {answer['number']} after {seconds:.0f} s")
    else:
        tell(f"[yellow]●[/] {answer['number']} of {customer.person.name} is {placed.ended_as}")
    return placed


def _see(placed: PlacedOrder, event: Event) -> bool:
    """Note what an event tells. True at the end."""
    state = event.data["state"]
    if state in _AT_LEAST_CONFIRMED and placed.confirmed_at is None:
        placed.confirmed_at = time.perf_counter()
    if state in _ENDS:
        placed.ended_as = state
    return state in _ENDS


def fill_basket(restaurant: Restaurant, customer: Customer, chance: random.Random) -> Json:
    """One to three things of the menu, more if they are too cheap, with options as it demands them."""
    minimum_minor = restaurant.menu["restaurant"]["minimum_order_minor"]
    wanted, sum_minor = chance.randint(1, 3), 0
    lines: list[Json] = []
    for item in chance.sample(restaurant.menu["items"], k=len(restaurant.menu["items"])):
        if len(lines) >= wanted and sum_minor >= minimum_minor:
            break
        quantity = chance.choice((1, 1, 1, 2))
        lines.append({"menu_item_id": item["id"], "quantity": quantity, "option_ids": _choose(item, chance)})
        sum_minor += quantity * item["price_minor"]
    return {
        "restaurant_id": restaurant.restaurant_id,
        "lines": lines,
        "destination": destination(customer.doorstep),
        "tip_minor": chance.choice((0, 0, 100, 200)),
    }


def _choose(item: Json, chance: random.Random) -> list[str]:
    chosen: list[str] = []
    for group in item["option_groups"]:
        count = chance.randint(group["min_choices"], min(group["max_choices"], group["min_choices"] + 1))
        chosen += [option["id"] for option in chance.sample(group["options"], k=count)]
    return chosen


def _number(ticket: Json) -> str:
    return str(ticket["content"]["number"])
