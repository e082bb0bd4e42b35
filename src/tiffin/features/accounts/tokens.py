"""What programs hold: access tokens (JWT, RFC 9068 `at+jwt`) and refresh tokens.

One algorithm, HS256, whatever a token's header says; the key id is derived from the key, so that keys rotate by
listing the old one under `previous_secret_keys`. A refresh token names its session and generation and is signed, so
nothing of it needs to be stored: a copy of the database cannot log anybody in, and a lost answer's successor can be
made again, letter by letter.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from uuid import UUID

import jwt

from tiffin.base.errors import Unauthenticated
from tiffin.base.ids import new_id

_ALGORITHM = "HS256"
_TYPE = "at+jwt"
_ISSUER = "tiffin"


class InvalidToken(Unauthenticated):
    code = "invalid_token"
    message = "The token is not valid, or no longer; refresh it or log in again."


def hash_secret(secret: str) -> bytes:
    """What is stored of a cookie or a ticket; 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).digest()


class Tokens:
    """Makes and checks tokens. The first key signs, all verify."""

    def __init__(self, keys: Sequence[str], access_seconds: int) -> None:
        self.access_seconds = access_seconds
        self._keys = {_key_id(key): key.encode() for key in keys}
        self._signing_id = _key_id(keys[0])

    def make_access(self, account_id: UUID, session_id: UUID) -> str:
        """An access token for a session."""
        now = int(time.time())
        claims = {
            "iss": _ISSUER,
            "aud": _ISSUER,
            "sub": str(account_id),
            "sid": str(session_id),
            "iat": now,
            "exp": now + self.access_seconds,
            "jti": new_id().hex,
        }
        headers = {"typ": _TYPE, "kid": self._signing_id}
        return jwt.encode(claims, self._keys[self._signing_id], _ALGORITHM, headers=headers)

    def read_access(self, token: str) -> tuple[UUID, float]:
        """The session of a valid access token and when it expires (Unix seconds). Raises InvalidToken."""
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.get(str(header.get("kid")))
            if key is None or str(header.get("typ", "")).lower() != _TYPE:
                raise InvalidToken()
            claims = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=_ISSUER,
                issuer=_ISSUER,
                options={"require": ["exp", "iat", "sub", "sid"]},
            )
            return UUID(str(claims["sid"])), float(claims["exp"])
        except (jwt.InvalidTokenError, ValueError, TypeError) as error:
            raise InvalidToken() from error

    def make_refresh(self, session_id: UUID, generation: int) -> str:
        """The refresh token of a session's generation."""
        body = f"{session_id.hex}.{generation}"
        return f"{body}.{self._sign(self._keys[self._signing_id], body)}"

    def read_refresh(self, token: str) -> tuple[UUID, int]:
        """Session and generation of a refresh token that was made here. Raises InvalidToken."""
        body, dot, signature = token.rpartition(".")
        session, dot, generation = body.partition(".")
        known = any(
            hmac.compare_digest(signature.encode(), self._sign(key, body).encode()) for key in self._keys.values()
        )
        if not dot or not known:
            raise InvalidToken()
        return UUID(session), int(generation)

    @staticmethod
    def _sign(key: bytes, body: str) -> str:
        digest = hmac.digest(key, b"tiffin refresh " + body.encode(), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key_id(key: str) -> str:
    return hashlib.sha256(b"tiffin key id " + key.encode()).hexdigest()[:12]
