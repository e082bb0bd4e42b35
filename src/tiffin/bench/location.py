"""`location`: couriers who report where they are, each to the customer whose order they have on board.

10,000 couriers report every 10 s, evenly spread, each over a socket of their own; 10,000 customers watch over theirs.
Latency is from the courier's send to the customer's receipt. The server with PostgreSQL and NATS has one core, the
load the other. Then the rate rises by a quarter at a time until p99 exceeds 100 ms. Orders on board are written
straight into PostgreSQL, since placing 10,000 takes minutes; all that is measured goes the usual way.

Beside it Socket.IO relays the same reports in the same run, with the same questions to the same PostgreSQL for each
(may this courier report, whose orders are on board, keep the last position), and once more with all rights and
positions in its own memory, which neither survives it nor is seen by a second process.

Figures: `p50_ms`, `p99_ms`, `cpu_us_per_report` (server, PostgreSQL and NATS together; `cpu_us_server`,
`cpu_us_postgres`, `cpu_us_nats` for each) at the usual rate, with all that runs beside (head checks, heartbeats);
`lost`, `twice`, `misdelivered`, `refused` in all of the run but the step that was not kept; `reports_per_second_max`;
`memory_mb` of the server with everybody connected and `kb_per_socket` (PSS); the peer's as `socketio_…` and
`socketio_memory_…`; `ratio_socketio`, `ratio_socketio_memory` (processor time of everything for a report, ours to
theirs). How busy the load's core was stands in the notes: near 100 % it is what is measured.
"""

import contextlib
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from tiffin.bench.driver import UPGRADE, LoadFailed, LoadProcess, http_request, start_load
from tiffin.bench.load_reports import FIRST_LATITUDE, FIRST_LONGITUDE, METERS_A_DEGREE
from tiffin.bench.machine import cpu_by_part, cpu_seconds, memory_bytes, raise_file_limit
from tiffin.bench.peers import SOCKET_IO, run_socket_io_relay
from tiffin.bench.result import Figure, Result, describe_environment, median
from tiffin.bench.scene import Scene, open_scene
from tiffin.client.http import Json
from tiffin.demo.people import fill_basket

_COURIERS = 10_000
_EVERY_SECONDS = 10.0
_ROUNDS = 3
_ROUND_SECONDS = 10.0
_STEP = 1.25
_STEP_SECONDS = 5.0
_MOST_MS = 100.0
_HANDLES_BESIDE = 1_000
# a bicycle by the straight line, as the server reckons: so arrival times stay what they are
_METERS_PER_SECOND = 4.5 / 1.35
# from where they set out to the doors
_DEGREES = 0.5
_HANDOVER_SECONDS = 60.0
_ENVIRONMENT = {"TIFFIN_HEARTBEAT_SECONDS": "60"}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Relay:
    """Something that relays positions, and how its clients speak."""

    name: str
    pid: int
    address: tuple[str, int]
    courier: Json
    customer: Json
    # around a report
    begin: str
    end: str


