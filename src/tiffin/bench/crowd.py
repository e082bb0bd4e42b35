"""The part of `fanout` that asks whom it hurts: an announcement every two seconds to 10,000 SSE clients of the node on
which restaurants get tickets and people chat.

10 orders and 25 messages a second, first quiet, then while somebody announces: about a third of the one core that the
whole server has, so that what is measured is the fan-out and not a core that is full. The crowd is held by a process of
its own with the lowest priority, so that its reading does not stand in for a slow server. Latency is that of all orders
and messages of the time, of which a fifth is fan-out.
"""

import asyncio
import contextlib
import itertools
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tiffin.base.ids import new_id
from tiffin.bench.chat import PER_AGENT, begin_conversations, devices
from tiffin.bench.driver import LoadProcess, address_of, http_request, start_load
from tiffin.bench.machine import on_cores, raise_file_limit, split_cores
from tiffin.bench.orders import OrderLoad, Round, open_order_load
from tiffin.bench.result import Figure
from tiffin.bench.scene import ENVIRONMENT, Scene, token_of
from tiffin.bench.timing import percentile_ms
from tiffin.client.http import Json, open_http
from tiffin.demo.city import Person, populate
from tiffin.demo.system import run_system

_CLIENTS, _CONVERSATIONS = 10_000, 200
_HANDLES_BESIDE = 1_000
_ORDERS_PER_SECOND, _MESSAGES_PER_SECOND = 10.0, 25.0
_ROUNDS, _ROUND_SECONDS, _WARM_SECONDS = 3, 14.0, 4.0
_PAUSE_SECONDS = 2.0
_LOWEST_PRIORITY = 19

Say = Callable[[str], None]


