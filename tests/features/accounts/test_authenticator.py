"""Credentials to principals: batched, cached only while an end would be noticed."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from tests.features.accounts.world import Device, World

from tiffin.base.errors import Unauthenticated
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal, Role
from tiffin.features.accounts import SessionReader, authenticator, repository
from tiffin.http.authentication import Credential


class Hub:
    """Follows whom the test says."""

    def __init__(self) -> None:
        self.asked: list[UUID] = []
        # accounts whose changes would be told
        self.followed: set[UUID] = set()
        # True: whoever is asked for is followed at once
        self.willing = True

    def is_followed(self, account_id: UUID) -> bool:
        return account_id in self.followed

    def follow(self, account_id: UUID) -> None:
        self.asked.append(account_id)
        if self.willing:
            self.followed.add(account_id)


class Queries:
    """Counts the questions asked of the database, and may hold one up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[int] = []
        self.answered = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()
        ask = repository.list_live_sessions

        async def counted(connection: Any, ids: Sequence[UUID], hashes: Sequence[bytes], idle: int) -> Any:
            self.batches.append(len(ids) + len(hashes))
            found = await ask(connection, ids, hashes, idle)
            self.answered.set()
            await self.go.wait()
            return found

        monkeypatch.setattr(repository, "list_live_sessions", counted)


@pytest.fixture
def hub(world: World) -> Hub:
    hub = Hub()
    world.authenticator.following = hub
    return hub


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Queries:
    return Queries(monkeypatch)


async def _is_refused(world: World, device: Device) -> bool:
    try:
        await world.principal_of(device)
    except Unauthenticated:
        return True
    return False


@pytest.mark.parametrize("kind", ["browser", "program"])
async def test_a_credential_is_its_session_with_the_roles_of_now(world: World, kind: str) -> None:
    device = await world.device(kind=kind)
    assert await world.principal_of(device) == Principal(device.account_id, device.session_id)
    await world.accounts.set_role_by_email("aino@example.com", Role.COURIER, granted=True)
    assert (await world.principal_of(device)).roles == {Role.COURIER}


@pytest.mark.parametrize("kind", ["browser", "program"])
async def test_a_session_that_has_ended_is_nobody(world: World, kind: str) -> None:
    device = await world.device(kind=kind)
    await world.sessions.end_session(await world.principal_of(device), device.session_id)
    assert await _is_refused(world, device)


@pytest.mark.parametrize("kind", ["browser", "program"])
@pytest.mark.parametrize(
    "change",
    ["expires_at = now() - interval '1 second'", "last_seen_at = now() - interval '31 days'"],
)
async def test_a_session_ends_unused_or_in_any_case(world: World, kind: str, change: str) -> None:
    device = await world.device(kind=kind)
    await world.execute(f"UPDATE session SET {change}")
    assert await _is_refused(world, device)


async def test_unknown_secrets_are_nobody(world: World) -> None:
    for credential in (
        Credential("cookie", "unknown"),
        Credential("bearer", "unknown"),
        Credential("ticket", "unknown"),
        Credential("bearer", world.tokens.make_access(new_id(), new_id())),
    ):
        with pytest.raises(Unauthenticated):
            await world.authenticator.authenticate(credential)


async def test_a_cookie_is_no_token_and_a_refresh_token_neither(world: World) -> None:
    browser = await world.device(kind="browser")
    program = await world.log_in()
    cookie = browser.headers["cookie"].partition("=")[2]
    for credential in (
        Credential("bearer", cookie),
        Credential("ticket", cookie),
        Credential("bearer", program.refresh_token),
        Credential("cookie", program.refresh_token),
        Credential("cookie", str(program.session_id)),
    ):
        with pytest.raises(Unauthenticated):
            await world.authenticator.authenticate(credential)


