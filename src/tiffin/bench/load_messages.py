"""Conversations of customers with agents: who is answered how soon, and who is shown what.

Customer `n` talks with agent `n // per_agent`, in turns. A message is known again by its text. Whoever is shown one
says that it was read, as an open chat does.
"""

import select
import socket
import time
import uuid
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tiffin.bench.frames import masked_frame, split_frames
from tiffin.bench.load_requests import Address
from tiffin.bench.load_streams import AT_ONCE, Opening
from tiffin.bench.timing import percentile_ms

_BUFFER_BYTES = 262_144
_PATIENCE_SECONDS = 3.0
_CONVERSATION = "00000000-0000-7000-a000-%012d"


@dataclass(slots=True)
class _Seen:
    """What came of one stretch of messages, in seconds from sending."""

    answered: "array[float]" = field(default_factory=lambda: array("d"))
    shown: "array[float]" = field(default_factory=lambda: array("d"))
    late: "array[float]" = field(default_factory=lambda: array("d"))
    refused: int = 0
    twice: int = 0
    misdelivered: int = 0
    marks: int = 0


class Messages:
    """All devices, one a person."""

    def __init__(self, address: Address, per_agent: int) -> None:
        self._address = address
        self._per_agent = per_agent
        self._poll = select.epoll()
        self._customers: dict[int, socket.socket] = {}
        self._agents: dict[int, socket.socket] = {}
        # whose socket a handle is: the number, and whether it is an agent's
        self._owners: dict[int, tuple[int, bool]] = {}
        self._tails: dict[int, bytes] = {}
        # by the message's number: when it was sent; to whom it has to be shown
        self._unanswered: dict[int, float] = {}
        self._unshown: dict[int, tuple[float, int, bool]] = {}
        self._sent = 0
        self._seen = _Seen()

    def open(self, *, who: str, requests: Sequence[str], then: Sequence[str], until: str) -> dict[str, Any]:
        """Open a socket for each of the `customers` or `agents`."""
        begun = time.perf_counter()
        opening = Opening(self._address, until.encode(), [masked_frame(text.encode()) for text in then])
        waiting, sockets = deque(range(len(requests))), self._agents if who == "agents" else self._customers
        while waiting or opening.count:
            while waiting and opening.count < AT_ONCE:
                number = waiting.popleft()
                opening.begin(number, requests[number].encode())
            for number, opened in opening.turn():
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sockets[number] = opened
                self._owners[opened.fileno()] = (number, who == "agents")
                self._poll.register(opened.fileno(), select.EPOLLIN)
        opening.close()
        return {"seconds": time.perf_counter() - begun, "open": len(sockets)}

    def talk(self, *, rate: float, seconds: float) -> dict[str, Any]:
        """Say something `rate` times a second whatever comes back, in all conversations in turn, by both in turn."""
        self._seen, self._unanswered, self._unshown = _Seen(), {}, {}
        spent, count, sent = time.process_time(), round(rate * seconds), 0
        begun = time.perf_counter()
        while sent < count:
            now = time.perf_counter()
            while sent < count and (due := begun + sent / rate) <= now:
                self._seen.late.append(now - due)
                self._send(due)
                sent += 1
            self._receive(max(0.0, begun + sent / rate - time.perf_counter()))
        deadline = time.perf_counter() + _PATIENCE_SECONDS
        while (self._unanswered or self._unshown) and time.perf_counter() < deadline:
            self._receive(0.05)
        seen, elapsed = self._seen, time.perf_counter() - begun
        seen.answered.extend([_PATIENCE_SECONDS] * len(self._unanswered))
        seen.shown.extend([_PATIENCE_SECONDS] * len(self._unshown))
        return {
            "sent": count,
            "refused": seen.refused,
            "lost": len(self._unshown),
            "twice": seen.twice,
            "misdelivered": seen.misdelivered,
            "marks": seen.marks,
            "answered_p50_ms": percentile_ms(seen.answered, 0.5),
            "answered_p99_ms": percentile_ms(seen.answered, 0.99),
            "shown_p50_ms": percentile_ms(seen.shown, 0.5),
            "shown_p99_ms": percentile_ms(seen.shown, 0.99),
            "late_p99_ms": percentile_ms(seen.late, 0.99),
            "load_share": (time.process_time() - spent) / elapsed,
        }

    def _send(self, due: float) -> None:
        """Say the next thing; its time counts from when it was due."""
        turn, number = divmod(self._sent, len(self._customers))
        by_agent = turn % 2 == 1
        message = self._sent
        self._sent += 1
        self._unanswered[message] = due
        self._unshown[message] = (due, number // self._per_agent if not by_agent else number, not by_agent)
        data = (
            f'{{"conversation_id":"{_CONVERSATION % number}","client_id":"{uuid.uuid4()}",'
            f'"text":"m{message} How long will it take, and is the sauce in it?"}}'
        )
        frame = f'{{"type":"command","id":"m{message}","name":"chat.send","data":{data}}}'
        sender = self._agents[number // self._per_agent] if by_agent else self._customers[number]
        sender.sendall(masked_frame(frame.encode()))

    def _receive(self, longest: float) -> None:
        for handle, _ in self._poll.poll(longest, 1024):
            number, is_agent = self._owners[handle]
            one = self._agents[number] if is_agent else self._customers[number]
            data = one.recv(_BUFFER_BYTES)
            if not data:
                raise ConnectionError(f"the server closed the socket of {'agent' if is_agent else 'customer'} {number}")
            payloads, rest = split_frames(self._tails.pop(handle, b"") + data)
            if rest:
                self._tails[handle] = rest
            for payload in payloads:
                self._take(one, number, is_agent, payload, time.perf_counter())

    def _take(self, device: socket.socket, number: int, is_agent: bool, payload: bytes, now: float) -> None:
        if b'"type":"message.sent"' in payload:
            if (b'"author":"agent"' in payload) != is_agent:  # the own words come back, too
                self._show(device, number, is_agent, payload, now)
        elif payload.startswith(b'{"type":"ok","id":"m'):
            self._seen.answered.append(now - self._unanswered.pop(_number_after(b'"id":"m', payload)))
        elif payload.startswith(b'{"type":"error","id":"m'):
            message = _number_after(b'"id":"m', payload)
            self._unanswered.pop(message)
            self._unshown.pop(message, None)
            self._seen.refused += 1
        elif b'"type":"marks.advanced"' in payload:
            self._seen.marks += 1

    def _show(self, device: socket.socket, number: int, is_agent: bool, payload: bytes, now: float) -> None:
        expected = self._unshown.pop(_number_after(b'"text":"m', payload), None)
        if expected is None:
            self._seen.twice += 1
        elif expected[1:] != (number, is_agent):
            self._seen.misdelivered += 1
        else:
            self._seen.shown.append(now - expected[0])
        topic = payload.index(b'"topic":"conversation.') + 22
        body = payload[payload.index(b'"message":') :]
        conversation, seq = payload[topic : topic + 36].decode(), _number_after(b'"seq":', body)
        data = f'{{"conversation_id":"{conversation}","read":{seq}}}'
        read = f'{{"type":"command","id":"r","name":"chat.read","data":{data}}}'
        device.sendall(masked_frame(read.encode()))

    def close(self) -> None:
        """Drop all connections."""
        for one in (*self._customers.values(), *self._agents.values()):
            one.close()
        self._poll.close()


def _number_after(name: bytes, payload: bytes) -> int:
    begin = payload.index(name) + len(name)
    end = begin
    while end < len(payload) and payload[end : end + 1].isdigit():
        end += 1
    return int(payload[begin:end])
