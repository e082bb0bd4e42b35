"""curl -N: what a person at a terminal sees."""

import asyncio
import contextlib

import orjson
import pytest
from tests.programs import require
from tests.strangers.conftest import STEPS, Scene


@pytest.fixture(scope="module")
def curl() -> str:
    return require("curl", "apt install curl")


def _options(headers: dict[str, str]) -> list[str]:
    return ["-sSN", "--noproxy", "*", *(part for name, value in headers.items() for part in ("-H", f"{name}: {value}"))]


async def _answer(curl: str, url: str, headers: dict[str, str]) -> tuple[int, str]:
    """The status and body of an answer that ends by itself."""
    command = (curl, *_options(headers), "--max-time", "10", "--write-out", "\n%{http_code}", url)
    process = await asyncio.create_subprocess_exec(*command, stdout=-1)
    said, _ = await process.communicate()
    body, _, status = said.decode().rpartition("\n")
    return int(status), body


async def _lines(curl: str, url: str, headers: dict[str, str], until: str) -> list[str]:
    """What curl prints up to the end of the block with this line, which has to come within ten seconds."""
    process = await asyncio.create_subprocess_exec(curl, *_options(headers), url, stdout=-1)
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(10):
            while until not in lines or lines[-1]:
                line = await process.stdout.readline()
                assert line, f"it ended with {lines}"
                lines.append(line.decode().rstrip("\n"))
    finally:
        with contextlib.suppress(ProcessLookupError):  # where the stream was over
            process.kill()
        await process.wait()
    return lines


async def test_follows_and_resumes(scene: Scene, curl: str) -> None:
    order_id = await scene.order()
    url = f"{scene.origin}/v1/orders/{order_id}/events"
    headers = {"Authorization": f"Bearer {await scene.token(scene.customer)}"}
    lines = await _lines(curl, url, headers, "event: snapshot")
    assert lines[0].startswith("retry: ")
    identifier = [line for line in lines if line.startswith("id: ")][-1].removeprefix("id: ")
    await scene.accept(order_id)
    await scene.advance(order_id, "ready")
    lines = await _lines(curl, url, {**headers, "Last-Event-ID": identifier}, "event: order.ready")
    assert [line for line in lines if line.startswith("event: order.")] == [
        "event: order.confirmed",
        "event: order.ready",
    ]
    assert "event: snapshot" not in lines


async def test_stays_away_when_it_has_seen_the_end(scene: Scene, curl: str) -> None:
    order_id = await scene.order()
    url = f"{scene.origin}/v1/orders/{order_id}/events"
    headers = {"Cookie": await scene.cookie(scene.customer)}
    await scene.accept(order_id)
    await scene.advance(order_id, *STEPS)
    lines = await _lines(curl, url, headers, "event: bye")
    assert orjson.loads(lines[-2].removeprefix("data: "))["reason"] == "done"
    last = [line for line in lines if line.startswith("id: ")][-1].removeprefix("id: ")
    assert await _answer(curl, url, headers | {"Last-Event-ID": last}) == (204, "")


async def test_is_refused_in_words(scene: Scene, curl: str) -> None:
    order_id = await scene.order()
    path, events = f"{scene.origin}/v1/orders/{order_id}/events", f"{scene.origin}/v1/events"
    lines = await _lines(curl, path, {}, "event: bye")
    assert orjson.loads(lines[-2].removeprefix("data: "))["reason"] == "unauthenticated"
    lines = await _lines(curl, f"{events}?topic=order.{order_id}", {}, "event: sync")
    assert orjson.loads(lines[-2].removeprefix("data: "))["reason"] == "forbidden"
    status, said = await _answer(curl, path, {"Authorization": f"Bearer {await scene.token(scene.stranger)}"})
    assert (status, orjson.loads(said)["code"]) == (404, "order_not_found")
    status, said = await _answer(curl, events, {})
    assert (status, orjson.loads(said)["code"]) == (422, "topics_missing")
