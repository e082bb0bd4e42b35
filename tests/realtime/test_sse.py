"""The kernel's promises over SSE, on real sockets."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.realtime.harness import KernelNode, RightsChanged, Written, connect, open_sse, run_node, user_topic
from tests.waiting import eventually

from tiffin.base.principal import Principal
from tiffin.base.settings import Settings
from tiffin.db import Database
from tiffin.realtime import deliveries
from tiffin.realtime.sse import SseSubscriber
from tiffin.realtime.topic import Position


@pytest.fixture
async def node(settings: Settings, database: Database) -> AsyncIterator[KernelNode]:
    async with run_node(settings, database) as running:
        yield running


def reader_of(node: KernelNode, key: str) -> UUID:
    account = uuid4()
    node.rights.setdefault(key, set()).add(account)
    return account


async def test_first_bytes_name_position_and_sync(node: KernelNode) -> None:
    await node.write_texts("open.a", "1", "2")
    client = await open_sse(node.port, "open.a", since=await node.position("open.a"))
    first = await client.next()
    assert client.headers["content-type"].startswith("text/event-stream")
    assert "no-transform" in client.headers["cache-control"]
    assert first.id == await node.position("open.a")
    sync = await client.event()
    assert sync.data == {"topic": "open.a", "ok": True, "epoch": first.id.split(":")[0], "from": 2, "to": 2}
    await node.write_texts("open.a", "3")
    assert await client.texts(1) == ["3"]
    assert client.last_id == await node.position("open.a")


async def test_resume_after_a_disconnect_at_every_point(node: KernelNode) -> None:
    """Whatever was read before the cut, the rest comes after it: nothing lost, nothing twice, in order."""
    await node.write_texts("open.a", "start")
    start = await node.position("open.a")
    texts = [str(number) for number in range(8)]
    for cut in range(len(texts) + 1):
        topic = f"open.cut{cut}"
        await node.write_texts(topic, "start")
        client = await open_sse(node.port, topic, since=await node.position(topic))
        assert (await client.event()).data["ok"]
        await node.write_texts(topic, *texts[:cut])
        seen = await client.texts(cut)
        client.close()
        await node.write_texts(topic, *texts[cut:5])
        client = await open_sse(node.port, topic, last_id=client.last_id)
        assert (await client.event()).data["ok"]
        await node.write_texts(topic, *texts[max(cut, 5) :])
        seen += await client.texts(len(texts) - cut)
        assert seen == texts
        client.close()
    assert start


async def test_a_long_absence_is_paged_from_the_log(node: KernelNode) -> None:
    await node.write("open.a", Written(text="start"))
    since = await node.position("open.a")
    await node.write("open.a", *(Written(text=str(number)) for number in range(450)))
    client = await open_sse(node.port, "open.a", since=since)
    assert (await client.event()).data["to"] == 451
    assert await client.texts(450) == [str(number) for number in range(450)]


async def test_backfill_races_with_live_events(node: KernelNode) -> None:
    """Clients that attach while events pour in see each exactly once."""
    await node.write("open.a", Written(text="start"))
    since = await node.position("open.a")

    async def write() -> None:
        for number in range(150):
            await node.write("open.a", Written(text=str(number)))

    async def read(delay: float) -> list[str]:
        await asyncio.sleep(delay)
        client = await open_sse(node.port, "open.a", since=since)
        assert (await client.event()).data["ok"]
        texts = await client.texts(150, seconds=20)
        client.close()
        return texts

    results = await asyncio.gather(write(), *(read(delay / 40) for delay in range(12)))
    for texts in results[1:]:
        assert texts == [str(number) for number in range(150)]


async def test_a_position_is_never_assumed(node: KernelNode) -> None:
    await node.write_texts("open.a", "1", "2")
    client = await open_sse(node.port, "open.a")
    sync = await client.event()
    assert (sync.data["ok"], sync.data["reason"], sync.data["to"]) == (False, "position", 2)
    await node.write_texts("open.a", "3")
    assert await client.texts(1) == ["3"]
    await client.next()
    assert client.last_id == "-", "a lost position stays lost until a snapshot's is named"
    client.close()
    again = await open_sse(node.port, "open.a", last_id="-")
    assert (await again.event()).data["reason"] == "position"


@pytest.mark.parametrize(
    ("since", "reason"), [("ffffffffff:1", "epoch"), ("rubbish", "position"), ("{epoch}:99", "ahead")]
)
async def test_a_gap_is_said(node: KernelNode, since: str, reason: str) -> None:
    await node.write_texts("open.a", "1", "2")
    epoch = (await node.position("open.a")).split(":")[0]
    client = await open_sse(node.port, "open.a", since=since.format(epoch=epoch))
    sync = await client.event()
    assert (sync.data["ok"], sync.data["reason"]) == (False, reason)


async def test_trimmed_events_are_said(node: KernelNode) -> None:
    await node.write_texts("open.a", "1", "2", "3")
    epoch = (await node.position("open.a")).split(":")[0]
    await node.database.pool.execute("DELETE FROM event WHERE seq <= 2")
    await node.database.pool.execute("UPDATE topic_head SET first_seq = 3")
    client = await open_sse(node.port, "open.a", since=f"{epoch}:1")
    assert (await client.event()).data["reason"] == "trimmed"
    kept = await open_sse(node.port, "open.a", since=f"{epoch}:2")
    assert (await kept.event()).data["ok"]
    assert await kept.texts(1) == ["3"]


async def test_a_restored_database_is_another_epoch(node: KernelNode) -> None:
    await node.write_texts("open.a", "1", "2")
    client = await open_sse(node.port, "open.a", since=await node.position("open.a"))
    assert (await client.event()).data["ok"]
    await node.database.pool.execute("UPDATE cluster SET incarnation = 'renewed'")
    sync = await client.event()
    assert (sync.data["ok"], sync.data["reason"]) == (False, "epoch")
    await node.write_texts("open.a", "3")
    assert await client.texts(1) == ["3"]


async def test_writers_that_commit_out_of_order(node: KernelNode) -> None:
    """The later of two transactions cannot get the earlier number: numbers are in commit order, without gaps."""
    await node.write_texts("open.a", "0")
    client = await open_sse(node.port, "open.a", since=await node.position("open.a"))
    await client.event()
    held = asyncio.Event()

    async def slow() -> None:
        async with node.database.transaction() as transaction:
            node.events.append(transaction, "open.a", Written(text="slow"))
            await held.wait()

    writing = asyncio.create_task(slow())
    await node.write_texts("open.a", "fast")
    assert await client.texts(1) == ["fast"]
    held.set()
    await writing
    assert await client.texts(1) == ["slow"]


async def test_a_lost_last_announcement_is_repaired(node: KernelNode, monkeypatch: pytest.MonkeyPatch) -> None:
    await node.write_texts("open.a", "1")
    client = await open_sse(node.port, "open.a", since=await node.position("open.a"))
    await client.event()
    monkeypatch.setattr(node.events, "_announce", lambda events: None)
    await node.write_texts("open.a", "unannounced", "also")
    assert await client.texts(2, seconds=3) == ["unannounced", "also"]


async def test_announcements_that_come_early_wait_for_what_is_before(
    node: KernelNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    await node.write_texts("open.a", "0")
    client = await open_sse(node.port, "open.a", since=await node.position("open.a"))
    await client.event()
    held: list[object] = []
    announce = node.announcer.announce
    monkeypatch.setattr(node.events, "_announce", held.append)
    await node.write_texts("open.a", "1", "2", "3")
    for events in reversed(held):
        announce(events)  # type: ignore[arg-type]
        announce(events)  # type: ignore[arg-type]
    assert await client.texts(3) == ["1", "2", "3"]


async def test_two_nodes_share_by_nats(settings: Settings, database: Database, node: KernelNode) -> None:
    async with run_node(settings, database) as other:
        await node.write_texts("open.a", "0")
        client = await open_sse(other.port, "open.a", since=await node.position("open.a"))
        await client.event()
        other.head_check._period_seconds = 60  # what comes now comes by NATS
        await node.write_texts("open.a", "1", "2")
        assert await client.texts(2) == ["1", "2"]
        large = "x" * 100_000
        await node.write_texts("open.a", large)
        assert await client.texts(1) == [large], "a large event is announced without its body"


async def test_without_nats_events_come_within_three_seconds(settings: Settings, database: Database) -> None:
    async with (
        run_node(settings, database, connected=False) as writer,
        run_node(settings, database, connected=False) as node,
    ):
        await writer.write_texts("open.a", "0")
        client = await open_sse(node.port, "open.a", since=await node.position("open.a"))
        await client.event()
        await writer.write_texts("open.a", "1", "2")
        assert await client.texts(2, seconds=3) == ["1", "2"]


async def test_a_slow_client_beside_a_fast_one(node: KernelNode) -> None:
    """The fast one sees everything at once; the slow one costs one buffer and catches up when it reads."""
    await node.write_texts("open.a", "start")
    since = await node.position("open.a")
    slow = await open_sse(node.port, "open.a", since=since, receive_buffer=4096)
    fast = await open_sse(node.port, "open.a", since=since)
    assert (await slow.event()).data["ok"]
    assert (await fast.event()).data["ok"]
    filler = "y" * 20_000
    for number in range(60):
        await node.write_texts("open.a", f"{number} {filler}")
        assert (await fast.texts(1)) == [f"{number} {filler}"]
    unsent = [subscriber.link.unsent_bytes for subscriber in node.hub.subscribers if subscriber.link]
    assert max(unsent) < 200_000, "a slow client holds one buffer, not the backlog"
    assert [text.split()[0] for text in await slow.texts(60, seconds=20)] == [str(number) for number in range(60)]


async def test_a_lost_right_stops_the_flow(node: KernelNode) -> None:
    account = reader_of(node, "a")
    other = reader_of(node, "a")
    await node.write_texts("log.a", "0")
    since = await node.position("log.a")
    client = await open_sse(node.port, "log.a", account=account, since=since)
    beside = await open_sse(node.port, "log.a", account=other, since=since)
    assert (await client.event()).data["ok"]
    assert (await beside.event()).data["ok"]
    node.rights["a"].discard(account)
    await node.write(user_topic(Principal(account, account)), RightsChanged())
    await node.write_texts("log.a", "secret")
    refused = await client.event()
    assert refused.event == "sync"
    assert refused.data["reason"] == "forbidden"
    assert await beside.texts(1) == ["secret"]


async def test_a_lost_right_stops_a_catch_up_in_the_middle(node: KernelNode) -> None:
    account = reader_of(node, "a")
    await node.write_texts("log.a", "0")
    since = await node.position("log.a")
    filler = "z" * 60_000  # a page is more than all buffers on the way hold
    for _ in range(4):
        await node.write("log.a", *(Written(text=filler) for _ in range(10)))
    client = await open_sse(node.port, "log.a", account=account, since=since, receive_buffer=4096)
    assert (await client.event()).data["ok"]
    await eventually(lambda: any(s.link is not None and not s.link.writable for s in node.hub.subscribers))
    node.rights["a"].discard(account)
    await node.write(user_topic(Principal(account, account)), RightsChanged())
    await eventually(lambda: not node.hub.subscribers)  # who reads on meanwhile may have nothing buffered to drop
    blocks = await client.until_end()
    assert sum(block.event == "log.written" for block in blocks) < 10
    assert not client.complete, "what was buffered was dropped, not delivered"


async def test_an_ended_session_ends_its_streams(node: KernelNode) -> None:
    account = reader_of(node, "a")
    client = await open_sse(node.port, "log.a", account=account)
    await client.event()
    node.ended.add(account)
    await node.write(user_topic(Principal(account, account)), RightsChanged())
    bye = await client.event(seconds=1)
    assert (bye.event, bye.data["reason"], bye.data["come_back"]) == ("bye", "revoked", False)
    with pytest.raises(EOFError):
        await client.event()
    assert client.complete


async def test_an_unannounced_loss_of_rights_is_found(node: KernelNode, monkeypatch: pytest.MonkeyPatch) -> None:
    account = reader_of(node, "a")
    client = await open_sse(node.port, "log.a", account=account)
    await client.event()
    monkeypatch.setattr(node.events, "_announce", lambda events: None)
    node.rights["a"].discard(account)
    await node.write(user_topic(Principal(account, account)), RightsChanged())
    assert (await client.event(seconds=3)).data["reason"] == "forbidden"


async def test_a_node_without_its_database_delivers_nothing_guarded(node: KernelNode) -> None:
    account = reader_of(node, "a")
    await node.write_texts("log.a", "0")
    await node.write_texts("open.a", "0")
    guarded = await open_sse(node.port, "log.a", account=account, since=await node.position("log.a"))
    public = await open_sse(node.port, "open.a", since=await node.position("open.a"))
    assert (await guarded.event()).data["ok"]
    assert (await public.event()).data["ok"]
    await node.head_check.stop()
    node.hub.fresh_until = 0
    await node.write_texts("log.a", "held")
    await node.write_texts("open.a", "flows")
    assert await public.texts(1) == ["flows"]
    with pytest.raises(TimeoutError):
        await guarded.event(seconds=0.3)
    node.head_check.start()
    assert await guarded.texts(1) == ["held"]


async def test_what_comes_together_leaves_a_crowd_together(node: KernelNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "_CROWD", 2)
    monkeypatch.setattr(deliveries, "_GATHER_SECONDS", 0.3)
    crowd = [await open_sse(node.port, "open.a") for _ in range(2)]
    alone = await open_sse(node.port, "open.b")
    for client in (*crowd, alone):
        await client.event()  # the sync
    before = deliveries._DELIVERIES._value.get()
    for text in ("1", "2", "3"):
        await node.write_texts("open.a", text)
    for client in crowd:
        assert await client.texts(3) == ["1", "2", "3"]
    assert deliveries._DELIVERIES._value.get() - before == 2, (
        "one a connection, though each was a transaction of its own"
    )
    await node.write_texts("open.b", "at once")
    assert await alone.texts(1, seconds=0.2) == ["at once"]


async def test_a_name_the_database_would_refuse_fails_nobody(node: KernelNode) -> None:
    account = reader_of(node, "mine")
    await node.write_texts("log.mine", "0")
    since = str(await node.position("log.mine"))
    hostile, honest = await asyncio.gather(  # in one batch of questions
        open_sse(node.port, "%00", account=account), open_sse(node.port, "log.mine", account=account, since=since)
    )
    assert (await hostile.event()).data["reason"] == "unknown"
    assert (await honest.event()).data["ok"]


async def test_one_forbidden_topic_leaves_the_others(node: KernelNode) -> None:
    account = reader_of(node, "mine")
    for key in ("mine", "theirs"):
        await node.write_texts(f"log.{key}", "0")
    mine = await node.position("log.mine")
    client = await open_sse(node.port, "log.theirs", "log.mine", "nonsense.x", account=account, since=f"-;{mine};-")
    syncs = {block.data["topic"]: block.data for block in [await client.event() for _ in range(3)]}
    assert syncs["log.theirs"] == {"topic": "log.theirs", "ok": False, "reason": "forbidden"}
    assert syncs["nonsense.x"]["reason"] == "unknown"
    assert syncs["log.mine"]["ok"]
    await node.write_texts("log.theirs", "hidden")
    await node.write_texts("log.mine", "shown")
    assert await client.texts(1) == ["shown"]
    assert (await client.next()).id == f"-;{await node.position('log.mine')};-"


async def test_an_expired_login_is_told_in_the_stream(node: KernelNode) -> None:
    account = uuid4()
    node.ended.add(account)
    client = await open_sse(node.port, "log.a", account=account)
    assert client.status == 200
    bye = await client.event()
    assert (bye.event, bye.data["reason"]) == ("bye", "unauthenticated")


async def test_heartbeat_and_lifetime(settings: Settings, database: Database) -> None:
    short = settings.model_copy(update={"heartbeat_seconds": 0.1, "stream_lifetime_seconds": 1.1})
    async with run_node(short, database) as node:
        client = await open_sse(node.port, "open.a", since="0:0")
        blocks = await client.until_end()
        assert "heartbeat" in [block.event for block in blocks]
        assert (blocks[-1].event, blocks[-1].data["reason"]) == ("bye", "lifetime")
        assert client.complete


async def test_a_drain_says_bye_and_takes_no_new_clients(node: KernelNode) -> None:
    clients = [await open_sse(node.port, "open.a", since="0:0") for _ in range(5)]
    for client in clients:
        await client.event()
    await node.hub.drain(0.1)
    for client in clients:
        bye = await client.event()
        assert (bye.data["reason"], bye.data["come_back"]) == ("drain", True)
    late = await open_sse(node.port, "open.a")
    assert (await late.event()).data["reason"] == "drain"


@pytest.mark.parametrize(
    ("line", "status"), [("HEAD / HTTP/1.1", 405), ("POST / HTTP/1.1", 405), ("GET / HTTP/1.0", 505)]
)
async def test_streams_are_for_get_on_http_1_1(node: KernelNode, line: str, status: int) -> None:
    reader, writer = await connect(node.port)
    writer.write(line.replace(" / ", " /v1/events?topic=open.a ").encode() + b"\r\nHost: x\r\n\r\n")
    assert (await reader.readline()).split()[1] == str(status).encode()
    writer.close()


async def test_a_pipelined_request_behind_a_stream_ends_it(node: KernelNode) -> None:
    client = await open_sse(node.port, "open.a", since="0:0")
    await client.event()
    client.writer.write(b"GET /v1/events?topic=open.b HTTP/1.1\r\nHost: x\r\n\r\n")
    await client.until_end()
    await eventually(lambda: not node.hub.subscribers)


async def test_nothing_is_left_when_clients_have_gone(node: KernelNode) -> None:
    account = reader_of(node, "a")
    clients = [await open_sse(node.port, "log.a", "open.b", account=account) for _ in range(20)]
    for client in clients:
        await client.event()
    for client in clients:
        client.close()
    await eventually(lambda: not node.hub.subscribers and not node.hub.topics)


async def test_a_client_that_goes_before_its_stream_begins_leaves_nothing(
    node: KernelNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a connection may be told before the stream listens; it must not wait for ever then."""
    gone, begun = asyncio.Event(), asyncio.Event()
    real = SseSubscriber.name_positions

    def name_positions(self: SseSubscriber, positions: Mapping[str, Position | None]) -> None:
        begun.set()
        real(self, positions)

    async def begin(*arguments: Any) -> Any:
        await gone.wait()
        return await real_begin(*arguments)

    real_begin = node.streams._begin
    monkeypatch.setattr(SseSubscriber, "name_positions", name_positions)
    monkeypatch.setattr(node.streams, "_begin", begin)
    _, writer = await connect(node.port)
    writer.write(b"GET /v1/events?topic=open.a&since=0:0 HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.wait_for(begun.wait(), 5)
    writer.transport.abort()
    await eventually(lambda: not node.server.server_state.connections)
    gone.set()
    await eventually(lambda: not node.server.server_state.tasks, seconds=3)
    assert not node.hub.subscribers
