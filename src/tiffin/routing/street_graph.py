"""The street graph in memory, read from the file that `tools/city` writes and checked before anything uses it.

The file has crossings (`nodes`: [longitude, latitude]) and what lies between them (`edges`: [from, to, meters, one way,
name, bends]; the bends flat, longitude before latitude). In memory bends are points like crossings, and streets are
cut into straight pieces between points. A piece is as long as its ends are apart; meters, names and bounds of the file
are for others.

One way means one way for a bicycle: `tools/city` has left out the streets where bicycles may ride against it
(OpenStreetMap's `oneway:bicycle=no`, `cycleway=opposite…`), so couriers keep to what is left.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, ValidationError

from tiffin.base.errors import TiffinError
from tiffin.base.geo import Point, distance_meters

# a longer one is a mistake in the file
_LONGEST_PIECE_METERS = 50_000

_Position = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]
_Edge = tuple[NonNegativeInt, NonNegativeInt, NonNegativeFloat, Literal[0, 1], NonNegativeInt, list[float]]


class BrokenStreetGraph(TiffinError):
    """The file is missing or no street graph; the message names it and says what is wrong."""

    code = "broken_street_graph"


class _File(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    nodes: list[_Position]
    edges: list[_Edge] = Field(min_length=1)


class Piece(NamedTuple):
    """A straight piece of street between two points, by index; if one way, from `start` to `end`."""

    start: int
    end: int
    meters: float
    one_way: bool


@dataclass(frozen=True, slots=True)
class StreetGraph:
    """Nothing in it ever changes, so threads may share it."""

    points: list[Point]
    pieces: list[Piece]
    # of each point: from which points a bicycle comes to it by one piece, and its meters
    arrivals: list[list[tuple[int, float]]]

    @classmethod
    def of(cls, points: list[Point], pieces: list[Piece]) -> Self:
        """The graph of these pieces."""
        arrivals: list[list[tuple[int, float]]] = [[] for _ in points]
        for piece in pieces:
            arrivals[piece.end].append((piece.start, piece.meters))
            if not piece.one_way:
                arrivals[piece.start].append((piece.end, piece.meters))
        return cls(points, pieces, arrivals)


def load_street_graph(path: Path) -> StreetGraph:
    """Read the file. Raises BrokenStreetGraph."""
    try:
        return _graph(_File.model_validate_json(path.read_bytes()))
    except ValidationError as error:
        fault = error.errors(include_input=False)[0]
        at = ".".join(str(key) for key in fault["loc"])
        raise BrokenStreetGraph(f"{path} is no street graph: {at or 'file'}: {fault['msg']}") from error
    except OSError as error:
        raise BrokenStreetGraph(f"the street graph {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BrokenStreetGraph(f"{path} is no street graph: {error}") from error


def _graph(file: _File) -> StreetGraph:
    points = [Point(latitude, longitude) for longitude, latitude in file.nodes]
    pieces: list[Piece] = []
    for number, edge in enumerate(file.edges):
        try:
            pieces += _pieces(edge, len(file.nodes), points)
        except ValueError as error:
            raise ValueError(f"edges.{number}: {error}") from error
    return StreetGraph.of(points, pieces)


def _pieces(edge: _Edge, crossings: int, points: list[Point]) -> list[Piece]:
    """The edge cut at its bends, which are added to the points. Raises ValueError."""
    start, end, _, one_way, _, bends = edge
    if max(start, end) >= crossings:
        raise ValueError(f"there are {crossings} nodes, none has the number {max(start, end)}")
    if len(bends) % 2:
        raise ValueError("a bend has no latitude")
    first = len(points)
    points += [Point(latitude, longitude) for longitude, latitude in zip(bends[::2], bends[1::2], strict=True)]
    line = [start, *range(first, len(points)), end]
    pieces = [Piece(a, b, distance_meters(points[a], points[b]), bool(one_way)) for a, b in pairwise(line)]
    if not all(piece.meters <= _LONGEST_PIECE_METERS for piece in pieces):
        raise ValueError(f"a straight piece is longer than {_LONGEST_PIECE_METERS} m")
    return pieces
