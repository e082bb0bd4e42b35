"""`tiffin demo`: a system of its own, a city on it, and what its people saw.

Starts `tiffin up`, seeds, connects every staff device, then lets customers order at random (Poisson) until told to
stop. Lost and twice are computed from what the clients really saw; either one makes the exit code 1. Ctrl-C stops it
in an orderly way at any moment, a second one at once; no process stays behind.
"""

import asyncio
import contextlib
import random
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tiffin.client import CommandError, ConnectionLost, ProblemError
from tiffin.client.http import open_http
from tiffin.demo.announcing import announce_now_and_then
from tiffin.demo.city import City, Person, Restaurant, Seeding, count_steps, populate
from tiffin.demo.courier import Courier, Doors
from tiffin.demo.helsinki import doorsteps
from tiffin.demo.kitchen import Kitchen
from tiffin.demo.ledger import Ledger
from tiffin.demo.people import order
from tiffin.demo.support import Agent, ask
from tiffin.demo.system import System, run_system
from tiffin.demo.visitors import Visitor, invite, keep_links_fresh

T = TypeVar("T")

_RESTAURANTS, _STAFF, _CUSTOMERS, _COURIERS = 12, 2, 40, 30
_STATUS_SECONDS = 5.0
_LINES_PER_SECOND = 6
_SETTLE_TICKS = 300  # of 0.05 s
# seeding registers more people from one address than an hour allows
_ENVIRONMENT = {
    "TIFFIN_REGISTER_ATTEMPTS_PER_HOUR": "10000",
    "TIFFIN_LOGIN_ATTEMPTS_PER_MINUTE": "10000",
    "TIFFIN_LOGIN_CODES": "true",
    # time is compressed: whoever waits until food is nearly ready comes too late
    "TIFFIN_DISPATCH_LEAD_SECONDS": "86400",
}
# where a visitor cooks, orders of the simulated customers come this much more seldom
_GENTLE_SHARE = 0.3
# so many of those who order ask support something
_ASK_SHARE = 0.15

console = Console(highlight=False, soft_wrap=True)


class Stopped(Exception):
    """Somebody wants it to end."""


@dataclass(frozen=True, slots=True)
class Day:
    """How the demo runs. `seconds`: None until Ctrl-C. `port`: 0 takes a free one. `data_dir`: None a temporary one."""

    seconds: float | None = None
    data_dir: Path | None = None
    port: int = 0
    seed: int = 1
    orders_per_second: float = 0.3


async def main(day: Day) -> None:
    """Run the demo. Raises SystemExit(1) if an order was lost or came twice."""
    stop = asyncio.Event()
    with _stopped_by_signals(stop), _folder(day.data_dir) as folder:
        ledger = Ledger()
        try:
            await _run(stop, folder, ledger, day)
        except Stopped:
            console.print("Stopped before the city was open.")
            return
    _summarize(ledger)
    if ledger.lost or ledger.twice:
        raise SystemExit(1)


async def _run(stop: asyncio.Event, folder: Path, ledger: Ledger, day: Day) -> None:
    console.print(f"[bold]Tiffin demo[/] · data in {folder}")
    async with contextlib.AsyncExitStack() as stack:
        starting = stack.enter_async_context(run_system(folder, _ENVIRONMENT, port=day.port))
        system = await _unless(stop, starting)
        console.print(f"[green]✓[/] Tiffin runs at [bold]{system.origin}[/] [dim]{system.started_in_seconds:.2f} s[/]")
        pool = await stack.enter_async_context(open_http(connections=200))
        city = await _unless(stop, _seed(pool, system))
        console.print(f"[green]✓[/] {city}")
        seeding = Seeding(pool, [system.origin])
        visitors = await _unless(stop, invite(seeding, city))
        agent = await _unless(stop, _hire_agent(seeding, city))
        simulation = _Simulation(city, visitors, agent, ledger, system, day)
        await simulation.run(stop, day.seconds)
        console.print("Closing…")


