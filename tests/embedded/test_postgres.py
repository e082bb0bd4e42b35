import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine
from tests.waiting import eventually

from tiffin.embedded import EmbeddedPostgres, EmbeddedServerFailed


async def _ask(postgres: EmbeddedPostgres, query: str) -> object:
    connection = await asyncpg.connect(postgres.url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_it_starts_durable_and_keeps_what_was_committed(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    await postgres.start()
    assert await _ask(postgres, "SELECT current_database()") == "tiffin"
    for setting, value in {"fsync": "on", "synchronous_commit": "on", "max_connections": "200"}.items():
        assert await _ask(postgres, f"SHOW {setting}") == value
    await _ask(postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert await postgres.stop()

    again = EmbeddedPostgres(folder)
    await again.start()
    assert again.url == postgres.url
    assert await _ask(again, "SELECT answer FROM kept") == 42
    await again.stop()


async def test_its_url_suits_sqlalchemy_too(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder, durable=False)
    await postgres.start()
    engine = create_async_engine(postgres.url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.connect() as connection:
        assert await connection.scalar(sqlalchemy.text("SELECT 1")) == 1
    await engine.dispose()
    await postgres.stop()


async def test_it_listens_on_nothing_but_its_private_socket(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder, durable=False)
    await postgres.start()
    assert list(psutil.Process(postgres.pid).net_connections("inet")) == []
    assert (folder / "postgres" / "socket").stat().st_mode & 0o077 == 0
    await postgres.stop()


async def test_a_kill_loses_nothing_that_was_committed(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder)
    await postgres.start()
    await _ask(postgres, "CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.kill()
    assert await postgres.wait() == -signal.SIGKILL

    await postgres.start()
    assert await _ask(postgres, "SELECT answer FROM kept") == 42
    await postgres.stop()


async def test_a_postmaster_left_by_a_killed_run_is_stopped(folder: Path) -> None:
    left = EmbeddedPostgres(folder, durable=False)
    await left.start()

    postgres = EmbeddedPostgres(folder, durable=False)
    await postgres.start()

    assert await left.wait() == 0, "the old one was told to end"
    assert postgres.pid != left.pid
    assert await _ask(postgres, "SELECT 1") == 1
    await postgres.stop()


@pytest.mark.parametrize("pid", ["own", "dead", "nonsense"])
async def test_a_stale_pid_file_is_no_obstacle(folder: Path, pid: str) -> None:
    postgres = EmbeddedPostgres(folder, durable=False)
    await postgres.start()
    pid_file = folder / "postgres" / "data" / "postmaster.pid"
    content = pid_file.read_text().splitlines()
    await postgres.stop()
    first = {"own": str(os.getpid()), "dead": content[0], "nonsense": "?"}[pid]  # "own": alive, and not PostgreSQL
    pid_file.write_text("\n".join([first, *content[1:]]))

    await postgres.start()
    assert await _ask(postgres, "SELECT 1") == 1
    await postgres.stop()


async def test_an_interrupted_first_start_is_begun_anew(folder: Path) -> None:
    half = folder / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    postgres = EmbeddedPostgres(folder, durable=False)
    await postgres.start()
    assert await _ask(postgres, "SELECT 1") == 1
    await postgres.stop()


@pytest.fixture
def deep_folder() -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="tiffin-embedded-"))
    path = top / ("deep" * 30)
    path.mkdir()
    top.chmod(0o755)
    yield path
    shutil.rmtree(top, ignore_errors=True)


async def test_a_path_too_long_for_a_socket_gets_one_elsewhere(deep_folder: Path) -> None:
    postgres = EmbeddedPostgres(deep_folder, durable=False)
    await postgres.start()
    assert str(deep_folder) not in postgres.url
    assert await _ask(postgres, "SELECT 1") == 1
    await postgres.stop()
    shutil.rmtree(postgres.socket_dir)


async def test_why_it_does_not_start_is_said_in_one_sentence(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder, durable=False)
    await postgres.start()
    await postgres.stop()
    (folder / "postgres" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedServerFailed, match=r"PostgreSQL stopped while starting: .*pg_control"):
        await postgres.start()


async def test_sessions_end_when_it_stops(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder, durable=False)
    await postgres.start()
    connection = await asyncpg.connect(postgres.url)
    assert await postgres.stop(), "it did not wait for the session"
    await eventually(connection.is_closed)
