"""Shortest ways by streets.

For the end of a way one search backwards (Dijkstra) finds, from every point of the graph, how far it is to that end
and where to go next: a tree. Trees are kept for the ends that were asked for last, so a courier on the way costs one
look for the nearest street and one into an array. A point between crossings leaves by the nearest spot on a street,
and is as fast off it as on it.
"""

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

from tiffin.base.geo import Point
from tiffin.routing.nearest import NearestStreet, Spot
from tiffin.routing.street_graph import StreetGraph
from tiffin.routing.way import BICYCLE_METERS_PER_SECOND, Way, straight_way, without_repeats

_MOST_TREES = 512
# in all trees: a place is 12 bytes, so a process keeps 100 MB at most
_MOST_PLACES = 8_000_000
# the next place is the end itself
_THERE = -1
# so far a bicycle is pushed against a one-way at the start and the end: no position is more exact
_PUSHED_METERS = 10.0


class Tree(NamedTuple):
    """All shortest ways to one end."""

    end: Spot
    # by point of the graph; infinite where there is no way
    meters: "array[float]"
    onward: "array[int]"


class _Ride(NamedTuple):
    """A way from `start` to the tree's end; `first` is where it leaves the piece it starts on."""

    start: Spot
    first: int
    meters: float
    tree: Tree


class Streets:
    """Ways by one street graph. None is the answer where streets do not help."""

    def __init__(self, graph: StreetGraph) -> None:
        self._graph = graph
        self._nearest = NearestStreet(graph)
        self._most_trees = max(1, min(_MOST_TREES, _MOST_PLACES // len(graph.points)))
        # by end; None for one out of reach. The one that was not asked for longest goes first.
        self._trees: OrderedDict[Point, Tree | None] = OrderedDict()

    async def find_way(self, start: Point, end: Point) -> Way | None:
        """The shortest way with all its bends."""
        ride = await self._ride(start, end)
        if ride is None:
            return None
        points = without_repeats([start, *self._points(ride), end])
        return Way(points, ride.meters, ride.meters / BICYCLE_METERS_PER_SECOND, "streets")

    async def travel_seconds(self, start: Point, end: Point) -> float | None:
        """What `find_way` says, without the way."""
        ride = await self._ride(start, end)
        return None if ride is None else ride.meters / BICYCLE_METERS_PER_SECOND

    async def _ride(self, start: Point, end: Point) -> _Ride | None:
        tree = await self._tree(end)
        spot = self._nearest.find(start)
        if tree is None or spot is None:
            return None
        off_street = spot.away_meters + tree.end.away_meters
        if straight_way(start, end).meters <= off_street:
            return None
        meters, first = min(self._choices(spot, tree))
        return None if meters == inf else _Ride(spot, first, meters + off_street, tree)

    def _choices(self, spot: Spot, tree: Tree) -> Iterator[tuple[float, int]]:
        """How far it is to the end by each way to leave the piece that the spot is on."""
        piece = self._graph.pieces[spot.piece]
        passed = spot.share * piece.meters
        yield piece.meters - passed + tree.meters[piece.end], piece.end
        if not piece.one_way or passed < _PUSHED_METERS:
            yield passed + tree.meters[piece.start], piece.start
        beyond = passed - tree.end.share * piece.meters
        if spot.piece == tree.end.piece and (not piece.one_way or beyond < _PUSHED_METERS):
            yield abs(beyond), _THERE

    def _points(self, ride: _Ride) -> Iterator[Point]:
        """The way on streets, from where it meets the first to where it leaves the last."""
        yield ride.start.position
        at = ride.first
        while at != _THERE:
            yield self._graph.points[at]
            at = ride.tree.onward[at]
        yield ride.tree.end.position

    async def _tree(self, end: Point) -> Tree | None:
        """In a large city a new one takes a moment, so it grows in a thread."""
        if end not in self._trees:
            spot = self._nearest.find(end)
            self._trees[end] = await asyncio.to_thread(grow_tree, self._graph, spot) if spot else None
            if len(self._trees) > self._most_trees:
                self._trees.popitem(last=False)
        self._trees.move_to_end(end)
        return self._trees[end]


def grow_tree(graph: StreetGraph, end: Spot) -> Tree:
    """Dijkstra's search from the end backwards."""
    tree = Tree(end, array("d", [inf]) * len(graph.points), array("i", [_THERE]) * len(graph.points))
    piece = graph.pieces[end.piece]
    passed, left = end.share * piece.meters, (1 - end.share) * piece.meters
    # (meters to the end, point, where it goes on)
    waiting = [(passed, piece.start, _THERE)]
    if not piece.one_way or left < _PUSHED_METERS:
        heappush(waiting, (left, piece.end, _THERE))
    while waiting:
        meters, point, onward = heappop(waiting)
        if meters >= tree.meters[point]:
            continue
        tree.meters[point], tree.onward[point] = meters, onward
        for before, length in graph.arrivals[point]:
            if meters + length < tree.meters[before]:
                heappush(waiting, (meters + length, before, point))
    return tree
