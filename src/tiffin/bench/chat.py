"""`chat`: customers and agents talk in turns, over one WebSocket each, and every message is marked as read.

2,000 conversations of 200 agents; half of the messages are the customers', half the agents'. Latency is from the
moment a message was due to be sent to its answer (it is stored then) and to the other's socket. First the rate rises by
a quarter at a time until one of the two p99 exceeds the limit; then rounds at half of the most. The server with
PostgreSQL and NATS has one core, the load the other. People and conversations are written straight into PostgreSQL; all
that is measured goes the usual way.

Figures: `messages_per_second` (the most); at half of it `p50_ms`, `p99_ms` (to the answer), `shown_p50_ms`,
`shown_p99_ms` (to the other), `cpu_us_per_message` (`cpu_us_python`, `cpu_us_postgres`, `cpu_us_nats` together, each
with a message's mark and all that runs beside); `lost`, `twice`,
`misdelivered`, `refused` in all that was kept. How busy the load's core was stands in the notes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from tiffin.bench.driver import UPGRADE, LoadProcess, http_request
from tiffin.bench.machine import cpu_by_part
from tiffin.bench.result import Figure, Result, describe_environment, median
from tiffin.bench.scene import Scene, open_scene
from tiffin.client.http import Json

_CONVERSATIONS = 2_000
PER_AGENT = 10
_FIRST_RATE = 100.0
_STEP = 1.25
_STEP_SECONDS = 5.0
_MOST_MS = 50.0
_ROUNDS = 3
_ROUND_SECONDS = 10.0
_ENVIRONMENT = {"TIFFIN_HEARTBEAT_SECONDS": "60"}

Say = Callable[[str], None]


async def measure(say: Say, conversations: int = _CONVERSATIONS) -> Result:
    """Run it on a system of its own."""
    environment = describe_environment()
    async with open_scene(customers=1, environment=_ENVIRONMENT) as scene:
        positions = await begin_conversations(scene, conversations)
        await scene.load.do("chat", address=scene.address, per_agent=PER_AGENT)
        for who in ("customers", "agents"):
            opened = await scene.load.do("chat_join", who=who, **devices(scene, who, positions))
            say(f"{opened['open']:,} {who} in {opened['seconds']:.1f} s")
        await scene.load.do("talk", rate=_FIRST_RATE, seconds=_STEP_SECONDS)
        most, seen = await _find_most(scene.load, say)
        rate = max(most / 2, _FIRST_RATE / 2)
        rounds = [await _round(scene, rate, say) for _ in range(_ROUNDS)]
    figures: dict[str, Figure] = {
        "conversations": conversations,
        "messages_per_second": round(most),
        "p50_ms": median(one["answered_p50_ms"] for one in rounds),
        "p99_ms": median(one["answered_p99_ms"] for one in rounds),
        "shown_p50_ms": median(one["shown_p50_ms"] for one in rounds),
        "shown_p99_ms": median(one["shown_p99_ms"] for one in rounds),
        "cpu_us_per_message": median(one["cpu_us"] for one in rounds),
        **{key: median(one[key] for one in rounds) for key in ("cpu_us_python", "cpu_us_postgres", "cpu_us_nats")},
    }
    kept = [*seen, *rounds]
    figures |= {key: sum(one[key] for one in kept) for key in ("lost", "twice", "misdelivered", "refused")}
    busy = max(one["load_share"] for one in kept)
    return Result("chat", figures, environment, (scene.cores.note, f"the load's core was {busy:.0%} busy at most"))


async def _find_most(load: LoadProcess, say: Say) -> tuple[float, list[Json]]:
    """The highest rate that is kept up, by quarters; and what was seen at all that were kept."""
    kept, rate = 0.0, _FIRST_RATE
    seen: list[Json] = []
    while True:
        one = await load.do("talk", rate=rate, seconds=_STEP_SECONDS)
        say(f"{rate:,.0f} messages/s: {_told(one)}")
        if max(one["answered_p99_ms"], one["shown_p99_ms"]) > _MOST_MS or one["lost"] or one["refused"]:
            return kept, seen
        kept, rate = rate, rate * _STEP
        seen.append(one)


async def _round(scene: Scene, rate: float, say: Say) -> dict[str, Any]:
    before = cpu_by_part(scene.system.process.pid)
    seen = await scene.load.do("talk", rate=rate, seconds=_ROUND_SECONDS)
    after = cpu_by_part(scene.system.process.pid)
    cpu = {part: round((after[part] - before[part]) * 1e6 / seen["sent"], 1) for part in after}
    say(f"{rate:,.0f} messages/s: {_told(seen)}")
    return {**seen, "cpu_us": round(sum(cpu.values()), 1), **{f"cpu_us_{part}": us for part, us in cpu.items()}}


def _told(seen: Json) -> str:
    wrong = ", ".join(f"{key} {seen[key]}" for key in ("lost", "twice", "misdelivered", "refused") if seen[key])
    answered = f"answered p50 {seen['answered_p50_ms']:.1f} p99 {seen['answered_p99_ms']:.1f} ms"
    shown = f"shown p50 {seen['shown_p50_ms']:.1f} p99 {seen['shown_p99_ms']:.1f} ms"
    return f"{answered}, {shown}, load's core {seen['load_share']:.0%}" + (f" · {wrong}" if wrong else "")


def devices(scene: Scene, who: str, positions: Sequence[str]) -> Json:
    """How each of them connects and what it follows, from where."""
    conversations = len(positions)
    origin = scene.system.origin
    agents = -(-conversations // PER_AGENT)
    requests, hellos = [], []
    for number in range(agents if who == "agents" else conversations):
        headers = (
            *UPGRADE,
            "Sec-WebSocket-Protocol: tiffin.v1",
            f"Cookie: tiffin_session={who[:-1]}-{number:012d}",
            f"Origin: {origin}",
        )
        requests.append(http_request("GET", "/v1/socket", headers=headers))
        first = number * PER_AGENT
        first = number * PER_AGENT
        own = range(first, min(first + PER_AGENT, conversations)) if who == "agents" else (number,)
        topics = ",".join(f'"conversation.00000000-0000-7000-a000-{one:012d}":"{positions[one]}"' for one in own)
        hellos.append(
            f'{{"type":"hello","device_id":"00000000-0000-4000-8000-{number:012d}","device":"bench",'
            f'"topics":{{{topics}}}}}'
        )
    return {"requests": requests, "then": hellos, "until": '"ok":true'}


_PERSONS = """
CREATE TEMP TABLE person AS
SELECT number, who, gen_random_uuid() AS id, who || '-' || lpad(number::text, 12, '0') AS cookie,
       who || number || '@bench.example.org' AS email
  FROM (VALUES ('customer', $1::int), ('agent', ($1::int + $2::int - 1) / $2::int)) AS kind (who, most),
       generate_series(0, most - 1) AS number
