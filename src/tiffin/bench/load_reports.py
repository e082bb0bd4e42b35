"""Couriers who report where they are and customers who watch, one order each: who is shown what, and how soon.

The protocols differ in what stands around a report: `begin` and `end`. A report is known again by its heading, and
whose it is by its longitude; whatever a customer is shown of another courier is counted as misdelivered.
"""

import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tiffin.bench.frames import masked_frame, split_frames
from tiffin.bench.load_requests import Address
from tiffin.bench.load_streams import AT_ONCE, Opening
from tiffin.bench.timing import percentile_ms

FIRST_LATITUDE, FIRST_LONGITUDE, LONGITUDE_STEP = 61.0, 24.0, 1e-5
METERS_A_DEGREE = 111_320.0
# headings that a courier's reports have in turn
_HEADINGS = range(100, 300)
_BUFFER_BYTES = 262_144
# what has not come so long after the last report is lost, and counts as having taken that long
_PATIENCE_SECONDS = 3.0


@dataclass(slots=True)
class _Seen:
    """What came of one stretch of reports."""

    # from sending to the customer's socket
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    late: "array[float]" = field(default_factory=lambda: array("d"))
    accepted: int = 0
    refused: int = 0
    misdelivered: int = 0
    twice: int = 0


class Reports:
    """As many couriers as customers, each with a socket."""

    def __init__(self, address: Address, begin: str, end: str, meters_per_second: float) -> None:
        self._address = address
        self._begin = begin
        self._end = end
        self._degrees_per_second = meters_per_second / METERS_A_DEGREE
        self._poll = select.epoll()
        self._couriers: dict[int, socket.socket] = {}
        self._customers: dict[int, socket.socket] = {}
        # whose socket a handle is: the number, and whether it is a courier's
        self._owners: dict[int, tuple[int, bool]] = {}
        self._tails: dict[int, bytes] = {}
        # reports under way, by courier and heading: when they were sent
        self._under_way: dict[tuple[int, int], float] = {}
        self._sent = 0
        # when the first report was sent
        self._departed: float | None = None
        self._seen = _Seen()

    def open(self, *, who: str, count: int, request: str, then: str, until: str) -> dict[str, Any]:
        """Open the sockets of the `couriers` or the `customers`; each `%d` becomes the number of whose it is."""
        begun = time.perf_counter()
        frames = [masked_frame(_of(then, number).encode()) for number in range(count)]
        opening = Opening(self._address, until.encode(), frames)
        waiting, sockets = deque(range(count)), self._couriers if who == "couriers" else self._customers
        while waiting or opening.count:
            while waiting and opening.count < AT_ONCE:
                number = waiting.popleft()
                opening.begin(number, _of(request, number).encode())
            for number, opened in opening.turn():
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets[number] = opened
                self._owners[opened.fileno()] = (number, who == "couriers")
                self._poll.register(opened.fileno(), select.EPOLLIN)
        opening.close()
        return {"seconds": time.perf_counter() - begun, "open": len(sockets)}

    def report(self, *, rate: float, seconds: float) -> dict[str, Any]:
        """Report in turn, `rate` times a second whatever comes back, and wait until all that is shown was shown."""
        self._seen, self._under_way = _Seen(), {}
        spent, count, sent = time.process_time(), round(rate * seconds), 0
        begun = time.perf_counter()
        while sent < count:
            now = time.perf_counter()
            while sent < count and (due := begun + sent / rate) <= now:
                self._send(now, now - due)
                sent += 1
            self._receive(max(0.0, begun + sent / rate - time.perf_counter()))
        deadline = time.perf_counter() + _PATIENCE_SECONDS
        while (self._under_way or self._answered < count) and time.perf_counter() < deadline:
            self._receive(0.05)
        seen, elapsed = self._seen, time.perf_counter() - begun
        seen.seconds.extend([_PATIENCE_SECONDS] * len(self._under_way))
        return {
            "sent": count,
            "accepted": seen.accepted,
            "refused": seen.refused,
            "lost": len(self._under_way),
            "misdelivered": seen.misdelivered,
            "twice": seen.twice,
            "p50_ms": percentile_ms(seen.seconds, 0.5),
            "p99_ms": percentile_ms(seen.seconds, 0.99),
            "late_p99_ms": percentile_ms(seen.late, 0.99),
            "load_share": (time.process_time() - spent) / elapsed,
        }

    @property
    def _answered(self) -> int:
        return self._seen.accepted + self._seen.refused

    def _send(self, now: float, late: float) -> None:
        """Send the next report; it was measured when it was due, however late it leaves."""
        turn, number = divmod(self._sent, len(self._couriers))
        heading = _HEADINGS[turn % len(_HEADINGS)]
        self._sent += 1
        if self._departed is None:
            self._departed = now
        latitude = FIRST_LATITUDE + (now - self._departed) * self._degrees_per_second
        measured_at = datetime.now(UTC) - timedelta(seconds=late)
        self._seen.late.append(late)
        report = (
            f'{{"latitude":{latitude:.6f},"longitude":{FIRST_LONGITUDE + number * LONGITUDE_STEP:.5f},'
            f'"accuracy_meters":8.0,"heading_degrees":{heading},"speed_mps":4.5,"at":"{measured_at.isoformat()}"}}'
        )
        self._under_way[number, heading] = now
        self._couriers[number].sendall(masked_frame(f"{self._begin}{report}{self._end}".encode()))

    def _receive(self, longest: float) -> None:
        for handle, _ in self._poll.poll(longest, 1024):
            number, is_courier = self._owners[handle]
            one = self._couriers[number] if is_courier else self._customers[number]
            data = one.recv(_BUFFER_BYTES)
            if not data:
                who = "courier" if is_courier else "customer"
                raise ConnectionError(f"the server closed the socket of {who} {number}")
            payloads, rest = split_frames(self._tails.pop(handle, b"") + data)
            if rest:
                self._tails[handle] = rest
            for payload in payloads:
                if is_courier:
                    self._take_answer(payload)
                else:
                    self._take_position(number, payload, time.perf_counter())

    def _take_answer(self, payload: bytes) -> None:
        if b'"accepted":1' in payload:
            self._seen.accepted += 1
        elif b'"accepted":' in payload or b'"error"' in payload:
            self._seen.refused += 1

    def _take_position(self, number: int, payload: bytes, now: float) -> None:
        if (longitude := _number_after(b'"longitude":', payload)) is None:
            return
        if round((longitude - FIRST_LONGITUDE) / LONGITUDE_STEP) != number:
            self._seen.misdelivered += 1
            return
        sent_at = self._under_way.pop((number, int(_number_after(b'"heading_degrees":', payload) or 0)), None)
        if sent_at is None:
            self._seen.twice += 1
        else:
            self._seen.seconds.append(now - sent_at)

    def close(self) -> None:
        """Drop all connections."""
        for one in (*self._couriers.values(), *self._customers.values()):
            one.close()
        self._poll.close()


def _of(template: str, number: int) -> str:
    return template.replace("%d", f"{number:012d}")


def _number_after(name: bytes, payload: bytes) -> float | None:
    begin = payload.find(name)
    if begin < 0:
        return None
    begin += len(name)
    end = begin
    while payload[end] in b"-.0123456789":
        end += 1
    return float(payload[begin:end])


def open_reports(address: Sequence[Any], **options: Any) -> Reports:
    """From what came as JSON."""
    return Reports((address[0], address[1]), **options)
