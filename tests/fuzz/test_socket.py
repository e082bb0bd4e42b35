"""Nonsense on the WebSocket: no fault of the server, nobody stuck, nothing lost for others."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.conftest import Witness, examples
from tests.fuzz.strategies import as_text, broken_bytes, messages_of
from tests.realtime.harness import connect
from tests.storms.clients import RawSocket, handshake, open_raw_socket

from tiffin.realtime.disconnect import ALL

# a close frame of ours, one that RFC 6455 (section 7.4.1) has for broken frames, or the echo of a close without a code
_CODES = {reason.code for reason in ALL} | {1000, 1002, 1003, 1007, 1009} | {0}


async def _open(witness: Witness) -> RawSocket:
    return await open_raw_socket(witness.port, await witness.town.new_token("staff"))


async def _answers(socket: RawSocket, until: str) -> tuple[list[dict[str, Any]], bool]:
    """Everything up to the answer with this id, or to the end; true if the connection still lives."""
    seen: list[dict[str, Any]] = []
    with suppress(EOFError, ConnectionError):
        while True:
            message = await socket.next(seconds=10)
            seen.append(message)
            if message.get("id") == until:
                return seen, True
    assert socket.close_code is None or socket.close_code in _CODES, socket.close_code
    return seen, False


@examples(60)
@given(data=st.data(), greets=st.booleans())
async def test_messages_are_answered_once_or_end_the_connection(
    witness: Witness, data: st.DataObject, greets: bool
) -> None:
    one = messages_of(witness.town)
    messages = data.draw(st.lists(one | st.lists(one, max_size=4), max_size=8))
    socket = await _open(witness)
    if greets:
        socket.hello({witness.topic: None})
    for message in messages:
        socket.send_frame(as_text(message))
    socket.send(type="command", id="the last", name="no.such", data={})
    seen, lives = await _answers(socket, "the last")
    assert all(answer.get("code") not in ("internal_error", None) for answer in seen if answer["type"] == "error"), seen
    answered = [answer["id"] for answer in seen if answer["type"] in ("ok", "error") and answer["id"] is not None]
    asked = [part["id"] for part in _flat(messages) if isinstance(part, dict) and isinstance(part.get("id"), str)]
    assert all(answered.count(identifier) <= asked.count(identifier) + 1 for identifier in answered), "once each"
    assert lives or socket.close_code is not None, "an end is said"
    socket.abort()
    await witness.check()


def _flat(messages: list[Any]) -> Iterator[Any]:
    for message in messages:
        yield from message if isinstance(message, list) else [message]


@examples(60)
@given(raw=broken_bytes(), greets=st.booleans())
async def test_broken_frames_end_the_connection_and_nothing_else(witness: Witness, raw: bytes, greets: bool) -> None:
    socket = await _open(witness)
    if greets:
        socket.hello({witness.topic: None})
    socket.writer.write(raw)
    socket.writer.write_eof()
    async with asyncio.timeout(10):
        with suppress(EOFError, ConnectionError):
            while True:
                assert (await socket.next(seconds=10)).get("code") != "internal_error"
    assert socket.close_code is None or socket.close_code in _CODES, socket.close_code
    await witness.check()


_REQUEST = handshake("x" * 40)


@examples(40)
@given(
    raw=st.binary(max_size=300)
    | st.builds(lambda end, more: _REQUEST[:end] + more, st.integers(1, len(_REQUEST)), st.binary(max_size=30))
)
async def test_bytes_that_are_no_handshake(witness: Witness, raw: bytes) -> None:
    reader, writer = await connect(witness.port)
    with suppress(ConnectionError):
        writer.write(raw)
        writer.write_eof()
        async with asyncio.timeout(10):
            answer = await reader.read()
        assert not answer.startswith(b"HTTP/1.1 5") or answer.startswith(b"HTTP/1.1 505"), answer
    writer.close()
    await witness.check()
