"""Events: what happened, as written by features and as it travels.

`Event` is the base of the features' event types: a frozen model whose fields are the `data` on the wire.
`StoredEvent` is one that has its number. Its bytes are made once, when it is committed, and are the same for
every reader, so it may hold only what the topic's least privileged reader may see.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import orjson
from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """What happened, in the past tense. `type` is its name on the wire, such as `order.placed`.

    Set `rights = True` on events that may change who may read something: readers guarded by the topic
    are stopped until their rights have been read anew.
    """

    model_config = ConfigDict(frozen=True, ser_json_timedelta="float")

    type: ClassVar[str]
    rights: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its place in the log. `body` is the JSON text of its data."""

    topic: str
    epoch: str
    seq: int
    type: str
    at: datetime
    rights: bool
    body: str

    def encode(self) -> bytes:
        """The JSON object on the wire; `data` is last, spliced in as it was stored."""
        head = orjson.dumps(
            {"topic": self.topic, "epoch": self.epoch, "seq": self.seq, "type": self.type, "at": self.at},
            option=orjson.OPT_UTC_Z,
        )
        return b'%b,"data":%b}' % (head[:-1], self.body.encode())
