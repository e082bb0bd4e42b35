"""The decoder against what strangers send: each file ends in a picture or in a reason, within its limits."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pyvips
from tests.features.images.photos import jpeg, left_is_red, photo, png, text_bomb, with_secrets

from tiffin.features.images import decoder

_PROGRAM = str(Path(decoder.__file__))


def decode(path: Path, folder: Path) -> list[dict[str, Any]]:
    """What the child says, run as a worker runs it."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", _PROGRAM, str(path), str(folder)],
        capture_output=True,
        env={"PATH": ""},
        timeout=60,
        check=False,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return [*said, {"exit": done.returncode}] if done.returncode else said


@pytest.fixture
def outcome(tmp_path: Path) -> Callable[[bytes], Any]:
    """What becomes of bytes: the reason of a failure, or the result."""

    def run(content: bytes) -> Any:
        (tmp_path / "upload").write_bytes(content)
        last = decode(tmp_path / "upload", tmp_path / "out")[-1]
        return last.get("failure") or last.get("result") or last

    return run


def _saved(image: Any, suffix: str, **options: Any) -> bytes:
    return bytes(image.write_to_buffer(suffix, **options))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif"])
def test_variants_of_every_kind(tmp_path: Path, outcome: Callable[[bytes], Any], suffix: str) -> None:
    result = outcome(_saved(photo(2000, 1500), suffix))
    assert (result["width"], result["height"]) == (1600, 1200)
    names = {file["name"] for file in result["files"]}
    assert names == {f"{size}.{form}" for size in (160, 480, 960, 1600) for form in ("webp", "jpg")} | {"1600.avif"}
    for file in result["files"]:
        variant = pyvips.Image.new_from_file(str(tmp_path / "out" / file["name"]))
        assert variant.width == file["width"] == int(file["name"].split(".")[0])
        assert abs(variant.width / variant.height - 4 / 3) < 0.02
    assert len(result["blurhash"]) == 28
    assert result["verdicts"] == []


def test_nothing_is_made_larger(outcome: Callable[[bytes], Any]) -> None:
    result = outcome(jpeg(700, 500))
    assert sorted({file["width"] for file in result["files"]}) == [160, 480, 700]
    assert result["verdicts"] == ["too_small"]


def test_no_metadata_is_left(tmp_path: Path) -> None:
    with_secrets(photo(1000, 800), tmp_path / "upload")
    assert b"SpyCam" in (tmp_path / "upload").read_bytes()
    before = pyvips.Image.new_from_file(str(tmp_path / "upload")).get_fields()
    assert any("GPS" in name for name in before)
    result = decode(tmp_path / "upload", tmp_path / "out")[-1]["result"]
    for file in result["files"]:
        content = (tmp_path / "out" / file["name"]).read_bytes()
        assert not any(secret in content for secret in (b"SpyCam", b"GPS", b"secret kitchen", b"2026:11:23", b"Exif\0"))
        fields = pyvips.Image.new_from_file(str(tmp_path / "out" / file["name"])).get_fields()
        assert not [name for name in fields if name.startswith(("exif", "xmp", "iptc", "icc"))], file["name"]


