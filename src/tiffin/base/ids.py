"""Identifiers: UUIDv7 (RFC 9562, section 5.7), so that ids sort by the time they were made."""

import os
import secrets
import time
import uuid
from datetime import datetime

# Crockford's alphabet: no I, L, O, U, so that a code can be read aloud.
_READABLE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> uuid.UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high = (milliseconds << 16) | 0x7000 | (random >> 68 & 0x0FFF)
    low = (0b10 << 62) | (random & (1 << 62) - 1)
    return uuid.UUID(int=(high << 64) | low)


def first_id_at(moment: datetime) -> uuid.UUID:
    """The lowest id that `new_id` can have made at this moment: all made since are above it."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def parse_id(text: str) -> uuid.UUID | None:
    """An id in its canonical form, None for anything else: two spellings of one thing would be two names."""
    try:
        parsed = uuid.UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text else None


def new_secret() -> str:
    """An opaque, unguessable token of 256 bits, safe in URLs and cookies."""
    return secrets.token_urlsafe(32)


def readable_code(length: int) -> str:
    """A random code of `length` characters (5 bits each) that people can read to each other."""
    return "".join(secrets.choice(_READABLE) for _ in range(length))
