"""Key-set pages: a page ends with a cursor that says after which row the next begins.

Rows that come or go meanwhile neither repeat nor hide others, as they do with page numbers.
"""

import base64
import binascii
from typing import Annotated, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from tiffin.base.errors import Invalid

T = TypeVar("T")

PageLimit = Annotated[int, Query(ge=1, le=100, description="most items a page")]
PageCursor = Annotated[str | None, Query(max_length=512, description="`next_cursor` of the page before")]


class InvalidCursor(Invalid):
    code = "invalid_cursor"
    message = "The cursor is not one that this endpoint gave out; leave it away to begin at the start."


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next_cursor: str | None = Field(None, description="give it as `cursor` for the next page; null at the end")


def encode_cursor(*key: str | int) -> str:
    """A cursor for the row with this key."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type[str] | type[int]) -> tuple[str | int, ...]:
    """The key in `cursor`, with values of `kinds`. Raises InvalidCursor."""
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise InvalidCursor() from error
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds) or not all(map(_is_storable, key)):
        raise InvalidCursor()
    return tuple(key)


def decode_id_cursor(cursor: str | None) -> UUID | None:
    """The id in `cursor`, made by `encode_cursor(str(id))`; None for None. Raises InvalidCursor."""
    if cursor is None:
        return None
    try:
        return UUID(str(decode_cursor(cursor, str)[0]))
    except ValueError as error:
        raise InvalidCursor() from error


def _is_storable(part: str | int) -> bool:
    """True if PostgreSQL can compare with it: no U+0000 in text, 64 bits in numbers."""
    return "\x00" not in part if isinstance(part, str) else -(2**63) <= part < 2**63