async def _hire_agent(seeding: Seeding, city: City) -> Person:
    agent = await seeding.log_in("support", "Saara Support")
    assert city.administrator is not None
    await seeding.grant("agent", [agent], city.administrator)
    return agent


async def _seed(pool: httpx.AsyncClient, system: System) -> City:
    size = {"restaurants": _RESTAURANTS, "staff": _STAFF, "customers": _CUSTOMERS, "couriers": _COURIERS}
    columns = (TextColumn("Seeding the city"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=count_steps(**size))
        return await populate(
            pool,
            [system.origin],
            **size,
            make_administrator=lambda email: system.grant(email, "admin"),
            on_progress=lambda steps: progress.advance(task, steps),
        )


class _Simulation:
    """Everybody at work."""

    def __init__(
        self, city: City, visitors: Sequence[Visitor], agent: Person, ledger: Ledger, system: System, day: Day
    ) -> None:
        self._city = city
        self._visitors = visitors
        self._ledger = ledger
        self._system = system
        self._chance = random.Random(day.seed)
        self._orders_per_second = day.orders_per_second
        self._kitchens = {
            place.restaurant_id: Kitchen(place, ledger, self._chance, self._tell, has_couriers=True)
            for place in city.restaurants
        }
        self._doors = Doors([visitor.person.tiffin for visitor in visitors])
        self._couriers = [
            Courier(person, start, self._doors, self._chance, self._tell)
            for person, start in zip(city.couriers, reversed(doorsteps()), strict=False)
        ]
        self._agent = Agent(agent, self._chance, self._tell)
        self._begun = time.perf_counter()
        # lines that may still be printed in this second
        self._lines_left = _LINES_PER_SECOND
        self._refused = 0

    async def run(self, stop: asyncio.Event, seconds: float | None) -> None:
        """Until `stop`, for `seconds` at most; then wait until what was placed is on every screen."""
        kitchens = list(self._kitchens.values())
        working = [*(kitchen.run() for kitchen in kitchens), *(courier.run() for courier in self._couriers)]
        async with _background(*working, self._agent.run(), self._tell_status(), self._tell_log()):
            for kitchen in kitchens:
                await _unless(stop, kitchen.wait_ready())
            for courier in self._couriers:
                await _unless(stop, courier.ready.wait())
            await _unless(stop, self._agent.ready.wait())
            devices = sum(len(kitchen.restaurant.staff) for kitchen in kitchens)
            connected = f"{devices} staff devices and {len(self._couriers)} couriers are connected"
            console.print(f"[green]✓[/] {connected}. Ctrl-C ends the day.\n")
            console.print("Come in; each link logs in once, and the next one follows:")
            self._begun = time.perf_counter()
            links = keep_links_fresh(self._system.origin, self._visitors, self._tell_link)
            assert self._city.administrator is not None
            announcing = announce_now_and_then(self._city.administrator, self._chance, self._tell)
            async with _background(links, announcing), _background() as customers:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self._let_order(stop, customers)
                await self._settle()

    async def _let_order(self, stop: asyncio.Event, customers: "_Tasks") -> None:
        """Open loop: customers come when they come, whether or not the system keeps up."""
        due = time.perf_counter()
        while not stop.is_set():
            due += self._chance.expovariate(self._orders_per_second)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due - time.perf_counter())):
                    await stop.wait()
                    return
            customers.start(self._order())
            if self._chance.random() < _ASK_SHARE:
                customers.start(self._ask())

    async def _order(self) -> None:
        customer, restaurant = self._chance.choice(self._city.customers), self._choose_restaurant()
        try:
            await order(customer, restaurant, self._ledger, self._chance, self._tell, self._doors.placed)
        except (ProblemError, ConnectionLost) as error:
            self._refused += 1
            self._tell(f"[red]![/] {customer.person.name} at {restaurant.name}: {error}")

    async def _ask(self) -> None:
        with contextlib.suppress(ProblemError, CommandError, ConnectionLost):  # the ledger is of orders
            await ask(self._chance.choice(self._city.customers), self._chance, self._tell)

    def _choose_restaurant(self) -> Restaurant:
        restaurant = self._chance.choice(self._city.restaurants)
        if self._kitchens[restaurant.restaurant_id].visited and self._chance.random() > _GENTLE_SHARE:
            return self._choose_restaurant()
        return restaurant

    async def _settle(self) -> None:
        """What was placed in the last moment gets the time to arrive."""
        for _ in range(_SETTLE_TICKS):
            if not self._ledger.lost:
                return
            await asyncio.sleep(0.05)

    # telling

    def _tell_link(self, app: str, link: str) -> None:
        console.print(f"  [bold]{app}[/]  {link}", soft_wrap=True)

    def _tell(self, line: str) -> None:
        if self._lines_left > 0:
            self._lines_left -= 1
            console.print(f"[dim]{time.perf_counter() - self._begun:6.1f}[/] {line}")

    async def _tell_status(self) -> None:
        for tick in range(1, 10**9):
            await asyncio.sleep(1.0)
            self._lines_left = _LINES_PER_SECOND
            if tick % _STATUS_SECONDS == 0 and self._ledger.orders:
                console.print(f"       [reverse] {self._status()} [/]")

    def _status(self) -> str:
        ledger = self._ledger
        refused = f" · refused {self._refused}" if self._refused else ""
        return (
            f"placed {len(ledger.orders)} · on screens {ledger.on_screens} · accepted {ledger.accepted} · "
            f"delivered {ledger.ended('delivered')}{refused} · to the last screen p50 {_ms(ledger.percentile(0.5))}, "
            f"p99 {_ms(ledger.percentile(0.99))} · twice {ledger.twice}"
        )

    async def _tell_log(self) -> None:
        """What `tiffin up` warns of, such as a server that was killed and starts again."""
        with self._system.log.open(encoding="utf-8", errors="replace") as log:
            log.seek(0, 2)
            while True:
                for line in log:
                    if line.startswith("! "):
                        console.print(f"       [yellow]tiffin up:[/] {line[2:].strip()}")
                await asyncio.sleep(0.5)


