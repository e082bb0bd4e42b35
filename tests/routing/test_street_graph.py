import json
from pathlib import Path
from typing import Any

import pytest

from tiffin.base.geo import Point
from tiffin.demo.helsinki import DATA
from tiffin.routing import BrokenStreetGraph, Routes
from tiffin.routing.street_graph import load_street_graph

_NODES = [[24.94, 60.17], [24.95, 60.17], [24.95, 60.18]]
_EDGE = [0, 1, 555.0, 0, 0, []]


def _file(folder: Path, content: Any) -> Path:
    path = folder / "streets.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_streets_are_cut_at_their_bends(tmp_path: Path) -> None:
    edges = [[0, 2, 1700.0, 1, 0, [24.95, 60.165, 24.96, 60.175]], [1, 0, 555.0, 0, 0, []]]
    graph = load_street_graph(_file(tmp_path, {"bounds": [], "nodes": _NODES, "names": [""], "edges": edges}))
    assert graph.points[3:] == [Point(60.165, 24.95), Point(60.175, 24.96)]
    assert [piece[:2] + piece[3:] for piece in graph.pieces] == [
        (0, 3, True),
        (3, 4, True),
        (4, 2, True),
        (1, 0, False),
    ]
    assert [[before for before, _ in arrivals] for arrivals in graph.arrivals] == [[1], [0], [4], [0], [3]]


def test_the_pieces_of_a_real_street_are_as_long_as_the_file_says() -> None:
    graph = load_street_graph(DATA / "streets.json")
    file = json.loads((DATA / "streets.json").read_bytes())
    assert sum(piece.meters for piece in graph.pieces) == pytest.approx(
        sum(edge[2] for edge in file["edges"]), rel=1e-3
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "file: Invalid JSON"),
        (b'{"nodes": [[24.9, 60.1]', "file: Invalid JSON"),
        (b"\xff\xfe", "file: Invalid JSON"),
        ([], "file: "),
        ({"nodes": _NODES}, "edges: Field required"),
        ({"nodes": _NODES, "edges": []}, "edges: "),
        ({"nodes": [[24.94, 91.0]], "edges": [_EDGE]}, "nodes.0.1: "),
        (b'{"nodes": [[24.94, NaN]], "edges": []}', "nodes.0.1: "),
        ({"nodes": [[24.94]], "edges": [_EDGE]}, "nodes.0.1: "),
        ({"nodes": _NODES, "edges": [[0, 1, 555.0]]}, "edges.0.3: "),
        ({"nodes": _NODES, "edges": [_EDGE, ["0", 1, 555.0, 0, 0, []]]}, "edges.1.0: "),
        ({"nodes": _NODES, "edges": [[-1, 1, 555.0, 0, 0, []]]}, "edges.0.0: "),
        ({"nodes": _NODES, "edges": [[0, 1, 555.0, 2, 0, []]]}, "edges.0.3: "),
        (
            {"nodes": _NODES, "edges": [_EDGE, [0, 3, 5.0, 0, 0, []]]},
            "edges.1: there are 3 nodes, none has the number 3",
        ),
        ({"nodes": _NODES, "edges": [[0, 1, 5.0, 0, 0, [24.9]]]}, "edges.0: a bend has no latitude"),
        ({"nodes": _NODES, "edges": [[0, 1, 5.0, 0, 0, [24.9, 1e300]]]}, "edges.0: "),
        ({"nodes": _NODES, "edges": [[0, 1, 5.0, 0, 0, [20.0, 60.0]]]}, "edges.0: a straight piece is longer"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path: Path, content: Any, said: str) -> None:
    path = _file(tmp_path, content)
    with pytest.raises(BrokenStreetGraph) as caught:
        Routes(street_graph=path, router_url=None)
    assert str(caught.value).startswith(f"{path} is no street graph: {said}")
    assert len(str(caught.value)) < 400


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokenStreetGraph, match=r"none\.json cannot be read: No such file"):
        load_street_graph(tmp_path / "none.json")
