"""What the direct link assumes of uvicorn 0.54 and uvloop; a new version of either has to pass this first."""

import asyncio
import inspect

import uvicorn
from tests.realtime.harness import connect, run_node
from tests.waiting import eventually
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tiffin.base.settings import Settings
from tiffin.db import Database
from tiffin.realtime.encoding import chunk, text_frame
from tiffin.realtime.transport import HttpProtocol, SendLink, WebSocketProtocol


def test_the_version_is_the_one_that_was_read() -> None:
    assert uvicorn.__version__ == "0.54.0"


def test_every_method_that_is_overridden_exists() -> None:
    for ours, theirs in ((HttpProtocol, HttpToolsProtocol), (WebSocketProtocol, WebSocketsSansIOProtocol)):
        own = {name for name in vars(ours) if not name.startswith("_")} - {"link", "open_link"}
        assert own
        assert {name for name in own if not hasattr(theirs, name)} == set()


def test_uvicorn_still_chunks_a_body_without_a_length() -> None:
    source = inspect.getsource(RequestResponseCycle.send)
    assert "transfer-encoding: chunked" in source
    assert 'b"%x\\r\\n" % len(body), body, b"\\r\\n"' in source


def test_chunks_and_frames() -> None:
    assert chunk(b"hello") == b"5\r\nhello\r\n"
    assert chunk(b"x" * 300).startswith(b"12c\r\n")
    assert text_frame(b"hi") == b"\x81\x02hi"
    assert text_frame(b"x" * 126)[:4] == b"\x81\x7e\x00\x7e"
    assert text_frame(b"x" * 70_000)[:10] == b"\x81\x7f" + (70_000).to_bytes(8, "big")


class Ear:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.drained = 0
        self.lost = 0

    def on_drained(self) -> None:
        self.drained += 1

    def on_lost(self) -> None:
        self.lost += 1


async def test_without_the_extension_payloads_go_through_send() -> None:
    sent: list[bytes] = []
    gate = asyncio.Event()

    async def send(payload: bytes) -> None:
        await gate.wait()
        sent.append(payload)

    ear = Ear()
    link = SendLink(send, ear)
    link.write(b"one")
    assert link.writable
    link.write(b"x" * 70_000)
    assert not link.writable, "above the mark nothing more is written"
    gate.set()
    await eventually(lambda: len(sent) == 2 and ear.drained == 1)
    assert link.writable
    link.close_output()
    link.write(b"late")
    assert sent == [b"one", b"x" * 70_000]


async def test_without_the_extension_a_lost_client_is_told() -> None:
    async def send(payload: bytes) -> None:
        raise OSError("gone")

    ear = Ear()
    link = SendLink(send, ear)
    link.write(b"one")
    await eventually(lambda: ear.lost == 1)
    assert not link.writable


async def test_kernel_buffers_of_streams_are_small(settings: Settings, database: Database) -> None:
    """A client that does not read may get at most a little past the point where its rights end."""
    async with run_node(settings, database) as node:
        _, writer = await connect(node.port, receive_buffer=4096)
        writer.write(b"GET /v1/events?topic=open.a&since=0:0 HTTP/1.1\r\nHost: x\r\n\r\n")
        await eventually(lambda: any(s.link for s in node.hub.subscribers))
        subscriber = next(iter(node.hub.subscribers))
        link = subscriber.link
        assert link is not None
        written = 0
        while link.writable and written < 5_000_000:
            link.write(chunk(b": " + b"x" * 4000 + b"\n\n"))
            written += 4000
            await asyncio.sleep(0)
        assert written < 400_000
        assert link.unsent_bytes <= 64 * 1024 + 5000
