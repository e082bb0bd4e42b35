"""What is said and marked, in any order and any grouping: numbered without a gap, never twice, never back."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.features.support.test_rules import conversation

from tiffin.base.errors import TiffinError
from tiffin.base.ids import new_id
from tiffin.base.principal import Principal, Role
from tiffin.features.support.domain import Conversation, Message
from tiffin.features.support.errors import ClientIdTaken
from tiffin.features.support.group import Group, Mark, Say

_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_PEOPLE = {
    name: Principal(new_id(), new_id(), frozenset({Role.AGENT} if "agent" in name else ()), name=name)
    for name in ("customer", "agent", "other agent", "stranger")
}
# few, so that some are used again
_CLIENT_IDS = [new_id() for _ in range(6)]
_people = st.sampled_from(sorted(_PEOPLE))
_says = st.tuples(st.just("say"), _people, st.integers(0, 1), st.sampled_from(_CLIENT_IDS))
_marks = st.tuples(st.just("mark"), _people, st.integers(0, 1), st.tuples(st.integers(0, 20), st.integers(0, 20)))


class Talk(RuleBasedStateMachine):
    """Two conversations and everything that is committed in them."""

    def __init__(self) -> None:
        super().__init__()
        agent = _PEOPLE["agent"]
        waiting = [conversation(place, _PEOPLE["customer"].account_id) for place in (1, 2)]
        self.ids = [one.id for one in waiting]
        self.stored: dict[UUID, Conversation] = {one.id: one.assign(agent.account_id, agent.name) for one in waiting}
        self.messages: list[Message] = []

    @rule(changes=st.lists(_says | _marks, max_size=8))
    def group_is_committed(self, changes: list[tuple[str, str, int, object]]) -> None:
        before = dict(self.stored)
        used = {change[3] for change in changes}
        group = Group(_NOW, self.stored.values(), [one for one in self.messages if one.client_id in used])
        for kind, name, number, what in changes:
            person = _PEOPLE[name]
            if kind == "mark":
                assert isinstance(what, tuple)
                assert group.take(Mark(self.ids[number], person.account_id, *what)) is None
                continue
            assert isinstance(what, UUID)
            self._say(group, person, self.ids[number], what)
        self.messages += group.said
        self.stored = group.after
        assert {one.id for one in group.changed()} == {key for key in before if before[key] != group.after[key]}

    def _say(self, group: Group, person: Principal, conversation_id: UUID, client_id: UUID) -> None:
        said_before = [
            one
            for one in (*self.messages, *group.said)
            if (one.conversation_id, one.client_id) == (conversation_id, client_id)
        ]
        try:
            message = group.take(Say(conversation_id, person, client_id, person.name, ()))
        except ClientIdTaken:
            assert said_before
            assert said_before[0].author_id != person.account_id
        except TiffinError:
            assert person.name in ("other agent", "stranger")
        else:
            assert message is not None
            assert person.name in ("customer", "agent")
            assert message.author_id == person.account_id
            if said_before:
                assert message == said_before[0], "sent again, it is the same message"

    @invariant()
    def numbers_are_dense_and_nothing_is_there_twice(self) -> None:
        for conversation_id, one in self.stored.items():
            own = [message for message in self.messages if message.conversation_id == conversation_id]
            assert [message.seq for message in own] == list(range(1, one.last_seq + 1))
            assert len({message.client_id for message in own}) == len(own)
            for marks in (one.customer, one.agent):
                assert 0 <= marks.read <= marks.delivered <= one.last_seq


TestTalk = Talk.TestCase
TestTalk.settings = settings(max_examples=80, stateful_step_count=15, deadline=None)
