"""Pictures of all kinds, good and evil, made here."""

import random
import struct
import zlib
from pathlib import Path
from typing import Any

import pyvips


def photo(width: int = 640, height: int = 480, *, seed: int = 1, brightness: float = 128) -> Any:
    """Something like a photo: clouds of colour with grain."""
    bands = [
        (
            (pyvips.Image.perlin(width, height, cell_size=64, uchar=True, seed=seed + band) - 128) * 0.25
            + pyvips.Image.gaussnoise(width, height, mean=0, sigma=20, seed=seed + band)
            + brightness
        ).cast("uchar")
        for band in range(3)
    ]
    return bands[0].bandjoin(bands[1:]).copy(interpretation="srgb")


def jpeg(width: int = 640, height: int = 480, *, seed: int = 1, quality: int = 85) -> bytes:
    """A JPEG."""
    return bytes(photo(width, height, seed=seed).jpegsave_buffer(Q=quality))


def left_is_red(width: int, height: int) -> Any:
    """Red on the left, blue on the right: shows which way up it is."""
    red = pyvips.Image.black(width // 2, height, bands=3).linear(1, [220, 20, 20]).cast("uchar")
    blue = pyvips.Image.black(width - width // 2, height, bands=3).linear(1, [20, 20, 220]).cast("uchar")
    return red.join(blue, "horizontal").copy(interpretation="srgb")


def with_secrets(image: Any, path: Path, *, orientation: int = 1) -> None:
    """A JPEG as a phone writes it: where and when it was taken, by what, and which way up it is."""
    tagged = image.copy()
    text = pyvips.GValue.gstr_type
    for name, value in {
        "exif-ifd0-Make": "SpyCam (SpyCam, ASCII, 7 components, 7 bytes)",
        "exif-ifd3-GPSLatitude": "60/1 10/1 30/1 (60, 10, 30, Rational, 3 components, 24 bytes)",
        "exif-ifd3-GPSLongitude": "24/1 57/1 0/1 (24, 57, 0, Rational, 3 components, 24 bytes)",
        "exif-ifd2-DateTimeOriginal": "2026:11:23 12:00:00 (2026:11:23 12:00:00, ASCII, 20 components, 20 bytes)",
    }.items():
        tagged.set_type(text, name, value)
    tagged.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    tagged.set_type(pyvips.GValue.blob_type, "xmp-data", b"<x:xmpmeta>secret kitchen</x:xmpmeta>")
    tagged.jpegsave(str(path), Q=90)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, rows: bytes | None = None) -> bytes:
    """A grey PNG that claims this size; `rows` are its pixels, by default none at all."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(rows or b"")
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + b"".join(chunks)
        + png_chunk(b"IDAT", data)
        + png_chunk(b"IEND", b"")
    )


def text_bomb(mebibytes: int) -> bytes:
    """A PNG whose comment is small in the file and huge in memory."""
    packed = zlib.compress(b"\0" * (mebibytes << 20), 9)
    return png(320, 320, png_chunk(b"zTXt", b"Comment\0\0" + packed), rows=(b"\0" * 321) * 320)


def plate(food: str, garnish: str, table: str = "#7b5a3c", *, pieces: int = 7) -> bytes:
    """A drawing of a plate from above, as a JPEG: something to look at where no photo can be had."""
    chance = random.Random(food + garnish)
    bits = ""
    for _ in range(pieces):
        x, y = round(800 + chance.gauss(0, 130)), round(600 + chance.gauss(0, 110))
        long, wide, turned = chance.randint(30, 80), chance.randint(14, 40), chance.randint(-60, 60)
        turn = f'transform="rotate({turned} 800 600)"'
        bits += f'<ellipse cx="{x}" cy="{y}" rx="{long}" ry="{wide}" fill="{garnish}" {turn}/>'
    drawing = f"""<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="1200">
      <defs><radialGradient id="light" cx="0.35" cy="0.3"><stop offset="0" stop-color="#fff" stop-opacity="0.5"/>
      <stop offset="1" stop-color="#000" stop-opacity="0.25"/></radialGradient></defs>
      <rect width="1600" height="1200" fill="{table}"/>
      <ellipse cx="830" cy="650" rx="520" ry="500" fill="#000" opacity="0.35"/>
      <circle cx="800" cy="600" r="500" fill="#f4f1ea"/><circle cx="800" cy="600" r="430" fill="#e3ddd0"/>
      <circle cx="800" cy="600" r="360" fill="{food}"/>{bits}
      <rect width="1600" height="1200" fill="url(#light)"/></svg>"""
    image = pyvips.Image.svgload_buffer(drawing.encode()).flatten()
    grain = pyvips.Image.gaussnoise(1600, 1200, mean=0, sigma=7)
    return bytes((image + grain).cast("uchar").copy(interpretation="srgb").jpegsave_buffer(Q=88))
