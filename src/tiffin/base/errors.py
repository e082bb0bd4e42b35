"""The few families of errors a feature may raise; each subclass states one fact.

An error carries a stable `code`, a sentence a person can act on, and `details` for programs.
What it becomes on the wire (HTTP status, socket error) is decided once, in `tiffin.app.error_handlers`
and in `tiffin.realtime.websocket`; nothing here knows HTTP.
"""

from typing import Any, ClassVar


class TiffinError(Exception):
    """A fact that stops a use case. `code` is stable and documented, `message` is for people."""

    code: ClassVar[str] = "error"
    message: ClassVar[str] = "The request could not be done."

    def __init__(self, message: str | None = None, **details: Any) -> None:
        super().__init__(message or self.message)
        self.details = details


class Unauthenticated(TiffinError):
    code = "unauthenticated"
    message = "Log in first, or send a valid access token."


class Forbidden(TiffinError):
    code = "forbidden"
    message = "Your account may not do this."


class NotFound(TiffinError):
    """Also raised where the caller may not know that the thing exists."""

    code = "not_found"
    message = "There is nothing here under this id, or it is not yours."


class Invalid(TiffinError):
    """The request is well-formed and still cannot be accepted as it is."""

    code = "invalid"
    message = "The request has a value that cannot be accepted."


class Conflict(TiffinError):
    """The state of things does not allow it now; loading the state again shows why."""

    code = "conflict"
    message = "The state has changed meanwhile; load it again."


class PreconditionRequired(TiffinError):
    code = "precondition_required"
    message = "Send If-Match with the ETag you read, so that no change of another device is lost."


class PreconditionFailed(TiffinError):
    code = "precondition_failed"
    message = "It was changed since you read it; load it again and repeat your change."


class TooLarge(TiffinError):
    code = "too_large"
    message = "The request is larger than this endpoint accepts."


class RateLimited(TiffinError):
    code = "rate_limited"
    message = "Too many requests; wait and try again."

    def __init__(self, retry_after_seconds: float, message: str | None = None) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(TiffinError):
    """A part that is needed is down; the same request may succeed in a moment."""

    code = "unavailable"
    message = "A part of the service does not answer at the moment; try again shortly."
    retry_after_seconds: ClassVar[float] = 2.0
