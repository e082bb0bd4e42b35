"""Customers and staff under faults: they order, accept and deliver through the SDK, repeat what failed, and write down
what they were told."""

import asyncio
import random
import zlib
from collections.abc import Callable

import httpx
from tests.chaos.history import FINAL_STATES, Outcome
from tests.chaos.recorder import Recorder, seen, stood

from tiffin.client import Event, EventStream, Live, Tiffin
from tiffin.client.http import Json
from tiffin.client.reconnect import Reconnect
from tiffin.demo.city import Customer, Person, Restaurant
from tiffin.demo.people import fill_basket

# clients give up a silent connection after this; nodes beat every 1.5 s
WATCHDOG_SECONDS = 6.0
_COMMAND_SECONDS = 8.0
_STEPS = ("preparing", "ready", "picked_up", "delivered")
_REPEAT_SECONDS = 0.3
# orders whose customer taps twice, perhaps on two nodes
_TAPS_TWICE_SHARE = 0.2


def patient(origins: list[str]) -> Reconnect:
    """Comes back sooner than the SDK does by itself, since a run is short."""
    return Reconnect(origins, first_seconds=0.5, most_seconds=2.0)


def at(person: Person, origins: list[str], pool: httpx.AsyncClient) -> Tiffin:
    """The same login on these origins."""
    return Tiffin(origins, tokens=person.tiffin.http.tokens, pool=pool)


