"""Token buckets, with a clock that the test moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.errors import RateLimited
from tiffin.http import limits
from tiffin.http.limits import RateLimiter, address_prefix


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_burst_uses_all_tokens_and_then_waits(clock: Clock) -> None:
    limiter = RateLimiter(3, 60, clock)
    for _ in range(3):
        limiter.take("a")
    with pytest.raises(RateLimited) as refused:
        limiter.take("a")
    assert refused.value.retry_after_seconds == pytest.approx(20)


def test_whoever_waits_as_told_is_let_in(clock: Clock) -> None:
    limiter = RateLimiter(3, 60, clock)
    for _ in range(3):
        limiter.take("a")
    clock.seconds += 5
    with pytest.raises(RateLimited) as refused:
        limiter.check("a")
    clock.seconds += refused.value.retry_after_seconds
    limiter.take("a")
    with pytest.raises(RateLimited):
        limiter.take("a")


def test_checking_takes_nothing(clock: Clock) -> None:
    limiter = RateLimiter(1, 60, clock)
    for _ in range(5):
        limiter.check("a")
    limiter.take("a")
    with pytest.raises(RateLimited):
        limiter.check("a")


def test_a_refusal_costs_nothing(clock: Clock) -> None:
    limiter = RateLimiter(1, 10, clock)
    limiter.take("a")
    for _ in range(100):
        with pytest.raises(RateLimited):
            limiter.take("a")
    clock.seconds += 10
    limiter.take("a")


def test_one_key_never_uses_up_another(clock: Clock) -> None:
    limiter = RateLimiter(1, 60, clock)
    limiter.take("attacker")
    with pytest.raises(RateLimited):
        limiter.take("attacker")
    limiter.take("owner")


def test_memory_is_bounded_and_the_least_recently_used_goes(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_KEYS", 2)
    limiter = RateLimiter(2, 60, clock)
    for key in ("a", "a", "b", "b", "c"):
        limiter.take(key)
    assert list(limiter._buckets) == ["b", "c"]
    with pytest.raises(RateLimited):
        limiter.take("b")


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=60))
def test_never_more_than_the_burst_and_the_refill(pauses: list[float]) -> None:
    clock = Clock()
    limiter = RateLimiter(5, 60, clock)
    taken = 0
    for pause in pauses:
        clock.seconds += pause
        try:
            limiter.take("a")
            taken += 1
        except RateLimited:
            pass
    assert taken <= 5 + sum(pauses) * 5 / 60 + 1e-6


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.254", "192.0.3.1"),
        ("2001:db8:1:100::1", "2001:db8:1:1ff::2", "2001:db8:1:200::1"),
        ("::ffff:192.0.2.1", "192.0.2.9", "::ffff:192.0.3.1"),
    ],
)
def test_one_subscriber_has_one_prefix(one: str, same: str, other: str) -> None:
    assert address_prefix(one) == address_prefix(same) != address_prefix(other)


@pytest.mark.parametrize("address", [None, "", "testclient", "192.0.2.300"])
def test_an_unknown_address_is_a_prefix_too(address: str | None) -> None:
    assert address_prefix(address) == "unknown"
