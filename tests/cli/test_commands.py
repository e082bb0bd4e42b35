import os
import socket
from pathlib import Path

import asyncpg
import pytest
from tests.cli.conftest import Tiffin

from tiffin.base.ids import new_id
from tiffin.db import Connection
from tiffin.db.migrations import head_revision
from tiffin.embedded import EmbeddedServers

_COMMANDS = ["up", "serve", "migrate", "seed", "doctor", "grant", "demo", "bench", "dead-letters", "epoch"]


async def test_help_lists_every_command(tiffin: Tiffin) -> None:
    ended = await tiffin("--help")
    assert ended.code == 0
    assert [name for name in _COMMANDS if f" {name} " not in ended.out] == []


async def test_serve_names_the_settings_it_misses(tiffin: Tiffin) -> None:
    ended = await tiffin("serve", TIFFIN_DATABASE_URL="postgresql://127.0.0.1:1/x")
    assert ended.code == 2
    assert "set TIFFIN_NATS_URL (as nats://…), or use `tiffin up`" in ended.err
    assert "TIFFIN_DATABASE_URL" not in ended.err


async def test_serve_refuses_a_database_that_is_behind(tiffin: Tiffin, database_url: str, nats_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("UPDATE alembic_version SET version_num = '0001'")
    await connection.close()
    ended = await tiffin("serve", TIFFIN_DATABASE_URL=database_url, TIFFIN_NATS_URL=nats_url)
    assert ended.code == 1
    assert "the database is at 0001, older than this program: run `tiffin migrate`" in ended.err
    assert "Traceback" not in ended.err


async def test_up_with_one_server_given_and_not_the_other_is_refused(tiffin: Tiffin, nats_url: str) -> None:
    ended = await tiffin("up", "--port", "0", TIFFIN_NATS_URL=nats_url)
    assert ended.code == 2
    assert "set TIFFIN_DATABASE_URL" in ended.err


async def test_up_on_a_port_that_is_taken_says_so_before_starting_anything(tiffin: Tiffin, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = await tiffin("up", "--port", str(taken.getsockname()[1]))
    assert ended.code == 1
    assert "choose another with --port" in ended.err
    assert not (home / ".tiffin").exists()


async def test_up_on_a_folder_in_use_says_who_has_it(tiffin: Tiffin, home: Path) -> None:
    async with EmbeddedServers(home / ".tiffin", durable=False):
        ended = await tiffin("up", "--port", "0")
    assert ended.code == 1
    assert f"in use by another `tiffin` (process {os.getpid()})" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"TIFFIN_PORT": "eighty"}, "TIFFIN_PORT: Input should be a valid integer"),
        ({"TIFFIN_ENVIRONMENT": "production"}, "TIFFIN_SECRET_KEY is the default; set a random one"),
    ],
)
async def test_settings_that_are_wrong_are_one_sentence(
    tiffin: Tiffin, environment: dict[str, str], sentence: str
) -> None:
    ended = await tiffin("migrate", **environment)
    assert ended.code == 2
    assert "the settings are not valid" in ended.err
    assert sentence in ended.err
    assert "Traceback" not in ended.err


async def test_a_database_that_is_down_is_one_sentence(tiffin: Tiffin) -> None:
    ended = await tiffin("migrate", TIFFIN_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert ended.code == 1
    assert "the database does not answer" in ended.err
    assert "Traceback" not in ended.err


async def test_commands_without_any_data_say_what_makes_some(tiffin: Tiffin, home: Path) -> None:
    ended = await tiffin("epoch", "renew")
    assert ended.code == 1
    assert "there is no data in .tiffin yet: run `tiffin up` first" in ended.err
    assert os.listdir(home) == []


async def test_migrate_makes_the_folders_own_database_and_stops_its_servers(tiffin: Tiffin, home: Path) -> None:
    ended = await tiffin("migrate")
    assert ended.code == 0, ended.err
    assert f"Database is at {head_revision()}" in ended.out
    assert not (home / ".tiffin" / "postgres" / "data" / "postmaster.pid").exists()
    assert (await tiffin("epoch", "renew")).code == 0


async def test_epoch_renew_changes_the_epoch_of_every_topic(
    tiffin: Tiffin, database_url: str, connection: Connection
) -> None:
    before = await connection.fetchval("SELECT cluster_epoch()")
    ended = await tiffin("epoch", "renew", TIFFIN_DATABASE_URL=database_url)
    after = await connection.fetchval("SELECT cluster_epoch()")
    assert before != after
    assert f"Epoch {before} is over, {after} has begun" in ended.out


async def test_dead_letters_are_listed_shown_and_put_back(
    tiffin: Tiffin, database_url: str, connection: Connection
) -> None:
    letters = [new_id(), new_id()]
    for letter in letters:
        await connection.execute(
            "INSERT INTO dead_letter (id, consumer, subject, payload, attempts, error, created_at)"
            " VALUES ($1, 'kitchen.tell', 'order.placed', $2, 8, 'Traceback …\nValueError: no [such] oven', now())",
            letter,
            {"order": "42"},
        )
    listed = await tiffin("dead-letters", "list", TIFFIN_DATABASE_URL=database_url)
    assert listed.code == 0, listed.err
    assert all(str(letter) in listed.out for letter in letters)
    assert "ValueError: no [such] oven" in listed.out

    shown = await tiffin("dead-letters", "show", str(letters[0]), TIFFIN_DATABASE_URL=database_url)
    assert '"order": "42"' in shown.out
    assert "Traceback …" in shown.out

    assert (await tiffin("dead-letters", "requeue", str(letters[0]), TIFFIN_DATABASE_URL=database_url)).code == 0
    assert await connection.fetchval("SELECT count(*) FROM work WHERE attempts = 0") == 1
    all_back = await tiffin("dead-letters", "requeue", "--all", TIFFIN_DATABASE_URL=database_url)
    assert "Put back: 1" in all_back.out
    assert await connection.fetchval("SELECT count(*) FROM dead_letter") == 0

    gone = await tiffin("dead-letters", "show", str(letters[0]), TIFFIN_DATABASE_URL=database_url)
    assert gone.code == 1
    assert f"there is no dead letter {letters[0]}" in gone.err


async def test_requeue_wants_one_or_all(tiffin: Tiffin) -> None:
    ended = await tiffin("dead-letters", "requeue")
    assert ended.code == 2
    assert "name one by its id, or all of them with --all" in ended.err


async def test_grant_to_an_account_that_is_not_there_is_one_sentence(
    tiffin: Tiffin, database_url: str, nats_url: str
) -> None:
    ended = await tiffin(
        "grant", "nobody@example.org", "admin", TIFFIN_DATABASE_URL=database_url, TIFFIN_NATS_URL=nats_url
    )
    assert ended.code == 1
    assert "There is no account with this e-mail address." in ended.err
    assert "Traceback" not in ended.err


async def test_seed_where_no_tiffin_answers_says_so(tiffin: Tiffin) -> None:
    ended = await tiffin("seed", "--origin", "http://127.0.0.1:1")
    assert ended.code == 1
    assert "no Tiffin answers at http://127.0.0.1:1" in ended.err
    assert "Traceback" not in ended.err
