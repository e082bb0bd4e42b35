"""The AsyncAPI 3 document, made from what is registered: topics and their events, commands, and the kernel's frames.

`tests/app/test_asyncapi.py` validates what a running server sends against it.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from tiffin import __version__
from tiffin.realtime import AnyCommand, TopicKind
from tiffin.realtime.disconnect import ALL
from tiffin.realtime.protocol import Ack, CommandMessage, Hello, Ping, Subscribe, Unsubscribe

_CLIENT: tuple[type[BaseModel], ...] = (Hello, Subscribe, Unsubscribe, Ack, CommandMessage, Ping)
_REF = "#/components/schemas/{model}"
_REASONS = ["position", "epoch", "trimmed", "ahead", "forbidden", "unknown"]


def _object(properties: dict[str, Any], required: Sequence[str] | None = None) -> dict[str, Any]:
    needed = list(properties) if required is None else list(required)
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


def _frames() -> dict[str, Any]:
    """The kernel's own messages."""
    text, number, flag = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
    sync = {
        "topic": text,
        "ok": flag,
        "reason": {"enum": _REASONS},
        "epoch": text,
        "from": number,
        "to": number,
    }
    anything: dict[str, Any] = {}
    return {
        "SyncData": _object(sync, ["topic", "ok"]),
        "Sync": _object({"type": {"const": "sync"}, **sync}, ["type", "topic", "ok"]),
        "HeartbeatData": _object({"at": text}),
        "Heartbeat": _object({"type": {"const": "heartbeat"}, "at": text}),
        "Bye": _object(
            {
                "reason": {"enum": [reason.reason for reason in ALL]},
                "code": {"enum": [reason.code for reason in ALL]},
                "come_back": flag,
                "after_ms": number,
            }
        ),
        "ServerHello": _object({"type": {"const": "hello"}, "connection_id": text, "heartbeat_ms": number}),
        "Ok": _object({"type": {"const": "ok"}, "id": text, "data": anything}),
        "Error": _object(
            {
                "type": {"const": "error"},
                "id": {"type": ["string", "null"]},
                "code": text,
                "message": text,
                "details": {"type": "object"},
            }
        ),
    }


def _event(name: str, type_: str) -> dict[str, Any]:
    """The envelope of one event type."""
    return _object(
        {
            "topic": {"type": "string"},
            "epoch": {"type": "string"},
            "seq": {"type": "integer", "minimum": 1},
            "type": {"const": type_},
            "at": {"type": "string", "format": "date-time"},
            "data": {"$ref": _REF.format(model=name)},
        }
    )


def _latest(name: str) -> dict[str, Any]:
    """The newest value of a topic that keeps only that; `type` stands in it on a WebSocket alone."""
    properties = {
        "type": {"const": "latest"},
        "topic": {"type": "string"},
        "data": {"$ref": _REF.format(model=name)},
    }
    return _object(properties, ["topic", "data"])


def build_asyncapi(kinds: Sequence[TopicKind], commands: Sequence[AnyCommand], origin: str) -> dict[str, Any]:
    """The document of a node."""
    events = list(dict.fromkeys(event for kind in kinds for event in kind.events))
    bodies = [command.body for command in commands]
    values = [kind.value for kind in kinds if kind.value is not None]
    answers = [command.answer for command in commands if command.answer is not None]
    models = list(dict.fromkeys([*events, *values, *bodies, *answers, *_CLIENT]))
    schema_of, definitions = models_json_schema([(model, "serialization") for model in models], ref_template=_REF)
    schemas: dict[str, Any] = {**definitions.get("$defs", {}), **_frames()}
    names: dict[Any, str] = {model: schema["$ref"].rsplit("/", 1)[1] for (model, _), schema in schema_of.items()}
    messages: dict[str, Any] = {name: {"payload": {"$ref": _REF.format(model=name)}} for name in _frames()}
    for event in events:
        schemas[f"{names[event]}Event"] = _event(names[event], event.type)
        messages[event.type] = {
            "name": event.type,
            "summary": (event.__doc__ or "").strip().split("\n")[0],
            "payload": {"$ref": _REF.format(model=f"{names[event]}Event")},
        }
    for kind in kinds:
        if kind.value is not None:
            schemas[f"{names[kind.value]}Latest"] = _latest(names[kind.value])
            payload = {"$ref": _REF.format(model=f"{names[kind.value]}Latest")}
            messages[f"latest.{_channel_id(kind)}"] = {"name": "latest", "summary": kind.summary, "payload": payload}
    for model in _CLIENT:
        messages[f"client.{names[model]}"] = {"payload": {"$ref": _REF.format(model=names[model])}}
    for command in commands:
        messages[f"command.{command.name}"] = {
            "name": command.name,
            "summary": command.summary,
            "payload": {"$ref": _REF.format(model=names[command.body])},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tiffin, live",
            "version": __version__,
            "description": "Topics over SSE (/v1/events) and WebSocket (/v1/socket, subprotocol tiffin.v1). "
            "Promises and rules: docs/realtime-protocol.md.",
            "license": {"name": "Apache-2.0"},
        },
        "servers": {"node": {"host": origin.split("://")[-1], "protocol": origin.split("://")[0]}},
        "channels": _channels(kinds, commands, names),
        "operations": _operations(kinds, commands),
        "components": {"schemas": schemas, "messages": messages},
    }


def _channel_id(kind: TopicKind) -> str:
    return kind.pattern.replace("{", "").replace("}", "").replace(".", "_")


def _message(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}


def _channels(kinds: Sequence[TopicKind], commands: Sequence[AnyCommand], names: dict[Any, str]) -> dict[str, Any]:
    channels: dict[str, Any] = {
        "socket": {
            "address": "/v1/socket",
            "messages": {
                **{f"client_{names[model]}": _message(f"client.{names[model]}") for model in _CLIENT},
                **{name: _message(name) for name in ("ServerHello", "Sync", "Ok", "Error", "Heartbeat")},
                **{f"command_{c.name.replace('.', '_')}": _message(f"command.{c.name}") for c in commands},
            },
        }
    }
    for kind in kinds:
        channels[_channel_id(kind)] = {
            "address": kind.pattern,
            "summary": kind.summary,
            "messages": {
                **{event.type.replace(".", "_"): _message(event.type) for event in kind.events},
                **({"latest": _message(f"latest.{_channel_id(kind)}")} if kind.value is not None else {}),
            },
            **({"parameters": {"id": {"description": "whose"}}} if "{" in kind.pattern else {}),
        }
    return channels


def _operations(kinds: Sequence[TopicKind], commands: Sequence[AnyCommand]) -> dict[str, Any]:
    operations: dict[str, Any] = {
        f"follow_{_channel_id(kind)}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{_channel_id(kind)}"},
            "summary": kind.summary,
        }
        for kind in kinds
    }
    for command in commands:
        operations[f"command_{command.name.replace('.', '_')}"] = {
            "action": "receive",
            "channel": {"$ref": "#/channels/socket"},
            "summary": command.summary,
        }
    return operations
