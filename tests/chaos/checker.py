"""Compares what clients sent and saw with what the database holds. Pure: values in, findings out.

What is demanded: every acknowledged write is there and its order has ended as its staff drove it; nothing happened
twice (one order a key, one ticket an order, one winner an accept, one event an effect); each subscriber saw each topic
gapless and in order from where it stood, nothing twice, and reached the head; nobody saw what they may not. Each
finding names client, topic and numbers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tests.chaos.history import FINAL_STATES, Call, Fault, History, Logged, Outcome, Right, Seen, Stood, Truth

# how late a busy machine may hand an event to a client's application, on top of what the server promises
HANDING_SECONDS = 2.0
# how long after another fault's repair a failed call is still put down to it
_SHADOW_SECONDS = 5.0
# states that staff bring a ticket to after it was accepted, one `ticket.advanced` each
ADVANCED_STATES = ("preparing", "ready", "picked_up", "delivered")
_AT_MOST_ONCE = ("ticket.created", "ticket.received", "ticket.seen", "ticket.accepted", "ticket.rejected")


class Kind(StrEnum):
    """What is wrong."""

    LOST = "lost"
    TWICE = "twice"
    DISORDER = "disorder"
    LEAK = "leak"
    RESET = "reset"
    WRONG = "wrong"
    UNFINISHED = "unfinished"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise."""

    kind: Kind
    client: str
    topic: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.client or 'the database'}: {self.topic}: {self.text}"


@dataclass(slots=True)
class Verdict:
    """Everything that is wrong, and how much was looked at."""

    orders: int
    events: int
    faults: Counter[str]
    findings: list[Finding] = field(default_factory=list)

    def count(self, kind: Kind) -> int:
        """Findings of a kind."""
        return sum(finding.kind is kind for finding in self.findings)

    @property
    def holds(self) -> bool:
        """True if no promise was broken."""
        return not self.findings

    def __str__(self) -> str:
        faults = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        counts = ", ".join(f"{kind} {self.count(kind)}" for kind in Kind)
        head = f"{self.orders} orders, {self.events} events seen, faults: {faults or 'none'}; {counts}"
        return "\n".join([head, *map(str, self.findings)])


def check(history: History, truth: Truth) -> Verdict:
    """The verdict on a run that has settled."""
    acknowledged = {call.order_id for call in _acknowledged(history, "order.place")}
    verdict = Verdict(len(acknowledged), len(history.seen()), Counter(fault.kind for fault in history.faults))
    for checking in (_check_orders, _check_tickets, _check_effects, _check_streams, _check_rights, _check_drains):
        verdict.findings += checking(history, truth)
    verdict.findings += [
        Finding(Kind.UNFINISHED, "", "work", f"{name} is due and not done") for name in truth.work_left
    ]
    verdict.findings += [
        Finding(Kind.UNFINISHED, "", "work", f"{name} is a dead letter") for name in truth.dead_letters
    ]
    return verdict


def _acknowledged(history: History, *names: str) -> Iterator[Call]:
    return (call for call in history.calls if call.outcome is Outcome.ACKNOWLEDGED and call.name in names)


# writes


def _check_orders(history: History, truth: Truth) -> Iterator[Finding]:
    """Every acknowledged order is there and has ended; a key made one order, and no order is nobody's."""
    stored_by_key: dict[str, list[str]] = defaultdict(list)
    for order in truth.orders.values():
        stored_by_key[order.key].append(order.order_id)
    sent = {call.key for call in history.calls if call.name == "order.place"}
    for key, made in stored_by_key.items():
        if len(made) > 1:
            yield Finding(Kind.TWICE, "", f"key {key}", f"made {len(made)} orders: {', '.join(sorted(made))}")
        if key not in sent:
            yield Finding(Kind.WRONG, "", f"order.{made[0]}", f"nobody sent its key {key!r}")
    for call in history.calls:
        if call.name == "order.place":
            yield from _check_order(call, stored_by_key.get(call.key, []))
    for order in truth.orders.values():
        if order.states[-1:] and order.states[-1] not in FINAL_STATES:
            yield Finding(Kind.UNFINISHED, "", f"order.{order.order_id}", f"stands at {order.states[-1]}")


