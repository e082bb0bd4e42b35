"""Requests of the API: tokens that renew themselves, retries that cannot do a thing twice.

- A request is repeated after a lost connection, 502, 503 or 504 only if it is idempotent: by its method, or by an
  Idempotency-Key, which is made once a call and kept across its retries. Pauses have full jitter; Retry-After counts.
- An access token is renewed shortly before it expires, or after a 401 once; however many calls ask, one renews.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import orjson

from tiffin.client.errors import ConnectionLost, ProblemError
from tiffin.client.problems import problem_of
from tiffin.client.reconnect import full_jitter

Json = dict[str, Any]

_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_RENEW_BEFORE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """A program's login. Keep it to go on after a restart; `expires_at` is in seconds of `time.time`."""

    account_id: str
    session_id: str
    access_token: str
    refresh_token: str
    expires_at: float

    @classmethod
    def of(cls, body: Json) -> "Tokens":
        """From the answer to a login or a renewal."""
        return cls(
            body["account_id"],
            body["session_id"],
            body["access_token"],
            body["refresh_token"],
            time.time() + float(body["expires_in_seconds"]),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no error. `etag` is for If-Match."""

    status: int
    # a JSON object, {} where the answer had none
    data: Json
    etag: str | None


def open_http(*, connections: int = 100) -> httpx.AsyncClient:
    """A connection pool that several clients may share."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=4.0)
    return httpx.AsyncClient(timeout=httpx.Timeout(20.0, connect=5.0), limits=limits, trust_env=False)


class Http:
    """Calls on one or more origins as one account, or as nobody."""

    def __init__(
        self,
        origins: Sequence[str],
        *,
        pool: httpx.AsyncClient | None = None,
        tokens: Tokens | None = None,
        on_tokens: Callable[[Tokens], None] | None = None,
        attempts: int = 6,
    ) -> None:
        self.origins = [origin.rstrip("/") for origin in origins]
        self.tokens = tokens
        self._on_tokens = on_tokens
        self._attempts = attempts
        self._owns_pool = pool is None
        self._pool = pool or open_http()
        # the origin that answered last
        self._index = 0
        # one renewal at a time
        self._renewing = asyncio.Lock()

    async def aclose(self) -> None:
        """Close the connections, if they are this client's own."""
        if self._owns_pool:
            await self._pool.aclose()

    def take_tokens(self, tokens: Tokens | None) -> None:
        """Be this login from now on."""
        self.tokens = tokens
        if tokens is not None and self._on_tokens is not None:
            self._on_tokens(tokens)

    async def access_token(self, refused: str | None = None) -> str | None:
        """The token to send, None for none; another one than `refused`. Raises ProblemError if the login has ended."""
        if not self._is_stale(refused):
            return self.tokens.access_token if self.tokens else None
        async with self._renewing:
            tokens = self.tokens
            if tokens is not None and self._is_stale(refused):
                body = {"refresh_token": tokens.refresh_token}
                # repeating it is safe: a lost answer gets the same successor again
                answer = await self._send("POST", "/v1/sessions/refresh", json=body, repeat=True, headers={})
                self.take_tokens(Tokens.of({**asdict(tokens), **answer.data}))
        return self.tokens.access_token if self.tokens else None

    def _is_stale(self, refused: str | None) -> bool:
        tokens = self.tokens
        if tokens is None:
            return False
        return tokens.access_token == refused or tokens.expires_at - time.time() < _RENEW_BEFORE_SECONDS

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str | None = None,
        idempotent: bool = False,
    ) -> Answer:
        """One call. `idempotent`: it carries an Idempotency-Key (`key`, or one made here).

        Raises ProblemError, and ConnectionLost when no origin answered.
        """
        sent = dict(headers or {})
        if idempotent or key is not None:
            sent["Idempotency-Key"] = key or uuid.uuid4().hex
        repeat = method in _IDEMPOTENT_METHODS or "Idempotency-Key" in sent
        token = await self.access_token()
        if token is None:
            return await self._send(method, path, json=json, params=params, headers=sent, repeat=repeat)
        sent["Authorization"] = f"Bearer {token}"
        try:
            return await self._send(method, path, json=json, params=params, headers=sent, repeat=repeat)
        except ProblemError as error:
            if error.status != 401:
                raise
        sent["Authorization"] = f"Bearer {await self.access_token(token)}"
        return await self._send(method, path, json=json, params=params, headers=sent, repeat=repeat)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        repeat: bool,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Answer:
        content = None if json is None else orjson.dumps(json)
        if content is not None:
            headers = {**headers, "Content-Type": "application/json"}
        for attempt in range(1, self._attempts + 1):
            try:
                url = self.origins[self._index] + path
                response = await self._pool.request(method, url, content=content, params=params, headers=headers)
                return _read(response)
            except ProblemError as error:
                if not (repeat and _is_worth_repeating(error)) or attempt == self._attempts:
                    raise
                pause = max(full_jitter(attempt), error.retry_after_seconds or 0.0)
            except httpx.TransportError as error:
                never_sent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
                if not (repeat or never_sent) or attempt == self._attempts:
                    raise ConnectionLost(f"{method} {path}: {error or type(error).__name__}") from error
                self._index = (self._index + 1) % len(self.origins)
                pause = full_jitter(attempt)
            await asyncio.sleep(min(pause, 30.0))
        raise AssertionError("unreachable")


def _read(response: httpx.Response) -> Answer:
    if response.status_code >= 400:
        raise problem_of(response.status_code, response.content, response.headers.get("retry-after"))
    is_json = response.content and "json" in response.headers.get("content-type", "")
    data = orjson.loads(response.content) if is_json else {}
    return Answer(response.status_code, data, response.headers.get("etag"))


def _is_worth_repeating(error: ProblemError) -> bool:
    return error.is_temporary and error.status != 429
