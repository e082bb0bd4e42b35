"""Real people in the demo: accounts of their own, and links that log them in once.

A code stands in the link's fragment, where no server's log sees it. When one has been used, or will soon expire, the
next link is told; the account's own topic says so, nothing is asked again and again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tiffin.client import ProblemError
from tiffin.demo.city import City, Person, Seeding

# a little less than a code lives
_FRESH_SECONDS = 570.0

# gets the name of an app and a link to it
TellLink = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Visitor:
    """An account for whoever runs the demo, and the app it is for."""

    app: str
    path: str
    person: Person


async def invite(seeding: Seeding, city: City) -> tuple[Visitor, ...]:
    """A customer with an address, a member of the first restaurant's staff, a support agent and an administrator.

    Needs a city with an administrator.
    """
    assert city.administrator is not None
    customer = await seeding.settle_visitor("visitor", "Vieno Visitor")
    cook = await seeding.log_in("visitor-kitchen", "Kaisa Kitchen")
    restaurant = city.restaurants[0]
    await seeding.take_on(restaurant.owner, restaurant.restaurant_id, [cook])
    agent = await seeding.log_in("visitor-support", "Sanni Support")
    await seeding.grant("agent", [agent], city.administrator)
    runner = await seeding.log_in("visitor-admin", "Riikka Runner")
    await seeding.grant("admin", [runner], city.administrator)
    return (
        Visitor("Order", "/", customer),
        Visitor("Cook", f"/kitchen/{restaurant.restaurant_id}", cook),
        Visitor("Help", "/support", agent),
        Visitor("Run", "/admin", runner),
    )


async def keep_links_fresh(origin: str, visitors: Sequence[Visitor], tell: TellLink) -> None:
    """Tell a link for each visitor, and the next one when it has been used or grows old. Runs until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        for visitor in visitors:
            tasks.create_task(_keep_fresh(origin, visitor, tell))


async def _keep_fresh(origin: str, visitor: Visitor, tell: TellLink) -> None:
    tiffin = visitor.person.tiffin
    topic = f"user.{tiffin.account_id}"

    async def load(_: str) -> str:
        position: str = (await tiffin.get_profile()).data["position"]
        return position

    # from before the first code is made: whoever uses it at once is noticed, too
    async with tiffin.live({topic: await load(topic)}, device="demo", snapshot=load) as live:
        while True:
            try:
                code = (await tiffin.make_login_code())["code"]
            except ProblemError:
                await asyncio.sleep(1.0)
                continue
            tell(visitor.app, f"{origin}{visitor.path}#code={code}")
            try:
                async with asyncio.timeout(_FRESH_SECONDS):
                    async for event in live:
                        if event.type == "session.started" and event.data["session"]["kind"] == "browser":
                            break
            except TimeoutError:
                pass
