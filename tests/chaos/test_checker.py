"""The checker finds what is planted, names it, and accepts a clean run."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chaos.checker import Finding, Kind, check
from tests.chaos.history import (
    Call,
    Fault,
    History,
    Logged,
    Outcome,
    Right,
    Seen,
    Stood,
    StoredOrder,
    Truth,
    decode_step,
    encode_step,
)

_STATES = ("placed", "confirmed", "preparing", "ready", "picked_up", "delivered")
_BOARD = ("ticket.created", "ticket.received", "ticket.accepted", *["ticket.advanced"] * 4)
_RESTAURANT = "restaurant.1"


def _clean(orders: int = 3) -> tuple[History, Truth]:
    """A run in which everything went well: `orders` orders of one restaurant, two devices, each order's customer."""
    history, truth = History(), Truth()
    numbers = [str(number) for number in range(orders)]
    truth.log = {_RESTAURANT: [], "user.c": []}
    for number in numbers:
        _live_through(number, history, truth)
    truth.heads = {topic: (log[-1].epoch, log[-1].seq) if log else ("0", 0) for topic, log in truth.log.items()}
    for number in numbers:
        _follow(history, truth, "customer", f"order.{number}", begin=1)
    for device in ("till", "phone"):
        _follow(history, truth, device, _RESTAURANT, begin=0)
    return history, truth


def _live_through(number: str, history: History, truth: Truth) -> None:
    """One order from the basket to the door."""
    board, user = truth.log[_RESTAURANT], truth.log["user.c"]
    truth.log[f"order.{number}"] = [Logged("e", seq, f"order.{to}", number) for seq, to in enumerate(_STATES, 1)]
    board += [Logged("e", len(board) + seq, type_, number) for seq, type_ in enumerate(_BOARD, 1)]
    user += [Logged("e", len(user) + seq, "order.changed", number) for seq in range(1, len(_STATES) + 1)]
    truth.orders[number] = StoredOrder(number, f"key-{number}", "c", "1", _STATES, "delivered", "staff")
    history.calls.append(_call("customer", "order.place", number, "placed"))
    history.calls.append(_call("till", "ticket.accept", number, "confirmed"))
    history.calls += [_call("till", "ticket.advance", number, state) for state in _STATES[2:]]


def _call(client: str, name: str, order_id: str, state: str) -> Call:
    account = "c" if client == "customer" else "staff"
    key = f"key-{order_id}" if name == "order.place" else ""
    return Call(client, account, name, key, order_id, state, 1.0, 2.0, Outcome.ACKNOWLEDGED)


def _follow(history: History, truth: Truth, client: str, topic: str, *, begin: int) -> None:
    """Somebody who was there all the time, from position `begin` on."""
    history.followed.add((client, topic))
    history.rights.append(Right(client, topic))
    history.steps.append(Stood(client, topic, "e", begin, 0.0))
    history.steps += [
        Seen(client, topic, event.epoch, event.seq, event.type, 100.0, 5.0)
        for event in truth.log[topic]
        if event.seq > begin
    ]


def _index(history: History, client: str, topic: str, seq: int) -> int:
    return next(
        index
        for index, step in enumerate(history.steps)
        if isinstance(step, Seen) and (step.client, step.topic, step.seq) == (client, topic, seq)
    )


def _only(history: History, truth: Truth) -> Finding:
    findings = check(history, truth).findings
    assert len(findings) == 1, [str(finding) for finding in findings]
    return findings[0]


def test_a_clean_run_is_accepted() -> None:
    history, truth = _clean()
    verdict = check(history, truth)
    assert verdict.holds, str(verdict)
    assert (verdict.orders, verdict.events) == (3, 3 * 5 + 2 * 3 * 7)


def test_a_lost_event_is_found() -> None:
    history, truth = _clean()
    del history.steps[_index(history, "till", _RESTAURANT, 4)]
    found = _only(history, truth)
    assert (found.kind, found.client, found.topic) == (Kind.LOST, "till", _RESTAURANT)
    assert "e:5" in found.text
    assert "e:3" in found.text


