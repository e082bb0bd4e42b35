"""What an installation needs for so many active users, from the costs measured by the benchmarks.

`python -m tiffin.bench.capacity` prints the table of docs/scaling.md. The load is that of the numbers Tiffin is built
for: of 10,000 active users 1,000 follow an order at once, for 37 minutes; everybody has a stream open; a courier
carries two orders and reports every 12 s. Each size is planned with processors a third idle, and a rush of it is then
simulated: orders come at random and queue for web processes and database processors.
"""

import heapq
import math
import random
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_USERS = (10_000, 100_000, 1_000_000, 10_000_000)
_FOLLOWING_SHARE = 0.1
_FOLLOWED_SECONDS = 37 * 60
_RUSH = 3.0
_REPORT_SECONDS = 12
_EVENTS_AN_ORDER = 14
_BYTES_AN_EVENT = 700
_BUSY = 2 / 3
_STAGES = 4  # place, ticket, received, accepted: each a transaction


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor time as measured on one core of the machine in docs/benchmarks.md; a rerun may change them."""

    python_ms_an_order: float = 6.3
    postgres_ms_an_order: float = 3.9
    nats_ms_an_order: float = 1.1
    us_a_delivery: float = 12.0
    # per location report: not measured yet, taken as three deliveries
    us_a_report: float = 36.0
    # the head check of a topic, of PostgreSQL, once a second on each node that follows it
    head_check_us_a_topic: float = 13.0
    kb_a_stream: float = 11.4


@dataclass(frozen=True, slots=True)
class Plan:
    """What one size needs. Rates are of the rush, three times the mean."""

    users: int
    orders_per_second: float
    deliveries_per_second: float
    reports_per_second: float
    topics: int
    web_processes: int
    stream_gb: float
    postgres_order_cores: float
    postgres_head_check_cores: float
    log_gb_a_day: float

    @property
    def postgres_cores(self) -> float:
        """For orders and head checks together."""
        return self.postgres_order_cores + self.postgres_head_check_cores


def plan(users: int, costs: Costs) -> Plan:
    """The needs of `users` active users."""
    mean = users * _FOLLOWING_SHARE / _FOLLOWED_SECONDS
    orders = mean * _RUSH
    following = users * _FOLLOWING_SHARE
    deliveries = orders * _EVENTS_AN_ORDER * 2
    reports = following / 2 / _REPORT_SECONDS
    python_cores = (
        orders * costs.python_ms_an_order / 1e3
        + deliveries * costs.us_a_delivery / 1e6
        + reports * costs.us_a_report / 1e6
    )
    topics = int(users + following)
    stream_gb = users * costs.kb_a_stream / 1e6
    return Plan(
        users,
        orders,
        deliveries,
        reports,
        topics,
        # a process also holds no more than 50,000 streams: more of them take too long to come back
        max(2, math.ceil(python_cores / _BUSY), math.ceil(users / 50_000)),
        stream_gb,
        orders * costs.postgres_ms_an_order / 1e3,
        topics * costs.head_check_us_a_topic / 1e6,
        mean * 86_400 * _EVENTS_AN_ORDER * _BYTES_AN_EVENT / 1e9,
    )


def simulate(
    orders_per_second: float, web: int, database_cores: int, costs: Costs, seconds: float = 60.0
) -> list[float]:
    """How long each order of a rush takes through its stages (seconds), queueing for web processes and the database."""
    chance = random.Random(1)
    stations = {"web": [0.0] * web, "database": [0.0] * database_cores}
    cost = {"web": costs.python_ms_an_order / 1e3 / _STAGES, "database": costs.postgres_ms_an_order / 1e3 / _STAGES}
    steps = ("web", "database") * _STAGES
    at, waiting, begun, taken = 0.0, [], {}, []
    for number in range(int(orders_per_second * seconds)):
        at += chance.expovariate(orders_per_second)
        begun[number] = at
        waiting.append((at, number, 0))
    heapq.heapify(waiting)
    while waiting:
        now, number, step = heapq.heappop(waiting)
        station = stations[steps[step]]
        done = max(now, heapq.heappop(station)) + chance.expovariate(1 / cost[steps[step]])
        heapq.heappush(station, done)
        if step + 1 < len(steps):
            heapq.heappush(waiting, (done, number, step + 1))
        else:
            taken.append(done - begun.pop(number))
    return taken


def table(costs: Costs, users: Iterable[int] = _USERS) -> str:
    """All sizes as a table in Markdown."""
    names = (
        "active users",
        "orders/s",
        "deliveries/s",
        "reports/s",
        "topics",
        "web processes",
        "streams",
        "PostgreSQL: orders",
        "PostgreSQL: head checks",
        "log a day",
        "order p50",
        "order p99",
    )
    lines = [f"| {' | '.join(names)} |", "|---:" * len(names) + "|"]
    for one in (plan(amount, costs) for amount in users):
        cores = max(1, math.ceil(one.postgres_order_cores / _BUSY))
        seconds = simulate(one.orders_per_second, one.web_processes, cores, costs, _seconds(one.orders_per_second))
        p50, p99 = _percentiles(seconds)
        lines.append(
            f"| {one.users:,} | {one.orders_per_second:,.1f} | {one.deliveries_per_second:,.0f}"
            f" | {one.reports_per_second:,.0f} | {one.topics:,} | {one.web_processes:,} | {one.stream_gb:,.1f} GB"
            f" | {one.postgres_order_cores:.2f} cores | {one.postgres_head_check_cores:.1f} cores"
            f" | {one.log_gb_a_day:,.1f} GB | {p50:.0f} ms | {p99:.0f} ms |"
        )
    return "\n".join(lines)


def _seconds(orders_per_second: float) -> float:
    """Long enough for a p99, short enough to wait for."""
    return min(3600.0, 20_000 / orders_per_second)


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return cuts[49] * 1e3, cuts[98] * 1e3


if __name__ == "__main__":
    sys.stdout.write(table(Costs()) + "\n")
