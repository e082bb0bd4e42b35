import json
import random
import time
from itertools import pairwise
from math import cos, inf, radians
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.geo import Point, distance_meters
from tiffin.demo.helsinki import DATA, doorsteps
from tiffin.routing import Routes, Way, streets
from tiffin.routing.nearest import NearestStreet, Spot
from tiffin.routing.street_graph import Piece, StreetGraph, load_street_graph
from tiffin.routing.streets import Streets, grow_tree

_FILE = DATA / "streets.json"
_DOORS = [Point(site.latitude, site.longitude) for site in doorsteps()]
_ANY = (random.Random(seed).sample(_DOORS, 2) for seed in range(300))
# further apart than any two are from their streets
_PAIRS = [(start, end) for start, end in _ANY if distance_meters(start, end) > 300][:200]


@pytest.fixture(scope="module")
def graph() -> StreetGraph:
    return load_street_graph(_FILE)


@pytest.fixture(scope="module")
def routes() -> Routes:
    return Routes(street_graph=_FILE, router_url=None)


def _length(way: Way) -> float:
    return sum(distance_meters(a, b) for a, b in pairwise(way.points))


# the real city


async def test_between_any_two_doors_there_is_a_way_as_long_as_its_pieces(routes: Routes) -> None:
    assert len(_PAIRS) == 200
    for start, end in _PAIRS:
        way = await routes.find_way(start, end)
        assert way.source == "streets"
        assert (way.points[0], way.points[-1]) == (start, end)
        assert all(a != b for a, b in pairwise(way.points))
        assert way.meters == pytest.approx(_length(way), rel=1e-4)
        assert way.meters >= distance_meters(start, end) * 0.9999
        assert way.seconds == pytest.approx(way.meters / 4.5)


async def test_a_way_rides_along_streets_and_never_against_a_one_way(routes: Routes, graph: StreetGraph) -> None:
    places = {point: number for number, point in enumerate(graph.points)}
    assert len(places) == len(graph.points)
    for start, end in _PAIRS:
        # without the two ends, and the spots where they meet a street
        inner = [places[point] for point in (await routes.find_way(start, end)).points[2:-2] if point in places]
        for before, after in pairwise(inner):
            assert before in [place for place, _ in graph.arrivals[after]]


async def test_the_travel_time_is_that_of_the_way(routes: Routes) -> None:
    for start, end in _PAIRS:
        assert await routes.travel_seconds(start, end) == (await routes.find_way(start, end)).seconds


async def test_without_one_ways_there_and_back_are_the_same(graph: StreetGraph) -> None:
    both_ways = Streets(StreetGraph.of(graph.points, [piece._replace(one_way=False) for piece in graph.pieces]))
    for start, end in _PAIRS[:50]:
        there, back = await both_ways.travel_seconds(start, end), await both_ways.travel_seconds(end, start)
        assert there == pytest.approx(back)


async def test_asked_again_on_the_way_it_takes_no_longer_than_was_said(routes: Routes) -> None:
    for start, end in _PAIRS[:50]:
        way = await routes.find_way(start, end)
        left = way.meters
        for before, point in pairwise(way.points[:-1]):
            left -= distance_meters(before, point)
            assert await routes.travel_seconds(point, end) < left / 4.5 + 0.1


async def test_the_warm_travel_time_is_cheap(routes: Routes, capsys: pytest.CaptureFixture[str]) -> None:
    end = _DOORS[0]
    await routes.travel_seconds(_DOORS[1], end)
    started = time.perf_counter()
    for start in _DOORS:
        await routes.travel_seconds(start, end)
    microseconds = (time.perf_counter() - started) / len(_DOORS) * 1e6
    with capsys.disabled():
        print(f" warm travel time: {microseconds:.1f} µs ", end="")  # noqa: T201 - shown, since speed is no condition
    assert microseconds < 1000


def test_the_nearest_spot_is_that_of_a_look_at_every_piece(graph: StreetGraph) -> None:
    nearest, chance = NearestStreet(graph), random.Random(11)
    spots = []
    for _ in range(300):
        point = Point(chance.uniform(60.155, 60.185), chance.uniform(24.92, 24.97))
        meters = min(_away(graph, piece, point) for piece in graph.pieces)
        spot = nearest.find(point)
        spots.append(spot)
        assert meters > 499 if spot is None else spot.away_meters == pytest.approx(meters, rel=2e-3, abs=0.1)
    assert 5 < spots.count(None) < 250


def _away(graph: StreetGraph, piece: Piece, point: Point) -> float:
    """From a point to a piece, on a plane around the point."""
    east, north = 111_195 * cos(radians(point.latitude)), 111_195

    def at(place: int) -> complex:
        to = graph.points[place]
        return complex((to.longitude - point.longitude) * east, (to.latitude - point.latitude) * north)

    start, along = at(piece.start), at(piece.end) - at(piece.start)
    share = -(start * along.conjugate()).real / abs(along) ** 2
    return abs(start + along * min(1.0, max(0.0, share)))


# small graphs


_pieces = st.builds(Piece, st.integers(0, 7), st.integers(0, 7), st.integers(0, 100).map(float), one_way=st.booleans())


@given(st.lists(_pieces, min_size=1, max_size=25), st.data())
def test_trees_agree_with_the_simplest_search(pieces: list[Piece], data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(pieces) - 1))
    end = Spot(number, data.draw(st.sampled_from([0.0, 0.25, 1.0])), Point(0, 0), 0.0)
    graph = StreetGraph.of([Point(0, 0)] * 8, pieces)
    tree = grow_tree(graph, end)
    expected = _from_everywhere(pieces, end)
    assert list(tree.meters) == pytest.approx(expected)
    for point, meters in enumerate(tree.meters):
        if meters < inf and (onward := tree.onward[point]) >= 0:
            steps = [length for before, length in graph.arrivals[onward] if before == point]
            assert meters == pytest.approx(min(steps) + tree.meters[onward])


