"""Uploads, pictures, and what may be wrong with them. Pure values and tables."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from tiffin.features.images.decoder import FEWEST_PIXELS_A_SIDE, MOST_PIXELS

# a photo of a phone has 2 to 10 MB
MOST_BYTES = 20_000_000
# a resumable upload that nobody goes on with for so long is given up
UPLOAD_LIFETIME = timedelta(days=1)


class ImageState(StrEnum):
    """Where an upload stands; `complete` and `failed` are its ends."""

    UPLOADING = "uploading"
    RECEIVED = "received"
    PROCESSING = "processing"
    COMPLETE = "complete"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """True when nothing more happens by itself."""
        return self in (ImageState.COMPLETE, ImageState.FAILED)


# why an upload failed, and what its owner can do
FAILURES: dict[str, str] = {
    "empty": "The file is empty; choose it again.",
    "too_large": f"The file is larger than {MOST_BYTES // 1_000_000} MB; send a smaller one.",
    "unsupported_type": "This is not a JPEG, PNG, WebP or AVIF picture; save it as one of these and try again.",
    "heic": "HEIC pictures cannot be read here; set the camera to 'Most Compatible', or save the picture as JPEG.",
    "svg": "Drawings (SVG) are not taken; save it as PNG and try again.",
    "animated": "Moving pictures are not taken; choose a single picture.",
    "too_many_pixels": f"The picture has more than {MOST_PIXELS // 1_000_000} megapixels; make it smaller first.",
    "too_small": f"The picture is smaller than {FEWEST_PIXELS_A_SIDE} pixels; take a larger one.",
    "truncated": "The picture is damaged or not whole; send it again, or take a new one.",
    "too_complex": "The picture takes too long to read; save it anew, smaller or as JPEG, and try again.",
    "upload_expired": "The upload was not finished within a day; choose the picture again.",
    "processing_failed": "Something went wrong on our side while the picture was worked on; try again.",
}
# what may go well when it is tried again as it is
RETRYABLE = frozenset(("processing_failed",))

# advice on pictures that are published all the same
VERDICTS: dict[str, str] = {
    "too_small": "The picture is small and may look coarse; take one at least 960 pixels wide.",
    "blurred": "The picture looks blurred; hold still, tap to focus, and wipe the lens.",
    "too_dark": "The picture is dark; try near a window or under a lamp.",
    "odd_shape": "The picture is very long or tall and will be cut on lists; take it nearer to 4:3.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a picture: `name` under the picture's own folder, its width in pixels."""

    name: str
    width: int
    media_type: str
    # bytes
    size: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What was made of one content; its files never change."""

    id: UUID
    sha256: bytes
    width: int
    height: int
    blurhash: str
    sources: tuple[Source, ...]
    verdicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Image:
    """One upload and what became of it."""

    id: UUID
    account_id: UUID
    subject: str
    replaces: UUID | None
    file_name: str
    # bytes that are to come in all, and that have come
    size: int
    received: int
    state: ImageState
    progress: int
    code: str | None
    created_at: datetime
    changed_at: datetime
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an upload: its place among the bytes, how many it has, and the object that holds it."""

    start: int
    size: int
    sha256: bytes
    key: str


def picture_prefix(picture_id: UUID) -> str:
    """The folder of a picture's files in storage."""
    return f"pictures/{picture_id}/"


def upload_prefix(image_id: UUID) -> str:
    """The folder of an upload's parts in storage."""
    return f"uploads/{image_id}/"