def test_the_lost_last_event_of_a_burst_is_found() -> None:
    history, truth = _clean()
    del history.steps[_index(history, "phone", _RESTAURANT, 21)]
    found = _only(history, truth)
    assert (found.kind, found.client) == (Kind.LOST, "phone")
    assert "e:20" in found.text
    assert "e:21" in found.text


def test_an_event_that_comes_twice_is_found() -> None:
    history, truth = _clean()
    index = _index(history, "till", _RESTAURANT, 4)
    history.steps.insert(index, history.steps[index])
    assert (_only(history, truth).kind, _only(history, truth).client) == (Kind.TWICE, "till")


def test_events_in_the_wrong_order_are_found() -> None:
    history, truth = _clean()
    one, next_one = (_index(history, "till", _RESTAURANT, seq) for seq in (4, 5))
    history.steps[one], history.steps[next_one] = history.steps[next_one], history.steps[one]
    findings = check(history, truth).findings
    assert Kind.DISORDER in {finding.kind for finding in findings}
    assert {finding.client for finding in findings} == {"till"}


def test_a_position_lost_without_need_is_found() -> None:
    history, truth = _clean()
    index = _index(history, "till", _RESTAURANT, 4)
    history.steps.insert(index, Stood("till", _RESTAURANT, "e", 3, 5.0))
    assert _only(history, truth).kind is Kind.RESET


def test_an_event_that_is_not_in_the_log_is_found() -> None:
    history, truth = _clean()
    index = _index(history, "till", _RESTAURANT, 4)
    step = history.steps[index]
    assert isinstance(step, Seen)
    history.steps[index] = replace(step, type="ticket.expired")
    assert _only(history, truth).kind is Kind.WRONG


def test_a_lost_order_is_found() -> None:
    history, truth = _clean()
    history.calls.append(_call("customer", "order.place", "never stored", "placed"))
    found = _only(history, truth)
    assert (found.kind, found.client, found.topic) == (Kind.LOST, "customer", "order.never stored")


def test_a_lost_step_is_found() -> None:
    history, truth = _clean(orders=1)
    states = (*_STATES[:-1], "cancelled")
    truth.orders["0"] = replace(truth.orders["0"], states=states)
    kinds = {(finding.kind, finding.client) for finding in check(history, truth).findings}
    assert (Kind.LOST, "till") in kinds


def test_a_key_that_made_two_orders_is_found() -> None:
    history, truth = _clean()
    truth.orders["1"] = replace(truth.orders["1"], key="key-0")
    kinds = {(finding.kind, finding.topic) for finding in check(history, truth).findings}
    assert (Kind.TWICE, "key key-0") in kinds


def test_two_tickets_of_one_order_are_found() -> None:
    history, truth = _clean()
    log = truth.log[_RESTAURANT]
    log.append(Logged("e", len(log) + 1, "ticket.created", "2"))
    history.followed.clear()
    found = _only(history, truth)
    assert (found.kind, found.topic) == (Kind.TWICE, "order.2")


def test_two_winners_of_one_ticket_are_found() -> None:
    history, truth = _clean()
    history.calls.append(replace(_call("phone", "ticket.accept", "1", "confirmed"), account="another"))
    kinds = {finding.kind for finding in check(history, truth).findings}
    assert kinds == {Kind.TWICE, Kind.WRONG}


def test_a_refused_order_that_was_made_is_found() -> None:
    history, truth = _clean()
    history.calls[0] = replace(history.calls[0], outcome=Outcome.REFUSED, error="price_changed", order_id="")
    assert _only(history, truth).kind is Kind.WRONG


def test_an_order_of_unknown_outcome_may_be_there_or_not() -> None:
    history, truth = _clean()
    history.calls[0] = replace(history.calls[0], outcome=Outcome.UNKNOWN, order_id="")
    history.calls.append(replace(history.calls[0], key="another"))
    assert check(history, truth).holds


