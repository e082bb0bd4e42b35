"""What `tiffin doctor` looks at. A check returns findings; a finding that is not fine says what to do about it.

Checks only read. Each is bounded in time, and one that cannot be done says so instead of raising.
"""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import asyncpg
from nats.aio.client import Client
from nats.errors import Error as NatsError

from tiffin.base.settings import DEVELOPMENT_SECRET, Settings
from tiffin.cli.servers import is_held, read_running
from tiffin.db import Connection, connect
from tiffin.storage import StorageUnavailable, open_objects

_GIGABYTE = 1_000_000_000
_OLDEST_POSTGRES, _NEWEST_POSTGRES = 15, 18
_OLDEST_NATS = (2, 10)
_CLOCK_TOLERANCE_SECONDS = 2.0
_LATE_SECONDS, _STUCK_SECONDS = 30.0, 300.0
_MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit")


class Verdict(StrEnum):
    """How a part is."""

    FINE = "fine"
    WATCH = "watch"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table. `advice` says what to do; only what is fine has none."""

    part: str
    verdict: Verdict
    found: str
    advice: str = ""


def finding(part: str, found: str, *, failed: str = "", watch: str = "") -> Finding:
    """A finding, fine unless it comes with advice."""
    verdict = Verdict.FAILED if failed else Verdict.WATCH if watch else Verdict.FINE
    return Finding(part, verdict, found, failed or watch)


def check_machine(settings: Settings) -> list[Finding]:
    """Python, secrets, disk, data folder and port."""
    return [
        check_python(),
        check_secret(settings),
        check_disk(settings.data_dir),
        check_data_folder(settings.data_dir),
        check_port(settings),
    ]


def check_python() -> Finding:
    """The interpreter's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    return finding("Python", version, failed="" if sys.version_info >= (3, 11) else "install Python 3.11 or newer")


def check_secret(settings: Settings) -> Finding:
    """Whether access tokens are signed with a key of one's own (production refuses to start without)."""
    own = settings.secret_key.get_secret_value() != DEVELOPMENT_SECRET
    if own:
        return finding("Settings", f"valid, {settings.environment}")
    return finding("Settings", f"valid, {settings.environment}; `tiffin up` keeps a key of its own in the data folder")


def check_disk(data_dir: Path) -> Finding:
    """Free space where the data is, or would be."""
    free_bytes = shutil.disk_usage(_existing(data_dir)).free
    found = f"{free_bytes / _GIGABYTE:.1f} GB free"
    if free_bytes < _GIGABYTE:
        return finding("Disk", found, failed="free some space: PostgreSQL stops when the disk is full")
    return finding("Disk", found, watch="free some space soon" if free_bytes < 5 * _GIGABYTE else "")


def check_data_folder(data_dir: Path) -> Finding:
    """Writable, and held by at most one process."""
    if not data_dir.exists():
        parent = _existing(data_dir)
        return finding("Data folder", f"{data_dir} will be made", failed=_unless_writable(parent))
    advice = _unless_writable(data_dir)
    if advice:
        return finding("Data folder", str(data_dir), failed=advice)
    if is_held(data_dir):
        running = read_running(data_dir)
        return finding("Data folder", f"{data_dir}, in use by process {running.pid if running else '?'}")
    return finding("Data folder", f"{data_dir}, not in use")


def check_port(settings: Settings) -> Finding:
    """Free, or taken by the Tiffin of this data folder."""
    part = f"Port {settings.port}"
    running = read_running(settings.data_dir)
    if running and running.origin and running.origin.endswith(f":{settings.port}") and is_held(settings.data_dir):
        return finding(part, f"this Tiffin: {running.origin}")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return finding(part, error.strerror or str(error), failed="choose another with TIFFIN_PORT or --port")
    return finding(part, "free")


async def check_database(url: str) -> list[Finding]:
    """Reachable, of a version we know, migrated, durable, in time, and not behind with its work."""
    begun = asyncio.get_running_loop().time()
    try:
        connection = await connect(url)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        advice = "start PostgreSQL, or correct TIFFIN_DATABASE_URL"
        return [finding("Database", f"does not answer: {error or type(error).__name__}", failed=advice)]
    milliseconds = (asyncio.get_running_loop().time() - begun) * 1000
    try:
        findings = [await _postgres_version(connection, milliseconds), await _durability(connection)]
        findings += [await _clock(connection), await _revision(url)]
        if findings[-1].verdict is Verdict.FINE:
            findings += [await _oldest_work(connection), await _dead_letters(connection)]
        return findings
    finally:
        await connection.close()


async def check_nats(url: str) -> list[Finding]:
    """Reachable, of a version we know, with JetStream."""
    advice = "start NATS (`nats-server -js`), or correct TIFFIN_NATS_URL"
    try:
        async with _nats(url) as client:
            findings = [_nats_version(client)]
            try:
                account = await client.jetstream(timeout=2).account_info()
            except (NatsError, TimeoutError) as error:
                name = type(error).__name__
                return [
                    *findings,
                    finding("JetStream", name, failed="enable it: `jetstream {}` in NATS's configuration"),
                ]
            return [*findings, finding("JetStream", f"{account.streams} streams, {account.consumers} consumers")]
    except (NatsError, OSError, TimeoutError, ValueError) as error:
        return [finding("NATS", f"does not answer: {error or type(error).__name__}", failed=advice)]


