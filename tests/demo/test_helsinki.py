"""The map data is whole, lies where it should, and names nobody's business."""

import random
import struct
from collections import defaultdict
from heapq import heappop, heappush
from itertools import combinations, pairwise
from typing import Any

import orjson

from tiffin.base.geo import Point, distance_meters
from tiffin.demo.helsinki import BASEMAP, DATA, Site, doorsteps, restaurant_sites

BOUNDS = (24.935, 60.164, 24.954, 60.180)


def load(name: str) -> Any:
    return orjson.loads((DATA / name).read_bytes())


def is_inside(longitude: float, latitude: float) -> bool:
    west, south, east, north = BOUNDS
    return west <= longitude <= east and south <= latitude <= north


def meters(one: list[float], other: list[float]) -> float:
    return distance_meters(Point(one[1], one[0]), Point(other[1], other[0]))


def test_basemap_is_pmtiles_of_the_city() -> None:
    header = BASEMAP.read_bytes()[:127]
    assert (header[:7], header[7]) == (b"PMTiles", 3)
    west, south, east, north = (value / 1e7 for value in struct.unpack_from("<iiii", header, 102))
    assert is_inside(west, south)
    assert is_inside(east, north)
    assert (header[100], header[101]) == (12, 16), "zooms"
    assert BASEMAP.stat().st_size < 500_000


def test_restaurants_stand_apart_at_real_addresses() -> None:
    sites = restaurant_sites()
    assert len(sites) >= 12
    for one, other in combinations(sites[:12], 2):
        assert meters([one.longitude, one.latitude], [other.longitude, other.latitude]) >= 150
    assert all(is_inside(site.longitude, site.latitude) for site in (*sites, *doorsteps()))
    assert len(doorsteps()) > 500


def test_no_business_is_named() -> None:
    known = {"position", "kind", "cuisine", "opening_hours", "street", "number"}
    assert all(place.keys() <= known for place in load("places.json"))
    assert all(address.keys() == {"street", "number", "position"} for address in load("addresses.json"))
    assert isinstance(doorsteps()[0], Site)
    assert "OpenStreetMap contributors" in (DATA / "NOTICE").read_text(encoding="utf-8")


def test_every_place_on_the_streets_reaches_every_other() -> None:
    graph = load("streets.json")
    ways: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for start, end, length, one_way, _, bends in graph["edges"]:
        line = [graph["nodes"][start], *(bends[at : at + 2] for at in range(0, len(bends), 2)), graph["nodes"][end]]
        walked = sum(meters(a, b) for a, b in pairwise(line))
        assert abs(walked - length) < 1.0, "a length is that of its line"
        ways[start].append((end, length))
        if not one_way:
            ways[end].append((start, length))
    assert len(graph["nodes"]) > 1000
    chance = random.Random(7)
    for _ in range(200):
        start, end = chance.sample(range(len(graph["nodes"])), 2)
        way = shortest(ways, start, end)
        assert way is not None
        assert way >= meters(graph["nodes"][start], graph["nodes"][end]) - 1


def shortest(ways: dict[int, list[tuple[int, float]]], start: int, end: int) -> float | None:
    """Dijkstra."""
    best = {start: 0.0}
    waiting = [(0.0, start)]
    while waiting:
        walked, node = heappop(waiting)
        if node == end:
            return walked
        for neighbour, length in ways[node]:
            if walked + length < best.get(neighbour, float("inf")):
                best[neighbour] = walked + length
                heappush(waiting, (best[neighbour], neighbour))
    return None
