"""Connections to PostgreSQL, all with the same guards.

JSON columns carry Python values through orjson. The timeouts bound how long a frozen or lost process can hold
a lock: `idle_in_transaction_session_timeout` was seen to free a topic's row after 2 s where it was held for ever.
"""

from typing import Any

import asyncpg
import orjson

_SERVER_SETTINGS = {
    "application_name": "tiffin",
    "idle_in_transaction_session_timeout": "2000",  # ms
    "lock_timeout": "3000",  # ms
    "statement_timeout": "10000",  # ms
    "timezone": "UTC",
    "jit": "off",  # short queries: planning for the JIT costs more than it saves
}


def _dump(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()  # asyncpg has a UUID class of its own


async def _prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=_dump, decoder=orjson.loads)


# which history the session was opened in (migration 0007), unless it may see a promotion, or is there before migrations
_NOTE_HISTORY = """
DO $$ BEGIN
    IF to_regproc('cluster_history') IS NOT NULL AND NOT pg_is_in_recovery() THEN
        PERFORM set_config('tiffin.history', cluster_history(), false);
    END IF;
END $$
"""


async def _prepare_pooled(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await _prepare(connection)
    await connection.execute(_NOTE_HISTORY)


async def _keep(_: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Nothing of ours outlives a transaction in a session, so a returned connection needs no round trip to reset."""


async def create_pool(url: str, size: int, *, min_size: int = 2) -> "asyncpg.Pool[asyncpg.Record]":
    """A pool of up to `size` connections. Raises OSError or asyncpg.PostgresError if it cannot be reached."""
    return await asyncpg.create_pool(
        url,
        min_size=min(min_size, size),
        max_size=size,
        init=_prepare_pooled,
        reset=_keep,
        server_settings=_SERVER_SETTINGS,
        command_timeout=15,
        timeout=10,
        max_inactive_connection_lifetime=60,
    )


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection outside any pool, for work that must not wait for one (the head check)."""
    connection = await asyncpg.connect(url, server_settings=_SERVER_SETTINGS, command_timeout=5, timeout=5)
    await _prepare(connection)
    return connection
