"""Queries and headers that nobody should send to the streams: an answer at once, and never a fault."""

import asyncio
from contextlib import suppress
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.conftest import Witness, examples
from tests.fuzz.strategies import any_text, topics_of
from tests.realtime.harness import connect

_NOT_IN_A_HEADER = str.maketrans("", "", "\r\n\0")


async def _status(port: int, request: bytes) -> int:
    """The status of the answer to a request; the connection is dropped then."""
    reader, writer = await connect(port)
    writer.write(request)
    try:
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n")
        return int(head.split()[1])
    finally:
        with suppress(ConnectionError):
            writer.transport.abort()


_CURSORS = st.sampled_from(["", "-", "0:0", "a:1;b:2", ";;;;", "x:" + "9" * 40]) | any_text
_NAMES = st.sampled_from(["topic", "topic", "since", "ticket", "Topic", "x"])
_METHODS = st.sampled_from(["GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "DELETE"])
_VERSIONS = st.sampled_from(["HTTP/1.1", "HTTP/1.1", "HTTP/1.0"])


@examples(100)
@given(data=st.data(), method=_METHODS, last=_CURSORS, known=st.booleans(), version=_VERSIONS)
async def test_no_query_or_header_is_a_fault(
    witness: Witness, data: st.DataObject, method: str, last: str, known: bool, version: str
) -> None:
    town = witness.town
    order = f"/v1/orders/{town.ids['order_id']}/events"
    path = data.draw(st.sampled_from(["/v1/events", order, "/v1/orders/x/events"]))
    query = data.draw(st.lists(st.tuples(_NAMES, topics_of(town) | _CURSORS), max_size=6))
    asked = "&".join(f"{name}={quote(value, safe='', errors='replace')}" for name, value in query)
    lines = [f"{method} {path}?{asked} {version}", "Host: fuzz", f"Last-Event-ID: {last}".translate(_NOT_IN_A_HEADER)]
    if known:
        lines.append(f"Authorization: Bearer {await town.new_token('customer')}")
    status = await _status(witness.port, "\r\n".join([*lines, "", ""]).encode("utf-8", "replace"))
    assert status < 500 or (status == 505 and version == "HTTP/1.0"), (status, lines)
    await witness.check()
