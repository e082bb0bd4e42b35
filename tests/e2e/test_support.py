"""200 customers, 20 agents, two nodes, one killed: what is said is said once, to both, in one order, in line."""

import asyncio
import contextlib
import random
import signal
from collections.abc import AsyncIterator
from itertools import pairwise
from uuid import uuid4

import asyncpg
import orjson
import pytest
from tests.e2e.cluster import Cluster
from tests.e2e.people import move_in
from tests.waiting import eventually

from tiffin.client import Event, Live, Tiffin
from tiffin.client.http import Json

_CUSTOMERS, _AGENTS, _CAPACITY = 200, 20, 5
_QUESTIONS = 3
# of everything, on a machine that is busy with other tests
_PATIENCE_SECONDS = 90.0


class Chats:
    """A person's device: keeps of every conversation what it was given, by number."""

    def __init__(self, tiffin: Tiffin) -> None:
        self.tiffin = tiffin
        self.heard: dict[str, dict[int, Json]] = {}
        # client ids of what was acknowledged, by conversation
        self.said: dict[str, list[str]] = {}
        self.live: Live = tiffin.live({}, device="e2e", snapshot=self.load)

    async def load(self, topic: str) -> str:
        """A conversation as it stands, from its beginning."""
        conversation_id = topic.partition(".")[2]
        snapshot = await self.tiffin.get_conversation(conversation_id)
        for message in snapshot["messages"]:
            self.hear(conversation_id, message)
        return str(snapshot["position"])

    def hear(self, conversation_id: str, message: Json) -> bool:
        """Take a message. False if it was known; a number never means two things."""
        heard = self.heard.setdefault(conversation_id, {})
        known = heard.setdefault(message["seq"], message)
        assert known == message
        return known is message

    async def say(self, conversation_id: str, text: str) -> None:
        """Say something, again and again until it is acknowledged."""
        client_id = str(uuid4())
        body = {"conversation_id": conversation_id, "client_id": client_id, "text": text}
        await self.live.command("chat.send", body, idempotent=True, timeout=_PATIENCE_SECONDS)
        self.said.setdefault(conversation_id, []).append(client_id)


class Customer(Chats):
    """Asks, and asks again after each answer."""

    conversation_id = ""

    async def talk(self) -> None:
        """Until every question was answered and the agent says it is done."""
        client_id = str(uuid4())
        opened = await self.tiffin.open_conversation("Question 1", client_id=client_id)
        self.conversation_id = opened["conversation"]["conversation_id"]
        self.said[self.conversation_id] = [client_id]
        await self.live.subscribe({f"conversation.{self.conversation_id}": None}, timeout=_PATIENCE_SECONDS)
        async with asyncio.TaskGroup() as both:
            both.create_task(self._ask())
            both.create_task(self._listen())

    async def _ask(self) -> None:
        """By what is known, however it came to be known: an answer may come with a snapshot or as an event."""
        for number in range(2, _QUESTIONS + 1):
            await eventually(lambda n=number: self._answers() >= n - 1, seconds=_PATIENCE_SECONDS)  # type: ignore[misc]
            await self.say(self.conversation_id, f"Question {number}")

    async def _listen(self) -> None:
        async for event in self.live:
            if event.type == "conversation.resolved":
                return
            if event.type == "message.sent":
                self.hear(self.conversation_id, event.data["message"])
                await self.live.ack(event)

    def _answers(self) -> int:
        heard = self.heard.get(self.conversation_id, {})
        return sum(message["author"] == "agent" for message in heard.values())


class Agent(Chats):
    """Answers everything it is given, and closes what has been answered."""

    def __init__(self, tiffin: Tiffin, chance: random.Random) -> None:
        super().__init__(tiffin)
        self._chance = chance
        self._topic = f"agent.{tiffin.account_id}"
        self.live = tiffin.live({self._topic: None}, device="e2e", snapshot=self.load)

    async def load(self, topic: str) -> str:
        if topic == self._topic:
            desk = await self.tiffin.get_desk()
            for conversation in desk["conversations"]:
                self.answering.create_task(self._take(conversation["conversation_id"]))
            return str(desk["agent_position"])
        return await super().load(topic)

    async def work(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as self.answering:
            async for event in self.live:
                if event.type == "agent.conversation_taken":
                    self.answering.create_task(self._take(event.data["conversation"]["conversation_id"]))
                elif event.type == "message.sent":
                    self._heard(event)
                    await self.live.ack(event)

    async def _take(self, conversation_id: str) -> None:
        await self.live.subscribe({f"conversation.{conversation_id}": None}, timeout=_PATIENCE_SECONDS)
        await eventually(lambda: conversation_id in self.heard, seconds=_PATIENCE_SECONDS)
        for number in range(1, _QUESTIONS + 1):
            await eventually(lambda n=number: self._questions(conversation_id) >= n, seconds=_PATIENCE_SECONDS)  # type: ignore[misc]
            await asyncio.sleep(self._chance.uniform(0, 0.3))  # an agent reads
            await self.say(conversation_id, f"Answer {number}")
        await eventually(lambda: len(self.heard[conversation_id]) >= 2 * _QUESTIONS, seconds=_PATIENCE_SECONDS)
        await self.tiffin.resolve_conversation(conversation_id)

    def _questions(self, conversation_id: str) -> int:
        return sum(message["author"] == "customer" for message in self.heard[conversation_id].values())

    def _heard(self, event: Event) -> None:
        self.hear(event.topic.partition(".")[2], event.data["message"])


@contextlib.asynccontextmanager
async def _at_work(agents: list[Agent]) -> AsyncIterator["list[asyncio.Task[None]]"]:
    async with contextlib.AsyncExitStack() as stack:
        for agent in agents:
            await stack.enter_async_context(agent.live)
        working = [asyncio.create_task(agent.work()) for agent in agents]
        try:
            for agent in agents:
                await eventually(agent.live.live.is_set, seconds=_PATIENCE_SECONDS)
                await agent.tiffin.set_availability(True, _CAPACITY)
            yield working
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)


