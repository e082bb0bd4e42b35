"""Whom a fan-out hurts, with a small crowd for a moment: the figures mean nothing here, what is counted does."""

import pytest

from tiffin.bench import crowd

_SHORT = {"_ROUNDS": 1, "_ROUND_SECONDS": 2.0, "_WARM_SECONDS": 0.5, "_PAUSE_SECONDS": 0.2}


async def test_orders_and_messages_arrive_while_a_crowd_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _SHORT.items():
        monkeypatch.setattr(crowd, name, value)
    figures, notes = await crowd.measure_beside(lambda _: None, clients=40, conversations=20)
    assert figures["lost"] == 0
    assert figures["announcements"] >= 3
    for who in ("ticket", "chat"):
        assert figures[f"{who}_p99_quiet_ms"] > 0
        assert figures[f"{who}_p99_announcing_ms"] > 0
    assert "40 clients" in notes[0]
