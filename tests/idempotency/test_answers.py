"""One effect a key, whatever is repeated, raced or broken."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import Response

from tiffin.app.error_handlers import install_error_handlers
from tiffin.base.errors import Conflict, Unauthenticated
from tiffin.base.principal import Principal
from tiffin.base.settings import Settings
from tiffin.db import Database
from tiffin.http.authentication import Credential
from tiffin.idempotency import Idempotent, StoredAnswers, delete_old_answers


class Thing(BaseModel):
    """What the endpoint makes."""

    number: int


class Tokens:
    """A token is its account's id."""

    async def authenticate(self, credential: Credential) -> Principal:
        try:
            account_id = UUID(credential.secret)
        except ValueError:
            raise Unauthenticated() from None
        return Principal(account_id, account_id)


class Shop:
    """An app with one endpoint that makes things, and the number of things made."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.hold = asyncio.Event()
        self.hold.set()
        self.refuse = False
        self.app = FastAPI()
        self.app.state.settings = settings
        self.app.state.authenticator = Tokens()
        self.app.state.stored_answers = StoredAnswers(database)
        install_error_handlers(self.app)

        @self.app.post("/things")
        async def make(body: dict[str, Any], idempotent: Idempotent) -> Response:
            return await idempotent.run(self.make, status=201, headers=lambda thing: {"location": "/things/1"})

        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://shop")

    async def make(self) -> Thing:
        async with self.database.transaction() as transaction:
            await transaction.connection.execute("INSERT INTO thing DEFAULT VALUES")
            await self.hold.wait()
            if self.refuse:
                raise Conflict()
        return Thing(number=await self.made())

    async def made(self) -> int:
        async with self.database.connection() as connection:
            amount = await connection.fetchval("SELECT count(*) FROM thing")
        assert isinstance(amount, int)
        return amount

    async def post(self, account: UUID, key: str | None, body: dict[str, Any] | None = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {account}"} | ({"idempotency-key": key} if key else {})
        return await self.client.post("/things", json=body or {}, headers=headers)


@pytest.fixture
async def shop(database: Database, settings: Settings) -> AsyncIterator[Shop]:
    await database.pool.execute("CREATE TABLE thing (made_at timestamptz NOT NULL DEFAULT now())")
    made = Shop(database, settings)
    yield made
    await made.client.aclose()


async def test_the_same_key_replays_the_answer(shop: Shop) -> None:
    account, key = uuid4(), "key-number-1"
    first = await shop.post(account, key)
    again = await shop.post(account, key)
    assert (first.status_code, first.json()) == (201, {"number": 1})
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replay"] == "true"
    assert again.headers["location"] == "/things/1"
    assert await shop.made() == 1


async def test_keys_are_an_accounts_own(shop: Shop) -> None:
    assert (await shop.post(uuid4(), "shared-key")).json() == {"number": 1}
    assert (await shop.post(uuid4(), "shared-key")).json() == {"number": 2}


async def test_another_payload_under_the_key_is_refused(shop: Shop) -> None:
    account = uuid4()
    await shop.post(account, "key-number-1", {"a": 1})
    refused = await shop.post(account, "key-number-1", {"a": 2})
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert await shop.made() == 1


@pytest.mark.parametrize("key", [None, "short", "x" * 201, "with space in"])
async def test_a_key_is_needed(shop: Shop, key: str | None) -> None:
    refused = await shop.post(uuid4(), key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_missing")
    assert await shop.made() == 0


async def test_requests_that_race_are_one_effect(shop: Shop) -> None:
    account = uuid4()
    shop.hold.clear()
    racing = [asyncio.create_task(shop.post(account, "key-number-1")) for _ in range(5)]
    await asyncio.sleep(0)
    shop.hold.set()
    answers = await asyncio.gather(*racing)
    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.content for answer in answers}) == 1
    assert await shop.made() == 1


async def test_who_waits_too_long_is_told_to_come_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiffin.idempotency.answers._WAIT_SECONDS", 0.05)
    account = uuid4()
    shop.hold.clear()
    first = asyncio.create_task(shop.post(account, "key-number-1"))
    second = await _until_running(shop, account)
    assert (second.status_code, second.json()["code"]) == (409, "still_running")
    shop.hold.set()
    assert (await first).status_code == 201
    assert (await shop.post(account, "key-number-1")).json() == {"number": 1}


async def _until_running(shop: Shop, account: UUID) -> httpx.Response:
    """A second request that finds the first one holding the key."""
    async with asyncio.timeout(5):
        while True:
            locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            if await shop.database.pool.fetchval(locks):
                return await shop.post(account, "key-number-1")


async def test_a_refusal_is_not_stored(shop: Shop) -> None:
    account = uuid4()
    shop.refuse = True
    assert (await shop.post(account, "key-number-1")).status_code == 409
    assert await shop.made() == 0, "the effect was rolled back with it"
    shop.refuse = False
    assert (await shop.post(account, "key-number-1")).status_code == 201


async def test_keys_are_forgotten_after_a_day(shop: Shop) -> None:
    account = uuid4()
    await shop.post(account, "key-number-1")
    await shop.database.pool.execute("UPDATE idempotency_key SET created_at = now() - interval '25 hours'")
    assert (await shop.post(account, "key-number-1", {"other": True})).json() == {"number": 2}
    await shop.database.pool.execute("UPDATE idempotency_key SET created_at = now() - interval '25 hours'")
    async with shop.database.transaction() as transaction:
        await delete_old_answers(transaction)
    assert await shop.database.pool.fetchval("SELECT count(*) FROM idempotency_key") == 0