def test_an_order_that_nobody_brought_to_its_end_is_found() -> None:
    history, truth = _clean(orders=1)
    truth.orders["0"] = replace(truth.orders["0"], states=_STATES[:1])
    kinds = {finding.kind for finding in check(history, truth).findings}
    assert Kind.UNFINISHED in kinds


def test_a_topic_without_a_right_is_found() -> None:
    history, truth = _clean()
    history.steps.append(Stood("stranger", "order.1", "e", 3, 1.0))
    found = _only(history, truth)
    assert (found.kind, found.client, found.topic) == (Kind.LEAK, "stranger", "order.1")


@pytest.mark.parametrize(
    ("committed_at", "at", "leaks"),
    [
        (100.9, 10.9, False),  # within the second it may take
        (101.2, 11.2, True),  # written after that and delivered all the same
        (99.0, 12.9, False),  # old, and handed on late by a busy client
        (99.0, 13.1, True),  # old, but nobody may be that late
    ],
)
def test_what_comes_after_a_right_ended_is_found(committed_at: float, at: float, leaks: bool) -> None:
    history, truth = _clean()
    right = next(right for right in history.rights if right.client == "till")
    history.rights[history.rights.index(right)] = replace(right, ended_at=10.0, ended_wall=100.0)
    index = _index(history, "till", _RESTAURANT, 21)
    last = history.steps[index]
    assert isinstance(last, Seen)
    history.steps[index] = replace(last, committed_at=committed_at, at=at)
    assert {finding.kind for finding in check(history, truth).findings} == ({Kind.LEAK} if leaks else set())


def test_a_call_that_fails_during_a_drain_is_found() -> None:
    history, truth = _clean()
    history.calls.append(replace(history.calls[0], outcome=Outcome.UNKNOWN, error="503", ended_at=20.0))
    history.faults.append(Fault("drain", "web-1", 15.0, 16.0))
    assert _only(history, truth).kind is Kind.ERROR
    history.faults.append(Fault("kill_postgres", "", 17.0, 18.0))
    assert check(history, truth).holds


def test_work_that_is_left_is_found() -> None:
    history, truth = _clean()
    truth.work_left = ["kitchen.order_placed"]
    assert _only(history, truth).kind is Kind.UNFINISHED


_Break = Callable[[list[Stood | Seen], int], None]


def _drop(steps: list[Stood | Seen], index: int) -> None:
    del steps[index]


def _repeat(steps: list[Stood | Seen], index: int) -> None:
    steps.append(steps[index])


def _swap(steps: list[Stood | Seen], index: int) -> None:
    other = index - 1 if index + 1 == len(steps) else index + 1
    steps[index], steps[other] = steps[other], steps[index]


@given(
    orders=st.integers(1, 4),
    client=st.sampled_from(["till", "phone"]),
    at=st.floats(0, 1, exclude_max=True),
    damage=st.sampled_from([_drop, _repeat, _swap]),
)
def test_no_damage_to_a_stream_goes_unseen(orders: int, client: str, at: float, damage: _Break) -> None:
    history, truth = _clean(orders)
    own = [step for step in history.steps if step.client == client]
    others = [step for step in history.steps if step.client != client]
    damage(own, int(at * len(own)))
    history.steps = [*others, *own]
    assert not check(history, truth).holds


@given(st.randoms(use_true_random=False))
def test_the_interleaving_of_clients_does_not_matter(chance: random.Random) -> None:
    history, truth = _clean(2)
    queues = [
        [step for step in history.steps if (step.client, step.topic) == path] for path in sorted(history.followed)
    ]
    mixed: list[Stood | Seen] = []
    while any(queues):
        mixed.append(chance.choice([queue for queue in queues if queue]).pop(0))
    history.steps = mixed
    assert check(history, truth).holds


def test_steps_go_over_a_pipe_unchanged() -> None:
    for step in (Stood("a", "t", "e", 1, 2.5), Seen("a", "t", "e", 2, "x", 1.5, 2.5)):
        assert decode_step(encode_step(step)) == step