async def test_all_that_ask_at_once_share_one_query(world: World, queries: Queries) -> None:
    first = await world.device()
    devices = [first, *[await world.log_in(kind=kind) for kind in ("program", "browser", "browser")]]
    queries.batches.clear()
    principals = await asyncio.gather(*[world.principal_of(device) for device in devices * 5])
    assert queries.batches == [4]
    assert [principal.session_id for principal in principals[:4]] == [device.session_id for device in devices]


async def test_without_a_hub_nothing_is_kept(world: World, queries: Queries) -> None:
    device = await world.device()
    for _ in range(3):
        await world.principal_of(device)
    assert len(queries.batches) == 3


async def test_a_followed_account_is_asked_for_once_more_and_then_kept(
    world: World, hub: Hub, queries: Queries
) -> None:
    device = await world.device()
    for _ in range(5):
        await world.principal_of(device)
    assert len(queries.batches) == 2
    assert hub.asked == [device.account_id]


async def test_what_was_kept_is_dropped_by_a_change(world: World, hub: Hub, queries: Queries) -> None:
    device = await world.device()
    for _ in range(3):
        await world.principal_of(device)
    await world.execute("UPDATE session SET ended_at = now()")
    assert not await _is_refused(world, device)  # nobody has told
    world.authenticator.forget(device.account_id)
    assert await _is_refused(world, device)
    assert await _is_refused(world, device)


async def test_a_node_that_may_have_missed_something_asks(world: World, hub: Hub, queries: Queries) -> None:
    device = await world.device()
    for _ in range(3):
        await world.principal_of(device)
    await world.execute("UPDATE session SET ended_at = now()")
    hub.followed.clear()
    hub.willing = False
    assert await _is_refused(world, device)


async def test_an_answer_overtaken_by_a_change_is_not_kept(world: World, hub: Hub, queries: Queries) -> None:
    device = await world.device()
    await world.principal_of(device)
    queries.answered.clear()
    queries.go.clear()
    asking = asyncio.create_task(world.principal_of(device))
    await queries.answered.wait()  # the old answer is read and not yet delivered
    await world.execute("UPDATE session SET ended_at = now()")
    world.authenticator.forget(device.account_id)
    queries.go.set()
    await asking
    assert await _is_refused(world, device)


async def test_an_answer_read_before_the_account_was_followed_is_not_kept(
    world: World, hub: Hub, queries: Queries
) -> None:
    hub.willing = False
    device = await world.device()
    await world.principal_of(device)
    queries.answered.clear()
    queries.go.clear()
    asking = asyncio.create_task(world.principal_of(device))
    await queries.answered.wait()
    await world.execute("UPDATE session SET ended_at = now()")
    hub.followed.add(device.account_id)  # from here on it would be told, and this end was before
    queries.go.set()
    await asking
    assert await _is_refused(world, device)


async def test_memory_is_bounded(world: World, hub: Hub, queries: Queries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authenticator, "_MOST_CACHED", 2)
    devices = [await world.device(f"person{number}@example.com") for number in range(4)]
    for device in devices * 3:
        await world.principal_of(device)
    assert len(world.authenticator._cache) == 2
    assert len(world.authenticator._keys_of) == 2
    assert len(world.authenticator._verified) == 2
    for device in devices:
        world.authenticator.forget(device.account_id)
    assert not world.authenticator._cache
    assert not world.authenticator._keys_of


