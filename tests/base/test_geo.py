import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.geo import Point, distance_meters

points = st.builds(
    Point,
    st.floats(min_value=-90, max_value=90, allow_nan=False),
    st.floats(min_value=-180, max_value=180, allow_nan=False),
)
_HALF_WAY_ROUND_METERS = 20_015_115  # pi times the mean radius


@given(points, points)
def test_a_distance_is_the_same_both_ways_and_bounded(a: Point, b: Point) -> None:
    there, back = distance_meters(a, b), distance_meters(b, a)
    assert there == pytest.approx(back, abs=0.01)
    assert 0 <= there <= _HALF_WAY_ROUND_METERS


@given(points)
def test_nothing_is_away_from_itself(a: Point) -> None:
    assert distance_meters(a, a) == 0


@given(points, points, points)
def test_a_detour_is_never_shorter(a: Point, b: Point, c: Point) -> None:
    assert distance_meters(a, c) <= distance_meters(a, b) + distance_meters(b, c) + 0.1


def test_helsinki_to_tallinn_is_about_82_kilometers() -> None:
    assert distance_meters(Point(60.1699, 24.9384), Point(59.4370, 24.7536)) == pytest.approx(82_200, rel=0.005)
