"""The handle on a load process (`tiffin.bench.load`)."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from tiffin.bench.machine import on_cores

Json = dict[str, Any]
_LINE_BYTES = 16 * 1024 * 1024
# of a request that opens a WebSocket
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGlmZmluLWJlbmNoLWtleQ==",
)


class LoadFailed(RuntimeError):
    """The load could not do what it was asked to; the message says what it saw."""


class LoadProcess:
    """One load process; asks it one thing at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    async def do(self, what: str, **fields: Any) -> Json:
        """Have one job done. Raises LoadFailed."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with contextlib.suppress(ConnectionError, RuntimeError):  # ended: told below (uvloop raises RuntimeError)
            stdin.write(orjson.dumps({"do": what, **fields}) + b"\n")
            await stdin.drain()
        line = await stdout.readline()
        answer: Json = orjson.loads(line) if line else {"error": "the load process ended"}
        if "error" in answer:
            raise LoadFailed(f"{what}: {answer['error']}")
        return answer


@contextlib.asynccontextmanager
async def start_load(cores: Sequence[int] | None) -> AsyncIterator[LoadProcess]:
    """A load process on these cores; it has ended when the context has."""
    with on_cores(cores):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tiffin.bench.load"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            start_new_session=True,
        )
    try:
        yield LoadProcess(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()  # reads its pipes to their end, so that they are closed


def address_of(origin: str) -> tuple[str, int]:
    """Host and port of an origin."""
    parts = urlsplit(origin)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def http_request(
    method: str, path: str, *, token: str | None = None, headers: Sequence[str] = (), body: object = None
) -> str:
    """A request as text. `body` becomes JSON, a string stays as it is."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    content = "" if body is None else body if isinstance(body, str) else orjson.dumps(body).decode()
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content.encode())}"]
    return "\r\n".join(lines) + "\r\n\r\n" + content