def _check_order(call: Call, made: list[str]) -> Iterator[Finding]:
    where = f"order.{call.order_id}" if call.order_id else f"key {call.key}"
    if call.outcome is Outcome.ACKNOWLEDGED and call.order_id not in made:
        yield Finding(Kind.LOST, call.client, where, f"was acknowledged for key {call.key}, the database has {made}")
    if call.outcome is Outcome.REFUSED and made:
        yield Finding(Kind.WRONG, call.client, where, f"was refused ({call.error}), the database has {made}")


def _check_tickets(history: History, truth: Truth) -> Iterator[Finding]:
    """What staff were told is so: every acknowledged step is in the history, one account won each ticket."""
    winners: dict[str, set[str]] = defaultdict(set)
    for call in _acknowledged(history, "ticket.accept", "ticket.reject", "ticket.advance"):
        order = truth.orders.get(call.order_id)
        topic = f"order.{call.order_id}"
        if order is None or call.state not in order.states:
            has = "no such order" if order is None else f"{order.states}"
            yield Finding(
                Kind.LOST, call.client, topic, f"{call.name} to {call.state} was acknowledged, there is {has}"
            )
        elif call.name != "ticket.advance":
            winners[call.order_id].add(call.account)
            if order.answered_by != call.account:
                text = f"{call.name} was acknowledged, the database says {order.answered_by} answered"
                yield Finding(Kind.WRONG, call.client, topic, text)
    for order_id, accounts in winners.items():
        if len(accounts) > 1:
            yield Finding(Kind.TWICE, ", ".join(sorted(accounts)), f"order.{order_id}", "more than one of them won")