def _from_everywhere(pieces: list[Piece], end: Spot) -> list[float]:
    """Bellman and Ford's search: every piece is tried until nothing gets shorter."""
    meters = [inf] * 8
    last = pieces[end.piece]
    meters[last.start] = end.share * last.meters
    if not last.one_way or (1 - end.share) * last.meters < 10:
        meters[last.end] = min(meters[last.end], (1 - end.share) * last.meters)
    for _ in range(8):
        for start, to, length, one_way in pieces:
            meters[start] = min(meters[start], length + meters[to])
            if not one_way:
                meters[to] = min(meters[to], length + meters[start])
    return meters


# a square with corners 0 to 3, about 111 m a side, at the equator
_SQUARE = [[0.0, 0.0], [0.001, 0.0], [0.001, 0.001], [0.0, 0.001]]
_SIDE_METERS = 111.195


def _routes(folder: Path, edges: list[tuple[int, int, int]], nodes: list[list[float]] | None = None) -> Routes:
    rows = [[start, end, 1.0, one_way, 0, []] for start, end, one_way in edges]
    path = folder / "streets.json"
    path.write_text(json.dumps({"nodes": nodes or _SQUARE, "edges": rows}))
    return Routes(street_graph=path, router_url=None)


async def test_a_one_way_is_ridden_forwards_and_else_around(tmp_path: Path) -> None:
    routes = _routes(tmp_path, [(0, 1, 1), (1, 2, 1), (2, 3, 1), (3, 0, 1)])
    near, far = Point(0, 0.0002), Point(0, 0.0008)
    forwards, around = await routes.find_way(near, far), await routes.find_way(far, near)
    assert forwards.points == (near, far)
    assert forwards.meters == pytest.approx(0.6 * _SIDE_METERS, rel=1e-4)
    assert around.points == (far, Point(0, 0.001), Point(0.001, 0.001), Point(0.001, 0), Point(0, 0), near)
    assert around.meters == pytest.approx(3.4 * _SIDE_METERS, rel=1e-4)


async def test_a_few_meters_past_the_end_of_the_way_nobody_rides_around(tmp_path: Path) -> None:
    routes = _routes(tmp_path, [(0, 1, 1), (1, 2, 1), (2, 3, 1), (3, 0, 1)])
    end = Point(0, 0.0005)
    assert await routes.travel_seconds(Point(0, 0.00058), end) < 3
    assert await routes.travel_seconds(Point(0, 0.0006), end) > 80


async def test_a_street_for_both_directions_is_ridden_the_shorter_way(tmp_path: Path) -> None:
    routes = _routes(tmp_path, [(0, 1, 0), (1, 2, 0), (2, 3, 0), (3, 0, 0)])
    start, end = Point(0, 0.0002), Point(0.0009, 0)
    assert (await routes.find_way(start, end)).points == (start, Point(0, 0), end)
    assert await routes.travel_seconds(start, end) == pytest.approx(1.1 * _SIDE_METERS / 4.5, rel=1e-4)


async def test_a_way_begins_and_ends_beside_the_street(tmp_path: Path) -> None:
    routes = _routes(tmp_path, [(0, 1, 0)])
    start, end = Point(0.0001, 0.0001), Point(-0.0002, 0.0009)
    way = await routes.find_way(start, end)
    assert way.points == (start, Point(0, 0.0001), Point(0, 0.0009), end)
    assert way.meters == pytest.approx(1.1 * _SIDE_METERS, rel=1e-4)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (Point(0.0001, 0.0005), Point(0.0001, 0.0005)),
        (Point(0.0001, 0.0005), Point(0.0001, 0.00055)),
        (Point(0, 0), Point(0.0060, 0.0005)),
        (Point(-0.01, 0.01), Point(0, 0.001)),
        (Point(90, 0), Point(-90, 180)),
        (Point(0, 0.0005), Point(0.001, 0.0005)),
    ],
    ids=["the same", "nearer than the street", "end out of reach", "start out of reach", "far away", "not connected"],
)
async def test_where_streets_do_not_help_the_line_is_straight(tmp_path: Path, start: Point, end: Point) -> None:
    routes = _routes(tmp_path, [(0, 1, 0), (2, 3, 0)])
    way = await routes.find_way(start, end)
    assert (way.source, way.points) == ("straight", (start, end))
    assert way.meters == pytest.approx(distance_meters(start, end) * 1.35)
    assert way.seconds == await routes.travel_seconds(start, end) == pytest.approx(way.meters / 4.5)


async def test_without_a_graph_the_line_is_straight() -> None:
    way = await Routes(street_graph=None, router_url=None).find_way(*_PAIRS[0])
    assert (way.source, way.points) == ("straight", _PAIRS[0])


async def test_only_the_newest_trees_are_kept(graph: StreetGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streets, "_MOST_TREES", 2)
    grown: list[Spot] = []

    def grow(graph: StreetGraph, end: Spot) -> streets.Tree:
        grown.append(end)
        return grow_tree(graph, end)

    monkeypatch.setattr(streets, "grow_tree", grow)
    asked = Streets(graph)
    for end in (1, 2, 1, 3, 1, 3, 2):
        assert await asked.travel_seconds(_DOORS[0], _DOORS[end]) is not None
    assert len(grown) == 4
