"""`start`: from `tiffin up` to ready, on a fresh folder (`first_s`) and on one that has data (`warm_s`).

Ready means that `/readyz` answers 200. Medians of several starts; seconds.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from tiffin.bench.result import Result, describe_environment, median
from tiffin.demo.system import run_system

_FIRST_ROUNDS = 3
_WARM_ROUNDS = 5


async def measure(say: Callable[[str], None]) -> Result:
    """Start and stop it a few times."""
    environment = describe_environment()
    first: list[float] = []
    warm: list[float] = []
    for number in range(_FIRST_ROUNDS):
        with tempfile.TemporaryDirectory(prefix="tiffin-bench-", ignore_cleanup_errors=True) as name:
            first.append(await _start(Path(name)))
            say(f"first start {number + 1}: {first[-1]:.2f} s")
            if number == _FIRST_ROUNDS - 1:
                for again in range(_WARM_ROUNDS):
                    warm.append(await _start(Path(name)))
                    say(f"warm start {again + 1}: {warm[-1]:.2f} s")
    return Result("start", {"first_s": median(first), "warm_s": median(warm)}, environment)


async def _start(folder: Path) -> float:
    async with run_system(folder) as system:
        return system.started_in_seconds