def _check_effects(history: History, truth: Truth) -> Iterator[Finding]:
    """Each state of an order has one event on the order, one ticket was made of it, and each step is told once."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for topic, events in truth.log.items():
        for event in events:
            told[event.order_id][f"{topic.partition('.')[0]} {event.type}"] += 1
    for order in truth.orders.values():
        counts = told[order.order_id]
        expected = {f"order order.{state}": 1 for state in order.states}
        expected |= {"user order.changed": len(order.states), "restaurant ticket.created": 1}
        expected["restaurant ticket.advanced"] = sum(state in ADVANCED_STATES for state in order.states)
        expected["restaurant ticket.accepted"] = int("confirmed" in order.states)
        expected |= {name: min(1, counts[name]) for name in (f"restaurant {type_}" for type_ in _AT_MOST_ONCE[1:3])}
        if order.ticket_state is None:
            yield Finding(Kind.LOST, "", f"order.{order.order_id}", "has no ticket")
        for name in sorted(expected.keys() | {name for name in counts if name.startswith("order ")}):
            want, have = expected.get(name, 0), counts[name]
            if have != want:
                kind = Kind.TWICE if have > want else Kind.LOST
                yield Finding(kind, "", f"order.{order.order_id}", f"{name} {have} times in the log, wanted {want}")


# streams


def _check_streams(history: History, truth: Truth) -> Iterator[Finding]:
    paths: dict[tuple[str, str], list[Stood | Seen]] = defaultdict(list)
    for step in history.steps:
        paths[step.client, step.topic].append(step)
    for (client, topic), steps in paths.items():
        yield from _check_path(client, topic, steps)
        yield from _check_content(client, topic, steps, truth.log.get(topic, []))
    for client, topic in sorted(history.followed):
        yield from _check_end(client, topic, paths.get((client, topic), []), truth)


def _check_path(client: str, topic: str, steps: list[Stood | Seen]) -> Iterator[Finding]:
    """Each event follows on the one before, or on the position of a snapshot."""
    here: tuple[str, int] | None = None
    had: set[tuple[str, int]] = set()
    for step in steps:
        place = (step.epoch, step.seq)
        if isinstance(step, Stood):
            if here is not None:
                yield Finding(Kind.RESET, client, topic, f"from {_text(here)} to the snapshot at {_text(place)}")
            here = place
            continue
        if place in had:
            yield Finding(Kind.TWICE, client, topic, f"{_text(place)} ({step.type}) again")
        elif here is not None and (step.epoch, step.seq - 1) != here and not _is_first(here, step):
            ahead = step.epoch == here[0] and step.seq > here[1]
            kind = Kind.LOST if ahead else Kind.DISORDER
            yield Finding(kind, client, topic, f"{_text(place)} ({step.type}) follows on {_text(here)}")
        elif here is None:
            yield Finding(Kind.WRONG, client, topic, f"{_text(place)} came before any position")
        had.add(place)
        here = place


def _is_first(here: tuple[str, int], step: Seen) -> bool:
    """True for the first event of a topic that had never been written to, which has no epoch yet."""
    return here == ("0", 0) and step.seq == 1


def _check_content(client: str, topic: str, steps: list[Stood | Seen], log: list[Logged]) -> Iterator[Finding]:
    """What was seen is what is in the log under that number."""
    stored = {(event.epoch, event.seq): event.type for event in log}
    for step in steps:
        if isinstance(step, Seen) and stored.get((step.epoch, step.seq)) != step.type:
            there = stored.get((step.epoch, step.seq), "nothing")
            yield Finding(Kind.WRONG, client, topic, f"{step.epoch}:{step.seq} was {step.type}, the log has {there}")


def _check_end(client: str, topic: str, steps: list[Stood | Seen], truth: Truth) -> Iterator[Finding]:
    head = truth.heads.get(topic, ("0", 0))
    last = (steps[-1].epoch, steps[-1].seq) if steps else None
    if last != head:
        text = f"stopped at {_text(last) if last else 'nothing'}, the head is {_text(head)}"
        yield Finding(Kind.LOST, client, topic, text)


def _text(place: tuple[str, int]) -> str:
    return f"{place[0]}:{place[1]}"


# rights


def _check_rights(history: History, truth: Truth) -> Iterator[Finding]:
    """Nobody sees a topic without a right, nor what came too long after the right had ended."""
    rights = {(right.client, right.topic): right for right in history.rights}
    for step in history.steps:
        right = rights.get((step.client, step.topic))
        where = f"{step.epoch}:{step.seq}" + (f" ({step.type})" if isinstance(step, Seen) else " (snapshot)")
        if right is None:
            yield Finding(Kind.LEAK, step.client, step.topic, f"{where} was seen without a right")
        elif (late := _late_seconds(right, step)) > 0:
            text = f"{where} was seen {late:.2f} s too long after the right had ended (limit {right.limit_seconds} s)"
            yield Finding(Kind.LEAK, step.client, step.topic, text)


def _late_seconds(right: Right, step: Stood | Seen) -> float:
    """Seconds by which a step came too late; 0 or less if it was in time."""
    if right.ended_at is None:
        return 0.0
    late = step.at - right.ended_at - right.limit_seconds - HANDING_SECONDS
    if isinstance(step, Seen) and right.ended_wall is not None:
        late = max(late, step.committed_at - right.ended_wall - right.limit_seconds)
    return late


# errors


def _check_drains(history: History, truth: Truth) -> Iterator[Finding]:
    """While a node drains and nothing else is wrong, no call fails."""
    drains = [fault for fault in history.faults if fault.kind == "drain"]
    others = [fault for fault in history.faults if fault.kind != "drain"]
    for call in history.calls:
        if call.outcome is not Outcome.UNKNOWN or any(_overlap(call, other, _SHADOW_SECONDS) for other in others):
            continue
        if any(_overlap(call, drain) for drain in drains):
            yield Finding(Kind.ERROR, call.client, call.name, f"failed during a drain: {call.error}")


def _overlap(call: Call, fault: Fault, shadow_seconds: float = 0.0) -> bool:
    """True if a call ran while the fault lasted, or up to `shadow_seconds` after it was repaired."""
    return call.invoked_at <= fault.ended_at + shadow_seconds and fault.began_at <= call.ended_at
