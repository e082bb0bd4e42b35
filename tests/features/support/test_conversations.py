"""Conversations over HTTP: opened, answered, marked, searched, resolved; the same to both sides."""

import asyncio
import hashlib
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from tests.features.support.world import World

from tiffin.features.support.errors import ConversationNotFound
from tiffin.features.support.schemas import MarksBody


async def test_the_first_words_open_a_conversation_and_again_is_the_same(world: World) -> None:
    body = {"client_id": str(uuid4()), "text": "Where is <b>my</b> order?", "order_id": await world.place()}
    first = await world.do("customer", "POST", "/conversations", body)
    again = await world.do("customer", "POST", "/conversations", body)
    assert first["conversation"]["conversation_id"] == again["conversation"]["conversation_id"]
    assert [(m["seq"], m["author"], m["text"]) for m in again["messages"]] == [
        (1, "customer", "Where is <b>my</b> order?")
    ]
    assert again["side"] == "customer"
    assert again["conversation"]["restaurant_name"] == "Kolme Kruunua"
    assert again["conversation"]["status"]["state"] == "waiting"
    # about the same order: it goes on in the open one
    other = await world.open(order_id=body["order_id"], text="Hello?")
    assert other == first["conversation"]["conversation_id"]
    assert [m["text"] for m in (await world.read("customer", other))["messages"]][1:] == ["Hello?"]
    assert await world.open(text="About something else") != other


