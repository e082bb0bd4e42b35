"""The queue and the desk: who gets what, who waits where, and what happens when somebody is gone."""

import asyncio

import orjson
from tests.features.support.world import World

from tiffin.base.principal import Principal, Role


async def test_first_come_first_served_to_who_has_the_fewest(world: World) -> None:
    ids = [await world.open(name) for name in ("customer", "neighbour", "stranger")]
    assert await world.line() == ids
    queue = await world.do("neighbour", "GET", "/support/queue")
    place = (await world.read("neighbour", ids[1]))["conversation"]["status"]["place"]
    assert (queue["waiting"].index(place), queue["total"]) == (1, 3)
    await world.agent("aino", capacity=2)
    assert await world.line() == ids[2:]
    await world.agent("mikko", capacity=1)
    who = [await world.status(one, "aino") for one in ids]
    assert who == [("assigned", "Aino"), ("assigned", "Aino"), ("assigned", "Mikko")]


async def test_every_place_in_line_is_told_to_all_at_once(world: World) -> None:
    await world.open("customer")
    await world.open("neighbour")
    await world.agent("aino", capacity=1)
    queues = [orjson.loads(event.body)["queue"] for event in await world.log("support.queue", 0)]
    assert [queue["total"] for queue in queues] == [1, 2, 1]
    assert queues[1]["waiting"][1:] == queues[2]["waiting"]


async def test_available_is_not_connected_and_both_are_needed(world: World) -> None:
    conversation_id = await world.open()
    await world.agent("aino", connected=False)
    assert await world.status(conversation_id) == ("waiting", None)
    await world.agent("mikko", available=False)
    assert await world.status(conversation_id) == ("waiting", None)
    await world.connect("aino")
    assert await world.status(conversation_id) == ("assigned", "Aino")


async def test_more_capacity_drains_the_queue_and_less_takes_nothing_away(world: World) -> None:
    await world.agent("aino", capacity=1)
    first, second = await world.open("customer"), await world.open("neighbour")
    assert await world.line() == [second]
    me = await world.do("aino", "PUT", "/support/availability", {"available": True, "capacity": 2})
    assert (me["load"], await world.line()) == (2, [])
    await world.do("aino", "PUT", "/support/availability", {"available": False, "capacity": 1})
    assert await world.status(first) == ("assigned", "Aino")
    desk = await world.do("aino", "GET", "/support/desk")
    assert [one["conversation_id"] for one in desk["conversations"]] == [first, second]
    assert (desk["me"]["available"], desk["me"]["load"]) == (False, 2)


async def test_a_resolved_one_makes_room_for_the_next(world: World) -> None:
    await world.agent("aino", capacity=1)
    first, second = await world.open("customer"), await world.open("neighbour")
    topic = f"agent.{world.people['aino'].account_id}"
    before = len(await world.types_of(topic))
    await world.do("customer", "POST", f"/conversations/{first}/resolve")
    assert await world.status(second, "neighbour") == ("assigned", "Aino")
    assert (await world.types_of(topic))[before:] == [
        "agent.conversation_left",
        "agent.conversation_taken",
        "agent.changed",
    ]


async def test_an_agent_gone_for_too_long_loses_them_to_their_old_places(world: World) -> None:
    await world.agent("aino", capacity=2)
    first, second = await world.open("customer"), await world.open("neighbour")
    third = await world.open("stranger")
    await world.connect("aino", here=False)
    assert await world.line() == [third], "the grace period"
    await world.work("support.agent_gone_due")
    assert await world.line() == [first, second, third]
    assert await world.status(first) == ("waiting", None)
    await world.agent("mikko", capacity=1)
    assert await world.status(first) == ("assigned", "Mikko")


