"""`docs/benchmarks.md` and its plots, from the results of all benchmarks.

Every figure stands beside its aim, where there is one, and a missed aim is called that.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiffin.bench.plot import Bar, Chart, draw, show
from tiffin.bench.result import Figure, Result

_HEAD = """\
# Benchmarks

Written by `tiffin bench all`. Machines differ and are noisy: what counts is a ratio to a peer or to a limit that was
measured in the same run, or the processor time of the server for one unit of work. Latency is taken from the moment one
client sends to the moment the other client's bytes arrive. Figures are medians of several rounds.

To repeat it, on a machine that does nothing else (about half an hour):

```sh
make bench-peers     # what is compared with; see bench/peers/README.md
make bench           # all of it; one benchmark: make bench ARGS=fanout
```
"""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure should be."""

    sign: str
    value: float

    def is_met_by(self, value: Figure) -> bool:
        """True if the figure is good enough."""
        compare: Callable[[float, float], bool] = operator.le if self.sign == "≤" else operator.ge
        return compare(value, self.value)

    def __str__(self) -> str:
        return f"{self.sign} {show(self.value)}"


AIMS: dict[str, dict[str, Aim]] = {
    "api": {"ratio_bare": Aim("≤", 1.3)},
    "chat": {
        "p50_ms": Aim("≤", 8),
        "p99_ms": Aim("≤", 50),
        "shown_p99_ms": Aim("≤", 50),
        "lost": Aim("≤", 0),
        "twice": Aim("≤", 0),
        "misdelivered": Aim("≤", 0),
    },
    "fanout": {
        "ratio_nchan": Aim("≤", 0.8),
        "ratio_limit": Aim("≤", 1.7),
        "burst_ratio_nchan": Aim("≤", 0.15),
        "ratio_ticket_p99": Aim("≤", 2),
        "ratio_chat_p99": Aim("≤", 2),
    },
    "idle": {"kb_per_sse": Aim("≤", 12), "kb_per_ws": Aim("≤", 20)},
    "images": {
        "ratio_sharp": Aim("≤", 1.15),
        "ratio_pillow": Aim("≤", 0.6),
        "ratio_ticket_p99": Aim("≤", 2),
        "lost": Aim("≤", 0),
        "twice": Aim("≤", 0),
    },
    "location": {
        "reports_per_second_max": Aim("≥", 2_000),
        "p99_ms": Aim("≤", 100),
        "lost": Aim("≤", 0),
        "misdelivered": Aim("≤", 0),
        "ratio_socketio": Aim("≤", 1),
    },
    "orders": {"p99_ms": Aim("≤", 150), "lost": Aim("≤", 0), "twice": Aim("≤", 0)},
    "reconnect": {
        "seconds_to_all_live": Aim("≤", 15),
        "clients_per_query": Aim("≥", 50),
        "errors": Aim("≤", 0),
    },
    "start": {"first_s": Aim("≤", 6), "warm_s": Aim("≤", 3)},
}
_PURPOSE = {
    "api": "Processor time of the web process for one request, beside FastAPI and asyncpg with one query.",
    "chat": "2,000 customers and 200 agents talk in turns, and every message is marked as read; at half of the most.",
    "fanout": "One event to thousands of SSE clients, beside a bare `send()` in C, nginx with nchan and others.",
    "idle": "Memory of a client that is connected and gets nothing.",
    "images": "A photo of 12 megapixels to all variants, beside sharp and Pillow; order tickets while 50 are uploaded.",
    "location": "Ten thousand couriers report every ten seconds, each to a customer who watches; beside Socket.IO.",
    "orders": "An order placed, on every screen of the restaurant, accepted, confirmed at the customer; 100 a second.",
    "reconnect": "Ten thousand clients lose their node at once and resume on another.",
    "start": "From `tiffin up` to ready, on a new folder and on one that has data.",
}
# title, unit, the figures' endings, the aim's key if it is one of the bars' unit
_PLOTS: dict[str, Sequence[tuple[str, str, str, Sequence[tuple[str, str]], str | None]]] = {
    "api": [
        (
            "api",
            "Processor time of the web process",
            "µs a request",
            [
                ("profile_cpu_us_per_request", "profile"),
                ("profile_304_cpu_us_per_request", "profile, 304"),
                ("menu_cpu_us_per_request", "menu"),
                ("place_order_cpu_us_per_request", "place order"),
                ("bare_cpu_us_per_request", "- bare FastAPI"),
            ],
            None,
        )
    ],
    "chat": [
        (
            "chat",
            "A message, at half of the most",
            "ms from when it was due",
            [
                ("p50_ms", "stored and answered, p50"),
                ("p99_ms", "stored and answered, p99"),
                ("shown_p50_ms", "shown to the other, p50"),
                ("shown_p99_ms", "shown to the other, p99"),
            ],
            "p99_ms",
        )
    ],
    "idle": [
        (
            "idle",
            "Memory of an idle client",
            "KB of the web process",
            [("kb_per_sse", "SSE"), ("kb_per_ws", "WebSocket")],
            None,
        )
    ],
    "images": [
        (
            "images",
            "A photo of 12 megapixels to nine variants",
            "seconds of one core",
            [("cpu_s", "tiffin, confined"), ("sharp_cpu_s", "- sharp"), ("pillow_cpu_s", "- Pillow")],
            None,
        )
    ],
    "location": [
        (
            "location",
            "A courier's position, relayed to its customer",
            "µs of all processors a report",
            [
                ("cpu_us_per_report", "tiffin"),
                ("socketio_cpu_us_per_report", "- Socket.IO, PostgreSQL"),
                ("socketio_memory_cpu_us_per_report", "- Socket.IO, in memory"),
            ],
            None,
        )
    ],
    "orders": [
        (
            "orders",
            "At 100 orders a second",
            "ms from the customer's request",
            [
                ("p50_ms", "last screen, p50"),
                ("p99_ms", "last screen, p99"),
                ("confirmed_p50_ms", "confirmed, p50"),
                ("confirmed_p99_ms", "confirmed, p99"),
            ],
            "p99_ms",
        )
    ],
    "start": [("start", "tiffin up", "seconds to ready", [("first_s", "new folder"), ("warm_s", "with data")], None)],
}
_FANOUT_NAMES = (
    ("limit_", "- send() in C"),
    ("", "tiffin"),
    ("nchan_", "- nginx + nchan"),
    ("socketio_", "- Socket.IO"),
    ("sse_starlette_", "- sse-starlette"),
    ("channels_", "- Django Channels"),
)


