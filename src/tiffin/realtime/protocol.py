"""What a client may send on the WebSocket, as decisions without I/O: text in, messages or an error out."""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tiffin.realtime.topic import MAX_TOPIC_LENGTH, Position

SUBPROTOCOL = "tiffin.v1"

TopicName = Annotated[str, Field(min_length=1, max_length=MAX_TOPIC_LENGTH)]
MessageId = Annotated[str, Field(min_length=1, max_length=100)]
Positions = Annotated[dict[TopicName, Annotated[str, Field(max_length=64)] | None], Field(max_length=1000)]

_MOST_MESSAGES = 100


class Malformed(ValueError):
    """A frame that is not of this protocol. `message_id` is the id it carried, if any."""

    def __init__(self, message: str, message_id: str | None = None) -> None:
        super().__init__(message)
        self.message_id = message_id


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hello(_Message):
    """First, within 5 s: which device this is, and where it stands in the topics it wants."""

    type: Literal["hello"]
    device_id: UUID
    device: str = Field("", max_length=100, description="what people call the device")
    topics: Positions = Field(default_factory=dict, description="topic to position, null for none")


class Subscribe(_Message):
    """Follow more topics."""

    type: Literal["subscribe"]
    id: MessageId
    topics: Positions


class Unsubscribe(_Message):
    """Stop following topics."""

    type: Literal["unsubscribe"]
    id: MessageId
    topics: list[TopicName] = Field(max_length=1000)


class Ack(_Message):
    """This device has stored every event of the topic up to `seq`."""

    type: Literal["ack"]
    topic: TopicName
    seq: int = Field(ge=0, le=2**62)


class CommandMessage(_Message):
    """Do something; answered by exactly one `ok` or `error` with the same id."""

    type: Literal["command"]
    id: MessageId
    name: str = Field(max_length=100)
    data: dict[str, Any] = Field(default_factory=dict)


class Ping(_Message):
    """Answered by `ok`."""

    type: Literal["ping"]
    id: MessageId


ClientMessage = Hello | Subscribe | Unsubscribe | Ack | CommandMessage | Ping

_ADAPTER: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])


def parse_frame(text: str) -> list[ClientMessage | Malformed]:
    """The messages in a text frame: one object, or an array of them.

    A single message that is wrong is returned as `Malformed`, so that it can be answered and the others go on.
    Raises Malformed for a frame that holds no messages at all.
    """
    try:
        parsed = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Malformed("The frame is not JSON.") from error
    messages = parsed if isinstance(parsed, list) else [parsed]
    if len(messages) > _MOST_MESSAGES:
        raise Malformed(f"At most {_MOST_MESSAGES} messages a frame.")
    return [_parse(message) for message in messages]


def _parse(message: Any) -> ClientMessage | Malformed:
    if not isinstance(message, dict):
        return Malformed("A message is a JSON object.")
    try:
        return _ADAPTER.validate_python(message)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        given = message.get("id")
        return Malformed(f"{where}: {found['msg']}", given[:100] if isinstance(given, str) else None)


def parse_positions(topics: dict[str, str | None]) -> dict[str, Position | None]:
    """Positions as the hub wants them; an unreadable one counts as none."""
    return {topic: Position.parse(text) if text else None for topic, text in topics.items()}
