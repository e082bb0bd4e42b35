"""Clients of one topic that lose their node and come back, as docs/realtime-protocol.md says a client does.

Each keeps the `retry` it was told and the id it saw last. When its connection ends it waits as long as `retry` says
(as an EventSource does; the server draws it at random), then asks the next node with `Last-Event-ID`; while that fails
it waits again with full jitter, at most 20 s. What each saw is checked: every event once, in order.
"""

import contextlib
import heapq
import random
import re
import select
import socket
import time
from collections.abc import Sequence
from typing import Any

from tiffin.bench.load_requests import Address
from tiffin.bench.timing import STUCK_SECONDS, percentile_ms

_LONGEST_WAIT_SECONDS = 20.0
_AT_ONCE = 256
_ID = re.compile(rb"^id: ([^:\n]*):(\d+)$", re.MULTILINE)
_RETRY = re.compile(rb"^retry: (\d+)$", re.MULTILINE)


class Client:
    """One client: where it stands and when it comes back."""

    __slots__ = (
        "asks_at",
        "attempts",
        "epoch",
        "live",
        "live_at",
        "number",
        "read",
        "retry_ms",
        "seq",
        "socket",
        "token",
    )

    def __init__(self, number: int, token: str, epoch: str, seq: int) -> None:
        self.number = number
        self.token = token
        self.epoch = epoch
        self.seq = seq
        self.retry_ms = 0
        self.attempts = 0
        self.live = False
        self.live_at = 0.0
        self.asks_at = 0.0
        self.socket: socket.socket | None = None
        # bytes after the last whole block
        self.read = b""

    def take(self, data: bytes) -> list[str]:
        """Read what came; gives what was wrong with it."""
        self.read += data
        end = self.read.rfind(b"\n\n")
        if end < 0:
            return []
        whole, self.read = self.read[: end + 2], self.read[end + 2 :]
        return self._take_whole(whole)

    def _take_whole(self, whole: bytes) -> list[str]:
        wrong, next_seq = [], self.seq + 1
        if (retry := _RETRY.search(whole)) is not None:  # the first block repeats the position that was asked for
            self.retry_ms, next_seq = int(retry[1]), self.seq
        for epoch, seq in _ID.findall(whole):
            if epoch.decode() != self.epoch or int(seq) != next_seq:
                wrong.append(f"{self.epoch}:{self.seq} was followed by {epoch.decode()}:{int(seq)}")
            self.epoch, self.seq, next_seq = epoch.decode(), int(seq), int(seq) + 1
        if b'"ok":true' in whole:
            self.live, self.live_at, self.attempts = True, time.perf_counter(), 0
        if b'"ok":false' in whole or b"event: bye" in whole:
            wrong.append(f"told {whole[-120:]!r}")
        return wrong


class Returning:
    """All clients and the one loop they run in."""

    def __init__(
        self, *, addresses: Sequence[Sequence[Any]], tokens: Sequence[str], count: int, topic: str, position: str
    ) -> None:
        self._addresses: list[Address] = [(host, port) for host, port in addresses]
        self._topic = topic
        epoch, _, seq = position.partition(":")
        self._clients = [Client(number, tokens[number % len(tokens)], epoch, int(seq)) for number in range(count)]
        self._poll = select.epoll()
        self._open: dict[int, Client] = {}
        self._errors: list[str] = []
        # clients that wait, by when they ask again
        self._due = [(0.0, number) for number in range(count)]
        # how many have asked and are not live yet
        self._asking = 0
        # the first node is asked first; whoever lost it asks the others
        self._lost_first = False

    def settle_in(self) -> dict[str, Any]:
        """Everybody connects to the first node and is live."""
        begun = time.perf_counter()
        self._run_until(lambda: self._live_count() == len(self._clients))
        return {"seconds": time.perf_counter() - begun, **self._told()}

    def come_back(self, *, seconds: float) -> dict[str, Any]:
        """Run until everybody has lost its connection and is live again; `live_at` is when the last one was."""
        self._lost_first = True
        for client in self._clients:
            client.live_at = 0.0
        self._run_until(lambda: all(client.live_at for client in self._clients), seconds)
        times = sorted(client.live_at for client in self._clients)
        asked = [client.live_at - client.asks_at for client in self._clients if client.live_at]
        return {"live_at": times[-1], "first_at": times[0], "wait_p99_ms": percentile_ms(asked, 0.99), **self._told()}

    def catch_up(self, *, seq: int, seconds: float) -> dict[str, Any]:
        """Run until everybody has seen the topic up to `seq`."""
        self._run_until(lambda: all(client.seq >= seq for client in self._clients), seconds)
        return {"at": sum(client.seq == seq for client in self._clients), **self._told()}

    def close(self) -> None:
        """Drop all connections."""
        for client in self._open.values():
            assert client.socket is not None
            client.socket.close()
        self._open.clear()
        self._poll.close()

    def _told(self) -> dict[str, Any]:
        return {"live": self._live_count(), "errors": len(self._errors), "examples": self._errors[:3]}

    def _live_count(self) -> int:
        return sum(client.live for client in self._clients)

    def _run_until(self, is_over: Any, seconds: float = 120.0) -> None:
        deadline, look_at = time.perf_counter() + seconds, 0.0
        while True:
            now = time.perf_counter()
            if now >= look_at:
                if is_over() or now > deadline:
                    return
                look_at = now + 0.02
            self._ask_due(now)
            for handle, _ in self._poll.poll(0.01, 1024):
                self._read(handle)

    def _ask_due(self, now: float) -> None:
        while self._due and self._due[0][0] <= now and self._asking < _AT_ONCE:
            _, number = heapq.heappop(self._due)
            self._ask(self._clients[number])

    def _ask(self, client: Client) -> None:
        client.asks_at, client.read = time.perf_counter(), b""
        client.attempts += 1
        nodes = self._addresses[1:] if self._lost_first and len(self._addresses) > 1 else self._addresses[:1]
        host, port = nodes[(client.number + client.attempts) % len(nodes)]
        request = (
            f"GET /v1/events?topic={self._topic} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n"
            f"Authorization: Bearer {client.token}\r\nLast-Event-ID: {client.epoch}:{client.seq}\r\n\r\n"
        )
        try:
            one = client.socket = socket.create_connection((host, port), timeout=STUCK_SECONDS)
            one.sendall(request.encode())
        except OSError:
            self._wait(client)
            return
        one.setblocking(False)
        self._open[one.fileno()] = client
        self._asking += 1
        self._poll.register(one.fileno(), select.EPOLLIN)

    def _read(self, handle: int) -> None:
        client = self._open[handle]
        assert client.socket is not None
        was_live, data = client.live, b""
        with contextlib.suppress(ConnectionError):
            data = client.socket.recv(65_536)
        if not data:
            self._lose(handle, client)
            return
        self._errors += client.take(data)
        if client.live and not was_live:
            self._asking -= 1

    def _lose(self, handle: int, client: Client) -> None:
        self._poll.unregister(handle)
        del self._open[handle]
        assert client.socket is not None
        client.socket.close()
        if not client.live:
            self._asking -= 1
            self._errors.append(f"closed before it was live: {client.read[:100]!r}")
        client.live = False
        self._wait(client)

    def _wait(self, client: Client) -> None:
        """The first time as long as `retry` says, then with full jitter."""
        seconds = client.retry_ms / 1000
        if client.attempts > 0:
            seconds = random.uniform(0, min(_LONGEST_WAIT_SECONDS, 2.0**client.attempts))
        heapq.heappush(self._due, (time.perf_counter() + seconds, client.number))
