"""When to come back after a loss, and to which of several origins. Decisions only; nobody sleeps here.

Full jitter: the first retry within `first_seconds`, then within twice as much, at most `most_seconds`. A server that
asks to be spared (41xx, 503, 429) is given at least half of a larger limit. Nothing ever retries in a tight loop.
"""

import random
from collections.abc import Callable, Sequence

# close codes of docs/realtime-protocol.md; `bye` carries the same
UNAUTHENTICATED = 4001
DONE = 4006
_FINAL = range(4000, 4100)
_BACK_OFF = range(4100, 4200)
_LIFETIME = 4201

_BACK_OFF_DOUBLINGS = 2
_FIRST_REPEAT_SECONDS = 0.4
_MOST_REPEAT_SECONDS = 8.0


def full_jitter(attempt: int) -> float:
    """Seconds before a single request is repeated after its attempt number `attempt`: below half a second at first."""
    return random.random() * min(_MOST_REPEAT_SECONDS, _FIRST_REPEAT_SECONDS * 2.0 ** min(attempt, 30))


def is_final(code: int) -> bool:
    """True where the server says not to come back as we are."""
    return code in _FINAL


class Reconnect:
    """The retries of one connection over `origins` (scheme, host and port), the first of which is tried first."""

    def __init__(
        self,
        origins: Sequence[str],
        *,
        first_seconds: float = 2.0,
        most_seconds: float = 20.0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not origins:
            raise ValueError("at least one origin is needed")
        self._origins = [origin.rstrip("/") for origin in origins]
        self._first_seconds = first_seconds
        self._most_seconds = most_seconds
        self._chance = chance
        self._index = 0
        # losses since the connection last worked
        self._losses = 0
        # a refused access token was already exchanged since then
        self._renewed = False

    @property
    def origin(self) -> str:
        """Where to connect now."""
        return self._origins[self._index]

    def worked(self) -> None:
        """The connection has been of use: the next loss is a first one."""
        self._losses = 0
        self._renewed = False

    def may_renew(self) -> bool:
        """True the first time an access token is refused; a second one in a row is no matter of its age."""
        first, self._renewed = not self._renewed, True
        return first

    def after_end(self, code: int, *, after_seconds: float | None = None) -> float:
        """Seconds to wait after the server ended the connection with `code`; a mere lifetime does not change nodes."""
        return self.after_loss(back_off=code in _BACK_OFF, move=code != _LIFETIME, after_seconds=after_seconds)

    def after_loss(self, *, back_off: bool = False, move: bool = True, after_seconds: float | None = None) -> float:
        """Seconds to wait before coming back; `after_seconds` is the server's wish. `move`: to the next origin."""
        if move:
            self._index = (self._index + 1) % len(self._origins)
        doublings = self._losses + (_BACK_OFF_DOUBLINGS if back_off else 0)
        limit = min(self._most_seconds, self._first_seconds * 2.0 ** min(doublings, 30))
        self._losses += 1
        if after_seconds is not None:
            return min(max(after_seconds, 0.0), self._most_seconds)
        if back_off:
            return limit / 2 + self._chance() * limit / 2
        return self._chance() * limit
