import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.ids import new_id, new_secret, readable_code


def test_an_id_is_a_uuid_version_7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after


def test_ids_sort_by_the_time_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [1_700_000_000_000 + step for step in range(50)]
    monkeypatch.setattr(time, "time_ns", lambda: moments[len(made)] * 1_000_000)
    made: list[uuid.UUID] = []
    for _ in moments:
        made.append(new_id())  # noqa: PERF401 - the clock counts what is made
    assert made == sorted(made)


def test_ids_of_one_moment_differ() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_all_random_bits_vary() -> None:
    seen_set, seen_clear = 0, 0
    for _ in range(300):
        value = new_id().int
        seen_set |= value
        seen_clear |= ~value
    random_bits = ((1 << 12) - 1) << 64 | (1 << 62) - 1  # rand_a and rand_b of RFC 9562
    assert seen_set & random_bits == random_bits
    assert seen_clear & random_bits == random_bits


def test_a_secret_has_256_bits() -> None:
    assert len(new_secret()) == 43  # base64 of 32 bytes
    assert new_secret() != new_secret()


@given(st.integers(min_value=1, max_value=40))
def test_a_readable_code_has_no_letters_that_are_mistaken(length: int) -> None:
    code = readable_code(length)
    assert len(code) == length
    assert not set(code) & set("ILOU")
