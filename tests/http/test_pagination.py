"""Cursors: what was given out comes back; anything else is refused, never an error of the database."""

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.http.pagination import InvalidCursor, decode_cursor, encode_cursor

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=80)
_INT64 = st.integers(min_value=-(2**63), max_value=2**63 - 1)


def _cursor_of(value: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


@given(_TEXT, _INT64)
def test_a_cursor_comes_back_as_it_was(text: str, number: int) -> None:
    cursor = encode_cursor(text, number)
    assert decode_cursor(cursor, str, int) == (text, number)
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text(max_size=60))
def test_anything_else_is_refused(text: str) -> None:
    try:
        key = decode_cursor(text, str, int)
    except InvalidCursor:
        return
    assert [type(part) for part in key] == [str, int]


@pytest.mark.parametrize(
    "value",
    [
        ["a"],
        ["a", 1, 2],
        [1, "a"],
        ["a", True],
        ["a", 1.0],
        ["a", None],
        ["a", ["b"]],
        {"a": 1},
        "a",
        None,
        ["a", 2**63],
        ["nul \x00", 1],
    ],
)
def test_other_keys_are_refused(value: object) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(_cursor_of(value), str, int)


def test_a_refused_cursor_says_what_to_do() -> None:
    with pytest.raises(InvalidCursor) as refused:
        decode_cursor("nonsense!", str)
    assert refused.value.code == "invalid_cursor"
    assert "leave it away" in str(refused.value)