@asynccontextmanager
async def _nats(url: str) -> AsyncIterator[Client]:
    """A client that gives up at once and says why. Raises NatsError, OSError, TimeoutError."""
    problems: list[Exception] = []

    async def remember(error: Exception) -> None:
        problems.append(error)

    client = Client()
    try:
        async with asyncio.timeout(5):
            await client.connect(
                url, connect_timeout=2, reconnect_time_wait=0, max_reconnect_attempts=1, error_cb=remember
            )
    except NatsError as error:
        raise (problems[-1] if problems else error) from None
    try:
        yield client
    finally:
        await client.close()


def _nats_version(client: Client) -> Finding:
    version = client.connected_server_version
    old = (version.major, version.minor) < _OLDEST_NATS
    return finding(
        "NATS", f"{version.major}.{version.minor}.{version.patch}", failed="use 2.10 or newer" if old else ""
    )


async def _postgres_version(connection: Connection, milliseconds: float) -> Finding:
    version = await connection.fetchval("SHOW server_version")
    major = connection.get_server_version().major
    found = f"PostgreSQL {version}, connected in {milliseconds:.0f} ms"
    if major < _OLDEST_POSTGRES:
        return finding("Database", found, failed=f"use PostgreSQL {_OLDEST_POSTGRES} to {_NEWEST_POSTGRES}")
    newer = "newer than any that Tiffin was tested with" if major > _NEWEST_POSTGRES else ""
    return finding("Database", found, watch=newer)


async def _durability(connection: Connection) -> Finding:
    rows = await connection.fetch("SELECT name, setting FROM pg_settings WHERE name = ANY($1)", list(_MUST_BE_ON))
    off = sorted(row["name"] for row in rows if row["setting"] == "off")
    if off:
        return finding("Durability", f"off: {', '.join(off)}", failed="set them on: a power cut would lose orders")
    return finding("Durability", ", ".join(_MUST_BE_ON) + " are on")


async def _clock(connection: Connection) -> Finding:
    before = datetime.now(UTC)
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    ours = before + (datetime.now(UTC) - before) / 2
    seconds = (theirs - ours).total_seconds()
    advice = "synchronise both clocks (NTP)" if abs(seconds) > _CLOCK_TOLERANCE_SECONDS else ""
    return finding("Clocks", f"database {seconds:+.3f} s from this machine", failed=advice)


async def _revision(url: str) -> Finding:
    from tiffin.db.migrations import current_revision, head_revision, is_behind

    revision, head = await current_revision(url), head_revision()
    if is_behind(revision):
        return finding("Migrations", f"at {revision or 'nothing'}, newest is {head}", failed="run `tiffin migrate`")
    note = "" if revision == head else "the database is of a newer release: update this node soon"
    return finding("Migrations", f"at {revision}", watch=note)


async def _oldest_work(connection: Connection) -> Finding:
    seconds = await connection.fetchval(
        "SELECT extract(epoch FROM now() - min(due_at))::float FROM work WHERE due_at < now()"
    )
    if seconds is None:
        return finding("Work", "all done")
    found = f"oldest unfinished is {seconds:.0f} s late"
    if seconds > _STUCK_SECONDS:
        return finding(
            "Work", found, failed="see that a relay and consumers run: `tiffin serve --role relay --role consumers`"
        )
    return finding("Work", found, watch="look again in a minute" if seconds > _LATE_SECONDS else "")


async def _dead_letters(connection: Connection) -> Finding:
    count = await connection.fetchval("SELECT count(*) FROM dead_letter")
    return finding("Dead letters", str(count), watch="see `tiffin dead-letters list`" if count else "")


def _existing(path: Path) -> Path:
    path = path.resolve()
    return path if path.exists() else _existing(path.parent)


async def check_storage(settings: Settings) -> Finding:
    """Where pictures lie, and whether a bucket answers."""
    if settings.object_store_url is None:
        return finding("Pictures", f"in {settings.data_dir / 'objects'}")
    objects = open_objects(settings.data_dir, settings.object_store_url, settings.object_store_secrets)
    try:
        async with asyncio.timeout(10):
            await objects.list_before("of-no-doctor", datetime.now(UTC))
    except (StorageUnavailable, TimeoutError):
        advice = "start the bucket's server, or correct TIFFIN_OBJECT_STORE_URL and TIFFIN_OBJECT_STORE_OPTIONS"
        return finding("Pictures", f"{settings.object_store_url} does not answer", failed=advice)
    return finding("Pictures", settings.object_store_url)


def _unless_writable(folder: Path) -> str:
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"make {folder} writable, or choose another data folder"
