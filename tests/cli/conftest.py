"""The command line as a user has it: a process of its own, with nothing in its environment but what a test gives."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

_SRC = Path(__file__).resolve().parents[2] / "src"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Tiffin: TypeAlias = Callable[..., Awaitable[Ended]]


@pytest.fixture
def home() -> Iterator[Path]:
    """The folder the command is run in."""
    path = Path(tempfile.mkdtemp(prefix="tiffin-cli-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


async def start(home: Path, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
    """Start `tiffin` with these arguments in `home`."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tiffin.cli.main",
        *arguments,
        cwd=home,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(_SRC), "COLUMNS": "250", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


@pytest.fixture
def tiffin(home: Path) -> Tiffin:
    """Runs `tiffin` with arguments and variables to its end."""

    async def run(*arguments: str, **environment: str) -> Ended:
        process = await start(home, *arguments, **environment)
        async with asyncio.timeout(30):
            out, err = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())

    return run
