"""Runs an effect once a key and stores its answer with it."""

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from tiffin.base.errors import Conflict, Invalid
from tiffin.base.principal import Principal
from tiffin.db import Database, Part, Transaction, load_queries
from tiffin.http.authentication import Authenticated

QUERIES = load_queries(__package__)

_KEY = re.compile(r"[\x21-\x7e]{8,200}")
_WAIT_SECONDS = 5.0


class IdempotencyKeyMissing(Invalid):
    code = "idempotency_key_missing"
    message = "Send an Idempotency-Key of 8 to 200 visible characters, and the same one when you repeat the request."


class IdempotencyKeyReused(Invalid):
    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used for another request; make a new key for a new request."


class StillRunning(Conflict):
    code = "still_running"
    message = "The first request with this Idempotency-Key is still running; send it again in a moment."


class StoredAnswers:
    """Stored answers on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(
        self, account_id: UUID, route: str, key: str, request_hash: bytes, effect: Callable[[], Awaitable[Response]]
    ) -> Response:
        """The stored answer of `key`, or that of `effect`, run and stored in one transaction.

        Raises IdempotencyKeyReused for another request under the key, StillRunning after 5 s of waiting.
        """
        deadline = time.monotonic() + _WAIT_SECONDS
        pause = 0.02
        while True:
            with suppress(_TakenMeanwhile):
                return await self._database.run(lambda tx: _once(tx, account_id, route, key, request_hash, effect))
            if time.monotonic() > deadline:
                raise StillRunning()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.3)


class _TakenMeanwhile(Exception):
    """Another request holds the key, or has stored its answer since we looked."""


async def _once(
    transaction: Transaction,
    account_id: UUID,
    route: str,
    key: str,
    request_hash: bytes,
    effect: Callable[[], Awaitable[Response]],
) -> Response:
    """The answer. Raises _TakenMeanwhile."""
    stored = await transaction.connection.fetchrow(QUERIES["lock_answer"], account_id, route, key)
    assert stored is not None
    if not stored["locked"]:
        raise _TakenMeanwhile
    if stored["status"] is not None:
        if stored["request_hash"] != request_hash:
            raise IdempotencyKeyReused()
        return Response(stored["body"], stored["status"], {**stored["headers"], "idempotent-replay": "true"})
    answer = await effect()
    headers = {name: value for name, value in answer.headers.items() if name in ("content-type", "location", "etag")}
    arguments = (account_id, route, key, request_hash, answer.status_code, headers, bytes(answer.body))
    transaction.at_end(lambda: Part("answer", QUERIES["insert_answer"], arguments, _require_stored))
    return answer


def _require_stored(rows: list[dict[str, Any]]) -> None:
    if not rows:
        raise _TakenMeanwhile


async def delete_old_answers(transaction: Transaction) -> None:
    """Forget answers older than 24 hours."""
    await transaction.connection.execute(QUERIES["delete_old_answers"])


class _Bound:
    """The stored answers, bound to one request: `await idempotent.run(effect, status=201)`."""

    def __init__(self, answers: StoredAnswers, principal: Principal, route: str, key: str, request_hash: bytes) -> None:
        self._answers = answers
        self._principal = principal
        self._route = route
        self._key = key
        self._request_hash = request_hash

    async def run(
        self,
        effect: Callable[[], Awaitable[BaseModel]],
        *,
        status: int = 200,
        headers: Callable[[BaseModel], dict[str, str]] | None = None,
    ) -> Response:
        """Run `effect` once and answer with its model as JSON, now and whenever the request comes again."""

        async def answer() -> Response:
            model = await effect()
            return Response(
                model.model_dump_json(), status, headers(model) if headers else None, media_type="application/json"
            )

        return await self._answers.run(self._principal.account_id, self._route, self._key, self._request_hash, answer)


async def _bind(
    request: Request,
    principal: Authenticated,
    idempotency_key: Annotated[
        str | None, Header(description="required: 8 to 200 visible characters, the same when the request is repeated")
    ] = None,
) -> _Bound:
    if idempotency_key is None or _KEY.fullmatch(idempotency_key) is None:
        raise IdempotencyKeyMissing()
    route = f"{request.method} {request.url.path}"
    request_hash = hashlib.sha256(request.url.query.encode() + b"\n" + await request.body()).digest()
    return _Bound(request.app.state.stored_answers, principal, route, idempotency_key, request_hash)


# parameter of endpoints that create or charge: `idempotent: Idempotent`
Idempotent = Annotated[_Bound, Depends(_bind)]
