"""A kitchen of the demo city: its staff show, answer, cook and hand over, with nothing but the client.

Time is compressed: an order lives about twenty seconds. Where a visitor's device is connected to the board as well,
the staff leaves each step to the visitor for a while and does it itself when nobody does, so that walking away stops
nothing.
"""

import asyncio
import random
import time
from dataclasses import dataclass

from tiffin.client import CommandError, Event, Live
from tiffin.client.http import Json
from tiffin.client.positions import LoadSnapshot
from tiffin.demo.city import Person, Restaurant
from tiffin.demo.ledger import Ledger
from tiffin.demo.people import Tell

PATIENCE_SECONDS = 30.0

_LOOK_SECONDS = (0.5, 3.0)
_ANSWER_SECONDS = (0.5, 2.5)
_REJECTED_SHARE = 0.02
# what follows on a state, and how long it takes
_COOKING = {
    "accepted": ("preparing", (1.0, 3.0)),
    "preparing": ("ready", (3.0, 7.0)),
}
# where no courier comes, the restaurant brings it itself
_BRINGING = {
    "ready": ("picked_up", (1.0, 3.0)),
    "picked_up": ("delivered", (2.0, 4.0)),
}
_MINUTES = (15, 20, 25, 30)
# answers to a step that somebody else has done
_TOO_LATE = ("order_cannot_change", "ticket_already_answered", "ticket_not_open")


