"""The peers in `bench/peers`, as child processes: who is installed, how each is started and spoken to.

All take `POST /pub` and send its body to every client. Run from the project's root, where `make bench-peers` installed
them; a peer that is not there is named and left out.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tiffin.bench.driver import UPGRADE, http_request
from tiffin.bench.machine import free_port, on_cores
from tiffin.embedded.process import last_lines, spawn, stop

PEERS = Path("bench/peers").absolute()
_READY_SECONDS = 20.0
_SSE = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Peer:
    """How one peer is started, and how a client of it behaves."""

    name: str
    # what must be there; relative to bench/peers
    needs: tuple[Path, ...]
    # {port}, {folder} and {peers} are put in
    command: tuple[str, ...]
    # opens a stream
    request: str
    # the stream is open when this has come
    until: str
    # the byte everything it writes ends with
    ends: str = "\n"
    # sent once the head of the answer is there
    then: tuple[str, ...] = ()
    # costs so much a delivery that fewer events must do
    is_slow: bool = False
    # with more clients than this it takes minutes
    most_clients: int = 1_000_000

    @property
    def is_installed(self) -> bool:
        """True if `make bench-peers` has been here."""
        return all((PEERS / need).exists() for need in self.needs) and shutil.which(self._program) is not None

    @property
    def _program(self) -> str:
        return self.command[0].format(peers=PEERS, port=0, folder="")


def _subscribe(path: str = "/sub") -> str:
    return http_request("GET", path, headers=[f"Accept: {_SSE}"])


_PYTHON = "{peers}/.venv/bin/python"
_UVICORN = ("--log-level", "error", "--no-access-log", "--backlog", "4096")

NCHAN = Peer(
    "nchan",
    (Path("/usr/lib/nginx/modules/ngx_nchan_module.so"),),
    ("nginx", "-p", "{folder}", "-c", "{folder}/nginx.conf", "-e", "{folder}/start.log"),
    _subscribe(),
    "\r\n\r\n",
)
LIMIT = Peer("limit", (Path("limit/limit"),), ("{peers}/limit/limit", "{port}"), _subscribe(), "\r\n\r\n")
SSE_STARLETTE = Peer(
    "sse_starlette",
    (Path(".venv/ready"),),
    (_PYTHON, "-m", "uvicorn", "--app-dir", "{peers}/sse_starlette", "app:app", "--port", "{port}", *_UVICORN),
    _subscribe(),
    "\r\n\r\n",
    is_slow=True,
)
CHANNELS = Peer(
    "channels",
    (Path(".venv/ready"),),
    ("{peers}/.venv/bin/daphne", "-v", "0", "-b", "127.0.0.1", "-p", "{port}", "app:application"),
    _subscribe(),
    ": open",
    is_slow=True,
    most_clients=1_000,  # the layer in memory looks at every channel for each new one
)
SOCKET_IO = Peer(
    "socketio",
    (Path("node_modules/socket.io"), Path("node_modules/pg")),
    ("node", "{peers}/socketio/server.js", "{port}"),
    http_request("GET", "/socket.io/?EIO=4&transport=websocket", headers=UPGRADE),
    '40{"sid"',
    ends="]",
    then=("\x81\x82\x00\x00\x00\x0040",),  # the masked frame "40": connect to the namespace
    is_slow=True,
)
ALL = (NCHAN, LIMIT, SSE_STARLETTE, CHANNELS, SOCKET_IO)


@dataclass(frozen=True, slots=True)
class Running:
    """A peer that listens."""

    peer: Peer
    port: int
    # the process that does the work
    pid: int


@contextlib.asynccontextmanager
async def run_peer(peer: Peer, folder: Path, cores: Sequence[int] | None) -> AsyncIterator[Running]:
    """Start a peer on these cores; it has ended when the context has. Raises RuntimeError with the end of its log."""
    port = free_port()
    (folder / peer.name).mkdir()
    _configure(peer, folder / peer.name, port)
    places = {"port": str(port), "folder": str(folder / peer.name), "peers": str(PEERS)}
    command = [part.format(**places) for part in peer.command]
    environment = {"PYTHONPATH": str(PEERS / peer.name)}
    async with run_server(command, port, folder / f"{peer.name}.log", cores, environment) as process:
        yield Running(peer, port, await _worker_of(process.pid) if peer is NCHAN else process.pid)


@contextlib.asynccontextmanager
async def run_bare_api(database_url: str, folder: Path, cores: Sequence[int] | None) -> AsyncIterator[Running]:
    """The bare FastAPI app on the project's own environment and on Tiffin's database."""
    port = free_port()
    command = (sys.executable, "-m", "uvicorn", "--app-dir", str(PEERS / "bare_api"), "app:app")
    options = ("--port", str(port), *_UVICORN)
    environment = {"DATABASE_URL": database_url}
    async with run_server((*command, *options), port, folder / "bare_api.log", cores, environment) as process:
        yield Running(Peer("bare_api", (), command, "", ""), port, process.pid)


@contextlib.asynccontextmanager
async def run_socket_io_relay(
    database_url: str, folder: Path, cores: Sequence[int] | None, *, in_memory: bool
) -> AsyncIterator[Running]:
    """Socket.IO relaying positions, with rights and last positions in Tiffin's database, or in memory."""
    port, log = free_port(), folder / f"relay-{'memory' if in_memory else 'postgres'}.log"
    environment = {"DATABASE_URL": database_url, "RIGHTS": "memory" if in_memory else "postgres"}
    command = ("node", str(PEERS / "socketio" / "location.js"), str(port))
    async with run_server(command, port, log, cores, environment) as process:
        yield Running(SOCKET_IO, port, process.pid)


@contextlib.asynccontextmanager
async def run_server(
    command: Sequence[str], port: int, log: Path, cores: Sequence[int] | None, environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child that listens on `port`, for as long as the context lasts."""
    env = shutil.which("env") or "/usr/bin/env"
    with on_cores(cores):
        assignments = [f"{name}={value}" for name, value in environment.items()]
        process = await spawn((env, *assignments, *command), log, death_signal=signal.SIGTERM)
    try:
        await _wait_until_listening(process, port, log)
        yield process
    finally:
        await asyncio.shield(stop(process, signal.SIGTERM, seconds=5))


async def _worker_of(pid: int) -> int:
    """nginx's one worker, which its master starts after it listens."""
    deadline = time.monotonic() + _READY_SECONDS
    while not (workers := psutil.Process(pid).children()):
        if time.monotonic() > deadline:
            raise RuntimeError("nginx started no worker")
        await asyncio.sleep(0.01)
    return int(workers[0].pid)


def _configure(peer: Peer, folder: Path, port: int) -> None:
    if peer is NCHAN:
        template = (PEERS / "nchan" / "nginx.conf.in").read_text(encoding="utf-8")
        text = template.replace("@PORT@", str(port)).replace("@FOLDER@", str(folder))
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        if os.geteuid() == 0:
            os.chmod(folder, 0o755)  # noqa: S103 - nginx's worker is another user


async def _wait_until_listening(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.returncode is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"a peer did not start: {last_lines(log)} (log: {log})")
