"""`fanout`: one event to N SSE clients, N = 1,000 and 10,000, beside what others need for the same.

Tiffin's event is `restaurant.busy` on `menu.{restaurant}`, a durable topic that anybody may follow, caused by a change
over the public API; its time counts from the request, so PostgreSQL's commit is in it. The peers are given the same
JSON by `POST`. All are held by the same load, each round visits all of them in turn, figures are medians of the
rounds, and so are ratios (of one round each).

Figures: `cpu_us_per_delivery` (processor time of the process that writes, all its work included), `p99_ms`, the same of
each peer; `ratio_nchan`, `ratio_limit` (Tiffin's CPU to theirs), for 10,000 clients and with `_1000` for fewer;
`burst_cpu_us_per_delivery` and `burst_ratio_nchan` for ten changes that are asked for at once (each is a transaction of
its own on the same row, so they come one after the other), for each event of them. Then `crowd.py`: whom it hurts.
"""

import contextlib
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from tiffin.bench.crowd import measure_beside
from tiffin.bench.driver import LoadFailed, LoadProcess, http_request, start_load
from tiffin.bench.machine import cpu_seconds, raise_file_limit
from tiffin.bench.peers import ALL, Peer, run_peer
from tiffin.bench.result import Figure, Result, describe_environment, median
from tiffin.bench.scene import Scene, open_scene

_COUNTS = (10_000, 1_000)
_ROUNDS = 5
_BURST = 10
# deliveries of one round: enough for the clock, short enough to come by often
_ROUND_DELIVERIES = 60_000
_SLOW_ROUND_DELIVERIES = 10_000
_SLOW_ROUNDS = 3
_HANDLES_BESIDE = 1_000
_TIFFIN = "tiffin"
_MARKER = '"seq":'

Say = Callable[[str], None]


@dataclass(slots=True)
class Target:
    """A server under load: Tiffin, or a peer."""

    name: str
    pid: int
    address: tuple[str, int]
    load: LoadProcess
    # each causes one event
    changes: list[str]
    is_slow: bool = False
    # by figure, one value a round
    rounds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


async def measure(say: Say) -> Result:
    """Run it on a system of its own, beside whatever peers are installed."""
    environment = describe_environment()
    installed = [peer for peer in ALL if peer.is_installed]
    missing = [peer.name for peer in ALL if not peer.is_installed]
    limit = raise_file_limit(max(_COUNTS) + _HANDLES_BESIDE)
    notes = [f"not installed, left out: {', '.join(missing)} (`make bench-peers`)"] if missing else []
    figures: dict[str, Figure] = {}
    async with open_scene(environment={"TIFFIN_HEARTBEAT_SECONDS": "60"}) as scene:
        notes.insert(0, scene.cores.note)
        for count in _COUNTS:
            most = limit - _HANDLES_BESIDE
            if count > most:
                notes.append(f"{most:,} instead of {count:,} clients: this process may open no more files")
            suffix = "" if count == max(_COUNTS) else f"_{count}"
            peers = [peer for peer in installed if count <= peer.most_clients]
            targets = await _visit_all(scene, peers, min(count, most), say, notes)
            figures |= figures_of({target.name: target.rounds for target in targets}, suffix)
    beside, more = await measure_beside(say)
    return Result("fanout", figures | beside, environment, (*notes, *more))


async def _visit_all(scene: Scene, peers: Sequence[Peer], count: int, say: Say, notes: list[str]) -> list[Target]:
    """Hold `count` clients on each server and measure them in turn."""
    async with contextlib.AsyncExitStack() as stack:
        targets = [await _open_tiffin(scene, await stack.enter_async_context(start_load(scene.cores.load)), count, say)]
        event = await _look_at_event(scene)
        for peer in peers:
            try:
                targets.append(await _open_peer(scene, stack, peer, count, event, say))
            except (LoadFailed, RuntimeError) as error:
                notes.append(f"{peer.name} with {count:,} clients: {error}")
        for number in range(_ROUNDS + 1):
            for target in [one for one in targets if number <= _SLOW_ROUNDS or not one.is_slow]:
                try:
                    await _visit(target, count, is_warm_up=number == 0)
                except LoadFailed as error:
                    if target.name == _TIFFIN:
                        raise
                    targets.remove(target)
                    notes.append(f"{target.name} with {count:,} clients, left out: {error}")
            say(f"{count:,} clients, round {number or 'to warm up'}: {_last(targets)}")
        notes.append(f"{count:,} clients, bytes a delivery: {_bytes(targets)}")
    return targets


