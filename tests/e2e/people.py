"""Many people at once: accounts and sessions straight into PostgreSQL, so that no test waits for passwords."""

import time
from collections.abc import Sequence

import asyncpg
from tests.e2e.cluster import SECRET_KEY, Cluster

from tiffin.base.ids import new_id
from tiffin.client import Tiffin
from tiffin.client.http import Tokens
from tiffin.features.accounts import Tokens as Signer

_LIFETIME_SECONDS = 600
_MOVE_IN = """
WITH person AS (
    INSERT INTO account (id, email, email_key, name, password_hash)
    SELECT id, id || '@e2e.example.org', id || '@e2e.example.org', name, ''
      FROM unnest($1::uuid[], $2::text[]) AS u (id, name)
    RETURNING id
), granted AS (
    INSERT INTO account_role (account_id, role) SELECT id, $3::text FROM person WHERE $3 IS NOT NULL
)
INSERT INTO session (id, account_id, kind, device_name, expires_at)
SELECT gen_random_uuid(), id, 'program', 'e2e', now() + interval '1 hour' FROM person RETURNING id, account_id
"""


async def move_in(cluster: Cluster, names: Sequence[str], role: str | None = None) -> list[Tiffin]:
    """One client a name, of all nodes, every second one beginning with the second node."""
    signer = Signer([SECRET_KEY], _LIFETIME_SECONDS)
    connection = await asyncpg.connect(cluster.postgres.url)
    try:
        rows = await connection.fetch(_MOVE_IN, [new_id() for _ in names], list(names), role)
    finally:
        await connection.close()
    clients = []
    for number, row in enumerate(rows):
        access = signer.make_access(row["account_id"], row["id"])
        tokens = Tokens(str(row["account_id"]), str(row["id"]), access, "", time.time() + _LIFETIME_SECONDS)
        origins = cluster.origins[number % 2 :] + cluster.origins[: number % 2]
        clients.append(Tiffin(origins, tokens=tokens, pool=cluster.pool))
    return clients