@pytest.mark.timeout(180)
async def test_a_node_is_killed_in_the_middle_of_many_conversations(cluster: Cluster) -> None:
    people = await move_in(cluster, [f"Guest {number}" for number in range(_CUSTOMERS)])
    staff = await move_in(cluster, [f"Agent {number}" for number in range(_AGENTS)], "agent")
    customers = [Customer(tiffin) for tiffin in people]
    agents = [Agent(tiffin, random.Random(number)) for number, tiffin in enumerate(staff)]
    async with asyncio.timeout(150), _at_work(agents) as working, contextlib.AsyncExitStack() as stack:
        for customer in customers:
            await stack.enter_async_context(customer.live)
        talking = [asyncio.create_task(customer.talk()) for customer in customers]
        await eventually(lambda: sum(task.done() for task in talking) >= _CUSTOMERS // 5, seconds=_PATIENCE_SECONDS)
        victim = cluster.nodes[0]
        await cluster.remove(victim, signal.SIGKILL)
        await cluster.start_node(port=int(victim.origin.rpartition(":")[2]))
        cluster.nodes.reverse()
        await _all_or_the_first_error(talking, working)
    await _judge(cluster, customers, agents)


async def _all_or_the_first_error(talking: "list[asyncio.Task[None]]", working: "list[asyncio.Task[None]]") -> None:
    """Wait until all have talked; an agent that fails fails the test at once."""
    left = set(talking)
    while left:
        done, _ = await asyncio.wait({*left, *working}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        left -= done


async def _judge(cluster: Cluster, customers: list[Customer], agents: list[Agent]) -> None:
    """Compare what everybody was given with what is stored, and the queue with its rule."""
    connection = await asyncpg.connect(cluster.postgres.url)
    try:
        rows = await connection.fetch(
            "SELECT conversation_id, seq, id, client_id, author, text FROM message ORDER BY conversation_id, seq"
        )
        queue = await connection.fetch("SELECT body FROM event WHERE topic = 'support.queue' ORDER BY seq")
    finally:
        await connection.close()
    stored: dict[str, list[asyncpg.Record]] = {}
    for row in rows:
        stored.setdefault(str(row["conversation_id"]), []).append(row)
    assert len(stored) == len(customers)
    answered = {conversation_id for agent in agents for conversation_id in agent.heard}
    assert answered == set(stored), "nobody was left in the queue"
    for customer in customers:
        messages = stored[customer.conversation_id]
        assert [row["seq"] for row in messages] == list(range(1, len(messages) + 1)), "gapless"
        client_ids = [str(row["client_id"]) for row in messages if row["client_id"] is not None]
        assert len(set(client_ids)) == len(client_ids), "nothing twice"
        said = list(customer.said[customer.conversation_id])
        holders = [agent for agent in agents if customer.conversation_id in agent.heard]
        for agent in holders:
            said += agent.said.get(customer.conversation_id, [])
        assert sorted(client_ids) == sorted(said), "what was acknowledged is there, and nothing else"
        assert len(said) == 2 * _QUESTIONS
        texts = {row["seq"]: (str(row["id"]), row["text"]) for row in messages}
        for device in (customer, *holders):
            heard = device.heard[customer.conversation_id]
            assert all((m["message_id"], m["text"]) == texts[seq] for seq, m in heard.items()), "both see the same"
        assert customer.heard[customer.conversation_id].keys() >= texts.keys() - {max(texts)}
    lines = [orjson.loads(row["body"])["queue"]["waiting"] for row in queue]
    for before, after in pairwise(lines):
        assert after == sorted(after)
        left = [place for place in before if place not in after]
        assert left == before[: len(left)], "who came first was served first"