class _Tasks:
    """Tasks that end with their context; one that fails is told at once and stops nothing."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it beside the others."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            console.print(f"[bold red]![/] {type(error).__name__}: {error}")

    async def cancel(self) -> None:
        """End all."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


@contextlib.asynccontextmanager
async def _background(*work: Coroutine[Any, Any, None]) -> AsyncIterator[_Tasks]:
    """Run these until the context ends."""
    tasks = _Tasks()
    for one in work:
        tasks.start(one)
    try:
        yield tasks
    finally:
        await tasks.cancel()


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; it is cancelled, and Stopped raised, if `stop` is set first."""
    working, stopping = asyncio.ensure_future(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Stopped
    finally:
        stopping.cancel()
        working.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM asks, the second cancels."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def ask() -> None:
        if stop.is_set():
            task.cancel()
        stop.set()

    signals = (signal.SIGINT, signal.SIGTERM)
    for signum in signals:
        loop.add_signal_handler(signum, ask)
    try:
        yield
    finally:
        for signum in signals:
            loop.remove_signal_handler(signum)


@contextlib.contextmanager
def _folder(data_dir: Path | None) -> Iterator[Path]:
    """The given folder, or one that goes with the demo."""
    if data_dir is not None:
        yield data_dir.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="tiffin-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _summarize(ledger: Ledger) -> None:
    cooking = sum(placed.ended_as is None for placed in ledger.orders.values())
    screens = f"p50 {_ms(ledger.percentile(0.5))}, p99 {_ms(ledger.percentile(0.99))}"
    ends = f"delivered {ledger.ended('delivered')} · rejected {ledger.ended('rejected')} · still cooking {cooking}"
    console.print(f"\nplaced {len(ledger.orders)} · {ends} · to the last screen {screens}")
    color = "bold red" if ledger.lost or ledger.twice else "bold green"
    console.print(f"[{color}]lost {ledger.lost} · twice {ledger.twice}[/]")


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.0f} ms"
