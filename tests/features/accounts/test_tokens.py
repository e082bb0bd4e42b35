"""Only what was made here, with one algorithm, for one purpose, is accepted."""

import base64
import time
from typing import Any

import jwt
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.ids import new_id
from tiffin.features.accounts.tokens import InvalidToken, Tokens

KEY = "a key of at least thirty-two characters"
OTHER_KEY = "another key of at least thirty-two characters"
ACCOUNT, SESSION = new_id(), new_id()


@pytest.fixture
def tokens() -> Tokens:
    return Tokens([KEY], 600)


def _parts(tokens: Tokens) -> tuple[dict[str, Any], dict[str, Any]]:
    token = tokens.make_access(ACCOUNT, SESSION)
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def _forge(tokens: Tokens, *, key: str = KEY, algorithm: str = "HS256", header: Any = None, claims: Any = None) -> str:
    good_header, good_claims = _parts(tokens)
    changed = {name: value for name, value in (good_claims | (claims or {})).items() if value is not None}
    return jwt.encode(changed, key, algorithm, headers=good_header | {"alg": algorithm} | (header or {}))


def test_a_token_names_its_session_for_ten_minutes(tokens: Tokens) -> None:
    session_id, expires_at = tokens.read_access(tokens.make_access(ACCOUNT, SESSION))
    assert session_id == SESSION
    assert 590 < expires_at - time.time() <= 600


def test_header_and_claims_are_those_of_an_access_token(tokens: Tokens) -> None:
    header, claims = _parts(tokens)
    assert (header["typ"], header["alg"]) == ("at+jwt", "HS256")
    assert len(header["kid"]) >= 8
    assert KEY not in header["kid"]
    assert set(claims) == {"iss", "aud", "sub", "sid", "iat", "exp", "jti"}
    assert (claims["sub"], claims["sid"]) == (str(ACCOUNT), str(SESSION))


def test_the_forger_of_these_tests_can_forge(tokens: Tokens) -> None:
    assert tokens.read_access(_forge(tokens))[0] == SESSION


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused_with_the_right_key(tokens: Tokens, algorithm: str) -> None:
    key = KEY * 2
    doubled = Tokens([key], 600)
    with pytest.raises(InvalidToken):
        doubled.read_access(_forge(doubled, key=key, algorithm=algorithm))


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE"])
def test_no_algorithm_is_refused(tokens: Tokens, name: str) -> None:
    header, claims = _parts(tokens)

    def encode(value: Any) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")

    head = f"{encode(header | {'alg': name})}.{encode(claims)}"
    for token in (f"{head}.", f"{head}.{tokens.make_access(ACCOUNT, SESSION).rpartition('.')[2]}"):
        with pytest.raises(InvalidToken):
            tokens.read_access(token)


@pytest.mark.parametrize(
    "header",
    [{"kid": "other"}, {"kid": ""}, {"kid": None}, {"typ": "JWT"}, {"typ": "rt+jwt"}, {"typ": None}],
)
def test_another_key_id_or_type_is_refused(tokens: Tokens, header: dict[str, Any]) -> None:
    good_header, claims = _parts(tokens)
    head = base64.urlsafe_b64encode(orjson.dumps(good_header | header)).decode().rstrip("=")
    body = base64.urlsafe_b64encode(orjson.dumps(claims)).decode().rstrip("=")
    signature = jwt.get_algorithm_by_name("HS256").sign(f"{head}.{body}".encode(), KEY.encode())
    with pytest.raises(InvalidToken):
        tokens.read_access(f"{head}.{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"iat": None},
        {"iat": int(time.time()) + 3600},
        {"iss": "elsewhere"},
        {"iss": None},
        {"aud": "elsewhere"},
        {"aud": None},
        {"sub": None},
        {"sid": None},
        {"sid": "not an id"},
        {"sid": 7},
    ],
)
def test_other_claims_are_refused(tokens: Tokens, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        tokens.read_access(_forge(tokens, claims=claims))


def test_another_key_is_refused(tokens: Tokens) -> None:
    with pytest.raises(InvalidToken):
        tokens.read_access(_forge(tokens, key=OTHER_KEY))


@given(st.text(max_size=80))
def test_nonsense_is_refused(text: str) -> None:
    tokens = Tokens([KEY], 600)
    for read in (tokens.read_access, tokens.read_refresh):
        with pytest.raises(InvalidToken):
            read(text)


def test_keys_rotate_without_logging_anybody_out(tokens: Tokens) -> None:
    access, refresh = tokens.make_access(ACCOUNT, SESSION), tokens.make_refresh(SESSION, 3)
    rotated = Tokens([OTHER_KEY, KEY], 600)
    assert rotated.read_access(access)[0] == SESSION
    assert rotated.read_refresh(refresh) == (SESSION, 3)
    with pytest.raises(InvalidToken):
        tokens.read_access(rotated.make_access(ACCOUNT, SESSION))  # signed by the new key
    retired = Tokens([OTHER_KEY], 600)
    for read, token in ((retired.read_access, access), (retired.read_refresh, refresh)):
        with pytest.raises(InvalidToken):
            read(token)


@given(st.integers(min_value=1, max_value=2**31 - 1))
def test_a_refresh_token_is_made_again_letter_by_letter(generation: int) -> None:
    tokens = Tokens([KEY], 600)
    token = tokens.make_refresh(SESSION, generation)
    assert token == tokens.make_refresh(SESSION, generation)
    assert tokens.read_refresh(token) == (SESSION, generation)
    assert len(token) <= 200


def test_a_refresh_token_cannot_be_changed(tokens: Tokens) -> None:
    session, generation, signature = tokens.make_refresh(SESSION, 1).split(".")
    for forged in (
        f"{session}.2.{signature}",
        f"{new_id().hex}.{generation}.{signature}",
        f"{session}.{generation}.{signature[:-2]}",
        f"{session}.{generation}.",
        f"{session}.{generation}",
        f"{session}.{generation}.\u00e4",
        tokens.make_access(ACCOUNT, SESSION),
    ):
        with pytest.raises(InvalidToken):
            tokens.read_refresh(forged)


def test_a_refresh_token_is_no_access_token(tokens: Tokens) -> None:
    with pytest.raises(InvalidToken):
        tokens.read_access(tokens.make_refresh(SESSION, 1))