async def measure(say: Say, couriers: int = _COURIERS) -> Result:
    """Run it on a system of its own."""
    environment = describe_environment()
    couriers = min(couriers, (raise_file_limit(2 * couriers + _HANDLES_BESIDE) - _HANDLES_BESIDE) // 2)
    figures: dict[str, Figure] = {"couriers": couriers}
    async with open_scene(customers=1, environment=_ENVIRONMENT) as scene:
        notes = [scene.cores.note]
        if couriers < _COURIERS:
            notes.append(f"{couriers:,} couriers and customers: this process may open no more files")
        await put_orders_on_board(scene, couriers)
        figures |= await _measure(scene, tiffin_relay(scene), couriers, notes, say)
        if not SOCKET_IO.is_installed:
            notes.append("not installed, left out: socketio (`make bench-peers`)")
            return Result("location", figures, environment, tuple(notes))
        for in_memory, prefix in ((False, "socketio_"), (True, "socketio_memory_")):
            try:
                async with _socket_io(scene, in_memory=in_memory) as relay:
                    theirs = await _measure(scene, relay, couriers, notes, say)
            except LoadFailed as error:
                notes.append(f"{prefix[:-1]}: {error}")
                continue
            figures |= {f"{prefix}{key}": value for key, value in theirs.items()}
            ratio = figures["cpu_us_per_report"] / theirs["cpu_us_per_report"]
            figures[f"ratio_{prefix[:-1]}"] = round(ratio, 3)
    return Result("location", figures, environment, tuple(notes))


async def _measure(scene: Scene, relay: Relay, couriers: int, notes: list[str], say: Say) -> dict[str, Figure]:
    await _forget_positions(scene)
    async with start_load(scene.cores.load) as load:
        await load.do(
            "relay", address=relay.address, begin=relay.begin, end=relay.end, meters_per_second=_METERS_PER_SECOND
        )
        before = memory_bytes(relay.pid)
        for who, client in (("customers", relay.customer), ("couriers", relay.courier)):
            opened = await load.do("join", who=who, count=couriers, **client)
            say(f"{relay.name}: {couriers:,} {who} in {opened['seconds']:.1f} s")
        memory = memory_bytes(relay.pid)
        await _tell_arrival_times(scene)
        rate = couriers / _EVERY_SECONDS
        warm = await load.do("report", rate=rate, seconds=_ROUND_SECONDS)
        rounds = [await _round(scene, relay, load, rate, say) for _ in range(_ROUNDS)]
        figures: dict[str, Figure] = {key: median(one[key] for one in rounds) for key in rounds[0] if key != "seen"}
        most, further = await _find_most(load, relay, rate, say)
    seen = [warm, *(one["seen"] for one in rounds), *further]
    counted = {key: sum(one[key] for one in seen) for key in ("lost", "twice", "misdelivered", "refused")}
    busy = max(one["load_share"] for one in seen)
    notes.append(f"{relay.name}: the load's core was {busy:.0%} busy at most, at {most:,.0f} reports/s")
    return {
        **figures,
        **counted,
        "reports_per_second_max": round(most),
        "memory_mb": round(memory / 2**20),
        "kb_per_socket": round((memory - before) / 1024 / 2 / couriers, 2),
    }


async def _round(scene: Scene, relay: Relay, load: LoadProcess, rate: float, say: Say) -> dict[str, Any]:
    """One round at the usual rate, and what it cost."""
    before = _cpu_seconds(scene, relay.pid)
    seen = await load.do("report", rate=rate, seconds=_ROUND_SECONDS)
    spent = {part: seconds - before[part] for part, seconds in _cpu_seconds(scene, relay.pid).items()}
    say(f"{relay.name}, {rate:,.0f} reports/s: {_told(seen)}")
    parts = {f"cpu_us_{part}": round(seconds * 1e6 / seen["sent"], 1) for part, seconds in spent.items()}
    total = round(sum(spent.values()) * 1e6 / seen["sent"], 1)
    return {"p50_ms": seen["p50_ms"], "p99_ms": seen["p99_ms"], "cpu_us_per_report": total, **parts, "seen": seen}


async def _find_most(load: LoadProcess, relay: Relay, usual: float, say: Say) -> tuple[float, list[Json]]:
    """The highest rate that is kept up, by quarters from the usual one; and what was seen at all that were kept."""
    kept, rate = 0.0, usual
    seen: list[Json] = []
    while True:
        one = await load.do("report", rate=rate, seconds=_STEP_SECONDS)
        say(f"{relay.name}, {rate:,.0f} reports/s: {_told(one)}")
        if one["p99_ms"] > _MOST_MS or one["late_p99_ms"] > _MOST_MS or one["lost"]:
            return kept, seen
        kept, rate = rate, rate * _STEP
        seen.append(one)


def _told(seen: Json) -> str:
    wrong = ", ".join(f"{key} {seen[key]}" for key in ("lost", "misdelivered", "twice", "refused") if seen[key])
    times = f"p50 {seen['p50_ms']:.1f} ms, p99 {seen['p99_ms']:.1f} ms, sent late p99 {seen['late_p99_ms']:.1f} ms"
    return f"{times}, load's core {seen['load_share']:.0%}" + (f" · {wrong}" if wrong else "")


def _cpu_seconds(scene: Scene, pid: int) -> dict[str, float]:
    """Processor time so far, of who relays and of the servers behind it."""
    parts = cpu_by_part(scene.system.process.pid)
    return {"server": cpu_seconds(pid), "postgres": parts["postgres"], "nats": parts["nats"]}


# who speaks how


def tiffin_relay(scene: Scene) -> Relay:
    """Tiffin itself."""
    origin = scene.system.origin

    def client(cookie: str, topics: str, until: str) -> Json:
        headers = (
            *UPGRADE,
            "Sec-WebSocket-Protocol: tiffin.v1",
            f"Cookie: tiffin_session={cookie}",
            f"Origin: {origin}",
        )
        hello = f'{{"type":"hello","device_id":"00000000-0000-4000-8000-%d","device":"bench","topics":{{{topics}}}}}'
        return {"request": http_request("GET", "/v1/socket", headers=headers), "then": hello, "until": until}

    return Relay(
        "tiffin",
        scene.system.process.pid,
        scene.address,
        client("courier-%d", "", '"heartbeat_ms"'),
        client("customer-%d", '"order.00000000-0000-7000-a000-%d.location":null', '"ok":true'),
        '{"type":"command","id":"1","name":"location.report","data":{"reports":[',
        "]}}",
    )


@contextlib.asynccontextmanager
async def _socket_io(scene: Scene, *, in_memory: bool) -> AsyncIterator[Relay]:
    def client(auth: str) -> Json:
        request = http_request("GET", "/socket.io/?EIO=4&transport=websocket", headers=UPGRADE)
        return {"request": request, "then": f"40{{{auth}}}", "until": '40{"sid"'}

    async with run_socket_io_relay(
        scene.database_url, scene.folder, scene.cores.server, in_memory=in_memory
    ) as running:
        yield Relay(
            "socketio in memory" if in_memory else "socketio",
            running.pid,
            ("127.0.0.1", running.port),
            client('"token":"courier-%d"'),
            client('"token":"customer-%d","follow":"00000000-0000-7000-a000-%d"'),
            '421["location.report",',
            "]",
        )


# who is there

_PEOPLE = """
INSERT INTO account (id, email, email_key, name, password_hash)
SELECT id, email, email, 'Somebody', '' FROM person;
INSERT INTO session (id, account_id, kind, device_name, secret_hash, expires_at)
SELECT gen_random_uuid(), id, 'browser', 'bench', sha256(cookie::bytea), now() + interval '1 day' FROM person;
INSERT INTO account_role (account_id, role) SELECT id, 'courier' FROM person WHERE is_courier;
INSERT INTO courier (account_id, name, on_duty, on_duty_since)
SELECT id, 'Somebody', true, now() FROM person WHERE is_courier;
"""
_ORDERS = """
INSERT INTO customer_order
SELECT (jsonb_populate_record(o, jsonb_build_object('id', c.order_id, 'customer_id', c.id, 'state', 'picked_up'))).*
  FROM person c, customer_order o WHERE NOT c.is_courier;
INSERT INTO delivery (order_id, customer_id, state, courier_id, courier_name, assignment, code, pick_up_latitude,
                      pick_up_longitude, drop_off_latitude, drop_off_longitude, assigned_at, picked_up_at)
SELECT c.order_id, c.id, 'on_board', r.id, 'Somebody', 1, '0000', {latitude}, {longitude},
       {latitude} + {degrees}, {longitude}, now(), now()
  FROM person c JOIN person r USING (number) WHERE NOT c.is_courier AND r.is_courier;
"""
# what each account and order has been through so far: topics that were never written to cost the head check less
_HEADS = """
INSERT INTO topic_head (topic, last_seq, first_seq)
SELECT 'user.' || id, 9, 10 FROM person UNION ALL
SELECT 'order.' || order_id, 9, 10 FROM person WHERE NOT is_courier;
"""
_PERSONS = """
CREATE TEMP TABLE person AS
SELECT number, is_courier, gen_random_uuid() AS id, who || '-' || lpad(number::text, 12, '0') AS cookie,
       who || number || '@bench.example.org' AS email,
       ('00000000-0000-7000-a000-' || lpad(number::text, 12, '0'))::uuid AS order_id
  FROM generate_series(0, $1::int - 1) AS number,
       (VALUES ('courier', true), ('customer', false)) AS kind (who, is_courier)
"""


async def _forget_positions(scene: Scene) -> None:
    """Every relay begins with couriers who have not reported yet."""
    connection = await asyncpg.connect(scene.database_url)
    try:
        await connection.execute("TRUNCATE courier_location")
    finally:
        await connection.close()


async def _tell_arrival_times(scene: Scene) -> None:
    """Customers know when it comes, as they do a moment after pick-up; 10,000 pick-ups at once are no usual load."""
    connection = await asyncpg.connect(scene.database_url)
    try:
        seconds = _DEGREES * METERS_A_DEGREE / _METERS_PER_SECOND + _HANDOVER_SECONDS
        await connection.execute("UPDATE delivery SET told_eta_at = now() + make_interval(secs => $1)", seconds)
        await connection.execute("VACUUM ANALYZE delivery")
    finally:
        await connection.close()


async def put_orders_on_board(scene: Scene, count: int) -> None:
    """As many couriers on duty as customers, each with the other's order: rows, made from one order that was placed."""
    customer = scene.city.customers[0]
    tiffin = customer.person.tiffin
    basket = fill_basket(scene.restaurant, customer, random.Random(1))
    bill = await tiffin.price_basket(basket)
    await tiffin.place_order({**basket, "expected_total_minor": bill["total_minor"]})
    connection = await asyncpg.connect(scene.database_url)
    try:
        async with connection.transaction():
            await connection.execute(_PERSONS, count)
            await connection.execute(_PEOPLE)
            await connection.execute(
                _ORDERS.format(latitude=FIRST_LATITUDE, longitude=FIRST_LONGITUDE, degrees=_DEGREES)
            )
            await connection.execute(_HEADS)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
