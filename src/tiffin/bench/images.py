"""`images`: a photo of 12 megapixels to all its variants, beside sharp and Pillow; and orders while 50 are uploaded.

First the decoder alone, as a worker starts it: one confined process a picture, from the file to nine variants (four
sizes as WebP and JPEG, the largest as AVIF), verdicts and blurhash. sharp (the same libvips) and Pillow make the same
nine files in the same run, in one process each whose start is not counted. All on one core, interleaved.

Then a whole system with its one worker, as `tiffin up` starts it: the p99 of order tickets at 20 orders a second,
quiet and while 50 such photos are uploaded at once and made.

Figures: `cpu_s` a picture with `peak_mb` of its process, `sharp_cpu_s`, `pillow_cpu_s`, `ratio_sharp`, `ratio_pillow`
(ours to theirs), `output_kb` and the peers'; `ticket_p99_quiet_ms`, `ticket_p99_uploads_ms`, `ratio_ticket_p99`,
`uploads_seconds` (from the first byte sent until all 50 are on menus), `lost`, `twice`.
"""

import asyncio
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tiffin import __file__ as package
from tiffin.bench.driver import address_of
from tiffin.bench.machine import on_cores, split_cores
from tiffin.bench.orders import OrderLoad, Round, open_order_load
from tiffin.bench.peers import PEERS
from tiffin.bench.result import Figure, Result, describe_environment, median
from tiffin.bench.scene import ENVIRONMENT, token_of
from tiffin.bench.timing import percentile_ms
from tiffin.client.http import open_http
from tiffin.demo.city import City, populate
from tiffin.demo.system import System, run_system

_DECODER = Path(package).parent / "features" / "images" / "decoder.py"
_PHOTOS, _ROUNDS = 4, 3
_WIDTH, _HEIGHT, _QUALITY = 4000, 3000, 94
_VARIANTS = 9
_UPLOADS, _RATE = 50, 20.0
_QUIET_SECONDS, _ROUND_SECONDS = 20.0, 5.0
_MOST_SECONDS = 300.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Made:
    """What one picture cost somebody."""

    cpu_s: float
    output_kb: float
    peak_mb: float = 0.0


