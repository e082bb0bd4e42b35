"""Couriers of the demo city: they answer offers, ride real streets and hand over at the door, all by the client.

A courier rides along the way that the API gives them, a little faster than people do, and reports every few seconds
where that has brought them. The code for the door is asked of the customer, who reads it on their own screen.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tiffin.base.geo import Point, distance_meters
from tiffin.client import CommandError, Event, Live, ProblemError, Tiffin
from tiffin.client.http import Json
from tiffin.client.positions import LoadSnapshot
from tiffin.demo.city import Person
from tiffin.demo.helsinki import Site
from tiffin.demo.people import Tell

REPORT_SECONDS = 4.0
_METERS_PER_SECOND = 11.0
_THINK_SECONDS = (0.5, 2.0)
_DECLINED_SHARE = 0.05
_HAND_OVER_SECONDS = (1.0, 3.0)
_MOST_ORDERS = 2


class Doors:
    """Who opens: customers, who can read the code of their own orders."""

    def __init__(self, customers: Sequence[Tiffin]) -> None:
        self._customers = list(customers)
        self._placed: dict[str, Tiffin] = {}

    def placed(self, order_id: str, customer: Tiffin) -> None:
        """This customer will open."""
        self._placed[order_id] = customer

    async def ask_code(self, order_id: str) -> str | None:
        """What the customer says at the door; None if nobody here ordered it."""
        known = self._placed.pop(order_id, None)
        for customer in [known] if known is not None else self._customers:
            try:
                delivery = await customer.get_delivery(order_id)
            except ProblemError:
                continue
            code: str | None = delivery["code"]
            return code
        return None


@dataclass(frozen=True, slots=True)
class Ride:
    """A way under way: where somebody is after some meters, and where to they look (degrees from north)."""

    points: tuple[Point, ...]

    @property
    def meters(self) -> float:
        """The whole length."""
        return sum(distance_meters(*leg) for leg in zip(self.points, self.points[1:], strict=False))

    def after(self, meters: float) -> Point:
        """The point `meters` along; the end beyond it."""
        for start, end in zip(self.points, self.points[1:], strict=False):
            length = distance_meters(start, end)
            if meters < length:
                share = meters / length
                return Point(
                    start.latitude + share * (end.latitude - start.latitude),
                    start.longitude + share * (end.longitude - start.longitude),
                )
            meters -= length
        return self.points[-1]


class Courier:
    """One courier with one phone."""

    def __init__(
        self, person: Person, start: Site, doors: Doors, chance: random.Random, tell: Tell, *, pace: float = 1.0
    ) -> None:
        """`pace`: how long everything but the riding takes, as a share of the usual."""
        self.person = person
        # where the courier is
        self.at = Point(start.latitude, start.longitude)
        # set once on duty and connected
        self.ready = asyncio.Event()
        self._doors = doors
        self._chance = chance
        self._tell = tell
        self._pace = pace
        self._moving = False
        # orders taken and not ended, by id
        self._assignments: dict[str, Json] = {}
        self._changed = asyncio.Event()
        self._answered: set[str] = set()

    async def run(self) -> None:
        """Work until cancelled."""
        tiffin = self.person.tiffin
        await tiffin.set_duty(True)
        topic = f"courier.{tiffin.account_id}"
        found: asyncio.Queue[Json] = asyncio.Queue()
        live = tiffin.live({topic: None}, device=self.person.name, snapshot=self._load(found))
        async with live, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._report(live))
            tasks.create_task(self._ride(live))
            tasks.create_task(self._answer_found(live, found, tasks))
            async for event in live:
                self._take(live, event, tasks)

    def _load(self, found: "asyncio.Queue[Json]") -> LoadSnapshot:
        async def load(_: str) -> str:
            standing = await self.person.tiffin.get_courier()
            self._assignments = {one["order_id"]: one for one in standing["assignments"]}
            self._changed.set()
            for offer in standing["offers"]:
                found.put_nowait(offer)
            return str(standing["position"])

        return load

    def _take(self, live: Live, event: Event, tasks: asyncio.TaskGroup) -> None:
        match event.type:
            case "offer.made":
                tasks.create_task(self._answer(live, event.data["offer"]))
            case "assignment.made" | "assignment.changed":
                assignment = event.data["assignment"]
                self._assignments[assignment["order_id"]] = assignment
            case "assignment.ended":
                self._assignments.pop(event.data["order_id"], None)
        self._changed.set()

    async def _answer_found(self, live: Live, found: "asyncio.Queue[Json]", tasks: asyncio.TaskGroup) -> None:
        while True:
            tasks.create_task(self._answer(live, await found.get()))

    async def _answer(self, live: Live, offer: Json) -> None:
        if offer["offer_id"] in self._answered:
            return
        self._answered.add(offer["offer_id"])
        await self._pause(_THINK_SECONDS)
        willing = len(self._assignments) < _MOST_ORDERS and self._chance.random() >= _DECLINED_SHARE
        answer = "offer.accept" if willing else "offer.decline"
        if await self._say(live, answer, offer_id=offer["offer_id"]) and willing:
            where = f"{offer['restaurant']['name']}, {offer['distance_meters']} m away"
            self._tell(f"[cyan]▲[/] {self.person.name} fetches {offer['number']} at {where}")

    # riding

    async def _ride(self, live: Live) -> None:
        """One order after the other, those on board first."""
        while True:
            self._changed.clear()
            if not self._assignments:
                await self._changed.wait()
                continue
            order_id = min(self._assignments, key=lambda one: self._assignments[one]["state"] != "on_board")
            if self._assignments[order_id]["state"] == "on_board":
                await self._bring(live, order_id)
            else:
                await self._fetch(live, order_id)

    async def _fetch(self, live: Live, order_id: str) -> None:
        await self._ride_to_next_stop(order_id)
        if not await self._say(live, "assignment.advance", order_id=order_id, to="arrived"):
            self._assignments.pop(order_id, None)
            return
        while (assignment := self._assignments.get(order_id)) is not None:
            if assignment["state"] == "on_board":  # the kitchen has handed it over
                break
            if assignment["order_state"] == "ready":
                if not await self._say(live, "assignment.advance", order_id=order_id, to="picked_up"):
                    self._assignments.pop(order_id, None)
                    return
                break
            self._changed.clear()
            await self._changed.wait()
        if order_id in self._assignments:
            self._assignments[order_id] = self._assignments[order_id] | {"state": "on_board"}
            await self._send_position(live)

    async def _bring(self, live: Live, order_id: str) -> None:
        await self._ride_to_next_stop(order_id)
        if order_id not in self._assignments:
            return
        await self._pause(_HAND_OVER_SECONDS)
        code = await self._doors.ask_code(order_id)
        step = {"order_id": order_id, "to": "delivered", "code": code}
        if code is None or not await self._say(live, "assignment.advance", **step):
            await self._give_up(order_id)
        self._assignments.pop(order_id, None)

    async def _give_up(self, order_id: str) -> None:
        with contextlib.suppress(ProblemError):  # somebody else has ended it
            await self.person.tiffin.end_assignment(order_id, "fail", "Nobody opened the door")

    async def _ride_to_next_stop(self, order_id: str) -> None:
        try:
            way = await self.person.tiffin.get_way(order_id, self.at.latitude, self.at.longitude)
        except ProblemError:  # it was called off
            return
        ride = Ride(tuple(Point(*point) for point in way["points"]))
        loop, meters = asyncio.get_running_loop(), ride.meters
        begun = loop.time()
        self._moving = True
        while order_id in self._assignments and (done := (loop.time() - begun) * _METERS_PER_SECOND) < meters:
            self.at = ride.after(done)
            await asyncio.sleep(0.5)
        if order_id in self._assignments:
            self.at = ride.points[-1]
        self._moving = False

    async def _report(self, live: Live) -> None:
        while True:
            await self._send_position(live)
            self.ready.set()
            await asyncio.sleep(REPORT_SECONDS * self._chance.uniform(0.9, 1.1))

    async def _send_position(self, live: Live) -> None:
        report = {
            "latitude": self.at.latitude,
            "longitude": self.at.longitude,
            "accuracy_meters": 6.0,
            "speed_mps": _METERS_PER_SECOND if self._moving else 0.0,
            "at": datetime.now(UTC).isoformat(),
        }
        await self._say(live, "location.report", reports=[report])

    async def _say(self, live: Live, name: str, **data: object) -> bool:
        """Send a command, again over every lost socket. False if it was refused."""
        try:
            await live.command(name, dict(data), idempotent=True, timeout=60.0)
        except CommandError as error:
            if error.code not in ("offer_gone", "order_cannot_change", "assignment_not_found", "offer_not_found"):
                self._tell(f"[red]![/] {self.person.name}: {name}: {error}")
            return False
        return True

    async def _pause(self, between: tuple[float, float]) -> None:
        await asyncio.sleep(self._pace * self._chance.uniform(*between))
