"""What a benchmark asks of the machine: cores, file handles, processor time and memory of a process. Linux first.

Where the system has no such thing (macOS: no affinity, no PSS) the nearest is taken, and said.
"""

import contextlib
import os
import resource
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tiffin.bench.result import usable_cores


@dataclass(frozen=True, slots=True)
class Cores:
    """Who runs where. None: anywhere."""

    server: list[int] | None
    load: list[int] | None

    @property
    def note(self) -> str:
        """For people."""
        if self.server is None or self.load is None:
            return "server and load share the processor: latencies hold the load's own work"
        return f"server on core {self.server[0]}, load on core {self.load[0]}"


def split_cores() -> Cores:
    """One core for the server and another for the load, where there are two."""
    cores = usable_cores()
    if len(cores) < 2 or not hasattr(os, "sched_setaffinity"):
        return Cores(None, None)
    return Cores(cores[:1], cores[-1:])


@contextlib.contextmanager
def on_cores(cores: Sequence[int] | None) -> Iterator[None]:
    """Children started meanwhile keep to these cores."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def raise_file_limit(wanted: int) -> int:
    """Let this process and its children open `wanted` files; returns what they may open in the end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # the hard limit is for root to raise
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
            return wanted
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, all its threads, user and system.

    The kernel's clock of that process has nanoseconds (clock_getcpuclockid(3)); /proc/<pid>/stat counts the same in
    hundredths.
    """
    if os.path.exists("/proc/self/stat"):
        with contextlib.suppress(OSError):
            return time.clock_gettime((~pid << 3) | 2)
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def cpu_by_part(pid: int) -> dict[str, float]:
    """Processor time so far of `tiffin up` with this id: the `python` of it, `postgres`, `nats`."""
    seconds = {"python": cpu_seconds(pid), "postgres": 0.0, "nats": 0.0}
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error, OSError):
            part = next((part for part in ("nats", "postgres") if part in child.name()), "python")
            seconds[part] += cpu_seconds(child.pid)
    return seconds


def memory_bytes(pid: int) -> int:
    """Memory of a process: its proportional share (PSS), or where that is not told what is resident."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return int(psutil.Process(pid).memory_info().rss)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