async def test_somebody_elses_order_is_not_found(world: World) -> None:
    body = {"client_id": str(uuid4()), "text": "Hi", "order_id": await world.place()}
    answer = await world.ask("neighbour", "POST", "/conversations", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


async def test_only_so_many_conversations_are_open_at_once(world: World) -> None:
    for _ in range(5):
        await world.open(order_id=await world.place(with_ticket=False))
    answer = await world.ask("customer", "POST", "/conversations", {"client_id": str(uuid4()), "text": "And?"})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_conversations")


async def test_numbers_are_dense_and_the_same_client_id_is_the_same_message(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    client_id = str(uuid4())
    answers = await asyncio.gather(
        *(world.say("customer", conversation_id, f"Number {i}") for i in range(5)),
        *(world.say("aino", conversation_id, f"Answer {i}") for i in range(5)),
        *(world.say("customer", conversation_id, "Once", client_id=client_id) for _ in range(4)),
    )
    assert len({answer["message_id"] for answer in answers[10:]}) == 1
    snapshot = await world.read("aino", conversation_id)
    assert [message["seq"] for message in snapshot["messages"]] == list(range(1, 14)), "two to begin with, eleven said"
    log = [orjson.loads(event.body) for event in await world.log(f"conversation.{conversation_id}", 0)]
    told = [body["message"] for body in log if "message" in body]
    assert told == snapshot["messages"], "what is told is what is stored"


async def test_a_client_id_is_its_senders(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    client_id = (await world.say("customer", conversation_id))["client_id"]
    answer = await world.try_to_say("aino", conversation_id, "Mine", client_id=client_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "client_id_taken")


@pytest.mark.parametrize(
    "change", [{"text": ""}, {"text": "x" * 10_001}, {"text": "a\x00b"}, {"client_id": "no"}, {"more": 1}]
)
async def test_a_bad_message_is_refused(world: World, change: dict[str, Any]) -> None:
    conversation_id = await world.open()
    answer = await world.try_to_say("customer", conversation_id, **change)
    assert answer.status_code == 422


async def test_ten_thousand_characters_are_fine(world: World) -> None:
    conversation_id = await world.open()
    assert len((await world.say("customer", conversation_id, "ä" * 10_000))["text"]) == 10_000


async def test_a_flood_is_slowed_and_says_for_how_long(world: World) -> None:
    conversation_id = await world.open()
    answers = [await world.try_to_say("customer", conversation_id) for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 10
    assert 1 <= float(refused[0].headers["retry-after"]) <= 3
    assert len((await world.read("customer", conversation_id))["messages"]) == 21


async def test_strangers_and_other_agents_stay_outside(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    await world.agent("mikko")
    assert (await world.try_to_say("stranger", conversation_id)).json()["code"] == "conversation_not_found"
    answer = (await world.try_to_say("mikko", conversation_id)).json()
    assert (answer["code"], answer["agent_name"]) == ("not_assigned", "Aino")
    assert (await world.ask("stranger", "GET", f"/conversations/{conversation_id}")).status_code == 404
    looked_at = await world.read("mikko", conversation_id)
    assert looked_at["side"] is None, "agents may look at any"
    await world.do("stranger", "POST", f"/conversations/{conversation_id}/marks", {"read": 1})
    assert (await world.read("aino", conversation_id))["conversation"]["agent_marks"]["read"] == 0


async def test_marks_go_forward_only_and_are_told_once(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    await world.say("customer", conversation_id)
    path = f"/conversations/{conversation_id}/marks"
    for body in (MarksBody(delivered=2), MarksBody(read=3), MarksBody(delivered=1, read=1), MarksBody(read=2**53)):
        await world.do("aino", "POST", path, body.model_dump())
    marks = (await world.read("customer", conversation_id))["conversation"]
    assert marks["agent_marks"] == {"delivered": 3, "read": 3}
    assert marks["customer_marks"] == {"delivered": 0, "read": 0}
    log = await world.log(f"conversation.{conversation_id}", 0)
    told = [orjson.loads(event.body) for event in log if event.type == "marks.advanced"]
    assert [body["marks"] for body in told] == [{"delivered": 2, "read": 0}, {"delivered": 3, "read": 3}]


async def test_a_stored_event_marks_its_message_delivered(world: World) -> None:
    aino = await world.agent("aino")
    conversation_id = await world.open()
    await world.say("customer", conversation_id)
    topic = f"conversation.{conversation_id}"
    events = await world.log(topic, 0)
    await world.conversations.receive_up_to(aino, uuid4(), topic, events[-2].seq)
    before_last = (await world.read("aino", conversation_id))["conversation"]["agent_marks"]
    await world.conversations.receive_up_to(aino, uuid4(), topic, events[-1].seq)
    assert before_last["delivered"] == 2
    assert (await world.read("aino", conversation_id))["conversation"]["agent_marks"] == {"delivered": 3, "read": 0}


async def test_unread_counts_what_the_other_person_wrote(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    await world.say("customer", conversation_id)
    await world.say("aino", conversation_id)

    async def unread(name: str) -> int:
        return int((await world.read(name, conversation_id))["conversation"]["unread"])

    assert (await unread("aino"), await unread("customer")) == (2, 1)
    await world.do("aino", "POST", f"/conversations/{conversation_id}/marks", {"read": 1})
    assert await unread("aino") == 1
    (listed,) = (await world.do("customer", "GET", "/conversations"))["items"]
    assert (listed["unread"], listed["last_message"]["author"]) == (1, "agent")


async def test_history_goes_back_in_pages_without_a_gap(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    for i in range(18):
        await world.say("customer", conversation_id, str(i))
    seen: list[int] = []
    before: int | None = None
    while True:
        query = "limit=7" + (f"&before={before}" if before else "")
        page = await world.do("customer", "GET", f"/conversations/{conversation_id}/messages?{query}")
        seen = [message["seq"] for message in page["messages"]] + seen
        before = page["before"]
        if before is None:
            break
    assert seen == list(range(1, 21))


async def test_who_types_is_told_to_the_other_side_at_most_every_three_seconds(world: World) -> None:
    aino = await world.agent("aino")
    conversation_id = UUID(await world.open())
    for _ in range(3):
        await world.conversations.type(world.people["customer"], conversation_id)
    await world.conversations.type(aino, conversation_id)
    assert [value.topic.rpartition(".")[2] for value in world.published] == ["customer_typing", "agent_typing"]
    assert orjson.loads(world.published[1].data) == {"name": "Aino", "expires_in_ms": 6000}


async def test_resolved_rated_and_reopened_by_the_next_words(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    path = f"/conversations/{conversation_id}"
    assert (await world.ask("customer", "PUT", f"{path}/rating", {"stars": 5})).json()["code"] == "not_resolved"
    await world.do("aino", "POST", f"{path}/resolve")
    await world.do("aino", "POST", f"{path}/resolve")  # again changes nothing; it was the agent's
    rated = await world.do("customer", "PUT", f"{path}/rating", {"stars": 4, "comment": "Quick"})
    assert (rated["rating"], rated["rating_comment"]) == (4, "Quick")
    assert (await world.try_to_say("aino", conversation_id)).json()["code"] == "not_assigned"
    await world.say("customer", conversation_id, "One more thing")
    snapshot = await world.read("customer", conversation_id)
    codes = [message["code"] or message["text"] for message in snapshot["messages"]]
    assert codes == ["Where is my order?", "assigned", "resolved", "reopened", "assigned", "One more thing"]
    assert snapshot["conversation"]["status"]["rating"] is None


async def test_agents_find_words_in_all_conversations_and_customers_in_theirs(world: World) -> None:
    await world.agent("aino")
    wanted = await world.open(text="The soup was cold, 100% sure")
    await world.open("neighbour", text="The salad was warm")
    found = await world.do("aino", "GET", "/conversations?scope=all&search=cold soup")
    assert [one["conversation_id"] for one in found["items"]] == [wanted]
    by_name = await world.do("aino", "GET", "/conversations?scope=all&search=neighb")
    assert [one["customer_name"] for one in by_name["items"]] == ["Neighbour"]
    assert (await world.do("aino", "GET", "/conversations?scope=all&search=100%25"))["items"] != []
    assert (await world.do("aino", "GET", "/conversations?scope=all&search=%25%25"))["items"] == []
    assert (await world.do("neighbour", "GET", "/conversations?search=soup"))["items"] == []
    assert (await world.ask("neighbour", "GET", "/conversations?scope=all")).json()["code"] == "not_an_agent"


async def test_lists_come_in_pages(world: World) -> None:
    await world.agent("aino")
    ids = [await world.open(text=f"{i}", order_id=await world.place(with_ticket=False)) for i in range(5)]
    first = await world.do("aino", "GET", "/conversations?scope=all&limit=3")
    rest = await world.do("aino", "GET", f"/conversations?scope=all&limit=3&cursor={first['next_cursor']}")
    assert [one["conversation_id"] for one in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None


async def test_notes_are_for_agents(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    path = f"/conversations/{conversation_id}/notes"
    body = {"client_id": str(uuid4()), "text": "Was here last week, too"}
    for _ in range(2):
        await world.do("aino", "POST", path, body)
    assert [note["text"] for note in (await world.do("aino", "GET", path))["notes"]] == [body["text"]]
    for name in ("customer", "stranger"):
        assert (await world.ask(name, "GET", path)).status_code == 403
    assert await world.types_of(f"conversation.{conversation_id}.notes") == ["note.added"]
    assert "week" not in str(await world.log(f"conversation.{conversation_id}", 0))


async def test_agents_see_the_customers_orders(world: World) -> None:
    await world.agent("aino")
    order_id = await world.place()
    conversation_id = await world.open()
    orders = (await world.do("aino", "GET", f"/conversations/{conversation_id}/orders"))["orders"]
    assert [order["order_id"] for order in orders] == [order_id]
    assert (await world.ask("customer", "GET", f"/conversations/{conversation_id}/orders")).status_code == 403


async def test_an_agent_who_asks_is_a_customer_there(world: World) -> None:
    await world.agent("aino")
    own = await world.open("aino")
    assert await world.status(own, "aino") == ("waiting", None), "nobody answers themselves"
    assert (await world.ask("aino", "GET", f"/conversations/{own}/notes")).status_code == 404
    await world.agent("mikko")
    assert await world.status(own, "aino") == ("assigned", "Mikko")


async def test_who_has_it_open_is_told(world: World) -> None:
    aino = await world.agent("aino")
    conversation_id = await world.open()
    topic = f"conversation.{conversation_id}"
    await world.enter(topic, aino.account_id)
    await world.enter(topic, world.people["stranger"].account_id)
    async with world.database.transaction() as transaction:
        await world.conversations.tell_presence(transaction, [topic])
    assert (await world.read("customer", conversation_id))["presence"] == {"customer": False, "agent": True}
    body = orjson.loads((await world.log(topic, 0))[-1].body)
    assert body == {"presence": {"customer": False, "agent": True}}


async def _picture(world: World, name: str, conversation_id: str, *, age: str = "0 days") -> str:
    """A complete picture that somebody uploaded for a conversation."""
    insert = (
        "WITH made AS (INSERT INTO picture (id, sha256, width, height, blurhash, sources, verdicts)"
        "  VALUES ($1, $6, 8, 6, 'LEHV6nWB2yk8', $2, '{}') RETURNING id)"
        " INSERT INTO image (id, account_id, subject, file_name, bytes, state, picture_id, changed_at)"
        " SELECT id, $3, $4, 'soup.jpg', 1, 'complete', id, now() - $5::text::interval FROM made"
    )
    image_id = uuid4()
    sources = [{"name": "a.jpg", "width": 8, "media_type": "image/jpeg", "size": 1}]
    account_id = world.people[name].account_id
    subject, content = f"conversation:{conversation_id}", hashlib.sha256(image_id.bytes).digest()
    await world.database.pool.execute(insert, image_id, sources, account_id, subject, age, content)
    return str(image_id)


async def test_pictures_are_sent_once_they_are_complete_and_only_ones_own(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    own, agents = [await _picture(world, name, conversation_id) for name in ("customer", "aino")]
    elsewhere = await _picture(world, "customer", str(uuid4()))
    said = await world.say("customer", conversation_id, "", attachments=[own])
    assert [picture["image_id"] for picture in said["attachments"]] == [own]
    assert said["attachments"][0]["sources"][0]["url"].startswith("/media/")
    stored = (await world.read("aino", conversation_id))["messages"][-1]
    assert stored == said
    for image_id in (agents, elsewhere, str(uuid4())):
        answer = await world.try_to_say("customer", conversation_id, attachments=[image_id])
        assert (answer.status_code, answer.json()["code"]) == (422, "attachment_not_ready")


async def test_pictures_that_were_never_sent_are_forgotten(world: World) -> None:
    conversation_id = await world.open()
    sent, unsent = [await _picture(world, "customer", conversation_id, age="2 days") for _ in range(2)]
    new = await _picture(world, "customer", conversation_id)
    await world.say("customer", conversation_id, attachments=[sent])
    async with world.database.transaction() as transaction:
        await world.conversations.discard_unsent(transaction)
    left = {str(row["id"]) for row in await world.database.pool.fetch("SELECT id FROM image")}
    assert left == {sent, new}
    assert unsent not in left


async def test_a_picture_of_a_conversation_is_uploaded_by_who_takes_part(world: World) -> None:
    conversation_id = await world.open()
    target = await world.conversations.upload_target(world.people["customer"], UUID(conversation_id))
    assert target.subject == f"conversation:{conversation_id}"
    with pytest.raises(ConversationNotFound):
        await world.conversations.upload_target(world.people["stranger"], UUID(conversation_id))