"""
_PEOPLE = """
INSERT INTO account (id, email, email_key, name, password_hash)
SELECT id, email, email, 'Somebody', '' FROM person;
INSERT INTO session (id, account_id, kind, device_name, secret_hash, expires_at)
SELECT gen_random_uuid(), id, 'browser', 'bench', sha256(cookie::bytea), now() + interval '1 day' FROM person;
INSERT INTO account_role (account_id, role) SELECT id, 'agent' FROM person WHERE who = 'agent';
INSERT INTO support_agent (account_id, name, available, capacity, connected)
SELECT id, 'Somebody', false, 50, true FROM person WHERE who = 'agent';
"""
_TALKS = """
INSERT INTO conversation (id, client_id, customer_id, customer_name, state, place, agent_id, agent_name)
SELECT ('00000000-0000-7000-a000-' || lpad(c.number::text, 12, '0'))::uuid, gen_random_uuid(), c.id, 'Somebody',
       'assigned', nextval('support_place'), a.id, 'Somebody'
  FROM person c JOIN person a ON a.who = 'agent' AND a.number = c.number / $1::int
 WHERE c.who = 'customer'
"""
_HEADS = "INSERT INTO topic_head (topic, last_seq, first_seq) SELECT 'conversation.' || id, 9, 10 FROM conversation"
_POSITIONS = "SELECT topic_position('conversation.' || id) AS position FROM conversation ORDER BY id"


async def begin_conversations(scene: Scene, count: int) -> list[str]:
    """Customers, agents, and their conversations; where the topics of these stand."""
    connection = await asyncpg.connect(scene.database_url)
    try:
        async with connection.transaction():
            await connection.execute(_PERSONS, count, PER_AGENT)
            await connection.execute(_PEOPLE)
            await connection.execute(_TALKS, PER_AGENT)
            await connection.execute(_HEADS)
        await connection.execute("ANALYZE")
        return [row["position"] for row in await connection.fetch(_POSITIONS)]
    finally:
        await connection.close()
