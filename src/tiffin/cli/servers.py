"""Which database and NATS a command speaks to, in this order:

1. those of TIFFIN_DATABASE_URL and TIFFIN_NATS_URL;
2. those of a `tiffin up` that runs on the data folder (it leaves `running.json` there, readable by its owner alone);
3. the folder's own servers, started for as long as the command runs.
"""

import contextlib
import json
import os
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncpg
from pydantic import SecretStr

from tiffin.base.settings import Settings
from tiffin.cli.console import CommandFailed, step, warn
from tiffin.db import Connection, connect
from tiffin.embedded import DataFolderInUse, EmbeddedServers
from tiffin.embedded.process import write_private
from tiffin.embedded.supervisor import lock_data_folder


@dataclass(frozen=True, slots=True)
class Running:
    """What a `tiffin up` says about itself. `origin` is None until it takes requests."""

    pid: int
    database_url: str
    nats_url: str
    origin: str | None


def announce_running(data_dir: Path, running: Running) -> None:
    """Leave word for other commands on this folder."""
    write_private(data_dir / "running.json", json.dumps(asdict(running), indent=2))


def forget_running(data_dir: Path) -> None:
    """Take the word back."""
    (data_dir / "running.json").unlink(missing_ok=True)


def read_running(data_dir: Path) -> Running | None:
    """The word left in the folder; believe it only while the folder is locked."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Running(**json.loads((data_dir / "running.json").read_text(encoding="utf-8")))
    return None


def is_held(data_dir: Path) -> bool:
    """True while a process holds the folder."""
    if not data_dir.exists():
        return False
    try:
        lock_data_folder(data_dir).close()
    except DataFolderInUse:
        return True
    return False


def with_urls(settings: Settings, database_url: str, nats_url: str) -> Settings:
    """The settings, pointing at these servers."""
    return settings.model_copy(update={"database_url": SecretStr(database_url), "nats_url": SecretStr(nats_url)})


def required_urls(settings: Settings) -> tuple[str, str]:
    """Both URLs of the environment. Raises CommandFailed naming what is missing."""
    missing = [
        f"TIFFIN_{name.upper()} (as {form})"
        for name, form in (("database_url", "postgresql://…"), ("nats_url", "nats://…"))
        if getattr(settings, name) is None
    ]
    if missing or settings.database_url is None or settings.nats_url is None:
        what = " and ".join(missing)
        raise CommandFailed(f"set {what}, or use `tiffin up`, which starts its own servers", exit_code=2)
    return settings.database_url.get_secret_value(), settings.nats_url.get_secret_value()


@contextlib.asynccontextmanager
async def reachable(settings: Settings, *, create: bool = False) -> AsyncIterator[Settings]:
    """Settings with the URLs of servers that run. Raises CommandFailed if there is no data yet, unless `create`."""
    if settings.database_url is not None:
        yield settings
        return
    if not create and not (settings.data_dir / "postgres" / "data").exists():
        raise CommandFailed(
            f"there is no data in {settings.data_dir} yet: run `tiffin up` first, name another folder with "
            "TIFFIN_DATA_DIR, or set TIFFIN_DATABASE_URL"
        )
    async with contextlib.AsyncExitStack() as stack:
        try:
            servers = await _start(stack, settings)
        except DataFolderInUse:
            yield _of_running(settings)
            return
        yield with_urls(settings, servers.database_url, servers.nats_url)


async def _start(stack: contextlib.AsyncExitStack, settings: Settings) -> EmbeddedServers:
    from tiffin.db.migrations import upgrade

    servers = EmbeddedServers(settings.data_dir, on_event=warn)
    await stack.enter_async_context(servers)
    with step("Bringing the database up to date") as said:
        before, after = await upgrade(servers.database_url)
        said.append("Servers started for this command; " + describe_upgrade(before, after))
    return servers


def _of_running(settings: Settings) -> Settings:
    running = read_running(settings.data_dir)
    if running is None:
        raise CommandFailed(f"the `tiffin` on {settings.data_dir} is still starting: try again in a moment")
    return with_urls(settings, running.database_url, running.nats_url)


def describe_upgrade(before: str | None, after: str) -> str:
    """What migrations did, for a person."""
    if before == after:
        return f"database is at {after}"
    return f"database brought to {after}" + (f" (was {before})" if before else " (was empty)")


@contextlib.asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Connection]:
    """A connection to the settings' database. Raises CommandFailed if it does not answer."""
    assert settings.database_url is not None
    try:
        connection = await connect(settings.database_url.get_secret_value())
    except (OSError, TimeoutError, asyncpg.PostgresError, ValueError) as error:
        raise CommandFailed(f"the database does not answer: {error or type(error).__name__}") from error
    try:
        yield connection
    except asyncpg.UndefinedTableError as error:
        raise CommandFailed(f"the database is not up to date ({error}): run `tiffin migrate`") from error
    finally:
        await connection.close()


def private_secret_key(data_dir: Path) -> SecretStr:
    """The data folder's own key, made at the first use, so that no two installations share one."""
    path = data_dir / "secret_key"
    if not path.exists():
        write_private(path, os.urandom(32).hex())
    return SecretStr(path.read_text(encoding="ascii").strip())
