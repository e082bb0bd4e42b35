"""The whole benchmark with a few conversations for a moment: its figures mean nothing here, what it sees does."""

import pytest

from tiffin.bench import chat

_SHORT = {"_FIRST_RATE": 40.0, "_ROUNDS": 1, "_ROUND_SECONDS": 1.5, "_STEP_SECONDS": 0.5, "_MOST_MS": 0.0}


async def test_every_message_is_answered_and_shown_to_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _SHORT.items():
        monkeypatch.setattr(chat, name, value)
    result = await chat.measure(lambda _: None, conversations=25)
    told = {key: result.figures[key] for key in ("lost", "twice", "misdelivered", "refused")}
    assert not any(told.values()), told
    assert 0 < result.figures["p50_ms"] <= result.figures["p99_ms"]
    assert 0 < result.figures["shown_p50_ms"] <= result.figures["shown_p99_ms"]
    assert result.figures["cpu_us_per_message"] > 0
    assert result.figures["messages_per_second"] == 0, "no rate is kept where nothing may take any time"
