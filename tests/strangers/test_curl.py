"""curl -N: what a person at a terminal sees."""

import asyncio

import pytest
from tests.programs import require
from tests.strangers.conftest import Scene


@pytest.fixture(scope="module")
def curl() -> str:
    return require("curl", "apt install curl")


async def _lines(curl: str, url: str, headers: dict[str, str], until: str) -> list[str]:
    """What curl prints up to the end of the block with this line, which has to come within ten seconds."""
    options = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    process = await asyncio.create_subprocess_exec(curl, "-sSN", *options, url, stdout=-1)
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(10):
            while until not in lines or lines[-1]:
                line = await process.stdout.readline()
                assert line, f"it ended with {lines}"
                lines.append(line.decode().rstrip("\n"))
    finally:
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


async def test_is_refused_in_words(scene: Scene, curl: str) -> None:
    url = f"{scene.origin}/v1/events?topic=user.{scene.customer.tiffin.account_id}"
    lines = await _lines(curl, url, {}, "event: sync")
    assert not any(line.startswith("event: session") for line in lines)
    process = await asyncio.create_subprocess_exec(curl, "-sS", f"{scene.origin}/v1/events", stdout=-1)
    said, _ = await process.communicate()
    assert b"Name 1 to 100 topics" in said
