"""The load of a benchmark, as a process of its own on a core of its own: `python -m tiffin.bench.load`.

It holds thousands of connections by bare non-blocking sockets and one epoll, and looks at no more of what arrives than
it must, so that it costs less than the server. One JSON object a line comes on stdin (`do` names what to do), one goes
back on stdout. Times are of `time.perf_counter`, which on Linux is one clock for all processes.
"""

import sys
from collections.abc import Callable
from typing import Any

import orjson

from tiffin.bench.load_messages import Messages
from tiffin.bench.load_reports import Reports, open_reports
from tiffin.bench.load_requests import ask
from tiffin.bench.load_returning import Returning
from tiffin.bench.load_streams import Streams

Json = dict[str, Any]


class Load:
    """What this process holds between two lines."""

    def __init__(self) -> None:
        self._groups: dict[str, Streams] = {}
        self._returning: Returning | None = None
        self._reports: Reports | None = None
        self._messages: Messages | None = None
        self.known: dict[str, Callable[[Json], Json]] = {
            "open": self._open,
            "more": self._more,
            "publish": self._publish,
            "ask": lambda job: ask(**job),
            "relay": self._relay,
            "join": lambda job: self._relayed().open(**job),
            "report": lambda job: self._relayed().report(**job),
            "chat": self._chat,
            "chat_join": lambda job: self._chatting().open(**job),
            "talk": lambda job: self._chatting().talk(**job),
            "settle_in": self._settle_in,
            "return": lambda job: self._gone().come_back(**job),
            "catch_up": lambda job: self._gone().catch_up(**job),
        }

    def do(self, job: Json) -> Json:
        """Do one job. What goes wrong is told, not raised."""
        try:
            return self.known[job.pop("do")](job)
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def _open(self, job: Json) -> Json:
        streams = self._groups[job.pop("group")] = Streams(tuple(job.pop("address")), job.pop("ends").encode())
        return streams.open(**job)

    def _more(self, job: Json) -> Json:
        return self._groups[job.pop("group")].open(**{key: job[key] for key in job if key not in ("address", "ends")})

    def _publish(self, job: Json) -> Json:
        return self._groups[job.pop("group")].publish(**job)

    def _relay(self, job: Json) -> Json:
        self._reports = open_reports(**job)
        return {}

    def _relayed(self) -> Reports:
        assert self._reports is not None
        return self._reports

    def _chat(self, job: Json) -> Json:
        self._messages = Messages((job["address"][0], job["address"][1]), job["per_agent"])
        return {}

    def _chatting(self) -> Messages:
        assert self._messages is not None
        return self._messages

    def _settle_in(self, job: Json) -> Json:
        self._returning = Returning(**job)
        return self._returning.settle_in()

    def _gone(self) -> Returning:
        assert self._returning is not None
        return self._returning


def main() -> None:
    """Serve until stdin ends."""
    load = Load()
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(orjson.dumps(load.do(orjson.loads(line))) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