async def test_a_signature_is_verified_once_and_again_after_the_token_has_expired(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = await world.device()
    read = world.tokens.read_access
    verified: list[str] = []

    def counted(token: str) -> tuple[UUID, float]:
        verified.append(token)
        session_id, _ = read(token)
        return session_id, time.time() if len(verified) == 1 else time.time() + 600

    monkeypatch.setattr(world.tokens, "read_access", counted)
    for _ in range(3):
        await world.principal_of(device)
    assert len(verified) == 2  # the first was good for no time


async def test_last_seen_moves_at_most_once_a_minute(world: World) -> None:
    device = await world.device()
    reading = "SELECT last_seen_at FROM session"
    async with world.database.connection() as connection:
        before = await connection.fetchval(reading)
        await world.principal_of(device)
        assert await connection.fetchval(reading) == before
        await connection.execute("UPDATE session SET last_seen_at = now() - interval '61 seconds'")
        await world.principal_of(device)
        assert await connection.fetchval(reading) > before


async def test_nobody_waits_for_a_session_that_is_locked(world: World) -> None:
    device = await world.device()
    await world.execute("UPDATE session SET last_seen_at = now() - interval '61 seconds'")
    async with world.database.transaction() as transaction:
        await transaction.connection.execute("SELECT 1 FROM session FOR UPDATE")
        async with asyncio.timeout(2):
            asking = asyncio.create_task(world.principal_of(device))
            assert (await asking).session_id == device.session_id


async def test_a_ticket_opens_its_topics_once(world: World) -> None:
    device = await world.device()
    principal = await world.principal_of(device)
    ticket = await world.sessions.make_stream_ticket(principal, ["user.1", "order.2"])
    holder = await world.authenticator.authenticate(Credential("ticket", ticket.ticket))
    assert (holder.account_id, holder.session_id) == (device.account_id, device.session_id)
    assert holder.topics == frozenset(("user.1", "order.2"))
    with pytest.raises(Unauthenticated):
        await world.authenticator.authenticate(Credential("ticket", ticket.ticket))


async def test_two_that_use_a_ticket_at_once_are_one(world: World) -> None:
    principal = await world.principal_of(await world.device())
    ticket = await world.sessions.make_stream_ticket(principal, ["user.1"])
    credential = Credential("ticket", ticket.ticket)
    answers = await asyncio.gather(
        *[world.authenticator.authenticate(credential) for _ in range(5)], return_exceptions=True
    )
    assert sum(isinstance(answer, Principal) for answer in answers) == 1


@pytest.mark.parametrize(
    "change",
    ["UPDATE stream_ticket SET expires_at = now() - interval '1 second'", "UPDATE session SET ended_at = now()"],
)
async def test_a_ticket_dies_with_its_time_or_its_session(world: World, change: str) -> None:
    principal = await world.principal_of(await world.device())
    ticket = await world.sessions.make_stream_ticket(principal, ["user.1"])
    await world.execute(change)
    with pytest.raises(Unauthenticated):
        await world.authenticator.authenticate(Credential("ticket", ticket.ticket))


async def test_secrets_do_not_stand_in_the_database(world: World) -> None:
    browser = await world.device(kind="browser")
    ticket = await world.sessions.make_stream_ticket(await world.principal_of(browser), ["user.1"])
    secrets = (browser.headers["cookie"].partition("=")[2], ticket.ticket)
    async with world.database.connection() as connection:
        for table in ("account", "session", "stream_ticket", "event"):
            text = str(await connection.fetch(f"SELECT t::text FROM {table} t"))
            assert not any(secret in text for secret in secrets)


async def test_principals_are_read_anew_in_the_callers_snapshot(world: World) -> None:
    devices = [await world.device(), await world.log_in(), await world.device("other@example.com")]
    principals = [await world.principal_of(device) for device in devices]
    limited = Principal(principals[0].account_id, principals[0].session_id, topics=frozenset(("user.1",)))
    await world.accounts.set_role_by_email("aino@example.com", Role.AGENT, granted=True)
    await world.execute("UPDATE session SET ended_at = now() WHERE id = $1", devices[1].session_id)
    reader = SessionReader(world.settings.session_idle_seconds)
    async with world.database.snapshot() as connection:
        first, ended, other, ticket, unknown = await reader(
            connection, [*principals, limited, Principal(new_id(), new_id())]
        )
    assert first is not None
    assert first.roles == {Role.AGENT}
    assert ended is None
    assert other == principals[2]
    assert ticket is not None
    assert ticket == Principal(first.account_id, first.session_id, first.roles, frozenset(("user.1",)))
    assert unknown is None
