"""Events on `image.{id}` and the facts that make work.

Whoever uploads follows its progress; administrators may, too. When it is complete, `image.complete` is a fact for the
feature that asked for the image, which knows its own by `subject`.
"""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from tiffin.base.principal import Principal, Role
from tiffin.db import Connection
from tiffin.features.images import repository
from tiffin.features.images.domain import ImageState
from tiffin.features.images.schemas import PictureView, VerdictView
from tiffin.realtime import Event, Grant, ReadRequest
from tiffin.work import Fact


def image_topic(image_id: UUID) -> str:
    """What happens to one upload."""
    return f"image.{image_id}"


class ImageProgress(Event):
    """It was received, or its processing came so far."""

    type: ClassVar[str] = "image.progress"
    image_id: UUID
    state: ImageState
    progress: int


class ImageComplete(Event):
    """Its picture is there."""

    type: ClassVar[str] = "image.complete"
    image_id: UUID
    picture: PictureView
    verdicts: tuple[VerdictView, ...]


class ImageFailed(Event):
    """It came to nothing; `message` says why and what to do."""

    type: ClassVar[str] = "image.failed"
    image_id: UUID
    code: str
    message: str
    can_retry: bool


IMAGE_EVENTS: tuple[type[Event], ...] = (ImageProgress, ImageComplete, ImageFailed)
FINAL_TYPES = frozenset((ImageComplete.type, ImageFailed.type))


class ImageReceivedFact(Fact):
    """All bytes of an upload are in storage."""

    subject: ClassVar[str] = "image.received"
    long: ClassVar[bool] = True
    image_id: UUID


class ImageCompleteFact(Fact):
    """An upload has become a picture."""

    subject: ClassVar[str] = "image.complete"
    image_id: UUID


def may_follow(principal: Principal | None, account_id: UUID) -> bool:
    """True for whoever uploads, and administrators."""
    return principal is not None and (principal.account_id == account_id or principal.has(Role.ADMIN))


async def read_grants(connection: Connection, requests: Sequence[ReadRequest]) -> list[Grant | None]:
    """Whoever uploads, and administrators."""
    owners = await repository.list_owners(connection, [request.key for request in requests])
    return [
        Grant() if request.key in owners and may_follow(request.principal, owners[request.key]) else None
        for request in requests
    ]
