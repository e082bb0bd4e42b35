import mmap
import os
import socket
import time

import pytest

from tiffin.bench.machine import cpu_seconds, free_port, memory_bytes, on_cores, raise_file_limit, split_cores


def test_processor_time_is_that_of_the_process() -> None:
    begun, own = cpu_seconds(os.getpid()), time.process_time()
    while time.process_time() - own < 0.05:
        pass
    assert cpu_seconds(os.getpid()) - begun == pytest.approx(time.process_time() - own, abs=0.02)


def test_memory_grows_with_what_is_held() -> None:
    before = memory_bytes(os.getpid())
    with mmap.mmap(-1, 50_000_000) as held:  # new pages; an allocator may hand out old ones
        held.write(b"x" * len(held))
        assert memory_bytes(os.getpid()) - before > 40_000_000


def test_children_keep_to_their_cores_and_this_process_to_its_own() -> None:
    before = os.sched_getaffinity(0)
    with on_cores([min(before)]):
        assert os.sched_getaffinity(0) == {min(before)}
    assert os.sched_getaffinity(0) == before
    with on_cores(None):
        assert os.sched_getaffinity(0) == before


def test_server_and_load_have_a_core_each_where_there_are_two() -> None:
    cores = split_cores()
    assert (cores.server is None) == (cores.load is None)
    if cores.server is not None and cores.load is not None:
        assert set(cores.server).isdisjoint(cores.load)
    else:
        assert "share" in cores.note


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", free_port())):
        pass


def test_files_are_as_many_as_asked_for_if_they_may_be() -> None:
    assert raise_file_limit(64) >= 64
