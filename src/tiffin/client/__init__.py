"""The Python SDK, beside all floors: HTTP, SSE and WebSocket with resume.

Demo, bench and end-to-end tests reach the system by it alone.

    async with Tiffin("http://127.0.0.1:8000") as tiffin:
        await tiffin.log_in("ada@example.org", "a good password")
        order = await tiffin.place_order({...})
        async with tiffin.follow_order(order["order_id"]) as events:
            async for event in events:
                print(event.type)

What holds, for `EventStream` (SSE) and `Live` (WebSocket) alike:

- An event reaches the application once: what was seen is dropped by (topic, epoch, seq).
- A position moves when the application asks for the next event, so an event whose handling failed is not forgotten.
- A lost connection comes back by itself with full jitter, on the next origin if there are several, from the positions.
- A gap is never silent: a position the server cannot serve is answered by loading a snapshot, or by `PositionLost`.

Connections go straight to the origins; proxies of the environment are not used.
"""

from tiffin.client.api import Tiffin
from tiffin.client.errors import (
    CommandError,
    ConnectionLost,
    Disconnected,
    PositionLost,
    ProblemError,
    TopicRefused,
)
from tiffin.client.live import Live
from tiffin.client.positions import Event, Positions
from tiffin.client.stream import EventStream

__all__ = [
    "CommandError",
    "ConnectionLost",
    "Disconnected",
    "Event",
    "EventStream",
    "Live",
    "PositionLost",
    "Positions",
    "ProblemError",
    "Tiffin",
    "TopicRefused",
]
