"""`reconnect`: 10,000 clients lose their node by SIGKILL and resume on another one.

Two nodes; all clients stream one restaurant's menu from the first, logged in. It is killed. Each client behaves as
docs/realtime-protocol.md says: it waits as long as the server's `retry` told it (2 to 6 s, random), comes back with
`Last-Event-ID`, and with full jitter if that fails. Meanwhile the menu changes, and afterwards again: every client must
see each change once, in order.

Figures: `seconds_to_all_live` from the kill to the last client's `sync` with `ok: true`; `queries`, the statements that
PostgreSQL ran for all of that, beyond what the node runs in as much quiet time and what the changes take (BEGIN and
COMMIT not counted); `clients_per_query`; `errors` (refusals, lost positions, gaps, repeated events, clients that never
came back).
"""

import asyncio
import contextlib
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg

from tiffin.bench.driver import Json, LoadProcess, address_of, start_load
from tiffin.bench.machine import raise_file_limit, split_cores
from tiffin.bench.nodes import Nodes, kill, run_nodes
from tiffin.bench.result import Figure, Result, describe_environment
from tiffin.bench.scene import ENVIRONMENT, token_of
from tiffin.client.http import open_http
from tiffin.demo.city import City, populate

_CLIENTS = 10_000
_CUSTOMERS = 40
_HANDLES_BESIDE = 500
_QUIET_SECONDS = 5.0
_LONGEST_SECONDS = 60.0
_CHANGES = 5
_STATEMENT = re.compile(rb"LOG: +(?:execute [^:]*|statement): *(\w*)")
_NOT_COUNTED = frozenset({b"BEGIN", b"COMMIT", b"ROLLBACK", b"SET", b"START"})

Say = Callable[[str], None]


async def measure(say: Say) -> Result:
    """Run it on servers and nodes of its own."""
    environment, cores = describe_environment(), split_cores()
    clients = min(_CLIENTS, raise_file_limit(_CLIENTS + _HANDLES_BESIDE) - _HANDLES_BESIDE)
    with tempfile.TemporaryDirectory(prefix="tiffin-bench-", ignore_cleanup_errors=True) as name:
        os.chmod(name, 0o755)  # noqa: S103 - PostgreSQL is another user where this one is root
        async with run_nodes(Path(name), 2, ENVIRONMENT, cores.server) as nodes, open_http() as pool:
            city = await populate(pool, nodes.origins, restaurants=1, customers=_CUSTOMERS)
            async with start_load(cores.load) as load:
                figures, notes = await _lose_a_node(Path(name), nodes, city, load, clients, say)
    return Result("reconnect", figures, environment, (cores.note, *notes))


async def _lose_a_node(
    folder: Path, nodes: Nodes, city: City, load: LoadProcess, clients: int, say: Say
) -> tuple[dict[str, Figure], list[str]]:
    await _settle_in(nodes, city, load, clients, say)
    statements = _Statements(folder / "postgres" / "log")
    await statements.log(nodes.servers.database_url)
    await asyncio.sleep(_QUIET_SECONDS)
    quiet = statements.count_new() / _QUIET_SECONDS / len(nodes.origins)
    await _change_menu(city, nodes)
    changing = statements.count_new()
    coming = asyncio.create_task(load.do("return", seconds=_LONGEST_SECONDS))
    killed_at = time.perf_counter()
    kill(nodes.processes[0])
    await _change_menu(city, nodes)
    back = await coming
    seconds, ran = back["live_at"] - killed_at, statements.count_new()
    position = await _change_menu(city, nodes)
    seen = await load.do("catch_up", seq=position, seconds=_LONGEST_SECONDS)
    say(f"first back after {back['first_at'] - killed_at:.1f} s, all after {seconds:.1f} s; {ran} statements")
    queries = max(0, round(ran - quiet * seconds - changing))
    never = clients - min(back["live"], seen["live"], seen["at"])
    figures: dict[str, Figure] = {
        "seconds_to_all_live": round(seconds, 2),
        "asked_to_live_p99_ms": round(back["wait_p99_ms"], 1),
        "queries": queries,
        "clients_per_query": round(clients / max(1, queries)),
        "errors": seen["errors"] + never,
        "clients": clients,
    }
    ran_by_itself = f"{quiet:.1f} a second that the node runs by itself and {changing} for the changes of the menu"
    notes = [f"`queries`: {ran} statements in PostgreSQL's log, less {ran_by_itself} during the outage"]
    return figures, notes + seen["examples"]


async def _settle_in(nodes: Nodes, city: City, load: LoadProcess, clients: int, say: Say) -> None:
    restaurant = city.restaurants[0]
    menu = await restaurant.owner.tiffin.get_menu(restaurant.restaurant_id)
    opened = await load.do(
        "settle_in",
        addresses=[address_of(origin) for origin in nodes.origins],
        tokens=[token_of(customer.person.tiffin) for customer in city.customers],
        count=clients,
        topic=f"menu.{restaurant.restaurant_id}",
        position=menu["position"],
    )
    say(f"{opened['live']:,} clients on the first node in {opened['seconds']:.1f} s")


async def _change_menu(city: City, nodes: Nodes) -> int:
    """A few changes by way of the second node; gives the number of the last event."""
    restaurant = city.restaurants[0]
    path = f"/v1/restaurants/{restaurant.restaurant_id}/busy"
    async with contextlib.AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_http())
        headers = {"Authorization": f"Bearer {token_of(restaurant.owner.tiffin)}"}
        menu: Json = (await pool.get(nodes.origins[1] + f"/v1/restaurants/{restaurant.restaurant_id}/menu")).json()
        minutes = menu["restaurant"]["busy_extra_minutes"]
        for number in range(1, _CHANGES + 1):
            body = {"extra_minutes": (minutes + number) % 200}
            (await pool.put(nodes.origins[1] + path, json=body, headers=headers)).raise_for_status()
        return int(menu["position"].rpartition(":")[2]) + _CHANGES


class _Statements:
    """Counts the statements that PostgreSQL runs, by its log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read_to = 0

    async def log(self, database_url: str) -> None:
        """From now on every statement of every connection stands in the log."""
        connection = await asyncpg.connect(database_url)
        try:
            await connection.execute("ALTER SYSTEM SET log_statement = 'all'")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()
        self.count_new()

    def count_new(self) -> int:
        """How many since the last look."""
        with self._log.open("rb") as log:
            log.seek(self._read_to)
            text = log.read()
        self._read_to += len(text)
        return count_statements(text)


def count_statements(log: bytes) -> int:
    """Statements in a piece of PostgreSQL's log, without those that only begin, end or set something."""
    return sum(word.upper() not in _NOT_COUNTED for word in _STATEMENT.findall(log))
