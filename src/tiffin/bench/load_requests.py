"""Plain requests: how they are sent and read without a library, and a closed loop of them."""

import contextlib
import select
import socket
import time
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any, Self

from tiffin.bench.timing import STUCK_SECONDS, percentile_ms

Address = tuple[str, int]
_KEPT_SECONDS = 2.0  # uvicorn closes after 5


class Asker:
    """A kept-alive connection that has at most one request under way."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self.socket = self._connect()
        self.sent_at = time.perf_counter()
        self._read = b""

    def _connect(self) -> socket.socket:
        connected = socket.create_connection(self._address, timeout=STUCK_SECONDS)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connected

    def renew(self) -> None:
        """Connect anew if this one has been quiet so long that a server may close it."""
        if time.perf_counter() - self.sent_at > _KEPT_SECONDS:
            self.socket.close()
            self.socket = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, request: bytes) -> None:
        """Send a request; small enough to leave at once."""
        self._read = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def take(self) -> int | None:
        """Read what is there. The status once the answer is whole, else None."""
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed a kept connection")
        self._read += data
        return whole_answer(self._read)


def whole_answer(data: bytes) -> int | None:
    """The status of an answer that has arrived whole: by Content-Length, or its head alone where there is none."""
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return None
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(head[9:12]) if len(body) >= length else None


def ask(*, address: Sequence[Any], requests: Sequence[str], connections: int, count: int) -> dict[str, Any]:
    """Send `count` requests over some connections, each the next one as soon as its last is answered."""
    encoded, seconds, statuses = [request.encode() for request in requests], array("d"), Counter[int]()
    with contextlib.ExitStack() as stack:
        askers = [stack.enter_context(Asker((address[0], address[1]))) for _ in range(connections)]
        poll = stack.enter_context(select.epoll())
        by_handle = {asker.socket.fileno(): asker for asker in askers}
        for handle in by_handle:
            poll.register(handle, select.EPOLLIN)
        begun, sent = time.perf_counter(), 0
        for asker in askers[:count]:
            asker.send(encoded[sent % len(encoded)])
            sent += 1
        while len(seconds) < count:
            ready = poll.poll(STUCK_SECONDS)
            if not ready:
                raise TimeoutError(f"no answer for {STUCK_SECONDS:.0f} s")
            for handle, _ in ready:
                asker = by_handle[handle]
                if (status := asker.take()) is None:
                    continue
                seconds.append(time.perf_counter() - asker.sent_at)
                statuses[status] += 1
                if sent < count:
                    asker.send(encoded[sent % len(encoded)])
                    sent += 1
    elapsed = time.perf_counter() - begun
    return {
        "statuses": {str(status): number for status, number in statuses.items()},
        "seconds": elapsed,
        "p50_ms": percentile_ms(seconds, 0.5),
        "p99_ms": percentile_ms(seconds, 0.99),
    }
