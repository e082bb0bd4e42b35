"""Rate limits: token buckets in the memory of a node.

A node's buckets are its own: with N nodes a caller may get N times the rate, which is said here once and is
enough against guessing. Keys join what is protected with the caller's address prefix, so that an attacker can
exhaust only its own bucket and lock nobody out.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, ip_address

from tiffin.base.errors import RateLimited

_MOST_KEYS = 50_000


def address_prefix(address: str | None) -> str:
    """The part of an address that one subscriber controls: IPv4 /24, IPv6 /56."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv4Address):
        return ".".join(str(parsed).split(".")[:3])
    if parsed.ipv4_mapped is not None:
        return address_prefix(str(parsed.ipv4_mapped))
    return parsed.packed[:7].hex()


class RateLimiter:
    """At most `limit` events in `per_seconds` a key, refilled evenly; a burst may use them all at once."""

    def __init__(self, limit: int, per_seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._rate = limit / per_seconds
        self._now = now
        # key → (tokens left, when); the least recently used goes first
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, key: str) -> None:
        """Raises RateLimited, with the seconds to wait, if `key` has used its tokens up. Takes none."""
        tokens = self._tokens(key)
        if tokens < 1:
            raise RateLimited(max(1.0, (1 - tokens) / self._rate))

    def take(self, key: str) -> None:
        """Take a token. Raises RateLimited if there is none."""
        self.check(key)
        self._buckets[key] = (self._tokens(key) - 1, self._now())
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)

    def left(self, key: str) -> int:
        """How many tokens `key` has."""
        return int(self._tokens(key))

    def give_back(self, key: str) -> None:
        """Return a token: what it was taken for is not to be counted."""
        if key in self._buckets:
            self._buckets[key] = (min(float(self._limit), self._tokens(key) + 1), self._now())

    def _tokens(self, key: str) -> float:
        bucket = self._buckets.get(key)
        if bucket is None:
            return float(self._limit)
        tokens, at = bucket
        return min(float(self._limit), tokens + (self._now() - at) * self._rate)
