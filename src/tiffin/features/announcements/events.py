"""Events and facts of announcements.

An audience's topic holds what everybody in it may see. `announcing.desk` holds all of them, for administrators.
"""

from typing import ClassVar
from uuid import UUID

from tiffin.features.announcements.schemas import AnnouncementDraftView, AnnouncementView
from tiffin.realtime import Event
from tiffin.work import Fact

DESK_TOPIC = "announcing.desk"


def audience_topic(key: str) -> str:
    """The topic of an audience."""
    return f"announcements.{key}"


class AnnouncementPublished(Event):
    """Something new."""

    type: ClassVar[str] = "announcement.published"
    announcement: AnnouncementView


class AnnouncementChanged(Event):
    """What was published says something else now; this is all of it."""

    type: ClassVar[str] = "announcement.changed"
    announcement: AnnouncementView


class AnnouncementWithdrawn(Event):
    """It was taken back; show it no more."""

    type: ClassVar[str] = "announcement.withdrawn"
    announcement_id: UUID


class AnnouncementExpired(Event):
    """Its time is over; show it no more."""

    type: ClassVar[str] = "announcement.expired"
    announcement_id: UUID


class AnnouncementUpdated(Event):
    """An announcement is new, or anything about it has changed; this is all of it."""

    type: ClassVar[str] = "announcement.updated"
    announcement: AnnouncementDraftView


class AnnouncementDue(Fact):
    """Look at the time: it may be to be published, or over."""

    subject: ClassVar[str] = "announcement.due"
    # the wall's clock says when: a schedule is not postponed by an outage
    by_calendar: ClassVar[bool] = True
    announcement_id: UUID
