"""The whole benchmark with a few couriers for a moment: its figures mean nothing here, what it sees does."""

import pytest

from tiffin.bench import location
from tiffin.bench.peers import SOCKET_IO

# every courier reports twice; the ramp ends with its first step
_SHORT = {"_EVERY_SECONDS": 1.5, "_ROUNDS": 1, "_ROUND_SECONDS": 1.5, "_STEP_SECONDS": 0.2, "_MOST_MS": 0.0}


async def test_every_position_comes_to_its_customer_and_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _SHORT.items():
        monkeypatch.setattr(location, name, value)
    result = await location.measure(lambda _: None, couriers=12)
    for relay in ("", "socketio_", "socketio_memory_") if SOCKET_IO.is_installed else ("",):
        told = {key: result.figures[f"{relay}{key}"] for key in ("lost", "twice", "misdelivered", "refused")}
        assert not any(told.values()), f"{relay}: {told}"
        assert 0 < result.figures[f"{relay}p50_ms"] <= result.figures[f"{relay}p99_ms"]
        assert result.figures[f"{relay}cpu_us_per_report"] > 0
        assert result.figures[f"{relay}reports_per_second_max"] == 0
    assert ("ratio_socketio" in result.figures) == SOCKET_IO.is_installed
