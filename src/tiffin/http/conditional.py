"""Conditional requests with strong ETags (RFC 9110, section 13): 304 on reads, 412 and 428 on changes."""

from typing import Annotated

from fastapi import Header

from tiffin.base.errors import PreconditionFailed, PreconditionRequired

IfMatch = Annotated[str | None, Header(description="the ETag that was read; required")]
IfNoneMatch = Annotated[str | None, Header(description="an ETag; 304 if it is still current")]


def etag(version: int | str) -> str:
    """The strong ETag of a version of a resource."""
    return f'"{version}"'


def _listed(header: str) -> set[str]:
    return {part.strip() for part in header.split(",")}


def is_current(if_none_match: str | None, current: str) -> bool:
    """True if the reader already has `current`. Compares weakly, as If-None-Match does."""
    if if_none_match is None:
        return False
    listed = _listed(if_none_match)
    return "*" in listed or current in {tag.removeprefix("W/") for tag in listed}


def require_match(if_match: str | None, current: str) -> None:
    """Raises PreconditionRequired without If-Match and PreconditionFailed, with the current ETag, when stale."""
    if if_match is None:
        raise PreconditionRequired(etag=current)
    listed = _listed(if_match)
    if "*" not in listed and current not in listed:
        raise PreconditionFailed(etag=current)
