"""The connection to NATS: what waits while it is away is bounded, and what a cluster refuses is repeated."""

import asyncio
from urllib.parse import urlsplit

import nats.errors
import pytest
from nats.aio.msg import Msg
from tests.waiting import eventually

from tiffin.nats import NatsConnection

_HALF_MEBIBYTE = b"x" * 2**19


async def test_what_waits_while_nats_is_away_is_bounded_in_bytes() -> None:
    """The newest are kept; the oldest are in PostgreSQL."""
    connection = NatsConnection("nats://127.0.0.1:1", "test")
    for number in range(500):
        connection.publish("storm", b"%d " % number + _HALF_MEBIBYTE)
    sizes = [len(payload) for _, payload, _, _ in connection._waiting]
    assert 16 * 2**20 < sum(sizes) < 33 * 2**20
    assert connection._waiting[-1][1].startswith(b"499 ")


async def test_a_refused_setup_is_repeated_until_it_is_done(nats_url: str) -> None:
    """A cluster that is electing its leader refuses streams; a node may not stay without its queue for that."""
    connection = NatsConnection(nats_url, "test")
    answers = [nats.errors.NoRespondersError(), nats.errors.TimeoutError()]
    done: list[bool] = []

    async def set_up() -> None:
        if answers:
            raise answers.pop()
        done.append(True)

    connection.on_connect(set_up)
    connection.start()
    try:
        await eventually(lambda: done == [True])
    finally:
        await connection.stop()


@pytest.mark.parametrize("dead_first", [True, False])
async def test_servers_by_commas_with_one_login(nats_url: str, dead_first: bool) -> None:
    """Any server of the list will do, and the first one's login counts for those that have none."""
    parts = urlsplit(nats_url)
    login, address = parts.netloc.rpartition("@")[::2]
    dead, bare = f"nats://{login}@127.0.0.1:1", f"nats://{address}"
    urls = [dead, bare] if dead_first else [nats_url, dead]
    connection = NatsConnection(",".join(urls), "test")
    connection.start()
    try:
        await eventually(lambda: connection.is_connected)
    finally:
        await connection.stop()


async def test_messages_wait_for_the_connection_and_leave_in_order(nats_url: str) -> None:
    received: list[bytes] = []

    async def receive(message: Msg) -> None:
        received.append(message.data)

    listener, speaker = NatsConnection(nats_url, "listener"), NatsConnection(nats_url, "speaker")
    listener.subscribe("storm.order", receive)
    listener.start()
    await eventually(lambda: listener.is_connected)
    await asyncio.wait_for(listener.client.flush(), 5)
    for number in range(2000):
        speaker.publish("storm.order", b"%d" % number)
    speaker.start()
    try:
        await eventually(lambda: len(received) == 2000)
        assert received == [b"%d" % number for number in range(2000)]
        assert speaker._waiting_bytes == 0
    finally:
        await asyncio.gather(listener.stop(), speaker.stop())
