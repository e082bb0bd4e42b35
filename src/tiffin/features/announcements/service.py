"""Use cases of announcements.

The row says where an announcement stands, and one timer says when time changes that next. Whoever changes the row
takes the timer back and sets the next; the timer looks at the clock and does what the time demands, so one that comes
late, early or twice does no harm.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal
from tiffin.db import Database, Transaction, use_case
from tiffin.features.accounts import AccountService, user_topic
from tiffin.features.announcements import repository
from tiffin.features.announcements.audiences import Audiences
from tiffin.features.announcements.domain import (
    ENDED,
    LONGEST_DAYS,
    Announcement,
    State,
    latest_expiry,
    next_moment,
    state_at,
)
from tiffin.features.announcements.errors import AlreadyPublished, AnnouncementEnded, InvalidTimes
from tiffin.features.announcements.events import (
    DESK_TOPIC,
    AnnouncementChanged,
    AnnouncementDue,
    AnnouncementExpired,
    AnnouncementPublished,
    AnnouncementUpdated,
    AnnouncementWithdrawn,
    audience_topic,
)
from tiffin.features.announcements.schemas import (
    AnnouncementBody,
    AnnouncementDesk,
    AnnouncementDraftView,
    AnnouncementsRead,
    AnnouncementView,
    AudienceBody,
    CityList,
    CityView,
    Inbox,
    InboxAnnouncement,
)
from tiffin.http.pagination import encode_cursor
from tiffin.realtime import Event, EventLog, get_position, list_positions
from tiffin.work import Outbox

_MOST_SHOWN = 200
# raises if the version is not the one that the caller has seen
RequireVersion = Callable[[int], None]


class AnnouncementService:
    """Announcements: written by administrators, read by their audiences."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        outbox: Outbox,
        clock: Clock,
        accounts: AccountService,
        audiences: Audiences,
    ) -> None:
        self.database = database
        self._events = events
        self._outbox = outbox
        self._clock = clock
        self._accounts = accounts
        self._audiences = audiences

    # readers

    async def read_inbox(self, principal: Principal | None) -> Inbox:
        """What is announced to the caller, and where its topics stand, of one moment."""
        account_id = principal.account_id if principal is not None else None
        async with self.database.snapshot() as connection:
            keys = await self._audiences.list_keys(connection, principal)
            found = await repository.list_inbox(connection, keys, self._clock.now(), account_id, _MOST_SHOWN)
            own = [user_topic(principal.account_id)] if principal is not None else []
            positions = await list_positions(connection, [*map(audience_topic, keys), *own])
        return Inbox(
            positions={topic: str(position) for topic, position in positions.items()},
            announcements=[InboxAnnouncement.at(announcement, read_at) for announcement, read_at in found],
            unread=sum(read_at is None for _, read_at in found),
        )

    @use_case
    async def mark_read(self, tx: Transaction, principal: Principal, announcement_ids: list[UUID]) -> list[UUID]:
        """The caller has seen these; whatever is not announced to them is passed over. Gives what was unread."""
        keys = await self._audiences.list_keys(tx.connection, principal)
        now = self._clock.now()
        read = await repository.insert_reads(tx.connection, principal.account_id, announcement_ids, keys, now)
        if read:
            event = AnnouncementsRead(announcement_ids=read, read_at=now)
            self._events.append(tx, user_topic(principal.account_id), event)
        return read

    # administrators

    async def read_desk(self, before: UUID | None, limit: int) -> AnnouncementDesk:
        """A page of all announcements."""
        async with self.database.snapshot() as connection:
            found = await repository.list_announcements(connection, before, limit)
            position = await get_position(connection, DESK_TOPIC)
        return AnnouncementDesk(
            position=str(position),
            announcements=[AnnouncementDraftView.draft(announcement, read_by) for announcement, read_by in found],
            next_cursor=encode_cursor(str(found[-1][0].id)) if len(found) == limit else None,
        )

    async def count_reach(self, body: AudienceBody) -> int:
        """How many accounts an audience has. Raises RestaurantNotFound."""
        async with self.database.connection() as connection:
            return await self._audiences.count(connection, body)

    async def list_cities(self) -> CityList:
        """The cities that people live in."""
        async with self.database.connection() as connection:
            cities = await self._accounts.list_cities(connection)
        return CityList(cities=[CityView(name=name, accounts=accounts) for name, accounts in cities])

    @use_case
    async def create(self, tx: Transaction, principal: Principal, body: AnnouncementBody) -> AnnouncementDraftView:
        """Write one: it is published at once, or when its time comes. Raises InvalidTimes, RestaurantNotFound."""
        now = self._clock.now()
        publishes_at = max(body.publishes_at or now, now)
        announcement = Announcement(
            id=new_id(),
            audience=await self._audiences.resolve(tx.connection, body.audience),
            severity=body.severity,
            texts=body.texts.to_texts(),
            link=body.link,
            publishes_at=publishes_at,
            expires_at=_require_expiry(body, publishes_at, now),
            state=State.SCHEDULED,
            version=1,
            created_by=principal.account_id,
            author_name=principal.name,
            created_at=now,
            ended_at=None,
        )
        stored = await repository.insert_announcement(tx.connection, announcement)
        await self._audit(tx, principal, "created", stored)
        return await self._keep_time(tx, stored)

    @use_case
    async def change(
        self,
        tx: Transaction,
        principal: Principal,
        announcement_id: UUID,
        body: AnnouncementBody,
        require_version: RequireVersion,
    ) -> AnnouncementDraftView:
        """Write it anew. Once it is published, its audience and its time stay.

        Raises AnnouncementNotFound, PreconditionFailed, AnnouncementEnded, AlreadyPublished, InvalidTimes.
        """
        before = await self._lock_open(tx, announcement_id)
        require_version(before.version)
        now = self._clock.now()
        audience = await self._audiences.resolve(tx.connection, body.audience)
        publishes_at = body.publishes_at or now
        if before.state is State.PUBLISHED:
            if audience.key != before.audience.key or body.publishes_at not in (None, before.publishes_at):
                raise AlreadyPublished()
            audience, publishes_at = before.audience, before.publishes_at
        else:
            publishes_at = max(publishes_at, now)
        wanted = replace(
            before,
            audience=audience,
            severity=body.severity,
            texts=body.texts.to_texts(),
            link=body.link,
            publishes_at=publishes_at,
            expires_at=_require_expiry(body, publishes_at, now),
        )
        announcement = await repository.update_announcement(tx.connection, wanted)
        await self._audit(tx, principal, "changed", announcement)
        if announcement.state is State.PUBLISHED:
            self._tell(tx, announcement, AnnouncementChanged(announcement=AnnouncementView.of(announcement)))
        return await self._keep_time(tx, announcement)

    @use_case
    async def withdraw(self, tx: Transaction, principal: Principal, announcement_id: UUID) -> AnnouncementDraftView:
        """Take it back, wherever it stands. Raises AnnouncementNotFound, AnnouncementEnded."""
        before = await self._lock_open(tx, announcement_id)
        announcement = await repository.update_state(tx.connection, announcement_id, State.WITHDRAWN, self._clock.now())
        await self._audit(tx, principal, "withdrawn", announcement)
        if before.state is State.PUBLISHED:
            self._tell(tx, announcement, AnnouncementWithdrawn(announcement_id=announcement_id))
        self._outbox.withdraw(tx, announcement_id)
        return await self._tell_desk(tx, announcement)

    async def _lock_open(self, tx: Transaction, announcement_id: UUID) -> Announcement:
        announcement = await repository.lock_announcement(tx.connection, announcement_id)
        if state_at(announcement, self._clock.now()) in ENDED:
            raise AnnouncementEnded()
        return announcement

    async def _audit(self, tx: Transaction, principal: Principal, what: str, announcement: Announcement) -> None:
        details = {"announcement_id": str(announcement.id), "audience": announcement.audience.key}
        await self._accounts.audit(tx, principal, f"announcement.{what}", details)

    # time

    async def due(self, tx: Transaction, fact: AnnouncementDue) -> None:
        """Its time may have come."""
        announcement = await repository.lock_announcement(tx.connection, fact.announcement_id)
        if announcement.state not in ENDED:
            await self._keep_time(tx, announcement)

    async def _keep_time(self, tx: Transaction, announcement: Announcement) -> AnnouncementDraftView:
        """Make of it what the clock demands, set the timer for what comes next, and tell the desk."""
        now = self._clock.now()
        state = state_at(announcement, now)
        if state is not announcement.state:
            was_published = announcement.state is State.PUBLISHED
            ended_at = now if state in ENDED else None
            announcement = await repository.update_state(tx.connection, announcement.id, state, ended_at)
            if state is State.PUBLISHED:
                self._tell(tx, announcement, AnnouncementPublished(announcement=AnnouncementView.of(announcement)))
            elif was_published:
                self._tell(tx, announcement, AnnouncementExpired(announcement_id=announcement.id))
        self._outbox.withdraw(tx, announcement.id)
        moment = next_moment(announcement)
        if moment is not None:
            seconds = max(0.001, (moment - now).total_seconds())
            timer = AnnouncementDue(announcement_id=announcement.id)
            self._outbox.enqueue(tx, timer, delay_seconds=seconds, key=announcement.id)
        return await self._tell_desk(tx, announcement)

    def _tell(self, tx: Transaction, announcement: Announcement, event: Event) -> None:
        self._events.append(tx, audience_topic(announcement.audience.key), event)

    async def _tell_desk(self, tx: Transaction, announcement: Announcement) -> AnnouncementDraftView:
        read_by = await repository.count_readers(tx.connection, announcement.id)
        view = AnnouncementDraftView.draft(announcement, read_by)
        self._events.append(tx, DESK_TOPIC, AnnouncementUpdated(announcement=view))
        return view

    async def forget_ended(self, tx: Transaction) -> None:
        """A chore: what ended 90 days ago is deleted, with its marks."""
        await repository.delete_ended(tx, self._clock.now() - timedelta(days=LONGEST_DAYS))


def _require_expiry(body: AnnouncementBody, publishes_at: datetime, now: datetime) -> datetime:
    """When it expires. Raises InvalidTimes."""
    latest = latest_expiry(publishes_at)
    expires_at = body.expires_at or latest
    if publishes_at > now + timedelta(days=366) or not max(publishes_at, now) < expires_at <= latest:
        raise InvalidTimes()
    return expires_at
