"""The only way from a browser to a node: an origin of its own, which can be cut, go silent, and is counted.

Every connection carries one request, so that it is known by its path; the pages below `/live-test/` come from a folder.
"""

import asyncio
import contextlib
import mimetypes
import re
from pathlib import Path
from urllib.parse import urlsplit

PAGES = "/live-test/"
_PIECE_BYTES = 65536


class _Link:
    """One request on its way, and the ends of it."""

    def __init__(self, path: str, browser: asyncio.StreamWriter, node: asyncio.StreamWriter) -> None:
        self.path = path
        self.is_silent = False
        self._ends = (browser, node)

    def abort(self) -> None:
        for end in self._ends:
            end.transport.abort()


class Road:
    """Leads to the node at `target`, which may change."""

    def __init__(self, pages: Path) -> None:
        self.target = ""
        self.origin = ""
        # False while every new connection is reset
        self.is_open = True
        # connections so far, by path
        self.taken: list[str] = []
        self._pages = pages
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Close everything."""
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def count(self, path: str) -> int:
        """Connections of this path that are there now."""
        return sum(link.path == path for link in self._links)

    def cut(self, path: str = "") -> None:
        """Reset the connections of this path, or all."""
        for link in [link for link in self._links if path in ("", link.path)]:
            link.abort()

    def silence(self, path: str) -> None:
        """Nothing comes through on these connections any more, in no direction, and nobody is told."""
        for link in self._links:
            link.is_silent = link.is_silent or link.path == path

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self.is_open:
                head = await reader.readuntil(b"\r\n\r\n")
                path = urlsplit(head.split(b" ", 2)[1].decode()).path
                self.taken.append(path)
                if path.startswith(PAGES):
                    writer.write(self._page(path))
                    await writer.drain()
                    writer.close()
                    return
                await self._lead(path, _single(head), reader, writer)
        writer.transport.abort()

    def _page(self, path: str) -> bytes:
        file = self._pages / (path.removeprefix(PAGES) or "index.html")
        if not file.is_file():
            return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        body = file.read_bytes()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        return head.encode() + body

    async def _lead(self, path: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = urlsplit(self.target)
        node_reader, node_writer = await asyncio.open_connection(address.hostname, address.port)
        link = _Link(path, writer, node_writer)
        self._links.add(link)
        try:
            node_writer.write(head)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_carry(link, reader, node_writer))
                tasks.create_task(_carry(link, node_reader, writer))
        finally:
            link.abort()
            self._links.discard(link)


async def _carry(link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_PIECE_BYTES):
            if not link.is_silent:
                writer.write(data)
                await writer.drain()
    writer.close()


def _single(head: bytes) -> bytes:
    """The same request as the only one of its connection; an upgrade is that anyway."""
    if re.search(rb"\r\nupgrade:", head, re.IGNORECASE):
        return head
    return re.sub(rb"\r\nconnection:[^\r]*", b"\r\nConnection: close", head, flags=re.IGNORECASE)
