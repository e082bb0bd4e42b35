"""The rules of conversations and of the desk, in any order of events. No database, no clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from tiffin.base.ids import new_id
from tiffin.features.support.desk import Agent, hand_out
from tiffin.features.support.domain import Conversation, ConversationState, Marks, Side
from tiffin.features.support.errors import ConversationResolved, NotAssigned, NotResolved

_START = datetime(2026, 6, 1, tzinfo=UTC)


def conversation(place: int, customer_id: UUID | None = None) -> Conversation:
    """One that waits."""
    return Conversation(
        id=new_id(),
        client_id=new_id(),
        customer_id=customer_id or new_id(),
        customer_name="Kaisa",
        order_id=None,
        order_number=None,
        restaurant_name=None,
        state=ConversationState.WAITING,
        place=place,
        agent_id=None,
        agent_name=None,
        declined_by=None,
        last_seq=0,
        customer=Marks(),
        agent=Marks(),
        opened_at=_START,
        waiting_since=_START,
        resolved_at=None,
        rating=None,
        rating_comment=None,
    )


def agent(load: int = 0, capacity: int = 3, *, available: bool = True, connected: bool = True) -> Agent:
    """One at work."""
    return Agent(new_id(), "Aino", available, capacity, connected, load, None)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))), st.integers(0, 30))
def test_marks_only_grow_and_never_pass_the_last_message(steps: list[tuple[int, int]], last_seq: int) -> None:
    marks = Marks()
    for delivered, read in steps:
        after = marks.advance(delivered, read, last_seq)
        assert after.delivered >= marks.delivered
        assert after.read >= marks.read
        assert after.read <= after.delivered <= last_seq
        assert after.read >= min(read, last_seq)
        marks = after


def test_first_come_is_served_first_by_who_has_the_fewest() -> None:
    busy, idle, idler = agent(load=1), agent(), replace(agent(), last_assigned_at=_START)
    waiting = [conversation(place) for place in range(9)]
    given = hand_out(waiting, [busy, idler, idle], _START + timedelta(seconds=1))
    assert [one.place for one, _ in given] == list(range(8)), "three, three and two"
    # the one who was never given any, then the one who waited longest; with one each, again by who waited longest
    assert [taker.account_id for _, taker in given[:3]] == [idle.account_id, idler.account_id, busy.account_id]


def test_who_is_away_or_absent_or_full_gets_nothing() -> None:
    agents = [agent(available=False), agent(connected=False), agent(load=3), agent(load=9)]
    assert hand_out([conversation(1)], agents, _START) == []


def test_nobody_gets_their_own_or_what_they_gave_back_and_that_holds_up_nobody() -> None:
    only = agent()
    own = conversation(1, only.account_id)
    declined = replace(conversation(2), declined_by=only.account_id)
    other = conversation(3)
    assert [one.id for one, _ in hand_out([own, declined, other], [only], _START)] == [other.id]


def test_customers_are_told_an_agents_first_name() -> None:
    assert conversation(1).assign(new_id(), "Aino Virtanen").agent_name == "Aino"


def test_what_is_resolved_stays_so_until_it_is_reopened() -> None:
    done = conversation(1).assign(new_id(), "Aino").resolve(_START)
    with pytest.raises(ConversationResolved):
        done.resolve(_START)
    with pytest.raises(ConversationResolved):
        done.assign(new_id(), "Mikko")
    with pytest.raises(NotAssigned):
        done.release(_START)
    rated = done.rate(5, "Thank you")
    again = rated.reopen(7, _START)
    assert (again.state, again.place, again.rating) == (ConversationState.WAITING, 7, None)
    with pytest.raises(NotResolved):
        again.rate(1, "")


class Desk(RuleBasedStateMachine):
    """Agents come, go and change their minds; conversations are opened, handed over, resolved and reopened."""

    conversations: Bundle[UUID] = Bundle("conversations")
    agents: Bundle[UUID] = Bundle("agents")

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[UUID, Conversation] = {}
        self.staff: dict[UUID, Agent] = {}
        self.places = 0
        self.now = _START

    def _next_place(self) -> int:
        self.places += 1
        return self.places

    def _with_loads(self) -> list[Agent]:
        held = [one.agent_id for one in self.known.values()]
        return [replace(one, load=held.count(one.account_id)) for one in self.staff.values()]

    def _line(self) -> list[Conversation]:
        waiting = [one for one in self.known.values() if one.state is ConversationState.WAITING]
        return sorted(waiting, key=lambda one: one.place)

    def _hand_out(self) -> None:
        self.now += timedelta(seconds=1)
        line = self._line()
        for after, taker in hand_out(line, self._with_loads(), self.now):
            before = self.known[after.id]
            assert before.place == after.place, "an assignment keeps the place"
            assert taker.load <= taker.capacity
            for earlier in line:
                if earlier.place < after.place and self.known[earlier.id].state is ConversationState.WAITING:
                    assert not taker_could_take(taker, earlier), "somebody was passed over"
            self.known[after.id] = after
            self.staff[taker.account_id] = replace(
                self.staff[taker.account_id], last_assigned_at=taker.last_assigned_at
            )

    @rule(target=agents, capacity=st.integers(1, 3))
    def comes(self, capacity: int) -> UUID:
        new = agent(capacity=capacity)
        self.staff[new.account_id] = new
        self._hand_out()
        return new.account_id

    @rule(who=agents, available=st.booleans(), connected=st.booleans(), capacity=st.integers(1, 3))
    def changes(self, who: UUID, available: bool, connected: bool, capacity: int) -> None:
        self.staff[who] = replace(self.staff[who], available=available, connected=connected, capacity=capacity)
        self._hand_out()

    @rule(target=conversations)
    def opens(self) -> UUID:
        new = conversation(self._next_place())
        self.known[new.id] = new
        self._hand_out()
        return new.id

    @rule(who=agents)
    def is_gone(self, who: UUID) -> None:
        self.staff[who] = replace(self.staff[who], connected=False)
        for one in list(self.known.values()):
            if one.agent_id == who:
                self.known[one.id] = one.release(self.now)
                assert self.known[one.id].place == one.place, "back to the same place"
        self._hand_out()

    @rule(which=conversations, to=agents)
    def is_handed_over(self, which: UUID, to: UUID) -> None:
        before = self.known[which]
        taker = next(one for one in self._with_loads() if one.account_id == to)
        if before.state is ConversationState.ASSIGNED and taker.may_take(before) and before.agent_id != to:
            self.known[which] = before.assign(to, taker.name)
            self._hand_out()

    @rule(which=conversations)
    def is_given_back(self, which: UUID) -> None:
        before = self.known[which]
        if before.state is ConversationState.ASSIGNED:
            self.known[which] = before.release(self.now, declined=True)
            self._hand_out()
            assert self.known[which].agent_id != before.agent_id

    @rule(which=conversations, side=st.sampled_from(Side), delivered=st.integers(0, 9), read=st.integers(0, 9))
    def is_marked(self, which: UUID, side: Side, delivered: int, read: int) -> None:
        before = self.known[which]
        after = before.advance_marks(side, delivered, read)
        assert (after.agent if side is Side.CUSTOMER else after.customer) == (
            before.agent if side is Side.CUSTOMER else before.customer
        )
        self.known[which] = after

    @rule(which=conversations)
    def is_said_in(self, which: UUID) -> None:
        before = self.known[which]
        after = before.take_number()
        assert after.last_seq == before.last_seq + 1
        self.known[which] = after

    @rule(which=conversations)
    def is_resolved(self, which: UUID) -> None:
        if self.known[which].state is not ConversationState.RESOLVED:
            self.known[which] = self.known[which].resolve(self.now)
            self._hand_out()

    @rule(which=conversations)
    def is_reopened(self, which: UUID) -> None:
        if self.known[which].state is ConversationState.RESOLVED:
            last = max((one.place for one in self._line()), default=0)
            self.known[which] = self.known[which].reopen(self._next_place(), self.now)
            assert self.known[which].place > last, "to the end"
            self._hand_out()

    @rule(who=consumes(agents))
    def leaves_for_good(self, who: UUID) -> None:
        self.is_gone(who)
        del self.staff[who]

    @invariant()
    def nobody_waits_while_somebody_has_room(self) -> None:
        for one in self._line():
            assert not any(taker.may_take(one) for taker in self._with_loads())

    @invariant()
    def each_has_one_agent_or_none_and_sound_marks(self) -> None:
        for one in self.known.values():
            assert (one.state is ConversationState.ASSIGNED) == (one.agent_id is not None)
            for marks in (one.customer, one.agent):
                assert marks.read <= marks.delivered <= one.last_seq

    @invariant()
    def places_are_of_one_conversation_each(self) -> None:
        places = [one.place for one in self._line()]
        assert len(set(places)) == len(places)


def taker_could_take(taker: Agent, one: Conversation) -> bool:
    """As it was right before its load grew."""
    return replace(taker, load=taker.load - 1).may_take(one)


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
