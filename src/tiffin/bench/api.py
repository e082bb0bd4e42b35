"""`api`: processor time of the web process for a request: profile (200 and 304), menu, place order.

A closed loop over a few kept connections, no library on the client's side. `bench/peers/bare_api` is FastAPI and
asyncpg with one query and nothing else (no login, no ETag, no position), on the same PostgreSQL; both are visited in
turn each round. What an order sets off in the same process (its ticket, timers, events) is part of placing it; what
PostgreSQL and NATS spend is not in any figure.

Figures: `profile_cpu_us_per_request` and so on, the first also as `cpu_us_per_request`; `…_p99_ms`; `ratio_bare`
(profile read with 200 to the bare one, median of the rounds).
"""

import contextlib
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tiffin.bench.driver import LoadFailed, http_request
from tiffin.bench.machine import cpu_seconds
from tiffin.bench.peers import PEERS, run_bare_api
from tiffin.bench.result import Figure, Result, describe_environment, median
from tiffin.bench.scene import Scene, open_scene, token_of
from tiffin.demo.city import Customer
from tiffin.demo.people import fill_basket

_ROUNDS = 5
_CONNECTIONS = 4
_REQUESTS = 500
_ORDERS = 200
_ENVIRONMENT = {"TIFFIN_TICKET_RECEIVE_SECONDS": "3600", "TIFFIN_TICKET_SEE_SECONDS": "3600"}
_BARE = "bare"

Say = Callable[[str], None]


@dataclass(slots=True)
class Call:
    """One kind of request."""

    name: str
    pid: int
    address: tuple[str, int]
    requests: list[str]
    status: int = 200
    count: int = 0
    cpu_us: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)


async def measure(say: Say) -> Result:
    """Run it on a system of its own."""
    environment = describe_environment()
    async with open_scene(environment=_ENVIRONMENT) as scene, contextlib.AsyncExitStack() as stack:
        notes = [scene.cores.note]
        calls = await _reading(scene)
        if (PEERS / "bare_api" / "app.py").exists():
            calls.append(await _bare(scene, stack))
        else:
            notes.append("bench/peers/bare_api is not there: run from the project's root; `ratio_bare` is left out")
        placing = [await _placing(scene)]
        for kinds in (calls, placing):  # orders last: what they set off goes on beside
            for number in range(_ROUNDS + 1):
                for call in kinds:
                    await _visit(scene, call, is_warm_up=number == 0)
                say(f"round {number or 'to warm up'}: {_last(kinds)}")
        calls += placing
    return Result("api", figures_of(calls), environment, tuple(notes))


async def _reading(scene: Scene) -> list[Call]:
    """Requests that change nothing."""
    tiffin = scene.city.customers[0].person.tiffin
    tag = (await tiffin.get_profile()).etag
    token, pid, address = token_of(tiffin), scene.system.process.pid, scene.address
    unchanged = http_request("GET", "/v1/profile", token=token, headers=[f"If-None-Match: {tag}"])
    menu = http_request("GET", f"/v1/restaurants/{scene.restaurant.restaurant_id}/menu", token=token)
    return [
        Call("profile", pid, address, [http_request("GET", "/v1/profile", token=token)]),
        Call("profile_304", pid, address, [unchanged], status=304),
        Call("menu", pid, address, [menu]),
    ]


async def _bare(scene: Scene, stack: contextlib.AsyncExitStack) -> Call:
    running = await stack.enter_async_context(run_bare_api(scene.database_url, scene.folder, scene.cores.server))
    account_id = scene.city.customers[0].person.tiffin.account_id
    return Call(_BARE, running.pid, ("127.0.0.1", running.port), [http_request("GET", f"/profile/{account_id}")])


async def _placing(scene: Scene) -> Call:
    """Every order has a key of its own, so none is a repetition."""
    bodies = [(customer, await _order(scene, customer)) for customer in scene.city.customers]
    requests = [
        http_request(
            "POST",
            "/v1/orders",
            token=token_of(customer.person.tiffin),
            headers=[f"Idempotency-Key: {uuid.uuid4()}"],
            body=body,
        )
        for number in range(_ORDERS * (_ROUNDS + 1))
        for customer, body in [bodies[number % len(bodies)]]
    ]
    return Call("place_order", scene.system.process.pid, scene.address, requests, status=201, count=_ORDERS)


async def _order(scene: Scene, customer: Customer) -> dict[str, object]:
    basket = fill_basket(scene.restaurant, customer, Random(1))
    bill = await customer.person.tiffin.price_basket(basket)
    return {**basket, "expected_total_minor": bill["total_minor"], "note": ""}


async def _visit(scene: Scene, call: Call, *, is_warm_up: bool) -> None:
    count = call.count or _REQUESTS
    requests = call.requests[:count]
    if len(call.requests) > count:  # each is for one use
        del call.requests[:count]
    before = cpu_seconds(call.pid)
    job = {"requests": requests, "connections": _CONNECTIONS, "count": count}
    seen = await scene.load.do("ask", address=call.address, **job)
    spent = cpu_seconds(call.pid) - before
    if set(seen["statuses"]) != {str(call.status)}:
        raise LoadFailed(f"{call.name} was answered {seen['statuses']}, not {call.status} alone")
    if not is_warm_up:
        call.cpu_us.append(spent * 1e6 / count)
        call.p99_ms.append(seen["p99_ms"])


def figures_of(calls: list[Call]) -> dict[str, Figure]:
    """Medians by kind of request, and the median of the rounds' ratios."""
    rounds = defaultdict[str, list[float]](list, {call.name: call.cpu_us for call in calls})
    figures: dict[str, Figure] = {"cpu_us_per_request": median(rounds["profile"], 0)}
    for call in calls:
        figures[f"{call.name}_cpu_us_per_request"] = median(call.cpu_us, 0)
        figures[f"{call.name}_p99_ms"] = median(call.p99_ms)
    if ratios := [ours / theirs for ours, theirs in zip(rounds["profile"], rounds[_BARE], strict=False)]:
        figures["ratio_bare"] = median(ratios)
    return figures


def _last(calls: list[Call]) -> str:
    return ", ".join(f"{call.name} {call.cpu_us[-1]:.0f} µs" for call in calls if call.cpu_us)
