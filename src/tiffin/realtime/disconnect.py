"""Every reason to end a connection, with its close code and whether the client should come back.

40xx: do not come back as you are. 41xx: back off. 42xx: come back with jitter. SSE says the same in its `bye`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Why a connection ends."""

    code: int
    reason: str

    @property
    def come_back(self) -> bool:
        """True if the same client may succeed later."""
        return self.code >= 4100


UNAUTHENTICATED = Disconnect(4001, "unauthenticated")
FORBIDDEN_ORIGIN = Disconnect(4003, "forbidden_origin")
MALFORMED = Disconnect(4004, "malformed")
REVOKED = Disconnect(4005, "revoked")
DONE = Disconnect(4006, "done")

SLOW = Disconnect(4100, "slow")
RATE_LIMITED = Disconnect(4101, "rate_limited")
HELLO_TIMEOUT = Disconnect(4102, "hello_timeout")
OVERLOAD = Disconnect(4103, "overload")

DRAIN = Disconnect(4200, "drain")
LIFETIME = Disconnect(4201, "lifetime")
LOST = Disconnect(4202, "lost")

# the other side left by itself; never sent
GONE = Disconnect(0, "gone")

# what may be sent
ALL = (
    UNAUTHENTICATED,
    FORBIDDEN_ORIGIN,
    MALFORMED,
    REVOKED,
    DONE,
    SLOW,
    RATE_LIMITED,
    HELLO_TIMEOUT,
    OVERLOAD,
    DRAIN,
    LIFETIME,
    LOST,
)
