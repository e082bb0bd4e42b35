"""The faults: each does something to the system for a while and repairs it.

A fault takes the parts it names for itself, so that two at the same time hit different ones; which comes when, and how
long it lasts, a seeded chance decides.
"""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from tests.chaos.history import Fault
from tests.chaos.recorder import Recorder
from tests.chaos.system import Slot, System

_EVENTS = "tiffin.events"


@dataclass(slots=True)
class Surroundings:
    """What faults are done to, and how."""

    system: System
    chance: random.Random
    # seconds a thing stays away, from and to
    away_seconds: tuple[float, float]
    # the process of the client that can be frozen
    client: asyncio.subprocess.Process
    # changes a quiet menu some times, and returns when that is acknowledged
    change_menu: Callable[[], Awaitable[None]]
    # returns when everybody has seen the newest change of that menu, fails after the seconds
    menu_is_seen: Callable[[float], Awaitable[None]]

    async def stay_away(self) -> None:
        """Let the fault last."""
        await asyncio.sleep(self.chance.uniform(*self.away_seconds))


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault by name, and the parts it takes. `web` stands for one of the web nodes."""

    name: str
    parts: tuple[str, ...]
    do: Callable[[Surroundings, Slot], Awaitable[None]]


async def _kill(around: Surroundings, slot: Slot) -> None:
    await slot.kill()
    await slot.start()


async def _kill_nats(around: Surroundings, slot: Slot) -> None:
    nats = around.system.nats
    nats.kill()
    await nats.wait()
    await nats.start()


async def _nats_away(around: Surroundings, slot: Slot) -> None:
    nats = around.system.nats
    nats.kill()
    await nats.wait()
    await around.stay_away()
    await nats.start()


async def _wipe_nats(around: Surroundings, slot: Slot) -> None:
    await around.system.nats.wipe()
    await around.system.nats.start()


async def _kill_postgres(around: Surroundings, slot: Slot) -> None:
    postgres = around.system.postgres
    postgres.kill()
    await postgres.wait()
    await asyncio.sleep(around.chance.uniform(0.0, 1.0))
    await postgres.start()


async def _cut_nats(around: Surroundings, slot: Slot) -> None:
    slot.nats.cut()
    await around.stay_away()
    slot.nats.heal()


async def _swallow_nats(around: Surroundings, slot: Slot) -> None:
    slot.nats.swallow()
    await around.stay_away()
    slot.nats.heal()


async def _swallow_clients(around: Surroundings, slot: Slot) -> None:
    slot.front.swallow()
    await around.stay_away()
    slot.front.heal()


async def _mute_node(around: Surroundings, slot: Slot) -> None:
    slot.front.mute()
    await around.stay_away()
    slot.front.heal()


async def _drop_announcements(around: Surroundings, slot: Slot) -> None:
    chance = around.chance
    slot.nats.is_lost = lambda subject: subject == _EVENTS and chance.random() < 0.5
    await around.stay_away()
    slot.nats.is_lost = lambda subject: False


async def _drop_last_announcement(around: Surroundings, slot: Slot) -> None:
    """A burst on a quiet topic whose announcements are all lost: nothing that follows shows the gap."""
    for web in around.system.webs:
        web.nats.is_lost = lambda subject: subject == _EVENTS
    try:
        await around.change_menu()
        await around.menu_is_seen(10.0)
    finally:
        for web in around.system.webs:
            web.nats.is_lost = lambda subject: False


async def _freeze(around: Surroundings, slot: Slot) -> None:
    slot.send(signal.SIGSTOP)
    await around.stay_away()
    slot.send(signal.SIGCONT)


async def _freeze_client(around: Surroundings, slot: Slot) -> None:
    around.client.send_signal(signal.SIGSTOP)
    await around.stay_away()
    around.client.send_signal(signal.SIGCONT)


async def _jump(around: Surroundings, slot: Slot) -> None:
    slot.set_clock(around.chance.choice((-7200.0, -90.0, 90.0, 7200.0)))
    await around.stay_away()
    slot.set_clock(0.0)


async def _drain(around: Surroundings, slot: Slot) -> None:
    await slot.replace()


_DRAIN = FaultKind("drain", ("web",), _drain)
KINDS = (
    FaultKind("kill web", ("web",), _kill),
    FaultKind("kill relay", ("relay",), _kill),
    FaultKind("kill consumers", ("consumers",), _kill),
    FaultKind("kill nats", ("nats",), _kill_nats),
    FaultKind("nats away", ("nats",), _nats_away),
    FaultKind("nats wiped", ("nats",), _wipe_nats),
    FaultKind("kill postgres", ("postgres",), _kill_postgres),
    FaultKind("nats cut from a node", ("web",), _cut_nats),
    FaultKind("nats swallowed from a node", ("web",), _swallow_nats),
    FaultKind("clients swallowed", ("web",), _swallow_clients),
    FaultKind("answers swallowed", ("web",), _mute_node),
    FaultKind("announcements dropped", ("consumers",), _drop_announcements),
    FaultKind("last announcement dropped", ("web-1", "web-2", "postgres"), _drop_last_announcement),
    FaultKind("node frozen", ("web",), _freeze),
    FaultKind("client frozen", ("client",), _freeze_client),
    FaultKind("clock jumps", ("web",), _jump),
    _DRAIN,
)


class Trouble:
    """Makes faults, on some lanes at once, until told to stop; every kind before any comes again."""

    def __init__(self, around: Surroundings, recorder: Recorder, *, pause_seconds: tuple[float, float]) -> None:
        self._around = around
        self._recorder = recorder
        self._pause_seconds = pause_seconds
        self._turns: list[FaultKind] = []
        self._until = 0.0
        self._parts = {name: asyncio.Lock() for name in ("nats", "postgres", "relay", "consumers", "client")}
        self._parts |= {slot.name: asyncio.Lock() for slot in around.system.webs}
        # what happens now
        self.now: dict[str, str] = {}

    async def make(self, until: float, *, once: bool, lanes: int) -> None:
        """Faults until the monotonic moment `until` or `end`; `once`: until every kind was there.

        First web nodes are replaced (`once`: one of them) while nothing else is wrong, so nothing excuses an error.
        """
        self._until = until
        webs = self._around.system.webs
        for web in webs[:1] if once else webs:
            await self._do(_DRAIN, web)
        self._turns = [kind for kind in self._shuffled() if not (once and kind is _DRAIN)]
        async with asyncio.TaskGroup() as tasks:
            for _ in range(lanes):
                tasks.create_task(self._make(once=once))

    def end(self) -> None:
        """Begin no further fault."""
        self._until = 0.0

    async def _make(self, *, once: bool) -> None:
        while time.monotonic() < self._until:
            if not self._turns:
                if once:
                    return
                self._turns = self._shuffled()
            await self._do(self._turns.pop(), self._around.chance.choice(self._around.system.webs))
            await asyncio.sleep(self._around.chance.uniform(*self._pause_seconds))

    def _shuffled(self) -> list[FaultKind]:
        return self._around.chance.sample(KINDS, len(KINDS))

    async def _do(self, kind: FaultKind, web: Slot) -> None:
        parts = tuple(sorted(web.name if part == "web" else part for part in kind.parts))
        slot = {place.name: place for place in self._around.system.slots}.get(parts[0], web)
        async with self._holding(parts):
            began_at = time.monotonic()
            self.now[kind.name] = slot.name
            try:
                await kind.do(self._around, slot)
            finally:
                del self.now[kind.name]
                self._recorder.history.faults.append(Fault(kind.name, ",".join(parts), began_at, time.monotonic()))

    @contextlib.asynccontextmanager
    async def _holding(self, parts: tuple[str, ...]) -> AsyncIterator[None]:
        """Take all parts, always in the same order."""
        async with contextlib.AsyncExitStack() as stack:
            for part in parts:
                await stack.enter_async_context(self._parts[part])
            yield