async def measure(say: Say) -> Result:
    """Both parts."""
    environment, cores = describe_environment(), split_cores()
    with tempfile.TemporaryDirectory(prefix="tiffin-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.chmod(name, 0o755)  # noqa: S103 - PostgreSQL is another user where this one is root
        say("Making photos")
        photos = await asyncio.to_thread(make_photos, folder, _PHOTOS, _WIDTH, _HEIGHT)
        size = sum(photo.stat().st_size for photo in photos) / len(photos) / 1e6
        figures, notes = await asyncio.to_thread(_compare, photos, folder, cores.load, say)
        figures |= await _orders_beside_uploads(photos, folder, say)
    notes += (f"photos of {_WIDTH * _HEIGHT / 1e6:.0f} megapixels and {size:.1f} MB on average",)
    return Result("images", figures, environment, notes)


def make_photos(folder: Path, count: int, width: int = _WIDTH, height: int = _HEIGHT) -> list[Path]:
    """Pictures with the detail and grain of a phone's, always the same ones."""
    program = """
import sys, pyvips
folder, count, width, height, quality = sys.argv[1], *map(int, sys.argv[2:])
for seed in range(1, count + 1):
    def cloud(size, n):
        return pyvips.Image.perlin(width, height, cell_size=size, uchar=True, seed=97 * seed + n) - 128
    grain = pyvips.Image.gaussnoise(width, height, mean=0, sigma=9, seed=seed)
    bands = [(cloud(256, n) * 0.8 + cloud(32, 10 + n) * 0.4 + grain + 128).cast("uchar") for n in range(3)]
    bands[0].bandjoin(bands[1:]).copy(interpretation="srgb").jpegsave(f"{folder}/{seed}.jpg", Q=quality)
"""
    command = [sys.executable, "-c", program, str(folder), *map(str, (count, width, height, _QUALITY))]
    subprocess.run(command, check=True)  # noqa: S603 - ours
    return [folder / f"{number}.jpg" for number in range(1, count + 1)]


def _compare(
    photos: Sequence[Path], folder: Path, cores: Sequence[int] | None, say: Say
) -> tuple[dict[str, Figure], tuple[str, ...]]:
    makers = _peers(folder)
    made: dict[str, list[_Made]] = {"": [], **{name: [] for name in makers}}
    with on_cores(cores):
        for number in range(_ROUNDS):
            for photo in photos:
                made[""].append(decode(photo, folder / "ours"))
                for name, command in makers.items():
                    made[name] += _run_peer(name, command, photo)
            line = ", ".join(f"{name or 'tiffin'} {made[name][-1].cpu_s:.2f} s" for name in made)
            say(f"round {number + 1} of {_ROUNDS}: {line}")
    figures: dict[str, Figure] = {"peak_mb": round(max(one.peak_mb for one in made[""]), 1)}
    for name, all_of in made.items():
        prefix = f"{name}_" if name else ""
        figures[f"{prefix}cpu_s"] = median((one.cpu_s for one in all_of), 3)
        figures[f"{prefix}output_kb"] = median((one.output_kb for one in all_of), 1)
    for name in makers:
        figures[f"ratio_{name}"] = round(figures["cpu_s"] / figures[f"{name}_cpu_s"], 3)
    missing = [name for name in ("sharp", "pillow") if name not in makers]
    return figures, tuple(f"{name} left out: make bench-peers installs it" for name in missing)


def decode(photo: Path, folder: Path) -> _Made:
    """Ours, as a worker does it: processor time of the whole child."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with subprocess.Popen(  # noqa: S603 - ours
        [sys.executable, "-I", str(_DECODER), str(photo), str(folder)],
        stdout=subprocess.PIPE,
        env={"PATH": "", "HOME": str(folder), "TMPDIR": str(folder)},
    ) as child:
        assert child.stdout is not None
        said, peak_mb = [], 0.0
        for line in child.stdout:
            said.append(json.loads(line))
            peak_mb = max(peak_mb, _peak_mb(child.pid))
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    files = said[-1].get("result", {}).get("files", [])
    if child.returncode or len(files) != _VARIANTS:
        raise RuntimeError(f"the decoder ended with {child.returncode} and said {said[-1:]}")
    output = sum((folder / file["name"]).stat().st_size for file in files)
    return _Made(usage.ru_utime + usage.ru_stime, output / 1000, peak_mb)


def _peak_mb(pid: int) -> float:
    """What a process has used at most so far. Not `ru_maxrss`: that begins with what its parent used."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) / 1024


def _peers(folder: Path) -> dict[str, list[str]]:
    """Those that are installed, with how they are started."""
    found = {}
    node = shutil.which("node")
    if node is not None and (PEERS / "node_modules" / "sharp").exists():
        found["sharp"] = [node, str(PEERS / "images" / "sharp.cjs"), str(folder / "sharp")]
    if list((PEERS / ".venv" / "lib").glob("python*/site-packages/PIL")):
        python = str(PEERS / ".venv" / "bin" / "python")
        found["pillow"] = [python, str(PEERS / "images" / "with_pillow.py"), str(folder / "pillow")]
    for name in found:
        (folder / name).mkdir()
    return found


def _run_peer(name: str, command: Sequence[str], photo: Path) -> list[_Made]:
    """The second of two in a row: by then everything is loaded."""
    done = subprocess.run(  # noqa: S603 - ours
        [*command, str(photo), str(photo)], check=True, capture_output=True, text=True
    )
    said = json.loads(done.stdout.splitlines()[-1])
    if len(said["written"]) != _VARIANTS:
        raise RuntimeError(f"{name} wrote {said}")
    return [_Made(said["cpu_s"], sum(size for _, _, size in said["written"]) / 1000)]


async def _orders_beside_uploads(photos: Sequence[Path], folder: Path, say: Say) -> dict[str, Figure]:
    async with run_system(folder / "data", ENVIRONMENT) as system, open_http() as pool:
        say("Seeding")
        city = await populate(pool, [system.origin], restaurants=24, customers=48)
        async with open_order_load(city, pool) as load:
            await load.run(_RATE, _ROUND_SECONDS)  # warm
            quiet = await load.run(_RATE, _QUIET_SECONDS)
            say(f"quiet: {quiet}")
            busy, seconds = await _while_uploading(load, system, city, photos, say)
            return {
                "ticket_p99_quiet_ms": round(quiet.p99_ms, 1),
                "ticket_p99_uploads_ms": busy,
                "ratio_ticket_p99": round(busy / quiet.p99_ms, 2),
                "uploads_seconds": round(seconds, 1),
                "lost": load.ledger.lost,
                "twice": load.ledger.twice,
                "refused": load.refused,
            }


async def _while_uploading(
    load: OrderLoad, system: System, city: City, photos: Sequence[Path], say: Say
) -> tuple[float, float]:
    """The p99 of all orders meanwhile, and how long all uploads took."""
    began = time.perf_counter()
    sending = asyncio.create_task(_upload(system, city, photos))
    rounds: list[Round] = []
    while time.perf_counter() - began < _MOST_SECONDS:
        outcome = await load.run(_RATE, _ROUND_SECONDS)
        rounds.append(outcome)
        done = await _pictures_on_menus(city)
        say(f"{done} of {_UPLOADS} pictures made: {outcome}")
        if sending.done() and done >= _UPLOADS:
            break
    statuses = await sending
    if statuses != [202] * _UPLOADS:
        raise RuntimeError(f"uploads were answered {sorted(set(statuses))}")
    shown = itertools.chain.from_iterable(one.shown for one in rounds)
    return round(percentile_ms(shown, 0.99), 1), time.perf_counter() - began


async def _upload(system: System, city: City, photos: Sequence[Path]) -> list[int]:
    """All at once, by a process of its own."""
    targets = [(restaurant, item["id"]) for restaurant in city.restaurants for item in restaurant.menu["items"]]
    if len(targets) < _UPLOADS:
        raise RuntimeError(f"the city has only {len(targets)} dishes")
    uploads = [
        {
            "path": f"/v1/menu-items/{item_id}/images",
            "token": token_of(restaurant.owner.tiffin),
            "file": str(photo),
            "size": photo.stat().st_size,
        }
        for (restaurant, item_id), photo in zip(targets[:_UPLOADS], itertools.cycle(photos), strict=False)
    ]
    host, port = address_of(system.origin)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tiffin.bench.load_uploads", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await child.communicate(json.dumps({"host": host, "port": port, "uploads": uploads}).encode())
    statuses: list[Any] = json.loads(said)
    return statuses


async def _pictures_on_menus(city: City) -> int:
    menus = await asyncio.gather(
        *(restaurant.owner.tiffin.get_menu(restaurant.restaurant_id) for restaurant in city.restaurants)
    )
    return sum(len(item["images"]) for menu in menus for item in menu["items"])
