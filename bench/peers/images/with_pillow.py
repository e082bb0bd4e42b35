"""The same variants by Pillow: python with_pillow.py FOLDER FILE…; a line of JSON a picture, with its seconds."""

import json
import sys
import time
from pathlib import Path

from PIL import Image, ImageOps

SIZES = (160, 480, 960, 1600)


def make(file: str, folder: Path) -> list[tuple[int, int, int]]:
    """Width, height and bytes of each."""
    with Image.open(file) as image:
        image.draft("RGB", (SIZES[-1], SIZES[-1]))  # shrink while loading, as far as JPEG can
        whole = ImageOps.exif_transpose(image).convert("RGB")
    whole.thumbnail((SIZES[-1], SIZES[-1]), Image.Resampling.LANCZOS)
    written = []
    for size in SIZES:
        variant = whole.copy()
        variant.thumbnail((size, size), Image.Resampling.LANCZOS)
        jpeg = {"quality": 80, "progressive": True, "optimize": True}
        forms = [("webp", {"quality": 80, "method": 4}), ("jpg", jpeg)]
        if size == SIZES[-1]:
            forms.append(("avif", {"quality": 55, "speed": 8, "max_threads": 1}))
        for suffix, options in forms:
            path = folder / f"{size}.{suffix}"
            variant.save(path, **options)
            written.append((variant.width, variant.height, path.stat().st_size))
    return written


for source in sys.argv[2:]:
    before = time.process_time()
    sizes = make(source, Path(sys.argv[1]))
    sys.stdout.write(json.dumps({"cpu_s": time.process_time() - before, "written": sizes}) + "\n")
