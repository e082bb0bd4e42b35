"""Thousands of open streams to one address, and the time until each has an event.

A connection is opened with `request`; where `then` is given it follows once the head of the answer is there (a
WebSocket's first frame); it is open when `until` has arrived. From then on only the occurrences of `marker`, which each
event holds once, are counted. `ends` is the byte everything the server writes ends with: a read that ends otherwise is
kept and joined with the next, so that no marker is lost between two.
"""

import contextlib
import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Sequence
from typing import Any

from tiffin.bench.load_requests import Address, Asker
from tiffin.bench.timing import STUCK_SECONDS, percentile_ms

AT_ONCE = 256
_BUFFER_BYTES = 262_144


class Streams:
    """The connections of one group."""

    def __init__(self, address: Address, ends: bytes) -> None:
        self._address = address
        self._ends = ends[0]
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._tails: dict[int, bytes] = {}
        self._buffer = bytearray(_BUFFER_BYTES)
        # bytes of events that all connections took so far
        self._bytes = 0
        # events caused so far, so that requests go on in turn
        self._caused = 0

    # opening

    def open(self, *, requests: Sequence[str], count: int, until: str, then: Sequence[str] = ()) -> dict[str, Any]:
        """Open `count` more connections, some hundreds at once. Raises what the first failing one fails with."""
        begun = time.perf_counter()
        opening = Opening(self._address, until.encode(), [text.encode("latin-1") for text in then])
        waiting = deque(range(count))
        while waiting or opening.count:
            while waiting and opening.count < AT_ONCE:
                number = waiting.popleft()
                opening.begin(number, requests[number % len(requests)].encode())
            for _, opened in opening.turn():
                self._sockets[opened.fileno()] = opened
                self._poll.register(opened.fileno(), select.EPOLLIN)
        opening.close()
        return {"seconds": time.perf_counter() - begun, "open": len(self._sockets)}

    # events

    def publish(
        self, *, address: Sequence[Any], requests: Sequence[str], events: int, burst: int, marker: str
    ) -> dict[str, Any]:
        """Cause events `burst` at once, `events` times; after each, wait until every connection has them."""
        encoded, seconds = [request.encode() for request in requests], array("d")
        self._drop_what_came_before()
        with contextlib.ExitStack() as stack:
            askers = [stack.enter_context(Asker((address[0], address[1]))) for _ in range(burst)]
            for _ in range(events):
                for asker in askers:
                    asker.renew()
                begun = time.perf_counter()
                for asker in askers:
                    asker.send(encoded[self._caused % len(encoded)])
                    self._caused += 1
                self._receive(begun, burst, marker.encode(), askers, seconds)
        return {
            "deliveries": len(seconds),
            "bytes_each": round(self._bytes / max(1, len(seconds))),
            "p50_ms": percentile_ms(seconds, 0.5),
            "p99_ms": percentile_ms(seconds, 0.99),
        }

    def _drop_what_came_before(self) -> None:
        self._bytes = 0
        while ready := self._poll.poll(0):
            for handle, _ in ready:
                if not self._sockets[handle].recv_into(self._buffer):
                    raise ConnectionError("the server closed a stream")

    def _receive(
        self, begun: float, burst: int, marker: bytes, askers: Sequence[Asker], seconds: "array[float]"
    ) -> None:
        """Read until each connection had `burst` markers and each asker its answer."""
        asking = {asker.socket.fileno(): asker for asker in askers}
        for handle in asking:
            self._poll.register(handle, select.EPOLLIN)
        missing, left = dict.fromkeys(self._sockets, burst), len(self._sockets) * burst + burst
        while left > 0:
            ready = self._poll.poll(STUCK_SECONDS, 1024)
            if not ready:
                raise TimeoutError(f"{left} of {len(self._sockets) * burst} deliveries had not come")
            for handle, _ in ready:
                if handle in asking:
                    if self._take_answer(asking[handle]):
                        self._poll.unregister(handle)  # what becomes of the connection now is nobody's concern
                        left -= 1
                    continue
                came = self._count(handle, marker)
                now = time.perf_counter() - begun
                missing[handle] -= came
                left -= came
                for _ in range(came):
                    seconds.append(now)
        if any(missing.values()):
            raise ValueError("some connections had an event twice and others not at all")

    def _take_answer(self, asker: Asker) -> bool:
        """True once the answer is whole. Raises ValueError if it is a refusal."""
        status = asker.take()
        if status is not None and not 200 <= status < 300:
            raise ValueError(f"the request that should cause an event was answered {status}")
        return status is not None

    def _count(self, handle: int, marker: bytes) -> int:
        """Read once; how many events it held."""
        buffer = self._buffer
        size = self._sockets[handle].recv_into(buffer)
        if not size:
            raise ConnectionError("the server closed a stream")
        self._bytes += size
        if buffer[size - 1] == self._ends and handle not in self._tails:
            return buffer.count(marker, 0, size)
        data = self._tails.pop(handle, b"") + buffer[:size]
        if data[-1] != self._ends:  # keep what may be the beginning of a marker
            self._tails[handle] = bytes(data[1 - len(marker) :])
        return data.count(marker)

    def close(self) -> None:
        """Drop all connections."""
        for one in self._sockets.values():
            one.close()
        self._sockets.clear()
        self._poll.close()


class Opening:
    """Connections on their way to being open."""

    def __init__(self, address: Address, until: bytes, then: Sequence[bytes]) -> None:
        self._address = address
        self._until = until
        self._then = then
        self._poll = select.epoll()
        # by file handle: whose it is, the socket, what follows the head of the answer, what was read
        self._under_way: dict[int, tuple[int, socket.socket, bytes, bytes]] = {}

    @property
    def count(self) -> int:
        """How many are under way."""
        return len(self._under_way)

    def begin(self, number: int, request: bytes) -> None:
        """Connect and ask; on this machine that takes no waiting."""
        one = socket.create_connection(self._address, timeout=STUCK_SECONDS)
        one.sendall(request)
        one.setblocking(False)
        then = self._then[number % len(self._then)] if self._then else b""
        self._under_way[one.fileno()] = (number, one, then, b"")
        self._poll.register(one.fileno(), select.EPOLLIN)

    def turn(self) -> list[tuple[int, socket.socket]]:
        """Read what came; gives those that are open now, by their numbers."""
        ready = self._poll.poll(STUCK_SECONDS)
        if not ready:
            raise TimeoutError(f"{self.count} connections were not opened: {next(iter(self._under_way.values()))[3]!r}")
        return [opened for handle, _ in ready if (opened := self._advance(handle)) is not None]

    def _advance(self, handle: int) -> tuple[int, socket.socket] | None:
        number, one, then, read = self._under_way[handle]
        data = one.recv(65_536)
        read += data
        if then and b"\r\n\r\n" in read:
            one.sendall(then)
            then = b""
        if not then and self._until in read:
            self._poll.unregister(handle)
            del self._under_way[handle]
            return number, one
        if not data:
            raise ConnectionError(f"the server closed instead of opening a stream: {read[:300]!r}")
        self._under_way[handle] = (number, one, then, read)
        return None

    def close(self) -> None:
        """Forget the poll."""
        self._poll.close()
