"""Use cases that race, repeat or go wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import argon2
import pytest
from tests.features.accounts.world import PASSWORD, World
from tests.waiting import eventually

from tiffin.base.errors import RateLimited, TiffinError
from tiffin.base.ids import new_id
from tiffin.base.principal import Role
from tiffin.features.accounts import PasswordHasher
from tiffin.features.accounts.domain import REFRESH_GRACE_SECONDS, SessionKind
from tiffin.features.accounts.errors import (
    AccountNotFound,
    EmailTaken,
    SessionEnded,
    WrongCredentials,
)
from tiffin.features.accounts.schemas import AccountCreate, PasswordChange, SessionCreate
from tiffin.features.accounts.tokens import InvalidToken

NEW_PASSWORD = "an entirely different sentence"


@asynccontextmanager
async def _held(world: World, statement: str) -> AsyncIterator[None]:
    """What `statement` locks is held inside the block."""
    async with world.database.transaction() as transaction:
        await transaction.connection.execute(statement)
        yield


async def _waiting_for_locks(world: World, number: int) -> None:
    counting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def are_waiting() -> bool:
        return bool(await world.database.pool.fetchval(counting) == number)

    await eventually(are_waiting)


def _create(email: str = "aino@example.com") -> AccountCreate:
    return AccountCreate(email=email, password=PASSWORD, name="Aino Virtanen")


def _log_in(password: str = PASSWORD, email: str = "aino@example.com") -> SessionCreate:
    return SessionCreate(email=email, password=password, kind=SessionKind.PROGRAM)


# registering


async def test_an_address_is_registered_once_however_it_is_written(world: World) -> None:
    await world.accounts.register(_create("Aino@Example.com"), "p")
    with pytest.raises(EmailTaken):
        await world.accounts.register(_create("aino@example.COM"), "p")


async def test_of_two_at_once_one_is_registered(world: World) -> None:
    answers = await asyncio.gather(*[world.accounts.register(_create(), "p") for _ in range(4)], return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Account", "EmailTaken", "EmailTaken", "EmailTaken"]


async def test_registrations_from_one_prefix_are_limited(world: World) -> None:
    world.accounts._registrations = type(world.accounts._registrations)(2, 3600)
    for number in range(2):
        await world.accounts.register(_create(f"person{number}@example.com"), "198.51.100")
    with pytest.raises(RateLimited) as refused:
        await world.accounts.register(_create("person3@example.com"), "198.51.100")
    assert 1 <= refused.value.retry_after_seconds <= 1800
    await world.accounts.register(_create("person3@example.com"), "203.0.113")


# logging in


async def test_an_unknown_account_costs_a_hash_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.register()
    hashes: list[str] = []
    verify = PasswordHasher._verify

    def counted(hasher: PasswordHasher, password_hash: str, password: str) -> bool:
        hashes.append(password_hash)
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "_verify", counted)
    messages = set()
    for body in (_log_in("wrong password"), _log_in(email="nobody@example.com"), _log_in(email="not an address")):
        with pytest.raises(WrongCredentials) as refused:
            await world.sessions.log_in(body, "p")
        messages.add((refused.value.code, str(refused.value), str(refused.value.details)))
    assert len(messages) == 1
    known, unknown, no_address = hashes
    assert known != unknown == no_address == world.hasher._nobody
    assert argon2.extract_parameters(known) == argon2.extract_parameters(unknown)


async def test_guessing_is_limited_for_the_guesser_and_not_for_the_owner(world: World) -> None:
    await world.register()
    limit = world.settings.login_attempts_per_minute
    for _ in range(limit):
        with pytest.raises(WrongCredentials):
            await world.sessions.log_in(_log_in("a wrong guess"), "198.51.100")
    with pytest.raises(RateLimited) as refused:
        await world.sessions.log_in(_log_in(), "198.51.100")  # not even with the right one
    assert refused.value.retry_after_seconds >= 1
    await world.sessions.log_in(_log_in(), "203.0.113")
    with pytest.raises(WrongCredentials):
        await world.sessions.log_in(_log_in(email="other@example.com"), "198.51.100")


async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(world: World) -> None:
    await world.register()
    limit = world.settings.login_attempts_per_minute
    answers = await asyncio.gather(
        *[world.sessions.log_in(_log_in(f"guess number {number}"), "p") for number in range(limit * 3)],
        return_exceptions=True,
    )
    assert sum(isinstance(answer, WrongCredentials) for answer in answers) == limit
    assert sum(isinstance(answer, RateLimited) for answer in answers) == limit * 2


async def test_who_knows_the_password_may_log_in_as_often_as_needed(world: World) -> None:
    await world.register()
    for _ in range(world.settings.login_attempts_per_minute + 5):
        await world.sessions.log_in(_log_in(), "p")


async def test_a_hash_of_older_parameters_is_made_anew_at_the_next_login(world: World) -> None:
    await world.register()
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    await world.execute("UPDATE account SET password_hash = $1", old)
    await world.sessions.log_in(_log_in(), "p")
    async with world.database.connection() as connection:
        stored = await connection.fetchval("SELECT password_hash FROM account")
    assert not world.hasher.is_outdated(stored)
    await world.sessions.log_in(_log_in(), "p")


async def test_a_password_changed_while_it_was_verified_counts_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.register()
    start = world.sessions._start

    async def start_late(*arguments: Any) -> Any:
        await world.execute("UPDATE account SET password_hash = 'another'")
        return await start(*arguments)

    monkeypatch.setattr(world.sessions, "_start", start_late)
    with pytest.raises(WrongCredentials):
        await world.sessions.log_in(_log_in(), "p")
    async with world.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM session") == 0


# refreshing


async def test_a_refresh_gives_successors_that_work(world: World) -> None:
    device = await world.device()
    token = device.refresh_token
    for _ in range(3):
        refreshed = await world.sessions.refresh(token)
        assert refreshed.refresh_token != token
        assert refreshed.session_id == device.session_id
        assert world.tokens.read_access(refreshed.access_token)[0] == device.session_id
        token = refreshed.refresh_token


async def test_two_refreshes_at_once_get_the_same_successor(world: World) -> None:
    device = await world.device()
    answers = await asyncio.gather(*[world.sessions.refresh(device.refresh_token) for _ in range(8)])
    assert len({answer.refresh_token for answer in answers}) == 1
    again = await asyncio.gather(*[world.sessions.refresh(answers[0].refresh_token) for _ in range(2)])
    assert len({answer.refresh_token for answer in again}) == 1
    assert await world.sessions.list_sessions(await world.principal_of(device))


async def test_a_token_rotates_once_however_many_ask(world: World) -> None:
    device = await world.device()
    async with _held(world, "SELECT 1 FROM session FOR UPDATE"):
        asking = [asyncio.create_task(world.sessions.refresh(device.refresh_token)) for _ in range(2)]
        await _waiting_for_locks(world, 2)
    one, two = await asyncio.gather(*asking)
    assert one.refresh_token == two.refresh_token
    async with world.database.connection() as connection:
        assert await connection.fetchval("SELECT generation FROM session") == 2


async def test_a_lost_answer_is_given_again(world: World) -> None:
    device = await world.device()
    lost = await world.sessions.refresh(device.refresh_token)
    again = await world.sessions.refresh(device.refresh_token)
    assert again.refresh_token == lost.refresh_token


async def test_a_token_used_long_ago_ends_the_family(world: World) -> None:
    device = await world.device()
    refreshed = await world.sessions.refresh(device.refresh_token)
    await world.execute("UPDATE session SET rotated_at = now() - make_interval(secs => $1)", REFRESH_GRACE_SECONDS + 1)
    with pytest.raises(SessionEnded):
        await world.sessions.refresh(device.refresh_token)
    for token in (refreshed.refresh_token, device.refresh_token):
        with pytest.raises(SessionEnded):
            await world.sessions.refresh(token)
    with pytest.raises(SessionEnded):
        await world.principal_of(device)
    assert (await world.events_of(device.account_id))[-1].type == "session.ended"


async def test_a_grandparent_ends_the_family_at_once(world: World) -> None:
    device = await world.device()
    child = await world.sessions.refresh(device.refresh_token)
    await world.sessions.refresh(child.refresh_token)
    with pytest.raises(SessionEnded):
        await world.sessions.refresh(device.refresh_token)
    with pytest.raises(SessionEnded):
        await world.principal_of(device)


@pytest.mark.parametrize(
    "change",
    [
        "ended_at = now()",
        "expires_at = now() - interval '1 second'",
        "last_seen_at = now() - interval '31 days'",
    ],
)
async def test_a_session_that_is_over_is_not_refreshed(world: World, change: str) -> None:
    device = await world.device()
    await world.execute(f"UPDATE session SET {change}")
    with pytest.raises(SessionEnded):
        await world.sessions.refresh(device.refresh_token)


async def test_tokens_of_nobodys_or_of_browsers_sessions_are_refused(world: World) -> None:
    browser = await world.device(kind="browser")
    for token in (world.tokens.make_refresh(new_id(), 1), world.tokens.make_refresh(browser.session_id, 1)):
        with pytest.raises(SessionEnded):
            await world.sessions.refresh(token)
    with pytest.raises(InvalidToken):
        await world.sessions.refresh("made up")


# the password


async def test_a_new_password_ends_every_other_session(world: World) -> None:
    here = await world.device()
    others = [await world.log_in(), await world.log_in(kind="browser")]
    principal = await world.principal_of(here)
    await world.sessions.change_password(
        principal, PasswordChange(current_password=PASSWORD, new_password=NEW_PASSWORD)
    )
    assert await world.principal_of(here) == principal
    for other in others:
        with pytest.raises(SessionEnded):
            await world.principal_of(other)
    with pytest.raises(WrongCredentials):
        await world.sessions.log_in(_log_in(), "p")
    await world.sessions.log_in(_log_in(NEW_PASSWORD), "p")


async def test_of_two_password_changes_at_once_one_wins(world: World) -> None:
    devices = [await world.device(), await world.log_in()]
    principals = [await world.principal_of(device) for device in devices]
    bodies = [PasswordChange(current_password=PASSWORD, new_password=f"{NEW_PASSWORD} {n}") for n in range(2)]
    answers = await asyncio.gather(
        *[world.sessions.change_password(who, body) for who, body in zip(principals, bodies, strict=True)],
        return_exceptions=True,
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "WrongPassword"]


async def test_guessing_the_current_password_is_limited_a_device(world: World) -> None:
    thief, owner = await world.device(), await world.log_in()
    wrong = PasswordChange(current_password="a wrong guess", new_password=NEW_PASSWORD)
    principal = await world.principal_of(thief)
    codes = []
    for _ in range(world.settings.login_attempts_per_minute + 1):
        with pytest.raises(TiffinError) as refused:
            await world.sessions.change_password(principal, wrong)
        codes.append(refused.value.code)
    assert set(codes[:-1]) == {"wrong_password"}
    assert codes[-1] == "rate_limited"
    right = PasswordChange(current_password=PASSWORD, new_password=NEW_PASSWORD)
    await world.sessions.change_password(await world.principal_of(owner), right)


# roles


async def test_every_grant_is_written_down_once(world: World) -> None:
    admin = await world.admin()
    account_id = await world.register()
    principal = await world.principal_of(admin)
    for granted in (True, True, False, False):
        account = await world.accounts.set_role(principal, account_id, Role.COURIER, granted=granted)
        assert (Role.COURIER in account.roles) is granted
    async with world.database.connection() as connection:
        rows = await connection.fetch("SELECT * FROM audit_entry ORDER BY at, id")
    found = [(row["actor_id"], row["action"], row["subject_id"], row["details"]["role"]) for row in rows]
    assert found == [
        (None, "role.granted", admin.account_id, "admin"),
        (admin.account_id, "role.granted", account_id, "courier"),
        (admin.account_id, "role.revoked", account_id, "courier"),
    ]
    types = [(event.type, event.rights) for event in await world.events_of(account_id)]
    assert types == [("account.registered", False), ("role.granted", True), ("role.revoked", True)]


async def test_the_command_line_names_people_by_address(world: World) -> None:
    account_id = await world.register("Aino@Example.com")
    account = await world.accounts.set_role_by_email("aino@example.com ", Role.ADMIN, granted=True)
    assert (account.id, account.roles) == (account_id, frozenset((Role.ADMIN,)))
    with pytest.raises(AccountNotFound):
        await world.accounts.set_role_by_email("nobody@example.com", Role.ADMIN, granted=True)


async def test_one_administrator_always_stays(world: World) -> None:
    admins = [await world.admin(f"admin{number}@example.com") for number in range(2)]
    principals = [await world.principal_of(admin) for admin in admins]
    async with _held(world, "SELECT 1 FROM account_role FOR UPDATE"):
        asking = [
            asyncio.create_task(world.accounts.set_role(who, who.account_id, Role.ADMIN, granted=False))
            for who in principals
        ]
        await _waiting_for_locks(world, 2)
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["Account", "LastAdministrator"]
    async with world.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM account_role WHERE role = 'admin'") == 1


# for other features, and housekeeping


async def test_other_features_find_accounts(world: World) -> None:
    ids = [await world.register(f"person{number}@example.com") for number in range(2)]
    async with world.database.connection() as connection:
        found = await world.accounts.find_by_email(connection, "PERSON0@example.com")
        assert found is not None
        assert found.id == ids[0]
        assert await world.accounts.find_by_email(connection, "nobody@example.com") is None
        listed = await world.accounts.list_by_ids(connection, [*ids, new_id()])
    assert {key: account.email for key, account in listed.items()} == {
        ids[0]: "person0@example.com",
        ids[1]: "person1@example.com",
    }


async def test_what_is_long_over_is_forgotten(world: World) -> None:
    devices = [await world.device(), *[await world.log_in() for _ in range(3)]]
    principal = await world.principal_of(devices[0])
    for change, device in zip(
        (
            "ended_at = now() - interval '31 days'",
            "expires_at = now() - interval '31 days'",
            "ended_at = now() - interval '29 days'",
        ),
        devices[1:],
        strict=True,
    ):
        await world.execute(f"UPDATE session SET {change} WHERE id = $1", device.session_id)
    for topic in ("old", "new"):
        await world.sessions.make_stream_ticket(principal, [topic])
    await world.execute("UPDATE stream_ticket SET expires_at = now() - interval '1 second' WHERE topics = '{old}'")
    async with world.database.transaction() as transaction:
        for chore in world.feature.chores:
            await chore(transaction)
    async with world.database.connection() as connection:
        left = {row["id"] for row in await connection.fetch("SELECT id FROM session")}
        assert left == {devices[0].session_id, devices[3].session_id}
        assert await connection.fetchval("SELECT array_agg(topics[1]) FROM stream_ticket") == ["new"]