@pytest.mark.parametrize(("orientation", "red_at"), [(1, "left"), (3, "right"), (6, "top"), (8, "bottom")])
def test_it_stands_upright(tmp_path: Path, orientation: int, red_at: str) -> None:
    with_secrets(left_is_red(1200, 800), tmp_path / "upload", orientation=orientation)
    result = decode(tmp_path / "upload", tmp_path / "out")[-1]["result"]
    turned = orientation in (6, 8)
    assert (result["width"], result["height"]) == ((800, 1200) if turned else (1200, 800))
    largest = result["files"][-1]["name"].replace("avif", "jpg")
    image = pyvips.Image.new_from_file(str(tmp_path / "out" / largest))
    points = {
        "left": (20, image.height // 2),
        "right": (image.width - 20, image.height // 2),
        "top": (image.width // 2, 20),
        "bottom": (image.width // 2, image.height - 20),
    }
    red = {where for where, point in points.items() if image(*point)[0] > 150 and image(*point)[2] < 100}
    assert red_at in red
    assert {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}[red_at] not in red


def test_other_kinds_of_colour(outcome: Callable[[bytes], Any]) -> None:
    colour = photo(640, 480)
    grey = colour.colourspace("b-w")
    for content in (
        _saved(grey, ".jpg"),
        _saved(grey, ".png"),
        _saved(colour.colourspace("cmyk"), ".jpg"),
        _saved(colour.colourspace("rgb16"), ".png"),
        _saved(colour.bandjoin(120), ".png"),
        _saved(grey.bandjoin(120), ".png"),
    ):
        result = outcome(content)
        assert (result["width"], result["height"]) == (640, 480), result


def test_a_wide_profile_becomes_srgb(tmp_path: Path) -> None:
    """Display P3's reddest red is redder than sRGB's; a green that both have is written otherwise."""
    green = pyvips.Image.black(400, 300, bands=3).linear(1, [60, 180, 75]).cast("uchar").copy(interpretation="srgb")
    green.icc_transform("p3", input_profile="srgb").pngsave(str(tmp_path / "upload"), profile="p3")
    stored = pyvips.Image.new_from_file(str(tmp_path / "upload"))
    assert abs(stored(5, 5)[0] - 60) > 15, "written otherwise"
    decode(tmp_path / "upload", tmp_path / "out")
    shown = pyvips.Image.new_from_file(str(tmp_path / "out" / "400.jpg"))
    assert all(abs(now - then) <= 4 for now, then in zip(shown(5, 5), (60, 180, 75), strict=True)), shown(5, 5)


def test_transparent_becomes_white(tmp_path: Path) -> None:
    clear = pyvips.Image.black(400, 300, bands=4).copy(interpretation="srgb")
    clear.pngsave(str(tmp_path / "upload"))
    decode(tmp_path / "upload", tmp_path / "out")
    assert pyvips.Image.new_from_file(str(tmp_path / "out" / "400.jpg")).avg() > 250


def test_verdicts(outcome: Callable[[bytes], Any]) -> None:
    assert outcome(_saved(photo(1200, 900, brightness=12), ".jpg"))["verdicts"] == ["too_dark"]
    assert outcome(_saved(photo(1200, 900).gaussblur(12), ".jpg"))["verdicts"] == ["blurred"]
    assert outcome(_saved(photo(1600, 400), ".jpg"))["verdicts"] == ["odd_shape"]
    assert outcome(_saved(photo(400, 900), ".jpg"))["verdicts"] == ["too_small"]


_WHOLE = jpeg(900, 700)
_HTML = b"<!DOCTYPE html><script>alert(1)</script>"
_BAD: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "empty": (lambda: b"", {"empty"}),
    "one byte": (lambda: b"\xff", {"unsupported_type"}),
    "text": (lambda: b"Lohikeitto", {"unsupported_type"}),
    "a page": (lambda: _HTML, {"unsupported_type"}),
    "SVG": (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"/>', {"svg"}),
    "SVG after an XML declaration": (lambda: b'<?xml version="1.0"?><svg width="9" height="9"/>', {"svg"}),
    "HEIC": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100, {"heic"}),
    "GIF": (lambda: b"GIF89a" + b"\0" * 100, {"animated"}),
    "TIFF": (lambda: _saved(photo(), ".tif"), {"unsupported_type"}),
    "PDF": (lambda: b"%PDF-1.7\n", {"unsupported_type"}),
    "moving WebP": (
        lambda: bytes(
            pyvips.Image.arrayjoin([photo(300, 300, seed=n) for n in range(3)], across=1).webpsave_buffer(
                page_height=300
            )
        ),
        {"animated"},
    ),
    "half a JPEG": (lambda: _WHOLE[: len(_WHOLE) // 2], {"truncated"}),
    "a JPEG without its end": (lambda: _WHOLE[:-500], {"truncated"}),
    "a JPEG's head": (lambda: b"\xff\xd8\xff\xe0" + b"\0" * 60, {"truncated"}),
    "noise after a JPEG's first bytes": (lambda: b"\xff\xd8\xff" + bytes(range(256)) * 50, {"truncated"}),
    "a PNG without pixels": (lambda: png(400, 400), {"truncated"}),
    "a PNG that claims a terapixel": (lambda: png(1_000_000, 1_000_000), {"too_many_pixels", "truncated"}),
    "51 megapixels": (lambda: _saved(pyvips.Image.black(10_200, 5_000), ".png"), {"too_many_pixels"}),
    "a pixel": (lambda: _saved(pyvips.Image.black(1, 1), ".png"), {"too_small"}),
    "a line": (lambda: _saved(pyvips.Image.black(9_000, 20), ".png"), {"too_small"}),
    "AVIF's name and nothing else": (lambda: b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"\0" * 200, {"truncated"}),
}


@pytest.mark.parametrize("name", _BAD)
def test_what_is_refused(name: str, outcome: Callable[[bytes], Any]) -> None:
    make, reasons = _BAD[name]
    assert outcome(make()) in reasons


def test_50_megapixels_are_read_within_the_limits(outcome: Callable[[bytes], Any]) -> None:
    result = outcome(_saved(pyvips.Image.black(10_000, 5_000), ".png"))
    assert (result["width"], result["height"]) == (1600, 800)


def test_a_comment_that_unpacks_to_a_gigabyte(outcome: Callable[[bytes], Any]) -> None:
    bomb = text_bomb(1024)
    assert len(bomb) < 2_000_000
    began = time.monotonic()
    result = outcome(bomb)
    assert result == "truncated" or "width" in result or "exit" in result, result
    assert time.monotonic() - began < 30


def test_two_things_in_one_file(tmp_path: Path) -> None:
    """A JPEG that is a page and an archive as well: only its pixels come out."""
    (tmp_path / "upload").write_bytes(_WHOLE + _HTML + b"PK\x05\x06" + b"\0" * 18)
    result = decode(tmp_path / "upload", tmp_path / "out")[-1]["result"]
    for file in result["files"]:
        content = (tmp_path / "out" / file["name"]).read_bytes()
        assert b"script" not in content
        assert b"PK\x05\x06" not in content


def test_loaders_that_are_not_hardened_are_blocked(tmp_path: Path) -> None:
    """Past the sniffing, too: libvips itself refuses."""
    (tmp_path / "drawing.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    program = f"""
import importlib.util, os
spec = importlib.util.spec_from_file_location("decoder", {_PROGRAM!r})
decoder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(decoder)
decoder.sniff = lambda head: "VipsForeignLoadSvgFile"
decoder.main({str(tmp_path / "drawing.svg")!r}, {str(tmp_path)!r})
"""
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"failure": "unsupported_type"}


def test_it_gives_up_what_it_does_not_need(tmp_path: Path) -> None:
    """In a child of this test: memory, time, files and priority are bounded, and stay so."""
    program = f"""
import importlib.util, json, os, resource, sys
spec = importlib.util.spec_from_file_location("decoder", {_PROGRAM!r})
decoder = importlib.util.module_from_spec(spec)
spec.loader.exec_module(decoder)
decoder.confine()
limits = {{name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in ("AS", "CPU", "FSIZE", "NOFILE")}}
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
try:
    memory = len(bytearray(2_000_000_000))
except MemoryError:
    memory = 0
print(json.dumps([limits, status["NoNewPrivs"].strip(), os.nice(0) >= 10, memory]))
"""
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    limits, no_new_privileges, is_nice, memory = json.loads(done.stdout)
    assert limits == {
        "AS": [decoder.MEMORY_BYTES] * 2,
        "CPU": [decoder.CPU_SECONDS] * 2,
        "FSIZE": [decoder.FILE_BYTES] * 2,
        "NOFILE": [64] * 2,
    }
    assert (no_new_privileges, is_nice, memory) == ("1", True, 0)


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "upload")  # opening it waits for ever
    program = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-I", {_PROGRAM!r}, {str(tmp_path / "upload")!r}, {str(tmp_path)!r}])
print(child.pid, flush=True)
child.wait()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        deadline = time.monotonic() + 10
        while _status(child, "NoNewPrivs") != "1" and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)  # the next line of its program
        parent.kill()
    while _lives(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _lives(child)


def _lives(pid: int) -> bool:
    return _status(pid, "State").startswith(("S", "R", "D"))


def _status(pid: int, name: str) -> str:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name + ":")), "")
