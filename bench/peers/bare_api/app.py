"""The least that FastAPI and asyncpg can do for a profile: one query, one model. No login, no ETag, no position."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
from fastapi import FastAPI
from pydantic import BaseModel


class Profile(BaseModel):
    """An account as it sees itself."""

    id: UUID
    email: str
    name: str
    phone: str
    language: str
    roles: list[str]
    version: int
    created_at: datetime


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=2, max_size=12) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_lifespan)


@app.get("/profile/{account_id}")
async def read_profile(account_id: UUID) -> Profile:
    """One query by primary key."""
    row = await app.state.pool.fetchrow(
        "SELECT a.id, a.email, a.name, a.phone, a.language, a.version, a.created_at, array(SELECT r.role FROM"
        " account_role r WHERE r.account_id = a.id) AS roles FROM account a WHERE a.id = $1",
        account_id,
    )
    return Profile(**row)
