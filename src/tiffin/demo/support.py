"""Support in the demo: a few customers ask, an agent answers, and whoever comes in by the link is one more agent."""

import asyncio
import random
from collections.abc import Callable
from uuid import uuid4

from tiffin.client import CommandError, ConnectionLost, Event, Live, ProblemError
from tiffin.client.http import Json
from tiffin.demo.city import Customer, Person

Tell = Callable[[str], None]

_QUESTIONS = (
    "Can I still add a drink to my order?",
    "The courier stands at the wrong door. Can you tell them?",
    "Is there dairy in the salmon soup?",
    "My dessert was missing. What now?",
    "Could it come half an hour later?",
)
_ANSWERS = (
    "Hello! Let me look.",
    "I have asked the restaurant, they take care of it.",
)
_THANKS = "Great, thank you!"
_CAPACITY = 5
# so long an agent reads and writes
_SECONDS = (1.0, 4.0)


class Agent:
    """Answers whatever comes, and closes it when the customer is content."""

    def __init__(self, person: Person, chance: random.Random, tell: Tell) -> None:
        self.ready = asyncio.Event()
        self._person = person
        self._chance = chance
        self._tell = tell
        self._topic = f"agent.{person.tiffin.account_id}"
        # by conversation: what the customer has said, by number
        self._heard: dict[str, dict[int, str]] = {}
        self._answered: dict[str, int] = {}
        self._live: Live = person.tiffin.live({self._topic: None}, device="demo", snapshot=self._load)

    async def run(self) -> None:
        """Until cancelled."""
        async with self._live, asyncio.TaskGroup() as self._work:
            await self._person.tiffin.set_availability(True, _CAPACITY)
            self.ready.set()
            async for event in self._live:
                self._take(event)

    async def _load(self, topic: str) -> str:
        if topic == self._topic:
            desk = await self._person.tiffin.get_desk()
            for conversation in desk["conversations"]:
                self._begin(conversation["conversation_id"])
            return str(desk["agent_position"])
        snapshot = await self._person.tiffin.get_conversation(topic.partition(".")[2])
        for message in snapshot["messages"]:
            self._hear(topic.partition(".")[2], message)
        return str(snapshot["position"])

    def _take(self, event: Event) -> None:
        if event.type == "agent.conversation_taken":
            self._begin(event.data["conversation"]["conversation_id"])
        elif event.type == "agent.conversation_left":
            self._heard.pop(event.data["conversation_id"], None)
        elif event.type == "message.sent":
            self._hear(event.topic.partition(".")[2], event.data["message"])

    def _begin(self, conversation_id: str) -> None:
        self._heard.setdefault(conversation_id, {})
        self._work.create_task(self._live.subscribe({f"conversation.{conversation_id}": None}))

    def _hear(self, conversation_id: str, message: Json) -> None:
        heard = self._heard.get(conversation_id)
        if heard is None or message["author"] != "customer" or message["seq"] in heard:
            return
        heard[message["seq"]] = message["text"]
        self._work.create_task(self._answer(conversation_id, message))

    async def _answer(self, conversation_id: str, message: Json) -> None:
        await asyncio.sleep(self._chance.uniform(*_SECONDS))
        number = self._answered[conversation_id] = self._answered.get(conversation_id, 0) + 1
        try:
            if message["text"] == _THANKS or number > len(_ANSWERS):
                await self._person.tiffin.resolve_conversation(conversation_id)
                self._tell(f"{self._person.name} has solved {message['author_name']}'s question")
                return
            body = {"conversation_id": conversation_id, "client_id": str(uuid4()), "text": _ANSWERS[number - 1]}
            await self._live.command("chat.send", body, idempotent=True)
        except (CommandError, ProblemError, ConnectionLost):
            return  # somebody else has it by now


async def ask(customer: Customer, chance: random.Random, tell: Tell) -> None:
    """Ask something, answer once, and say thank you."""
    tiffin = customer.person.tiffin
    question = chance.choice(_QUESTIONS)
    opened = await tiffin.open_conversation(question)
    conversation_id = opened["conversation"]["conversation_id"]
    tell(f"{customer.person.name} asks support: {question}")
    said = 0
    async with tiffin.live({f"conversation.{conversation_id}": opened["position"]}, device="demo") as live:
        async for event in live:
            if event.type == "conversation.resolved":
                return
            if event.type == "message.sent" and event.data["message"]["author"] == "agent":
                await live.ack(event)
                said += 1
                await asyncio.sleep(chance.uniform(*_SECONDS))
                text = "Please do." if said == 1 else _THANKS
                body = {"conversation_id": conversation_id, "client_id": str(uuid4()), "text": text}
                await live.command("chat.send", body, idempotent=True)
