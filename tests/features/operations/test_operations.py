"""The figures of operations, on a running node: who sees them, and what they say."""

import orjson
from tests.app.follower import follow
from tests.app.town import Town
from tests.waiting import eventually
from websockets.asyncio.client import connect

from tiffin.base.principal import Role


async def test_the_figures_follow_what_happens(town: Town) -> None:
    restaurant_id, order_id = town.ids["restaurant_id"], town.ids["order_id"]
    async with follow(town, "admin", "operations.now") as figures:
        now = await figures.until(lambda now: now["oldest_ticket"] is not None)
        assert now["orders"] == {"placed": 1}
        assert now["orders_last_minute"] == 1
        assert (now["oldest_ticket"]["order_id"], now["oldest_ticket"]["received"]) == (order_id, False)
        assert now["oldest_ticket"]["restaurant_name"] == "Kolme Kruunua"
        away = [{"restaurant_id": restaurant_id, "name": "Kolme Kruunua"}]
        assert now["restaurants"] == {"open": 1, "away_count": 1, "away": away}
        assert {part["part"]: part["ok"] for part in now["parts"]} == dict.fromkeys(
            ("database", "nats", "live", "work", "images", "dead_letters"), True
        )

        url = town.origin.replace("http", "ws") + "/v1/socket"
        async with connect(url, additional_headers=town.bearer("staff")) as socket:
            hello = {"type": "hello", "device_id": order_id, "device": "Till"}
            await socket.send(orjson.dumps(hello | {"topics": {f"restaurant.{restaurant_id}": None}}).decode())
            await figures.until(lambda now: now["restaurants"]["away_count"] == 0)
        await figures.until(lambda now: now["restaurants"]["away_count"] == 1)

        await town.post("staff", f"/v1/tickets/{order_id}/accept", {"minutes": 10})
        await figures.until(lambda now: now["oldest_ticket"] is None and now["orders"] == {"confirmed": 1})
        await town.send("courier", "PUT", "/v1/courier/duty", {"on_duty": True})
        await figures.until(lambda now: now["couriers"]["on_duty"] == 1)


async def test_what_is_wrong_with_a_part_is_told(town: Town) -> None:
    pool = town.node.database.pool
    await pool.execute(
        "INSERT INTO dead_letter (id, consumer, subject, payload, attempts, error, created_at)"
        " VALUES (gen_random_uuid(), 'x', 'x', '{}', 1, 'x', now())"
    )
    await pool.execute(
        "INSERT INTO work (id, consumer, subject, payload, due_at)"
        " VALUES (gen_random_uuid(), 'nobody', 'x', '{}', now() - interval '1 minute')"
    )
    async with follow(town, "admin", "operations.now") as figures:
        now = await figures.until(lambda now: True)
        wrong = {part["part"]: part["figure"] for part in now["parts"] if not part["ok"]}
        assert wrong == {"work": 1, "dead_letters": 1}


async def test_who_is_no_administrator_any_more_sees_nothing_more(town: Town) -> None:
    accounts = town.node.built.accounts
    await accounts.set_role(None, town.accounts["agent"], Role.ADMIN, granted=True)
    async with follow(town, "admin", "operations.now") as figures:
        await figures.until(lambda now: True)
        await accounts.set_role(None, town.accounts["admin"], Role.ADMIN, granted=False)
        await eventually(lambda: figures.syncs[-1].get("reason") == "forbidden")


async def test_couriers_are_seen_after_a_look_that_stands_in_the_audit_log(town: Town) -> None:
    await town.send("courier", "PUT", "/v1/courier/duty", {"on_duty": True})
    async with follow(town, "admin", "operations.couriers") as refused:
        assert refused.syncs[0]["reason"] == "forbidden"
    looked = (await town.send("admin", "GET", "/v1/couriers")).json()
    async with follow(town, "admin", "operations.couriers") as couriers:
        assert await couriers.until(lambda value: True) == looked
        assert [one["name"] for one in looked["couriers"]] == ["Courier"]
    pool = town.node.database.pool
    looks = "SELECT actor_id FROM audit_entry WHERE action = 'couriers.looked_at'"
    assert await pool.fetchval(looks) == town.accounts["admin"]
    await pool.execute("UPDATE audit_entry SET at = at - interval '1 hour' WHERE action = 'couriers.looked_at'")
    async with follow(town, "admin", "operations.couriers") as over:
        assert over.syncs[0]["reason"] == "forbidden"