async def test_an_agent_who_is_back_in_time_keeps_them(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    await world.connect("aino", here=False)
    await world.connect("aino")
    await world.work("support.agent_gone_due")
    assert await world.status(conversation_id) == ("assigned", "Aino")
    assert await world.database.pool.fetchval("SELECT count(*) FROM work") == 0, "the timer was taken back"


async def test_who_goes_right_after_saying_what_they_want_is_noticed(world: World) -> None:
    """The word on availability comes when the device has left and nobody has looked yet."""
    await world.agent("aino")
    conversation_id = await world.open()
    topic = f"agent.{world.people['aino'].account_id}"
    await world.database.pool.execute("DELETE FROM presence WHERE room = $1", topic)
    await world.do("aino", "PUT", "/support/availability", {"available": True, "capacity": 5})
    await world.connect("aino", here=False)
    await world.work("support.agent_gone_due")
    assert await world.status(conversation_id) == ("waiting", None)


async def test_nothing_new_goes_to_who_has_just_gone(world: World) -> None:
    await world.agent("aino")
    await world.connect("aino", here=False)
    assert await world.status(await world.open()) == ("waiting", None)


async def test_a_transfer_is_one_step_with_a_note(world: World) -> None:
    await world.agent("aino")
    conversation_id = await world.open()
    mikko = await world.agent("mikko", capacity=1)
    body = {"agent_id": str(mikko.account_id), "note": "Speaks Swedish"}
    await world.do("aino", "POST", f"/conversations/{conversation_id}/transfer", body)
    assert await world.status(conversation_id) == ("assigned", "Mikko")
    assert (await world.try_to_say("aino", conversation_id)).json()["code"] == "not_assigned"
    await world.say("mikko", conversation_id, "Hej")
    notes = (await world.do("mikko", "GET", f"/conversations/{conversation_id}/notes"))["notes"]
    assert [(note["author_name"], note["text"]) for note in notes] == [("Aino", "Speaks Swedish")]
    again = await world.ask("aino", "POST", f"/conversations/{conversation_id}/transfer", body)
    assert again.json()["code"] == "not_assigned"


async def test_a_colleague_without_room_is_not_given_more(world: World) -> None:
    await world.agent("aino", capacity=2)
    first, second = await world.open("customer"), await world.open("neighbour")
    mikko = await world.agent("mikko", capacity=1)
    body = {"agent_id": str(mikko.account_id)}
    await world.do("aino", "POST", f"/conversations/{first}/transfer", body)
    refused = await world.ask("aino", "POST", f"/conversations/{second}/transfer", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "agent_unavailable")
    assert await world.status(second, "neighbour") == ("assigned", "Aino")


async def test_given_back_it_waits_at_its_place_for_somebody_else(world: World) -> None:
    await world.agent("aino", capacity=1)
    first, second = await world.open("customer"), await world.open("neighbour")
    await world.do("aino", "POST", f"/conversations/{first}/transfer", {"agent_id": None})
    assert await world.line() == [first], "its agent had room for the next and not for this one again"
    assert await world.status(second, "neighbour") == ("assigned", "Aino")
    await world.agent("mikko")
    assert await world.status(first) == ("assigned", "Mikko")


async def test_reopened_it_goes_to_the_end(world: World) -> None:
    first = await world.open("customer")
    await world.do("customer", "POST", f"/conversations/{first}/resolve")
    second = await world.open("neighbour")
    for _ in range(2):
        await world.do("customer", "POST", f"/conversations/{first}/reopen")
    assert await world.line() == [second, first]


async def test_many_changes_at_once_keep_to_the_rules(world: World) -> None:
    """Opening, resolving, and changing capacity at the same time: nobody over capacity, nobody forgotten."""
    for name in ("aino", "mikko"):
        await world.agent(name, capacity=2)
    people = [world.person(f"guest{i}").name.lower() for i in range(12)]
    ids = dict(zip(people, await asyncio.gather(*(world.open(name) for name in people)), strict=True))
    await asyncio.gather(
        *(world.do(name, "POST", f"/conversations/{ids[name]}/resolve") for name in people[:6]),
        *(world.say(name, ids[name]) for name in people[6:]),
        world.do("aino", "PUT", "/support/availability", {"available": True, "capacity": 3}),
    )
    loads = await world.database.pool.fetch(
        "SELECT a.capacity, count(c) AS load FROM support_agent a LEFT JOIN conversation c ON c.agent_id = a.account_id"
        " GROUP BY a.account_id, a.capacity"
    )
    assert sorted((row["load"], row["capacity"]) for row in loads) == [(2, 2), (3, 3)]
    assert len(await world.line()) == 1
    for name in people:
        seqs = [message["seq"] for message in (await world.read(name, ids[name]))["messages"]]
        assert seqs == list(range(1, len(seqs) + 1))


async def test_who_is_no_agent_any_more_gives_them_back(world: World) -> None:
    aino = await world.agent("aino")
    conversation_id = await world.open()
    world.people["aino"] = Principal(aino.account_id, aino.session_id, frozenset(), name="Aino")
    async with world.database.transaction() as transaction:
        await world.desk.release_former_agents(transaction)
    assert await world.status(conversation_id) == ("waiting", None)


async def test_canned_answers(world: World) -> None:
    await world.agent("aino")
    made = await world.do("aino", "POST", "/support/canned-answers", {"shortcut": "hi", "text": "Hello!"})
    taken = await world.ask("aino", "POST", "/support/canned-answers", {"shortcut": "hi", "text": "Hey"})
    assert taken.json()["code"] == "shortcut_taken"
    path = f"/support/canned-answers/{made['canned_answer_id']}"
    await world.do("aino", "PUT", path, {"shortcut": "hello", "text": "Hello, how can I help?"})
    other = await world.do("aino", "POST", "/support/canned-answers", {"shortcut": "bye", "text": "Bye"})
    clash = {"shortcut": "bye", "text": "x"}
    assert (await world.ask("aino", "PUT", path, clash)).json()["code"] == "shortcut_taken"
    listed = (await world.do("aino", "GET", "/support/canned-answers"))["canned_answers"]
    assert [one["shortcut"] for one in listed] == ["bye", "hello"]
    await world.do("aino", "DELETE", f"/support/canned-answers/{other['canned_answer_id']}")
    assert (await world.ask("aino", "DELETE", path.replace("7", "8", 1))).status_code in (204, 404)
    assert (await world.ask("customer", "GET", "/support/canned-answers")).status_code == 403


async def test_only_agents_have_a_desk(world: World) -> None:
    for method, path, body in (
        ("GET", "/support/desk", None),
        ("PUT", "/support/availability", {"available": True, "capacity": 3}),
    ):
        answer = await world.ask("customer", method, path, body)
        assert answer.json()["code"] == "not_an_agent"
    assert Role.AGENT in world.people["agent"].roles
