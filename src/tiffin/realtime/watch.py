"""A watch is told when rights may have changed on a topic, without reading its events.

The session cache uses it: a cached session is good only while the node follows its account's topic and the node's
head check is fresh.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiffin.realtime.live_topic import LiveTopic


class Watch:
    """One watched topic. `changed` is called in the turn in which the node learns of it."""

    __slots__ = ("changed", "topic")

    def __init__(self, topic: "LiveTopic", changed: Callable[[], None]) -> None:
        self.topic = topic
        self.changed = changed
