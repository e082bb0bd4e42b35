"""Reads what PostgreSQL holds at the end of a run."""

import asyncpg
import orjson
from tests.chaos.history import Logged, StoredOrder, Truth

_ORDERS = """
SELECT o.id::text, o.note, o.customer_id::text, o.restaurant_id::text, t.state AS ticket_state,
       t.answered_by::text AS answered_by,
       (SELECT array_agg(h.state ORDER BY h.step) FROM order_transition h WHERE h.order_id = o.id) AS states
  FROM customer_order o LEFT JOIN ticket t ON t.id = o.id
"""
_EVENTS = """
SELECT e.topic, cluster_epoch() || h.epoch AS epoch, e.seq, e.type, e.body
  FROM event e JOIN topic_head h USING (topic) ORDER BY e.topic, e.seq
"""
_HEADS = "SELECT topic, cluster_epoch() || epoch AS epoch, last_seq FROM topic_head"
# a timer that has fallen due this moment is nobody's fault; the relay takes it within two seconds
_WORK = "SELECT consumer FROM work WHERE due_at < now() - interval '3 seconds'"


async def read_truth(connection: "asyncpg.Connection[asyncpg.Record]") -> Truth:
    """All of it, of one moment."""
    truth = Truth()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        for row in await connection.fetch(_ORDERS):
            truth.orders[row["id"]] = StoredOrder(
                row["id"],
                row["note"],
                row["customer_id"],
                row["restaurant_id"],
                tuple(row["states"] or ()),
                row["ticket_state"],
                row["answered_by"],
            )
        for row in await connection.fetch(_EVENTS):
            logged = Logged(row["epoch"], row["seq"], row["type"], _order_of(row["body"]))
            truth.log.setdefault(row["topic"], []).append(logged)
        for row in await connection.fetch(_HEADS):
            truth.heads[row["topic"]] = (row["epoch"], row["last_seq"])
        truth.work_left = [row["consumer"] for row in await connection.fetch(_WORK)]
        truth.dead_letters = [row["consumer"] for row in await connection.fetch("SELECT consumer FROM dead_letter")]
    return truth


async def is_settled(connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
    """True if every order has ended and no work is due."""
    row = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM customer_order WHERE ended_at IS NULL) AS open,"
        "       (SELECT count(*) FROM work WHERE due_at < now()) AS due"
    )
    assert row is not None
    return bool(row["open"] == 0 and row["due"] == 0)


def _order_of(body: str) -> str:
    """The order that an event is about; its ticket has the same id."""
    data = orjson.loads(body)
    for found in (data, data.get("order"), data.get("ticket")):
        if isinstance(found, dict) and (order_id := found.get("order_id") or found.get("ticket_id")):
            return str(order_id)
    return ""
