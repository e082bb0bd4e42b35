"""Hashing off the event loop, in bounded time, space and number."""

import asyncio
import threading
import time

import argon2
import pytest

from tiffin.base.errors import Unavailable
from tiffin.features.accounts import passwords
from tiffin.features.accounts.domain import words_of
from tiffin.features.accounts.errors import WeakPassword
from tiffin.features.accounts.passwords import PasswordHasher


async def test_a_hash_is_argon2id_with_the_parameters_asked_for(hasher: PasswordHasher) -> None:
    password_hash = await hasher.hash("correct horse battery staple")
    parameters = argon2.extract_parameters(password_hash)
    assert parameters.type is argon2.Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19456, 2, 1)
    assert await hasher.verify("correct horse battery staple", password_hash)
    assert not await hasher.verify("correct horse battery stable", password_hash)


async def test_equal_passwords_have_different_hashes(hasher: PasswordHasher) -> None:
    assert await hasher.hash("equal passwords") != await hasher.hash("equal passwords")


async def test_nobody_has_the_dummys_password(hasher: PasswordHasher) -> None:
    assert not await hasher.verify("nobody has this password", None)


async def test_a_broken_hash_fits_no_password(hasher: PasswordHasher) -> None:
    assert not await hasher.verify("whatever it is", "not a hash")


async def test_a_hash_with_other_parameters_is_outdated(hasher: PasswordHasher) -> None:
    assert not hasher.is_outdated(await hasher.hash("a password"))
    assert hasher.is_outdated(argon2.PasswordHasher(time_cost=1, memory_cost=8192).hash("a password"))


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "12345678",
        "qwertyui",
        "Passw0rd!",
        "aaaaaaaaaaaa",
        "tiffin123",
        "virtanen1",
        "aino@example.com",
        "ainovirtanen",
    ],
)
async def test_the_common_and_the_known_are_refused_with_advice(hasher: PasswordHasher, password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        await hasher.require_strong(password, words_of("aino@example.com", "Aino Virtanen"))
    assert isinstance(refused.value.details["advice"], list)


@pytest.mark.parametrize(
    "password", ["correct horse battery staple", "xK9#mQ2v", "pöllö lentää yöllä 🦉", "q" + "ab7" * 85]
)
async def test_no_rules_of_composition(hasher: PasswordHasher, password: str) -> None:
    await hasher.require_strong(password, words_of("aino@example.com", "Aino Virtanen"))


async def test_the_longest_password_is_judged_quickly(hasher: PasswordHasher) -> None:
    started = time.perf_counter()
    await hasher.require_strong(("Zq7!rT" * 43)[:256], [])
    assert time.perf_counter() - started < 2


async def test_hashing_never_runs_on_the_event_loop(hasher: PasswordHasher, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def verify(_: PasswordHasher, password_hash: str, password: str) -> bool:
        threads.append(threading.current_thread())
        return True

    monkeypatch.setattr(PasswordHasher, "_verify", verify)
    await hasher.verify("a password", "a hash")
    assert threads
    assert threading.main_thread() not in threads


async def test_too_many_waiting_are_refused_and_the_rest_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_MOST_WAITING", 3)
    hasher = PasswordHasher(1)
    go = threading.Event()
    monkeypatch.setattr(PasswordHasher, "_verify", lambda *_: go.wait(10))
    waiting = [asyncio.create_task(hasher.verify("a password", "a hash")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await hasher.verify("a password", "a hash")
    go.set()
    assert await asyncio.gather(*waiting) == [True, True, True]
    assert await hasher.verify("a password", "a hash")
    hasher.close()
