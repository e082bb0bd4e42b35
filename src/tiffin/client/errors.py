"""What the SDK raises. Losses that pass are repaired inside; these are what is left for the application."""

from typing import Any


class ConnectionLost(ConnectionError):
    """The connection ended before the answer came; whether it was done is unknown."""


class ProblemError(Exception):
    """An error answer of the API (problem+json). `details` are its further members."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        details: dict[str, Any] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.details = details or {}
        self.retry_after_seconds = retry_after_seconds

    @property
    def is_temporary(self) -> bool:
        """True if the same request may succeed in a moment."""
        return self.status in (429, 502, 503, 504) or self.code == "still_running"


class CommandError(Exception):
    """The `error` answer to a command on a socket."""

    def __init__(self, code: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details or {}

    @property
    def is_temporary(self) -> bool:
        """True if the same command may succeed in a moment."""
        return self.code in ("unavailable", "rate_limited", "still_running")


class Disconnected(Exception):
    """The server ended the connection and says not to come back as we are."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class TopicRefused(Exception):
    """None of the topics may be read, or none exists. `refused` has the reason of each."""

    def __init__(self, refused: dict[str, str]) -> None:
        super().__init__(", ".join(f"{topic}: {reason}" for topic, reason in refused.items()))
        self.refused = refused


class PositionLost(Exception):
    """Events are missing and no `snapshot` was given to load the state from."""

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__(f"{topic}: {reason}")
        self.topic = topic
        self.reason = reason
