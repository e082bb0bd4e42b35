import os
import socket
from pathlib import Path

import asyncpg
import pytest
from tests.cli.conftest import Tiffin

from tiffin.base.ids import new_id
from tiffin.base.settings import Settings
from tiffin.cli.checks import Finding, Verdict, check_data_folder, check_database, check_disk, check_nats, check_port
from tiffin.embedded import EmbeddedServers


def _by_part(findings: list[Finding]) -> dict[str, Finding]:
    return {one.part: one for one in findings}


async def test_a_new_installation_is_tried_and_found_in_order(tiffin: Tiffin, home: Path) -> None:
    ended = await tiffin("doctor", TIFFIN_PORT="0")
    assert ended.code == 0, ended.out + ended.err
    assert "embedded, tried in a temporary folder" in ended.out
    assert os.listdir(home) == [], "it only looked"


async def test_what_is_wrong_comes_with_what_to_do_and_code_1(tiffin: Tiffin) -> None:
    ended = await tiffin(
        "doctor",
        TIFFIN_PORT="0",
        TIFFIN_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none",
        TIFFIN_NATS_URL="nats://127.0.0.1:1",
    )
    assert ended.code == 1
    assert "start PostgreSQL, or correct TIFFIN_DATABASE_URL" in ended.out
    assert "start NATS (`nats-server -js`), or correct TIFFIN_NATS_URL" in ended.out
    assert "2 of " in ended.out
    assert "Traceback" not in ended.err


async def test_a_bucket_that_does_not_answer(tiffin: Tiffin) -> None:
    options = '{"endpoint": "http://127.0.0.1:1", "access_key_id": "a", "secret_access_key": "b", "allow_http": "true"}'
    ended = await tiffin(
        "doctor", TIFFIN_PORT="0", TIFFIN_OBJECT_STORE_URL="s3://kitchen", TIFFIN_OBJECT_STORE_OPTIONS=options
    )
    assert ended.code == 1
    assert "s3://kitchen does not answer" in " ".join(ended.out.split())
    assert "correct TIFFIN_OBJECT_STORE_URL" in " ".join(ended.out.split())


async def test_a_healthy_database_has_nothing_to_do_but_be_durable(database_url: str) -> None:
    findings = _by_part(await check_database(database_url))
    assert {part for part, one in findings.items() if one.verdict is not Verdict.FINE} == {"Durability"}
    assert findings["Durability"].found == "off: fsync, full_page_writes, synchronous_commit"  # as tests run it
    assert {"Database", "Clocks", "Migrations", "Work", "Dead letters"} < findings.keys()


async def test_a_database_that_is_behind_is_to_be_migrated(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '0001'")
    await connection.close()
    findings = _by_part(await check_database(database_url))
    assert findings["Migrations"].verdict is Verdict.FAILED
    assert findings["Migrations"].advice == "run `tiffin migrate`"


@pytest.mark.parametrize(("late_seconds", "verdict"), [(5, Verdict.FINE), (60, Verdict.WATCH), (900, Verdict.FAILED)])
async def test_work_that_nobody_does_is_found(database_url: str, late_seconds: int, verdict: Verdict) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO work (id, consumer, subject, payload, due_at)"
        " VALUES ($1, 'c', 's', '{}', now() - make_interval(secs => $2))",
        new_id(),
        late_seconds,
    )
    await connection.close()
    findings = _by_part(await check_database(database_url))
    assert findings["Work"].verdict is verdict
    assert findings["Work"].found.endswith("s late")


async def test_dead_letters_are_found(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO dead_letter (id, consumer, subject, payload, attempts, error, created_at)"
        " VALUES ($1, 'c', 's', '{}', 8, 'x', now())",
        new_id(),
    )
    await connection.close()
    found = _by_part(await check_database(database_url))["Dead letters"]
    assert (found.verdict, found.found) == (Verdict.WATCH, "1")


async def test_nats_with_jetstream_is_fine(nats_url: str) -> None:
    findings = _by_part(await check_nats(nats_url))
    assert {one.verdict for one in findings.values()} == {Verdict.FINE}
    assert findings["NATS"].found.startswith("2.")


async def test_a_folder_in_use_says_so_and_is_fine(servers: EmbeddedServers) -> None:
    found = check_data_folder(servers.data_dir)
    assert found.verdict is Verdict.FINE
    assert "in use by process" in found.found


def test_a_taken_port_is_found(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(_env_file=None, port=taken.getsockname()[1], data_dir=tmp_path)
        assert check_port(settings).verdict is Verdict.FAILED
    assert check_port(settings).verdict is Verdict.FINE


def test_a_full_disk_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10})())
    assert check_disk(tmp_path / "not" / "there").verdict is Verdict.FAILED