def write_report(results: Sequence[Result], docs: Path) -> None:
    """Write benchmarks.md and images/bench-*.svg under `docs`."""
    images = docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    for result in results:
        for name, chart in charts_of(result):
            (images / f"bench-{name}.svg").write_text(draw(chart), encoding="utf-8")
    (docs / "benchmarks.md").write_text(report(results), encoding="utf-8")


def report(results: Sequence[Result]) -> str:
    """The text of benchmarks.md."""
    lines = [_HEAD, *_summary(results)]
    for result in results:
        lines += _section(result)
    return "\n".join(lines) + "\n"


def _summary(results: Sequence[Result]) -> Iterator[str]:
    yield "| benchmark | figure | value | aim | |"
    yield "|---|---|---:|---:|---|"
    for result in results:
        for key, aim in AIMS.get(result.name, {}).items():
            value = result.figures.get(key)
            said = "not measured" if value is None else "met" if aim.is_met_by(value) else "**missed**"
            shown = "–" if value is None else show(value)
            yield f"| [{result.name}](#{result.name}) | `{key}` | {shown} | {aim} | {said} |"


def _section(result: Result) -> Iterator[str]:
    yield from ("", f"## {result.name}", "")
    if purpose := _PURPOSE.get(result.name):
        yield from (purpose, "")
    for name, chart in charts_of(result):
        yield from (f"![{chart.title}, {chart.unit}](images/bench-{name}.svg)", "")
    yield from ("| figure | value | aim |", "|---|---:|---:|")
    aims = AIMS.get(result.name, {})
    for key, value in result.figures.items():
        yield f"| `{key}` | {value:,} | {aims.get(key, '')} |"
    yield from ("", *(f"- {note}" for note in result.notes))
    yield from ("", "On: " + ", ".join(f"{key} {value}" for key, value in result.environment.items()) + ".")


def charts_of(result: Result) -> list[tuple[str, Chart]]:
    """The plots of a result, each with its name; none for figures that are missing."""
    if result.name == "fanout":
        return list(_fanout_charts(result))
    charts = []
    for name, title, unit, wanted, aim_key in _PLOTS.get(result.name, ()):
        bars = [_bar(label, result.figures[key]) for key, label in wanted if key in result.figures]
        aim = AIMS[result.name][aim_key].value if aim_key else None
        if bars:
            charts.append((name, Chart(title, unit, bars, aim)))
    return charts


def _fanout_charts(result: Result) -> Iterator[tuple[str, Chart]]:
    for name, key, title in (
        ("fanout", "cpu_us_per_delivery", "One event to 10,000 SSE clients"),
        ("fanout-1000", "cpu_us_per_delivery_1000", "One event to 1,000 SSE clients"),
        ("fanout-burst", "burst_cpu_us_per_delivery", "Ten events at once to 10,000 SSE clients"),
    ):
        found = [(label, result.figures.get(prefix + key)) for prefix, label in _FANOUT_NAMES]
        if bars := [_bar(label, value) for label, value in found if value is not None]:
            yield name, Chart(title, "µs of the server's processor for one delivery", bars)


def _bar(label: str, value: Figure) -> Bar:
    """A label that begins with a dash is somebody else's."""
    return Bar(label.removeprefix("- "), float(value), is_ours=not label.startswith("- "))