class Board:
    """A staff device: a socket, the board it loads, and a person who answers and drives tickets."""

    def __init__(
        self, recorder: Recorder, name: str, tiffin: Tiffin, restaurant: Restaurant, number: int, boards: int
    ) -> None:
        self.name = name
        self.topic = f"restaurant.{restaurant.restaurant_id}"
        self._recorder = recorder
        self._tiffin = tiffin
        self._restaurant_id = restaurant.restaurant_id
        # of all boards of the restaurant, which one this is
        self._number, self._boards = number, boards
        self._cared_for: set[str] = set()
        self._chance = random.Random(name)
        self.live = Live(
            patient(tiffin.origins),
            tiffin.http.access_token,
            {self.topic: None},
            device=name,
            snapshot=self._load,
            watchdog_seconds=WATCHDOG_SECONDS,
        )
        recorder.follows(name, self.topic)

    async def work(self) -> None:
        """Work until cancelled."""
        async with self.live, asyncio.TaskGroup() as tasks:
            async for event in self.live:
                self._recorder.note(seen(self.name, event))
                await self.live.ack(event)
                if event.type == "ticket.created":
                    self._notice(event.data["ticket"]["ticket_id"], tasks)

    async def _load(self, topic: str) -> str:
        """The board; a run begins with an empty one, so nothing on it waits for care."""
        position: str = (await self._tiffin.list_tickets(self._restaurant_id))["position"]
        self._recorder.note(stood(self.name, topic, position))
        return position

    def _notice(self, ticket_id: str, tasks: asyncio.TaskGroup) -> None:
        """Every second ticket is a race between all devices, the others have one who cares."""
        lot = zlib.crc32(ticket_id.encode())
        is_race = lot % 2 == 0
        if ticket_id not in self._cared_for and (is_race or (lot // 2) % self._boards == self._number):
            self._cared_for.add(ticket_id)
            tasks.create_task(self._care_for(ticket_id, rejects=lot % 23 == 1))

    async def _care_for(self, ticket_id: str, *, rejects: bool) -> None:
        if rejects:
            await self._tell("ticket.reject", ticket_id, "rejected", {"reason": "too_busy"})
            return
        outcome = await self._tell("ticket.accept", ticket_id, "confirmed", {"minutes": 20})
        for state in _STEPS:
            if outcome is not Outcome.ACKNOWLEDGED:
                return
            await asyncio.sleep(self._chance.uniform(0.05, 0.6))
            outcome = await self._tell("ticket.advance", ticket_id, state, {"to": state})

    async def _tell(self, name: str, ticket_id: str, state: str, data: Json) -> Outcome:
        """Send a command until somebody says what became of it."""
        while True:
            command = {"ticket_id": ticket_id, **data}
            outcome, _ = await self._recorder.call(
                self.live.command(name, command, idempotent=True, timeout=_COMMAND_SECONDS),
                client=self.name,
                account=self._tiffin.account_id,
                name=name,
                order_id=ticket_id,
                state=state,
            )
            if outcome is not Outcome.UNKNOWN:
                return outcome
            await asyncio.sleep(_REPEAT_SECONDS)


class Eater:
    """A customer, and the orders placed at one restaurant."""

    def __init__(self, recorder: Recorder, customer: Customer, tiffins: list[Tiffin], chance: random.Random) -> None:
        self._recorder = recorder
        self._customer = customer
        # the same account, with another node first
        self._tiffins = tiffins
        self._chance = chance
        self._numbers = 0
        # restaurant to a basket with its price
        self._bodies: dict[str, Json] = {}

    async def choose(self, restaurant: Restaurant) -> None:
        """Fill a basket and ask for its price, while everything still works."""
        basket = fill_basket(restaurant, self._customer, random.Random(restaurant.restaurant_id))
        bill = await self._tiffins[0].price_basket(basket)
        self._bodies[restaurant.restaurant_id] = {**basket, "expected_total_minor": bill["total_minor"]}

    @property
    def wanted(self) -> set[str]:
        """The menu items that will be ordered."""
        return {line["menu_item_id"] for body in self._bodies.values() for line in body["lines"]}

    async def order(self, restaurant_id: str) -> None:
        """One order from the basket to its end. The key stands in the note, so the database tells what a key made."""
        self._numbers += 1
        name = f"{self._customer.person.email.partition('@')[0]}/{self._numbers}"
        key = f"{name}-{self._chance.randrange(1 << 48):012x}"
        tiffin = self._chance.choice(self._tiffins)
        body = {**self._bodies[restaurant_id], "note": key}
        await self._ask_price(tiffin, name, body)
        placing = [self._place(tiffin, name, key, body)]
        if self._chance.random() < _TAPS_TWICE_SHARE:
            placing.append(self._place(self._chance.choice(self._tiffins), name, key, body))
        order_id, *_ = await asyncio.gather(*placing)
        if order_id is not None:
            await self._follow(tiffin, name, order_id)

    async def _ask_price(self, tiffin: Tiffin, name: str, body: Json) -> None:
        """Once: the SDK must not repeat it by itself, so its customer would see every loss that a drain makes."""
        basket = {field: value for field, value in body.items() if field not in ("expected_total_minor", "note")}
        asking = tiffin.price_basket(basket)
        await self._recorder.call(asking, client=name, account=tiffin.account_id, name="basket.price")

    async def _place(self, tiffin: Tiffin, name: str, key: str, body: Json) -> str | None:
        while True:
            outcome, answer = await self._recorder.call(
                tiffin.place_order(body, key=key),
                client=name,
                account=tiffin.account_id,
                name="order.place",
                key=key,
                state="placed",
            )
            if outcome is not Outcome.UNKNOWN:
                return answer.get("order_id")
            await asyncio.sleep(_REPEAT_SECONDS)

    async def _follow(self, tiffin: Tiffin, name: str, order_id: str) -> None:
        """Follow to the end; some lose sight of it for some seconds and come back with the position they kept."""
        topic = f"order.{order_id}"
        self._recorder.follows(name, topic)
        leaves_at = self._chance.choice((None, None, 2, 3))
        position: str | None = None
        if leaves_at is not None:
            position, ended = await self._see(_follow_order(tiffin, order_id, None), name, leaves_at)
            if ended:
                return
            await asyncio.sleep(self._chance.uniform(0.5, 6.0))
        await self._see(_follow_order(tiffin, order_id, position), name, None)

    async def _see(self, stream: EventStream, name: str, most: int | None) -> tuple[str | None, bool]:
        """Take events until the order's end or `most` of them. Returns the position and whether it has ended."""
        taken, state = 0, ""
        async with stream:
            async for event in stream:
                self._recorder.note(seen(name, event))
                stream.positions.passed(event)
                taken, state = taken + 1, event.data["state"]
                if state in FINAL_STATES or taken == most:
                    break
            return stream.positions.text(stream.topics[0]), state in FINAL_STATES


def _follow_order(tiffin: Tiffin, order_id: str, position: str | None) -> EventStream:
    topic = f"order.{order_id}"
    return EventStream(
        patient(tiffin.origins),
        tiffin.http.access_token,
        f"/v1/orders/{order_id}/events",
        [topic],
        positions={topic: position},
        watchdog_seconds=WATCHDOG_SECONDS,
    )


class Window:
    """A stream of the board and the menu of one restaurant (SSE), as a screen on the wall has it."""

    def __init__(self, name: str, tiffin: Tiffin, restaurant_id: str, note: Callable[..., None]) -> None:
        self.name = name
        self.topics = (f"restaurant.{restaurant_id}", f"menu.{restaurant_id}")
        self._tiffin = tiffin
        self._restaurant_id = restaurant_id
        self._note = note
        self.stream = EventStream(
            patient(tiffin.origins),
            tiffin.http.access_token,
            "/v1/events",
            self.topics,
            snapshot=self.load,
            watchdog_seconds=WATCHDOG_SECONDS,
        )

    async def watch(self) -> None:
        """Watch until cancelled."""
        async with self.stream:
            async for event in self.stream:
                self.take(event)

    def take(self, event: Event) -> None:
        """The application has an event."""
        self._note(seen(self.name, event))

    async def load(self, topic: str) -> str:
        """The state of a topic; its position."""
        asked = self._tiffin.list_tickets if topic.startswith("restaurant.") else self._tiffin.get_menu
        position: str = (await asked(self._restaurant_id))["position"]
        self._note(stood(self.name, topic, position))
        return position
