"""Reads one picture and makes its variants, in a process of its own: `python decoder.py SOURCE FOLDER`.

This is the only code that touches what strangers send. It imports nothing of Tiffin, knows no address and no
secret, may use so much memory, processor time and disk and no more, dies with its parent, and libvips' loaders that
are not hardened against hostile files are blocked. Files go into FOLDER; standard output gets a line of JSON a step:
{"progress": 10|50}, then {"result": …} or {"failure": code}. Whatever else happens to it is a crash.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

MEMORY_BYTES = 1_600_000_000
CPU_SECONDS = 30
FILE_BYTES = 64_000_000

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38

MOST_PIXELS = 50_000_000
# below this on its shorter side nothing usable can be made
FEWEST_PIXELS_A_SIDE = 160
# the longer side of each variant
VARIANTS = (160, 480, 960, 1600)
# advice, not refusal; judged at this size, longer side
JUDGED_PIXELS = 640
SMALL_PIXELS = 960
DARK_LUMINANCE = 45.0
BLURRED_VARIANCE = 25.0
ODD_RATIO = 2.4


class Failure(Exception):
    """Something is wrong with the picture, by its code."""


def confine() -> None:
    """Give up what a decoder does not need."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    os.nice(10)


def sniff(head: bytes) -> str:
    """The loader for a file that begins like this. Raises Failure: what it is called does not count."""
    if not head:
        raise Failure("empty")
    if head.startswith(b"\xff\xd8\xff"):
        return "VipsForeignLoadJpegFile"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "VipsForeignLoadPngFile"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "VipsForeignLoadWebpFile"
    if head[4:8] == b"ftyp":
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, min(len(head), 64), 4))}
        if brands & {b"avif", b"avis"}:
            return "VipsForeignLoadHeifFile"
        if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1"}:
            raise Failure("heic")
    if head.startswith((b"GIF87a", b"GIF89a")):
        raise Failure("animated")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml", b"<!doctype svg")):
        raise Failure("svg")
    raise Failure("unsupported_type")


def say(**what: Any) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def check(vips: Any, path: str) -> Any:
    """Look at the header only. Raises Failure."""
    with open(path, "rb") as file:
        wanted = sniff(file.read(64))
    found = vips.vips_lib.vips_foreign_find_load(path.encode())
    if found == vips.ffi.NULL or vips.ffi.string(found).decode() != wanted:
        raise Failure("unsupported_type")
    try:
        header = vips.Image.new_from_file(path, access="sequential", fail_on="none")
    except vips.Error as error:
        raise Failure("truncated") from error
    if header.get_typeof("n-pages") and header.get("n-pages") > 1:
        raise Failure("animated")
    if header.width * header.height > MOST_PIXELS:
        raise Failure("too_many_pixels")
    if min(header.width, header.height) < FEWEST_PIXELS_A_SIDE:
        raise Failure("too_small")
    return header


def load(vips: Any, path: str) -> Any:
    """The picture as it is in the file; a JPEG shrunk while it is read, to no less than the largest variant needs."""
    options = {"access": "sequential", "fail_on": "truncated"}
    image = vips.Image.new_from_file(path, **options)
    if image.get("vips-loader") != "jpegload":
        return image
    shrink = next((by for by in (8, 4, 2) if max(image.width, image.height) >= by * VARIANTS[-1]), 1)
    return vips.Image.jpegload(path, shrink=shrink, **options)


def read(vips: Any, path: str) -> Any:
    """The picture upright, in sRGB with eight bits, without transparency, at most as large as the largest variant."""
    try:
        image = load(vips, path)
        # without a profile of its own a picture is sRGB already, and to convert it takes longer than to read it
        profile = {"output_profile": "srgb"} if image.get_typeof("icc-profile-data") else {}
        image = image.thumbnail_image(VARIANTS[-1], height=VARIANTS[-1], size="down", **profile)
        if image.hasalpha():
            image = image.flatten(background=[255, 255, 255])
        if image.interpretation != "srgb":
            image = image.colourspace("srgb")
        return image.cast("uchar").copy_memory()
    except vips.Error as error:
        raise Failure("truncated") from error


def judge(image: Any, width: int, height: int) -> list[str]:
    """Advice on its quality."""
    verdicts = []
    if max(width, height) < SMALL_PIXELS:
        verdicts.append("too_small")
    if max(width, height) / min(width, height) > ODD_RATIO:
        verdicts.append("odd_shape")
    longest = max(image.width, image.height)
    small = image.resize(JUDGED_PIXELS / longest) if longest > JUDGED_PIXELS else image
    grey = small.colourspace("b-w").copy_memory()
    if grey.avg() < DARK_LUMINANCE:
        verdicts.append("too_dark")
    elif _sharpness(grey) < BLURRED_VARIANCE:
        verdicts.append("blurred")
    return verdicts


def _sharpness(grey: Any) -> float:
    """Variance of the Laplacian, at a size that does not depend on the camera's."""
    kernel = type(grey).new_from_array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    return float(grey.cast("float").conv(kernel, precision="float").deviate() ** 2)


def make(image: Any, folder: str) -> list[dict[str, Any]]:
    """Every variant as WebP and JPEG, the largest as AVIF too. None is larger than the picture."""
    longest = max(image.width, image.height)
    sizes = [size for size in VARIANTS if size < longest] + [min(longest, VARIANTS[-1])]
    files = []
    for size in sizes:
        variant = image if size == longest else image.resize(size / longest)
        forms = [("webp", "image/webp", {"Q": 80, "effort": 4})]
        forms += [("jpg", "image/jpeg", {"Q": 80, "optimize_coding": True, "interlace": True})]
        if size == sizes[-1]:
            # measured: a quarter of effort 2's time, and no larger
            forms += [("avif", "image/avif", {"Q": 55, "effort": 1})]
        for suffix, media_type, options in forms:
            name = f"{size}.{suffix}"
            variant.write_to_file(os.path.join(folder, name), keep="none", **options)
            files.append({"name": name, "width": variant.width, "media_type": media_type})
    return files


def hash_of(image: Any) -> str:
    """A blurhash: a few characters that paint the picture's colours while it loads."""
    import blurhash

    small = image.resize(32 / max(image.width, image.height))
    flat = small.write_to_memory()
    rows = [
        [list(flat[at : at + 3]) for at in range(y * small.width * 3, (y + 1) * small.width * 3, 3)]
        for y in range(small.height)
    ]
    across, down = (4, 3) if image.width >= image.height else (3, 4)
    return str(blurhash.encode(rows, components_x=across, components_y=down))


def main(source: str, folder: str) -> int:
    """Do it. Returns the exit code."""
    confine()
    os.environ["VIPS_CONCURRENCY"] = "1"
    os.environ["VIPS_BLOCK_UNTRUSTED"] = "1"
    try:
        import pyvips

        pyvips.cache_set_max(0)
        header = check(pyvips, source)
        say(progress=10)
        image = read(pyvips, source)
        if image.bands == 1:
            image = image.bandjoin([image, image])
        say(progress=50)
        verdicts = judge(image, header.width, header.height)
        files = make(image, folder)
        say(
            result={
                "width": image.width,
                "height": image.height,
                "blurhash": hash_of(image),
                "verdicts": verdicts,
                "files": files,
            }
        )
    except Failure as failure:
        say(failure=str(failure))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