async def _open_tiffin(scene: Scene, load: LoadProcess, count: int, say: Say) -> Target:
    path = f"/v1/events?topic={scene.topic}&since={await scene.menu_position()}"
    requests = [http_request("GET", path, headers=["Accept: text/event-stream"])]
    opened = await load.do(
        "open", group=_TIFFIN, address=scene.address, ends="\n", requests=requests, count=count, until='"ok":true'
    )
    say(f"{count:,} clients on tiffin in {opened['seconds']:.1f} s")
    return Target(_TIFFIN, scene.system.process.pid, scene.address, load, scene.changes())


async def _look_at_event(scene: Scene) -> str:
    """The JSON that Tiffin's subscribers get, for the peers to send."""
    tiffin, topic = scene.restaurant.owner.tiffin, scene.topic
    async with tiffin.follow([topic], positions={topic: await scene.menu_position()}) as events:
        await tiffin.http.call(
            "PUT", f"/v1/restaurants/{scene.restaurant.restaurant_id}/busy", json={"extra_minutes": 0}
        )
        await tiffin.http.call(
            "PUT", f"/v1/restaurants/{scene.restaurant.restaurant_id}/busy", json={"extra_minutes": 7}
        )
        async for event in events:
            body = {"topic": event.topic, "epoch": event.epoch, "seq": event.seq, "type": event.type}
            return orjson.dumps({**body, "at": "2026-01-01T00:00:00.123456Z", "data": event.data}).decode()
    raise AssertionError("unreachable")


async def _open_peer(
    scene: Scene, stack: contextlib.AsyncExitStack, peer: Peer, count: int, event: str, say: Say
) -> Target:
    folder = scene.folder / f"peers-{count}"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    running = await stack.enter_async_context(run_peer(peer, folder, scene.cores.server))
    address = ("127.0.0.1", running.port)
    wanted = {"requests": [peer.request], "count": count, "until": peer.until, "then": peer.then}
    load = await stack.enter_async_context(start_load(scene.cores.load))
    opened = await load.do("open", group=peer.name, address=address, ends=peer.ends, **wanted)
    say(f"{count:,} clients on {peer.name} in {opened['seconds']:.1f} s")
    return Target(peer.name, running.pid, address, load, [http_request("POST", "/pub", body=event)], peer.is_slow)


async def _visit(target: Target, count: int, *, is_warm_up: bool) -> None:
    """One round at one server: single events, then bursts where they are cheap enough."""
    deliveries = _SLOW_ROUND_DELIVERIES if target.is_slow or is_warm_up else _ROUND_DELIVERIES
    for burst, prefix in ((1, ""),) if target.is_slow else ((1, ""), (_BURST, "burst_")):
        events = max(1, deliveries // count // burst)
        job = {"address": target.address, "requests": target.changes, "events": events, "burst": burst}
        before = cpu_seconds(target.pid)
        seen = await target.load.do("publish", group=target.name, marker=_MARKER, **job)
        spent = cpu_seconds(target.pid) - before
        if not is_warm_up:
            target.rounds[f"{prefix}cpu_us_per_delivery"].append(spent * 1e6 / seen["deliveries"])
            target.rounds[f"{prefix}p99_ms"].append(seen["p99_ms"])
            target.rounds[f"{prefix}bytes"].append(seen["bytes_each"])


def figures_of(rounds: dict[str, dict[str, list[float]]], suffix: str) -> dict[str, Figure]:
    """Medians by server and figure, and the medians of the ratios of each round."""
    figures: dict[str, Figure] = {}
    for name, values in rounds.items():
        owner = "" if name == _TIFFIN else f"{name}_"
        for key in ("cpu_us_per_delivery", "p99_ms", "burst_cpu_us_per_delivery", "burst_p99_ms"):
            if values.get(key):
                figures[f"{owner}{key}{suffix}"] = median(values[key])
    for name, prefix in (("nchan", ""), ("limit", ""), ("nchan", "burst_")):
        key = f"{prefix}cpu_us_per_delivery"
        pairs = zip(rounds[_TIFFIN].get(key, []), rounds.get(name, {}).get(key, []), strict=False)
        if ratios := [ours / theirs for ours, theirs in pairs]:
            figures[f"{prefix}ratio_{name}{suffix}"] = median(ratios, 3)
    return figures


def _last(targets: Sequence[Target]) -> str:
    return ", ".join(
        f"{target.name} {target.rounds['cpu_us_per_delivery'][-1]:.1f} µs"
        for target in targets
        if target.rounds["cpu_us_per_delivery"]
    )


def _bytes(targets: Sequence[Target]) -> str:
    return ", ".join(f"{target.name} {statistics.median(target.rounds['bytes']):.0f}" for target in targets)
