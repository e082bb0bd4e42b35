"""Announcements on the wire."""

import re
from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from tiffin.features.announcements.domain import (
    LONGEST_DAYS,
    LONGEST_TEXT,
    LONGEST_TITLE,
    Announcement,
    Audience,
    AudienceKind,
    Severity,
    State,
    Text,
)
from tiffin.features.catalog.field_types import Description, Name, RequestBody
from tiffin.realtime import Event

_LINK = re.compile(r"https?://[^\s/@\\]+([/?#][^\s\\]*)?|/([^\s/\\][^\s\\]*)?")


def _safe_link(link: str) -> str:
    if _LINK.fullmatch(link) is None:
        raise ValueError("must be an address that begins with https://, or a path of this site that begins with /")
    return link


Title = Annotated[Name, Field(max_length=LONGEST_TITLE)]
Body = Annotated[Description, Field(max_length=LONGEST_TEXT)]
Link = Annotated[str, Field(max_length=500), AfterValidator(_safe_link)]


class TextBody(BaseModel):
    """What an announcement says in one language. It is plain text: show it as text, never as markup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Title
    body: Body = ""


class TextsBody(BaseModel):
    """What an announcement says, in English, Finnish or both; who reads another language gets what there is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: TextBody | None = None
    fi: TextBody | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if self.en is None and self.fi is None:
            raise ValueError("must have at least one language")
        return self

    def to_texts(self) -> dict[str, Text]:
        """The domain's texts."""
        languages = (("en", self.en), ("fi", self.fi))
        return {language: Text(text.title, text.body) for language, text in languages if text is not None}


class AudienceBody(RequestBody):
    """Whom it is for. A city by its name as people write it in their addresses, a restaurant by its id."""

    kind: AudienceKind
    city: Annotated[Name | None, Field(description="with `city` only")] = None
    restaurant_id: Annotated[UUID | None, Field(description="with `restaurant` only")] = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.kind is AudienceKind.CITY) != (self.city is not None):
            raise ValueError("a city's audience, and no other, has `city`")
        if (self.kind is AudienceKind.RESTAURANT) != (self.restaurant_id is not None):
            raise ValueError("a restaurant's audience, and no other, has `restaurant_id`")
        return self


class AnnouncementBody(RequestBody):
    """All of an announcement that administrators write."""

    audience: AudienceBody
    severity: Severity = Severity.INFO
    texts: TextsBody
    link: Link | None = None
    publishes_at: Annotated[AwareDatetime | None, Field(description="null: at once")] = None
    expires_at: Annotated[AwareDatetime | None, Field(description=f"null: {LONGEST_DAYS} days after publication")] = (
        None
    )


class AudienceView(BaseModel):
    """Whom it is for. `name` is the city's or the restaurant's."""

    model_config = ConfigDict(frozen=True)

    kind: AudienceKind
    name: str
    restaurant_id: UUID | None

    @classmethod
    def of(cls, audience: Audience) -> Self:
        """The view of an audience."""
        return cls(kind=audience.kind, name=audience.name, restaurant_id=audience.restaurant_id)


class AnnouncementView(BaseModel):
    """An announcement, as its readers get it."""

    model_config = ConfigDict(frozen=True)

    announcement_id: UUID
    audience: AudienceView
    severity: Severity
    texts: TextsBody
    link: str | None
    publishes_at: datetime
    expires_at: datetime
    version: int

    @classmethod
    def of(cls, announcement: Announcement) -> Self:
        """The view of an announcement."""
        return cls(**_fields(announcement))


class InboxAnnouncement(AnnouncementView):
    """An announcement in somebody's inbox."""

    read_at: Annotated[datetime | None, Field(description="null: unread")]

    @classmethod
    def at(cls, announcement: Announcement, read_at: datetime | None) -> Self:
        """The view with the reader's mark."""
        return cls(**_fields(announcement), read_at=read_at)


class Inbox(BaseModel):
    """What is announced to the caller, unread first, then the newest first; at most 200."""

    positions: Annotated[
        dict[str, str],
        Field(
            description="the topics to follow, each with its position at which this was read: the audiences', and the"
            " caller's own, where marks are told, and changes after which there may be other audiences"
        ),
    ]
    announcements: list[InboxAnnouncement]
    unread: int


class ReadBody(RequestBody):
    """What the caller has seen."""

    announcement_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]


class ReadResult(BaseModel):
    """What was unread until now."""

    announcement_ids: list[UUID]


class AnnouncementDraftView(AnnouncementView):
    """An announcement, as administrators see it. `read_by`: how many accounts had read it at that moment."""

    state: State
    author_name: str
    created_at: datetime
    ended_at: datetime | None
    read_by: int

    @classmethod
    def draft(cls, announcement: Announcement, read_by: int) -> Self:
        """The view with all that administrators see."""
        return cls(
            **_fields(announcement),
            state=announcement.state,
            author_name=announcement.author_name,
            created_at=announcement.created_at,
            ended_at=announcement.ended_at,
            read_by=read_by,
        )


class AnnouncementDesk(BaseModel):
    """A page of all announcements, the newest first, and the position of `announcing.desk` it was read at."""

    position: str
    announcements: list[AnnouncementDraftView]
    next_cursor: str | None


class ReachView(BaseModel):
    """How many accounts an audience has now."""

    accounts: int


class CityView(BaseModel):
    """A city that people live in. `name` as most of them write it."""

    name: str
    accounts: int


class CityList(BaseModel):
    """Cities, those with most accounts first; at most 200."""

    cities: list[CityView]


class AnnouncementsRead(Event):
    """The account has read announcements, on whichever device."""

    type: ClassVar[str] = "announcements.read"
    announcement_ids: list[UUID]
    read_at: datetime


def _fields(announcement: Announcement) -> dict[str, object]:
    texts = {language: TextBody(title=text.title, body=text.body) for language, text in announcement.texts.items()}
    return {
        "announcement_id": announcement.id,
        "audience": AudienceView.of(announcement.audience),
        "severity": announcement.severity,
        "texts": TextsBody(**texts),
        "link": announcement.link,
        "publishes_at": announcement.publishes_at,
        "expires_at": announcement.expires_at,
        "version": announcement.version,
    }
