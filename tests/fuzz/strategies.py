"""What hostile and broken clients send."""

import json
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from tests.app.town import Town
from tests.realtime.harness import masked_frame

COMMANDS = ("ticket.acknowledge", "ticket.accept", "ticket.reject", "ticket.advance", "no.such", "")
_POSITIONS = ("0:0", "x:1", "x:99999999999999999999", "-", ":", "", "a:b", "\u0000:1")

any_text = st.text(max_size=40) | st.sampled_from(["", "\u0000", "\ud800", "a" * 5000, "order.1", "../..", "💥"])
any_number = st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from([0, -1, 2**63, 1e308])
any_json = st.recursive(
    st.none() | st.booleans() | any_number | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=8,
)


def topics_of(town: Town) -> st.SearchStrategy[str]:
    """Topics that there are, that somebody else may read, and nonsense."""
    real = [
        f"menu.{town.ids['restaurant_id']}",
        f"restaurant.{town.ids['restaurant_id']}",
        f"presence.{town.ids['restaurant_id']}",
        f"order.{town.ids['order_id']}",
        f"user.{town.accounts['customer']}",
        "alerts.operations",
        f"order.{UUID(int=7)}",
    ]
    return st.sampled_from(real) | any_text


def messages_of(town: Town) -> st.SearchStrategy[Any]:
    """Messages of the protocol with every kind of value, and JSON that is none of its messages."""
    topic = topics_of(town)
    positions = st.dictionaries(topic, st.none() | st.sampled_from(_POSITIONS) | any_json, max_size=5)
    identifier = st.text(min_size=1, max_size=8) | any_json
    data = st.fixed_dictionaries(
        {},
        optional={
            "ticket_id": st.just(town.ids["ticket_id"]) | any_json,
            "state": st.sampled_from(["received", "seen"]) | any_json,
            "minutes": st.integers(-1, 300) | any_json,
            "reason": st.sampled_from(["too_busy", "other"]) | any_json,
            "to": st.sampled_from(["preparing", "ready", "picked_up", "delivered"]) | any_json,
            "more": any_json,
        },
    )
    shapes = (
        {"type": st.just("hello"), "device_id": st.uuids().map(str) | any_json, "topics": positions},
        {"type": st.just("subscribe"), "id": identifier, "topics": positions},
        {"type": st.just("unsubscribe"), "id": identifier, "topics": st.lists(topic, max_size=5) | any_json},
        {"type": st.just("ack"), "topic": topic, "seq": st.integers(0, 50) | any_json},
        {"type": st.just("command"), "id": identifier, "name": st.sampled_from(COMMANDS), "data": data | any_json},
        {"type": st.just("ping"), "id": identifier},
    )
    return st.one_of(*(st.fixed_dictionaries(shape) for shape in shapes), any_json)


def as_text(message: Any) -> bytes:
    """JSON as careless programs write it: NaN, infinities and lone surrogates among it."""
    return json.dumps(message).encode()


frames = st.builds(
    masked_frame,
    st.binary(max_size=200) | any_json.map(as_text),
    st.integers(0, 15),
)


@st.composite
def broken_bytes(draw: st.DrawFn) -> bytes:
    """A few frames, then some bits turned, pieces cut out, or garbage."""
    raw = bytearray(b"".join(draw(st.lists(frames, min_size=1, max_size=4))))
    for _ in range(draw(st.integers(0, 4))):
        raw[draw(st.integers(0, len(raw) - 1))] ^= 1 << draw(st.integers(0, 7))
    end = draw(st.integers(1, len(raw)))
    return bytes(raw[:end]) + draw(st.binary(max_size=20))
