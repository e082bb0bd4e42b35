"""Turns credentials into principals, by sessions that live.

All that ask within a few milliseconds share one query. A session found is kept on the node for a minute, but only
while the node would notice its end: it must follow the account's topic with a fresh head check (`Following`).

Invariant: what is trusted was read while its account was followed, from before the question until after the answer.
So a session's first answer is only noted, to know whom to follow; and whatever is forgotten while a question is under
way makes its answer good for the one who asked, and for nobody after.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from tiffin.base.principal import Principal
from tiffin.db import Connection, Database
from tiffin.features.accounts import repository
from tiffin.features.accounts.errors import SessionEnded
from tiffin.features.accounts.tokens import Tokens, hash_secret
from tiffin.http.authentication import Credential
from tiffin.realtime.batcher import Batcher

_CACHE_SECONDS = 60.0
_MOST_CACHED = 10_000


class Following(Protocol):
    """Whether this node would notice that an account's sessions changed; the hub provides it."""

    def is_followed(self, account_id: UUID) -> bool:
        """True if a change since the last call of `follow` would have been told."""
        ...

    def follow(self, account_id: UUID) -> None:
        """Begin to follow; `forget` of the authenticator is called at each change."""
        ...


class FollowingNothing:
    """No hub: nothing may be cached."""

    def is_followed(self, account_id: UUID) -> bool:
        return False

    def follow(self, account_id: UUID) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Cached:
    principal: Principal
    # monotonic; 0 for one that is known and not trusted
    trusted_until: float = 0.0


_Key = UUID | bytes


class SessionAuthenticator:
    """The node's `Authenticator`."""

    def __init__(self, database: Database, tokens: Tokens, idle_seconds: int) -> None:
        self.following: Following = FollowingNothing()
        self._database = database
        self._tokens = tokens
        self._idle_seconds = idle_seconds
        self._batcher: Batcher[_Key, Principal | None] = Batcher(self._load, pause_seconds=0.005)
        self._cache: OrderedDict[_Key, _Cached] = OrderedDict()
        self._keys_of: dict[UUID, set[_Key]] = {}
        # access tokens whose signature was good, and until when (Unix seconds)
        self._verified: OrderedDict[str, tuple[UUID, float]] = OrderedDict()

    async def authenticate(self, credential: Credential) -> Principal:
        """The principal behind `credential`. Raises Unauthenticated, Unavailable."""
        match credential.kind:
            case "bearer":
                return await self._of(self._session_of_token(credential.secret))
            case "cookie":
                return await self._of(hash_secret(credential.secret))
            case "ticket":
                return await self._of_ticket(credential.secret)

    def forget(self, account_id: UUID) -> None:
        """Something may have changed: ask the database again."""
        for key in self._keys_of.pop(account_id, ()):
            self._cache.pop(key, None)

    def _session_of_token(self, token: str) -> UUID:
        known = self._verified.get(token)
        if known is None or known[1] <= time.time():
            known = self._verified[token] = self._tokens.read_access(token)
            if len(self._verified) > _MOST_CACHED:
                self._verified.popitem(last=False)
        return known[0]

    async def _of(self, key: _Key) -> Principal:
        cached = self._cache.get(key)
        if cached is not None and cached.trusted_until > time.monotonic() and self._is_followed(cached):
            self._cache.move_to_end(key)
            return cached.principal
        principal = await self._batcher.ask(key)
        if principal is None:
            raise SessionEnded()
        return principal

    async def _of_ticket(self, secret: str) -> Principal:
        async with self._database.transaction() as transaction:
            taken = await repository.take_stream_ticket(transaction.connection, hash_secret(secret))
        if taken is None:
            raise SessionEnded("The stream ticket is used up or too old; ask for a new one.")
        return replace(await self._of(taken[0]), topics=taken[1])

    async def _load(self, keys: Sequence[_Key]) -> list[Principal | None]:
        ids = [key for key in keys if isinstance(key, UUID)]
        hashes = [key for key in keys if isinstance(key, bytes)]
        before = {key: cached for key in keys if (cached := self._cache.get(key)) and self._is_followed(cached)}
        async with self._database.connection() as connection:
            found = await repository.list_live_sessions(connection, ids, hashes, self._idle_seconds)
            stale = [session.id for session in found if session.stale]
            if stale:
                await repository.update_last_seen(connection, stale)
        by_key: dict[_Key, Principal] = {}
        for session in found:
            principal = Principal(session.account_id, session.id, session.roles, name=session.name)
            by_key[session.id] = principal
            if session.secret_hash is not None:
                by_key[session.secret_hash] = principal
        for key in keys:
            if key in by_key:
                self._keep(key, by_key[key], before.get(key))
            else:
                self._drop(key)
        return [by_key.get(key) for key in keys]

    def _is_followed(self, cached: _Cached) -> bool:
        return self.following.is_followed(cached.principal.account_id)

    def _keep(self, key: _Key, principal: Principal, before: _Cached | None) -> None:
        """Trust what was read if its account was followed all along; `before`: the entry of then, if followed."""
        now = self._cache.get(key)
        if before is not None and now is before and self._is_followed(before):
            self._cache[key] = _Cached(principal, time.monotonic() + _CACHE_SECONDS)
        elif now is None:
            self._cache[key] = _Cached(principal)
            self._keys_of.setdefault(principal.account_id, set()).add(key)
        self._cache.move_to_end(key)
        if len(self._cache) > _MOST_CACHED:
            self._drop(next(iter(self._cache)))
        if not self.following.is_followed(principal.account_id):
            self.following.follow(principal.account_id)

    def _drop(self, key: _Key) -> None:
        dropped = self._cache.pop(key, None)
        if dropped is None:
            return
        keys = self._keys_of[dropped.principal.account_id]
        keys.discard(key)
        if not keys:
            del self._keys_of[dropped.principal.account_id]


class SessionReader:
    """Reads principals anew in a caller's snapshot, for the kernel's rights."""

    def __init__(self, idle_seconds: int) -> None:
        self._idle_seconds = idle_seconds

    async def __call__(self, connection: Connection, principals: Sequence[Principal]) -> list[Principal | None]:
        """Fresh roles and names for each; None where the session has ended."""
        ids = [principal.session_id for principal in principals]
        found = await repository.list_live_sessions(connection, ids, [], self._idle_seconds)
        live = {session.id: session for session in found}
        return [
            replace(principal, roles=session.roles, name=session.name)
            if (session := live.get(principal.session_id)) is not None
            else None
            for principal in principals
        ]
