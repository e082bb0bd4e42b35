"""Rules without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.clock import SystemClock
from tiffin.base.ids import new_id
from tiffin.features.accounts.domain import (
    REFRESH_GRACE_SECONDS,
    Refresh,
    RefreshState,
    Session,
    SessionKind,
    email_key,
    judge_refresh,
    words_of,
)

_generations = st.integers(min_value=1, max_value=10_000)
_seconds = st.floats(min_value=0, max_value=10**9)


def _state(generation: int, seconds_since_rotation: float) -> RefreshState:
    now = SystemClock().now()
    session = Session(new_id(), new_id(), SessionKind.PROGRAM, "", now, now, now)
    return RefreshState(session, generation, seconds_since_rotation, is_over=False)


@given(_generations, _seconds)
def test_the_newest_token_is_always_good(generation: int, seconds: float) -> None:
    assert judge_refresh(_state(generation, seconds), generation) is Refresh.ROTATE


@given(_generations, _seconds)
def test_its_predecessor_is_a_lost_answer_for_a_short_while(generation: int, seconds: float) -> None:
    expected = Refresh.REPEAT if seconds <= REFRESH_GRACE_SECONDS else Refresh.REUSED
    assert judge_refresh(_state(generation + 1, seconds), generation) is expected


@given(_generations, _generations, _seconds)
def test_any_other_token_is_stolen(generation: int, presented: int, seconds: float) -> None:
    if presented not in (generation, generation - 1):
        assert judge_refresh(_state(generation, seconds), presented) is Refresh.REUSED


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("Aino@Example.COM", "aino@example.com"),
        (" aino@example.com\n", "aino@example.com"),
        ("ma\u0308tti@example.com", "m\u00e4tti@example.com"),
        ("aino@xn--pivn-loac.fi", "aino@p\u00e4iv\u00e4n.fi"),
        ("Not an address", "not an address"),
    ],
)
def test_one_mailbox_has_one_key(one: str, same: str) -> None:
    assert email_key(one) == email_key(same)


@given(st.text(max_size=60))
def test_a_key_is_its_own_key(text: str) -> None:
    key = email_key(text)
    assert key == key.strip()


def test_words_are_the_parts_of_address_and_name() -> None:
    words = words_of("aino.virtanen@example.com", "Aino Virtanen-Laine")
    assert {"aino.virtanen@example.com", "aino.virtanen", "virtanen", "Laine", "example"} <= set(words)
    assert "" not in words
    assert len(words) == len(set(words))
