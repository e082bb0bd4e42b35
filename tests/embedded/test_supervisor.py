import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest
from tests.waiting import eventually

from tiffin.embedded import DataFolderInUse, EmbeddedServerFailed, EmbeddedServers

_UP = """
import asyncio, json, sys
from pathlib import Path
from tiffin.embedded import EmbeddedServers

async def main():
    async with EmbeddedServers(Path(sys.argv[1]), durable=False) as servers:
        print(json.dumps([servers.postgres.pid, servers.nats.pid]), flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def _other(folder: Path) -> tuple[asyncio.subprocess.Process, list[int]]:
    """Another process with servers on `folder`: it, and the process ids of its children."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _UP, str(folder), stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return process, json.loads(await process.stdout.readline())


async def test_both_start_together_and_stop_in_order(folder: Path) -> None:
    said: list[str] = []
    async with EmbeddedServers(folder, on_event=said.append) as servers:
        pids = [servers.postgres.pid, servers.nats.pid]
        connection = await asyncpg.connect(servers.database_url)
        await connection.close()
        assert servers.nats_url.startswith("nats://")
    assert not any(map(_runs, pids))
    assert said == []
    assert not (folder / "postgres" / "data" / "postmaster.pid").exists(), "a clean end"


async def test_a_killed_child_is_started_again_at_the_same_address(folder: Path) -> None:
    said: list[str] = []
    async with EmbeddedServers(folder, durable=False, on_event=said.append) as servers:
        urls = (servers.database_url, servers.nats_url)
        servers.postgres.kill()
        servers.nats.kill()
        await eventually(lambda: sum("runs again" in sentence for sentence in said) == 2)
        connection = await asyncpg.connect(servers.database_url)
        await connection.close()
        assert (servers.database_url, servers.nats_url) == urls
    assert {
        "NATS was ended by signal 9; starting it again",
        "PostgreSQL was ended by signal 9; starting it again",
    } < set(said)


async def test_a_child_that_dies_again_and_again_is_started_every_time(folder: Path) -> None:
    said: list[str] = []
    async with EmbeddedServers(folder, durable=False, on_event=said.append) as servers:
        for times in (1, 2, 3):
            servers.nats.kill()
            await eventually(lambda times=times: sum("runs again" in one for one in said) == times)  # type: ignore[misc]


async def test_a_folder_in_use_is_refused_with_what_to_do(folder: Path) -> None:
    async with EmbeddedServers(folder, durable=False):
        with pytest.raises(DataFolderInUse, match=rf"process {os.getpid()}.*stop that one first.*--data-dir"):
            await EmbeddedServers(folder).__aenter__()
    async with EmbeddedServers(folder, durable=False):
        pass  # free again


async def test_a_start_that_fails_leaves_nothing_running(folder: Path) -> None:
    (folder / "nats").mkdir()
    (folder / "nats" / "jetstream").write_text("a file where a folder should be")
    servers = EmbeddedServers(folder, durable=False)
    before = {child.pid for child in psutil.Process().children()}  # the session's own servers may be running
    with pytest.raises(EmbeddedServerFailed, match="NATS stopped while starting"):
        await servers.__aenter__()
    left = [child for child in psutil.Process().children() if child.pid not in before]
    assert not [child for child in left if child.name() in ("postgres", "nats-server", "initdb")]
    (folder / "nats" / "jetstream").unlink()
    async with EmbeddedServers(folder, durable=False):
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
async def test_children_end_with_a_parent_that_is_killed(folder: Path) -> None:
    parent, pids = await _other(folder)
    assert all(map(_runs, pids))
    parent.kill()
    await parent.wait()
    await eventually(lambda: not any(map(_runs, pids)), seconds=15)


async def test_the_folder_of_a_killed_process_is_taken_over_at_once(folder: Path) -> None:
    parent, pids = await _other(folder)
    parent.kill()
    await parent.wait()
    async with EmbeddedServers(folder, durable=False) as servers:
        assert not any(map(_runs, pids))
        connection = await asyncpg.connect(servers.database_url)
        await connection.close()


async def test_children_do_not_get_the_terminals_ctrl_c(folder: Path) -> None:
    parent, pids = await _other(folder)
    assert all(os.getpgid(pid) != os.getpgid(parent.pid) for pid in pids)
    parent.send_signal(signal.SIGINT)
    await parent.wait()
    assert not any(map(_runs, pids)), "the parent stopped them itself"
