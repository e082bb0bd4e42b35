"""Images on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tiffin.features.images.domain import FAILURES, RETRYABLE, VERDICTS, Image, ImageState, Picture

MEDIA_PATH = "/media"


class SourceView(BaseModel):
    """One file of a picture, for `srcset`."""

    model_config = ConfigDict(frozen=True)

    url: Annotated[str, Field(description="path on this origin; its content never changes")]
    width: Annotated[int, Field(description="pixels")]
    media_type: str


class PictureView(BaseModel):
    """A picture, ready to be shown."""

    model_config = ConfigDict(frozen=True)

    image_id: UUID
    width: Annotated[int, Field(description="of the largest source, pixels")]
    height: int
    blurhash: Annotated[str, Field(description="to show while it loads, see blurha.sh")]
    sources: tuple[SourceView, ...]

    @classmethod
    def of(cls, image_id: UUID, picture: Picture) -> "PictureView":
        """On the wire."""
        return cls(
            image_id=image_id,
            width=picture.width,
            height=picture.height,
            blurhash=picture.blurhash,
            sources=tuple(
                SourceView(url=f"{MEDIA_PATH}/{picture.id}/{s.name}", width=s.width, media_type=s.media_type)
                for s in picture.sources
            ),
        )


class VerdictView(BaseModel):
    """Advice on the quality of a picture that was published all the same."""

    model_config = ConfigDict(frozen=True)

    code: str
    message: str

    @classmethod
    def all_of(cls, picture: Picture | None) -> "tuple[VerdictView, ...]":
        """Of a picture."""
        codes = picture.verdicts if picture is not None else ()
        return tuple(cls(code=code, message=VERDICTS[code]) for code in codes)


class ImageView(BaseModel):
    """An upload and what became of it."""

    id: UUID
    state: ImageState
    progress: Annotated[int, Field(ge=0, le=100, description="of the processing: 10 checked, 50 read, 90 made")]
    file_name: str
    bytes: Annotated[int, Field(description="size of the upload")]
    received_bytes: Annotated[int, Field(description="what has come of it")]
    created_at: AwareDatetime
    code: Annotated[str | None, Field(description="why it failed")]
    message: Annotated[str | None, Field(description="the same for a person, with what to do")]
    can_retry: Annotated[bool, Field(description="trying it again as it is may go well")]
    verdicts: tuple[VerdictView, ...]
    picture: PictureView | None
    replaces: Annotated[UUID | None, Field(description="the image whose place it takes")]
    position: Annotated[str | None, Field(description="follow `image.{id}` from here")] = None

    @classmethod
    def of(cls, image: Image, position: str | None = None) -> "ImageView":
        """On the wire."""
        return cls(
            id=image.id,
            state=image.state,
            progress=image.progress,
            file_name=image.file_name,
            bytes=image.size,
            received_bytes=image.received,
            created_at=image.created_at,
            code=image.code,
            message=FAILURES[image.code] if image.code is not None else None,
            can_retry=image.code in RETRYABLE,
            verdicts=VerdictView.all_of(image.picture),
            picture=PictureView.of(image.id, image.picture) if image.picture is not None else None,
            replaces=image.replaces,
            position=position,
        )
