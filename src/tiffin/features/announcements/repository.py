"""Announcements and who has read them, in PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tiffin.db import Connection, Transaction, load_queries
from tiffin.features.announcements.domain import Announcement, Audience, AudienceKind, Severity, State, Text
from tiffin.features.announcements.errors import AnnouncementNotFound

QUERIES = load_queries(__package__)


async def insert_announcement(connection: Connection, announcement: Announcement) -> Announcement:
    """Store a new announcement, scheduled."""
    by = (announcement.created_by, announcement.author_name)
    row = await connection.fetchrow(QUERIES["insert_announcement"], announcement.id, *_written(announcement), *by)
    return _announcement(row)


async def lock_announcement(connection: Connection, announcement_id: UUID) -> Announcement:
    """The announcement, locked. Raises AnnouncementNotFound."""
    row = await connection.fetchrow(QUERIES["lock_announcement"], announcement_id)
    if row is None:
        raise AnnouncementNotFound()
    return _announcement(row)


async def update_announcement(connection: Connection, announcement: Announcement) -> Announcement:
    """Store all that administrators write of it."""
    return _announcement(
        await connection.fetchrow(QUERIES["update_announcement"], announcement.id, *_written(announcement))
    )


async def update_state(
    connection: Connection, announcement_id: UUID, state: State, ended_at: datetime | None
) -> Announcement:
    """Store where it stands."""
    return _announcement(await connection.fetchrow(QUERIES["update_state"], announcement_id, state, ended_at))


async def list_inbox(
    connection: Connection, keys: Sequence[str], now: datetime, account_id: UUID | None, most: int
) -> list[tuple[Announcement, datetime | None]]:
    """What is published to these audiences, and when the account has read it: unread first, then the newest."""
    rows = await connection.fetch(QUERIES["list_inbox"], list(keys), now, account_id, most)
    return [(_announcement(row), row["read_at"]) for row in rows]


async def list_announcements(connection: Connection, before: UUID | None, limit: int) -> list[tuple[Announcement, int]]:
    """A page of all, the newest first, with how many have read each."""
    rows = await connection.fetch(QUERIES["list_announcements"], before, limit)
    return [(_announcement(row), row["read_by"]) for row in rows]


async def count_readers(connection: Connection, announcement_id: UUID) -> int:
    """How many accounts have read it."""
    count: int = await connection.fetchval(QUERIES["count_readers"], announcement_id)
    return count


async def insert_reads(
    connection: Connection, account_id: UUID, announcement_ids: Sequence[UUID], keys: Sequence[str], now: datetime
) -> list[UUID]:
    """Mark announcements to these audiences as read; gives those that were unread."""
    rows = await connection.fetch(QUERIES["insert_reads"], account_id, list(announcement_ids), list(keys), now)
    return [row["announcement_id"] for row in rows]


async def delete_ended(transaction: Transaction, before: datetime) -> None:
    """Delete some of those that ended before this moment."""
    await transaction.connection.execute(QUERIES["delete_ended"], before)


def _written(announcement: Announcement) -> tuple[Any, ...]:
    audience = announcement.audience
    return (
        audience.key,
        audience.kind,
        audience.name,
        audience.restaurant_id,
        announcement.severity,
        {language: {"title": text.title, "body": text.body} for language, text in announcement.texts.items()},
        announcement.link,
        announcement.publishes_at,
        announcement.expires_at,
    )


def _announcement(row: Any) -> Announcement:
    kind = AudienceKind(row["audience_kind"])
    return Announcement(
        id=row["id"],
        audience=Audience(kind, row["audience"], row["audience_name"], row["restaurant_id"]),
        severity=Severity(row["severity"]),
        texts={language: Text(text["title"], text["body"]) for language, text in row["texts"].items()},
        link=row["link"],
        publishes_at=row["publishes_at"],
        expires_at=row["expires_at"],
        state=State(row["state"]),
        version=row["version"],
        created_by=row["created_by"],
        author_name=row["author_name"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )
