"""What announcements offer to the wiring."""

from collections.abc import Sequence

from tiffin.base.principal import Role
from tiffin.db import Connection
from tiffin.features.announcements.audiences import Audiences
from tiffin.features.announcements.events import (
    DESK_TOPIC,
    AnnouncementChanged,
    AnnouncementDue,
    AnnouncementExpired,
    AnnouncementPublished,
    AnnouncementUpdated,
    AnnouncementWithdrawn,
)
from tiffin.features.announcements.routes import announcement_routes
from tiffin.features.announcements.service import AnnouncementService
from tiffin.features.registration import Feature
from tiffin.realtime import Grant, ReadRequest, TopicKind
from tiffin.work import Consumer


async def read_desk_grants(_: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """Administrators."""
    return [Grant() if one.principal is not None and one.principal.has(Role.ADMIN) else None for one in requests]


def announcements_feature(service: AnnouncementService, audiences: Audiences) -> Feature:
    """The feature's record."""
    return Feature(
        "announcements",
        routers=(announcement_routes(service),),
        topics=(
            TopicKind(
                "announcements.{audience}",
                audiences.read_grants,
                (AnnouncementPublished, AnnouncementChanged, AnnouncementWithdrawn, AnnouncementExpired),
                "What is announced to an audience; `GET /v1/announcements` says which are the caller's",
            ),
            TopicKind(DESK_TOPIC, read_desk_grants, (AnnouncementUpdated,), "All announcements, for administrators"),
        ),
        consumers=(Consumer("announcements.due", AnnouncementDue, service.due),),
        chores=(service.forget_ended,),
    )