@dataclass(slots=True)
class _Seen:
    """What was measured in one state of the node, over all rounds."""

    tickets_s: list[float] = field(default_factory=list)
    chat: list[Json] = field(default_factory=list)

    @property
    def ticket_p99_ms(self) -> float:
        """To the last screen."""
        return percentile_ms(self.tickets_s, 0.99)

    @property
    def chat_p99_ms(self) -> float:
        """To the other person, the median of the rounds' p99."""
        values = sorted(one["shown_p99_ms"] for one in self.chat)
        return float(values[len(values) // 2])


@dataclass(slots=True)
class _Crowd:
    """Clients that only listen, and somebody who tells them something every second."""

    load: LoadProcess
    address: tuple[str, int]
    administrator: Person
    p99_ms: list[float] = field(default_factory=list)

    async def hold(self, count: int) -> float:
        """Connect them; returns how many seconds it took."""
        positions = (await self.administrator.tiffin.get_announcements())["positions"]
        topic = "announcements.everyone"
        path = f"/v1/events?topic={topic}&since={positions[topic]}"
        requests = [http_request("GET", path, headers=["Accept: text/event-stream"])]
        opened = await self.load.do(
            "open", group="crowd", address=self.address, ends="\n", requests=requests, count=count, until='"ok":true'
        )
        return float(opened["seconds"])

    async def tell(self, over: asyncio.Event) -> None:
        """Until it is over; what is under way then is waited for."""
        while not over.is_set():
            job = {"address": self.address, "requests": [self._announcement()], "events": 1, "burst": 1}
            began = time.perf_counter()
            seen = await self.load.do("publish", group="crowd", marker='"seq":', **job)
            self.p99_ms.append(seen["p99_ms"])
            await asyncio.sleep(max(0.0, _PAUSE_SECONDS - (time.perf_counter() - began)))

    def _announcement(self) -> str:
        texts = {"en": {"title": "Heavy rain", "body": "Food may come a little later. Thank you for your patience."}}
        body = {"audience": {"kind": "everyone"}, "texts": texts}
        headers = [f"Idempotency-Key: {new_id()}"]
        token = token_of(self.administrator.tiffin)
        return http_request("POST", "/v1/announcing/announcements", token=token, headers=headers, body=body)


async def measure_beside(
    say: Say, clients: int = _CLIENTS, conversations: int = _CONVERSATIONS
) -> tuple[dict[str, Figure], list[str]]:
    """Run it on a system of its own."""
    clients = min(clients, raise_file_limit(clients + _HANDLES_BESIDE) - _HANDLES_BESIDE)
    quiet, told = _Seen(), _Seen()
    async with _open(conversations) as (scene, orders, crowd):
        say(f"{clients:,} clients in {await crowd.hold(clients):.1f} s")
        with on_cores(scene.cores.load):
            await _round(scene, orders, _Seen(), _WARM_SECONDS)
            for number in range(1, _ROUNDS + 1):
                say(f"quiet, round {number}: {await _round(scene, orders, quiet, _ROUND_SECONDS)}")
                over = asyncio.Event()
                async with asyncio.TaskGroup() as both:
                    both.create_task(crowd.tell(over))
                    say(f"announcing, round {number}: {await _round(scene, orders, told, _ROUND_SECONDS)}")
                    over.set()
        refused, ledger = orders.refused, orders.ledger
    wrong = [one[key] for one in (*quiet.chat, *told.chat) for key in ("lost", "twice", "misdelivered", "refused")]
    figures: dict[str, Figure] = {
        "ticket_p99_quiet_ms": round(quiet.ticket_p99_ms, 1),
        "ticket_p99_announcing_ms": round(told.ticket_p99_ms, 1),
        "ratio_ticket_p99": round(told.ticket_p99_ms / quiet.ticket_p99_ms, 2),
        "chat_p99_quiet_ms": round(quiet.chat_p99_ms, 1),
        "chat_p99_announcing_ms": round(told.chat_p99_ms, 1),
        "ratio_chat_p99": round(told.chat_p99_ms / quiet.chat_p99_ms, 2),
        "announced_p99_ms": round(max(crowd.p99_ms), 1),
        "announcements": len(crowd.p99_ms),
        "lost": ledger.lost + sum(wrong) + refused,
    }
    rates = f"{_ORDERS_PER_SECOND:.0f} orders and {_MESSAGES_PER_SECOND:.0f} messages a second"
    return figures, [f"beside: {rates} while {clients:,} clients are told something every {_PAUSE_SECONDS:.0f} s"]


@contextlib.asynccontextmanager
async def _open(conversations: int) -> AsyncIterator[tuple[Scene, OrderLoad, _Crowd]]:
    cores = split_cores()
    async with contextlib.AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="tiffin-bench-", ignore_cleanup_errors=True))
        os.chmod(name, 0o755)  # noqa: S103 - PostgreSQL is another user where this one is root
        environment = ENVIRONMENT | {"TIFFIN_HEARTBEAT_SECONDS": "60"}
        system = await stack.enter_async_context(run_system(Path(name), environment, cores=cores.server))
        pool = await stack.enter_async_context(open_http())
        city = await populate(
            pool,
            [system.origin],
            restaurants=8,
            customers=16,
            make_administrator=lambda email: system.grant(email, "admin"),
        )
        assert city.administrator is not None
        talking = await stack.enter_async_context(start_load(cores.load))
        scene = Scene(Path(name), system, city, talking, cores)
        await _begin_to_talk(scene, conversations)
        listening = await stack.enter_async_context(start_load(cores.load))
        os.setpriority(os.PRIO_PROCESS, listening.pid, _LOWEST_PRIORITY)
        orders = await stack.enter_async_context(open_order_load(city, pool))
        yield scene, orders, _Crowd(listening, address_of(system.origin), city.administrator)


async def _begin_to_talk(scene: Scene, conversations: int) -> None:
    positions = await begin_conversations(scene, conversations)
    await scene.load.do("chat", address=scene.address, per_agent=PER_AGENT)
    for who in ("customers", "agents"):
        await scene.load.do("chat_join", who=who, **devices(scene, who, positions))


async def _round(scene: Scene, orders: OrderLoad, seen: _Seen, seconds: float) -> str:
    """Orders and messages for a while; says what became of them."""
    talking = asyncio.create_task(scene.load.do("talk", rate=_MESSAGES_PER_SECOND, seconds=seconds))
    outcome: Round = await orders.run(_ORDERS_PER_SECOND, seconds)
    talk: dict[str, Any] = await talking
    seen.tickets_s += outcome.shown
    seen.chat.append(talk)
    tickets = percentile_ms(itertools.chain(outcome.shown), 0.99)
    return f"tickets p99 {tickets:.1f} ms, messages p99 {talk['shown_p99_ms']:.1f} ms"
