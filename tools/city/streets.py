"""The street graph for bicycles: crossings as nodes, what lies between them as edges with their bends.

Only the largest part in which every place can be reached from every other is kept.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any

from extract import Way

_EARTH_METERS = 6_371_008.8
_DECIMALS = 6


def graph(ways: list[Way], bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    """`nodes`: positions. `edges`: [from, to, meters, one way, name, bends], node and name by index.

    Bends are the positions between the ends, flat: longitude, latitude, longitude, …
    """
    edges = list(_edges(ways))
    kept = _largest_connected(edges)
    edges = [edge for edge in edges if edge["from"] in kept and edge["to"] in kept]
    position = {edge[end]: edge["line"][at] for edge in edges for end, at in (("from", 0), ("to", -1))}
    order = {node: index for index, node in enumerate(sorted(position, key=lambda node: position[node]))}
    names = sorted({edge["name"] for edge in edges})
    rows = sorted(_row(edge, order, names) for edge in edges)
    return {
        "bounds": [round(value, _DECIMALS) for value in bounds],
        "nodes": [_rounded(position[node]) for node in order],
        "names": names,
        "edges": rows,
    }


def _edges(ways: list[Way]) -> Iterable[dict[str, Any]]:
    """Ways cut wherever another one meets them."""
    uses = Counter(node for way in ways for node in way.nodes)
    for way in ways:
        start = 0
        for at in range(1, len(way.nodes)):
            if uses[way.nodes[at]] > 1 or at == len(way.nodes) - 1:
                line = list(way.line.coords)[start : at + 1]
                ends = {"from": way.nodes[start], "to": way.nodes[at]}
                yield {**ends, "line": line, "one_way": way.one_way, "name": way.name}
                start = at


def _row(edge: dict[str, Any], order: dict[int, int], names: list[str]) -> list[Any]:
    line = edge["line"]
    meters = sum(_meters(a, b) for a, b in pairwise(line))
    bends = [value for point in line[1:-1] for value in _rounded(point)]
    numbers = order[edge["from"]], order[edge["to"]], round(meters, 1), int(edge["one_way"])
    return [*numbers, names.index(edge["name"]), bends]


def _rounded(point: tuple[float, float]) -> list[float]:
    return [round(value, _DECIMALS) for value in point]


def _meters(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Haversine."""
    (west, south), (east, north) = (map(radians, a), map(radians, b))
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin((east - west) / 2) ** 2
    return 2 * _EARTH_METERS * asin(sqrt(half))


def _largest_connected(edges: list[dict[str, Any]]) -> set[int]:
    """The largest strongly connected part (Kosaraju: what is reached forwards, and backwards, from one node)."""
    forwards: dict[int, list[int]] = {}
    backwards: dict[int, list[int]] = {}
    for edge in edges:
        pairs = [(edge["from"], edge["to"])] + ([] if edge["one_way"] else [(edge["to"], edge["from"])])
        for start, end in pairs:
            forwards.setdefault(start, []).append(end)
            backwards.setdefault(end, []).append(start)
    best: set[int] = set()
    left = sorted(forwards.keys() | backwards.keys())
    while left:
        part = _reached(left[0], forwards) & _reached(left[0], backwards)
        best = max(best, part, key=len)
        left = [node for node in left if node not in part]
    return best


def _reached(start: int, neighbours: dict[int, list[int]]) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        for node in neighbours.get(waiting.pop(), ()):
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return seen