@dataclass(eq=False, slots=True)
class _Ticket:
    """A ticket as the devices know it; `moved` is set whenever its state changes."""

    id: str
    number: str
    state: str
    moved: asyncio.Event

    def take(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.moved.set()
            self.moved = asyncio.Event()


class Kitchen:
    """A restaurant's staff, each at a device with a socket of its own. One of them takes care of each ticket."""

    def __init__(
        self,
        restaurant: Restaurant,
        ledger: Ledger,
        chance: random.Random,
        tell: Tell,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        pace: float = 1.0,
        has_couriers: bool = False,
    ) -> None:
        """`pace`: how long people take for everything, as a share of the usual."""
        self._steps = _COOKING if has_couriers else _COOKING | _BRINGING
        self.restaurant = restaurant
        self._ledger = ledger
        self._chance = chance
        self._tell = tell
        self._patience_seconds = patience_seconds
        self._pace = pace
        self._board = f"restaurant.{restaurant.restaurant_id}"
        self._presence = f"presence.{restaurant.restaurant_id}"
        # set for each device once it is connected and knows the board
        self._ready = {person.email: asyncio.Event() for person in restaurant.staff}
        self._staff = {person.tiffin.account_id for person in restaurant.staff}
        # tickets that somebody takes care of
        self._tickets: dict[str, _Ticket] = {}
        # somebody who is not of the staff is connected, too
        self.visited = False

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
        topics = {self._board: None, self._presence: None}
        live = person.tiffin.live(topics, device=person.name, snapshot=self._load(person, found))
        async with live:
            tasks.create_task(self._notice_loaded(person, live, found, tasks))
            async for event in live:
                self._take(person, live, event, tasks)

    def _take(self, person: Person, live: Live, event: Event, tasks: asyncio.TaskGroup) -> None:
        if event.type == "presence.changed":
            self._look_around(event.data["present"])
        elif event.type == "ticket.created":
            self._notice(person, live, event.data["ticket"], tasks, as_new=True)
        elif (ticket := self._tickets.get(event.data.get("ticket_id", ""))) is not None:
            ticket.take(event.data["status"]["state"])

    def _load(self, person: Person, found: "asyncio.Queue[Json]") -> LoadSnapshot:
        """Loads what one device shows; tickets on the board go to `found`."""

        async def load(topic: str) -> str:
            if topic == self._presence:
                presence = await person.tiffin.get_presence(self.restaurant.restaurant_id)
                self._look_around(presence["present"])
                return str(presence["position"])
            board = await person.tiffin.list_tickets(self.restaurant.restaurant_id)
            for ticket in board["tickets"]:
                self._ledger.shown(ticket["ticket_id"], person.email, as_new=False)
                found.put_nowait(ticket)
            self._ready[person.email].set()
            return str(board["position"])

        return load

    def _look_around(self, present: list[Json]) -> None:
        visited = any(one["account_id"] not in self._staff for one in present)
        if visited != self.visited:
            self.visited = visited
            what = "is in the kitchen: the staff leaves the orders to them" if visited else "has left the kitchen"
            self._tell(f"[magenta]◆[/] A visitor {what} of {self.restaurant.name}")

    async def _notice_loaded(
        self, person: Person, live: Live, found: "asyncio.Queue[Json]", tasks: asyncio.TaskGroup
    ) -> None:
        while True:
            self._notice(person, live, await found.get(), tasks, as_new=False)

    def _notice(self, person: Person, live: Live, shown: Json, tasks: asyncio.TaskGroup, *, as_new: bool) -> None:
        """A ticket is on a device's screen."""
        ticket_id, state = shown["ticket_id"], shown["status"]["state"]
        if as_new:
            self._ledger.shown(ticket_id, person.email, as_new=True)
            tasks.create_task(self._say(live, "ticket.acknowledge", {"ticket_id": ticket_id, "state": "received"}))
        if (known := self._tickets.get(ticket_id)) is not None:
            known.take(state)
            return
        staff = self.restaurant.staff
        if staff[int(ticket_id[-4:], 16) % len(staff)] is person and (state == "new" or state in self._steps):
            ticket = self._tickets[ticket_id] = _Ticket(ticket_id, shown["content"]["number"], state, asyncio.Event())
            tasks.create_task(self._care_for(person, live, ticket))

    async def _care_for(self, person: Person, live: Live, ticket: _Ticket) -> None:
        """One ticket from here to its end, whoever does the steps."""
        while ticket.state == "new" or ticket.state in self._steps:
            state = ticket.state
            await self._leave_to_visitor(ticket)
            if ticket.state != state:
                continue
            if state == "new":
                done = await self._answer(person, live, ticket)
            else:
                following, pause = self._steps[state]
                await self._pause(pause)
                done = ticket.state != state or await self._advance(live, ticket, following)
            if not done and ticket.state == state:
                break
        del self._tickets[ticket.id]

    async def _leave_to_visitor(self, ticket: _Ticket) -> None:
        """Wait for a visitor to do the next step, but not for ever."""
        if not self.visited:
            return
        try:
            async with asyncio.timeout(self._patience_seconds):
                await ticket.moved.wait()
        except TimeoutError:
            self._tell(f"[magenta]◆[/] Nobody touched {ticket.number}: the staff of {self.restaurant.name} takes over")

    async def _answer(self, person: Person, live: Live, ticket: _Ticket) -> bool:
        """Look, think, accept or reject. False if the server said no."""
        await self._pause(_LOOK_SECONDS)
        await self._say(live, "ticket.acknowledge", {"ticket_id": ticket.id, "state": "seen"})
        await self._pause(_ANSWER_SECONDS)
        if ticket.state != "new":
            return True
        if self._chance.random() < _REJECTED_SHARE:
            if await self._say(live, "ticket.reject", {"ticket_id": ticket.id, "reason": "too_busy"}):
                self._tell(f"[yellow]✗[/] {self.restaurant.name} is too busy for {ticket.number}")
                ticket.take("rejected")
            return ticket.state != "new"
        minutes = self._chance.choice(_MINUTES)
        if not await self._say(live, "ticket.accept", {"ticket_id": ticket.id, "minutes": minutes}):
            return False
        ticket.take("accepted")
        self._note_accepted(person, ticket)
        return True

    def _note_accepted(self, person: Person, ticket: _Ticket) -> None:
        order = self._ledger.orders.get(ticket.id)
        if order is not None and order.accepted_at is None:
            order.accepted_at = time.perf_counter()
            seconds = order.accepted_at - order.sent_at
            self._tell(
                f"[green]✓[/] {person.name} at {self.restaurant.name} accepts {ticket.number} in {seconds:.1f} s"
            )

    async def _advance(self, live: Live, ticket: _Ticket, to: str) -> bool:
        if await self._say(live, "ticket.advance", {"ticket_id": ticket.id, "to": to}):
            ticket.take(to)
            return True
        return False

    async def _say(self, live: Live, name: str, data: Json) -> bool:
        """Send a command, again over every lost socket. False if it was refused."""
        try:
            await live.command(name, data, idempotent=True, timeout=60.0)
        except CommandError as error:
            if error.code not in _TOO_LATE:
                self._tell(f"[red]![/] {self.restaurant.name}: {name}: {error}")
            return False
        return True

    async def _pause(self, between: tuple[float, float]) -> None:
        await asyncio.sleep(self._pace * self._chance.uniform(*between))
