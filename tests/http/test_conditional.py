"""Strong ETags: what is current, what is stale, what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.errors import PreconditionFailed, PreconditionRequired
from tiffin.http.conditional import etag, is_current, require_match


@given(st.integers(min_value=1))
def test_the_tag_of_a_version_matches_itself_and_no_other(version: int) -> None:
    tag = etag(version)
    assert tag == f'"{version}"'
    require_match(tag, tag)
    assert is_current(tag, tag)
    with pytest.raises(PreconditionFailed):
        require_match(etag(version + 1), tag)
    assert not is_current(etag(version + 1), tag)


def test_a_change_needs_the_tag_that_was_read() -> None:
    with pytest.raises(PreconditionRequired) as missing:
        require_match(None, '"7"')
    assert missing.value.details == {"etag": '"7"'}


def test_a_stale_tag_is_told_the_current_one() -> None:
    with pytest.raises(PreconditionFailed) as stale:
        require_match('"6"', '"7"')
    assert stale.value.details == {"etag": '"7"'}


@pytest.mark.parametrize("header", ['"7"', '"6", "7"', '"6","7"', "*"])
def test_if_match_takes_lists_and_the_star(header: str) -> None:
    require_match(header, '"7"')


@pytest.mark.parametrize("header", ['W/"7"', "7", "", '"77"', "'7'"])
def test_if_match_compares_strongly(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        require_match(header, '"7"')


@pytest.mark.parametrize("header", ['"7"', 'W/"7"', '"6", W/"7"', "*"])
def test_if_none_match_compares_weakly(header: str) -> None:
    assert is_current(header, '"7"')


@pytest.mark.parametrize("header", [None, "", "7", '"6"'])
def test_a_reader_without_the_tag_gets_the_body(header: str | None) -> None:
    assert not is_current(header, '"7"')
