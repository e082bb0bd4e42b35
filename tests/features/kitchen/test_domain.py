"""Tickets and orders walk together: what a board shows of an order is what its customer reads."""

from tiffin.features.kitchen.domain import ADVANCES, ENDED, TicketState
from tiffin.features.orders import Actor, OrderState
from tiffin.features.orders.domain import FINAL_STATES, TRANSITIONS, may_change


def test_states_after_acceptance_are_named_like_the_orders() -> None:
    assert all(order.value == ticket.value for order, ticket in ADVANCES.items())


def test_a_ticket_ends_where_its_order_does() -> None:
    assert {state.value for state in ENDED} == {state.value for state in FINAL_STATES}
    assert TicketState.NEW not in ENDED
    assert TicketState.ACCEPTED not in ENDED


def test_staff_may_bring_an_accepted_order_to_its_end_alone() -> None:
    """Until couriers exist, nobody else does."""
    reached = {OrderState.CONFIRMED}
    while True:
        further = {to for (state, to) in TRANSITIONS if state in reached and may_change(state, to, Actor.RESTAURANT)}
        if further <= reached:
            break
        reached |= further
    assert set(ADVANCES) <= reached
