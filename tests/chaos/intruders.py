"""People who lose a right in the middle of a run, or never had it, and keep trying all the same."""

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable

from tests.chaos.people import WATCHDOG_SECONDS, patient
from tests.chaos.recorder import Recorder, seen, stood

from tiffin.client import ConnectionLost, Disconnected, EventStream, Live, PositionLost, ProblemError, Tiffin
from tiffin.client.errors import TopicRefused
from tiffin.client.stream import TokenSource
from tiffin.demo.city import DEMO_PASSWORD, Person, Restaurant

_AGAIN_SECONDS = 0.3
_REFUSALS = (TopicRefused, Disconnected, ProblemError, PositionLost, ConnectionLost, OSError)


class Intruder:
    """Follows a topic by SSE or by WebSocket, and comes back after every refusal with the position it has."""

    def __init__(self, recorder: Recorder, name: str, tiffin: Tiffin, token: TokenSource, restaurant_id: str) -> None:
        self.name = name
        self._recorder = recorder
        self._tiffin = tiffin
        self._token = token
        self._restaurant_id = restaurant_id
        # how often it was turned away
        self.refusals = 0

    async def watch(self, topic: str, *, by_socket: bool) -> None:
        """Try until cancelled."""
        position: str | None = None
        for _ in itertools.count():
            follower = self._open(topic, position, by_socket=by_socket)
            try:
                async with follower:
                    async for event in follower:
                        self._recorder.note(seen(self.name, event))
            except _REFUSALS:
                self.refusals += 1
            position = follower.positions.text(topic) or position
            await asyncio.sleep(_AGAIN_SECONDS)

    def _open(self, topic: str, position: str | None, *, by_socket: bool) -> Live | EventStream:
        reconnect, positions = patient(self._tiffin.origins), {topic: position}
        if by_socket:
            return Live(reconnect, self._token, positions, snapshot=self._load, watchdog_seconds=WATCHDOG_SECONDS)
        return EventStream(
            reconnect,
            self._token,
            "/v1/events",
            [topic],
            positions=positions,
            snapshot=self._load,
            watchdog_seconds=WATCHDOG_SECONDS,
        )

    async def _load(self, topic: str) -> str:
        position: str = (await self._tiffin.list_tickets(self._restaurant_id))["position"]
        self._recorder.note(stood(self.name, topic, position))
        return position


class LosesRight:
    """Two followers of a restaurant, by SSE and by WebSocket, whose right ends when `lose` is called."""

    def __init__(
        self, recorder: Recorder, name: str, tiffin: Tiffin, token: TokenSource, restaurant: Restaurant
    ) -> None:
        self.topic = f"restaurant.{restaurant.restaurant_id}"
        self._recorder = recorder
        self.followers = [
            Intruder(recorder, f"{name} {way}", tiffin, token, restaurant.restaurant_id) for way in ("sse", "socket")
        ]
        for follower in self.followers:
            recorder.follows(follower.name, self.topic, to_the_end=False)

    async def watch(self) -> None:
        """Both, until cancelled."""
        stream, socket = self.followers
        await asyncio.gather(
            stream.watch(self.topic, by_socket=False),
            socket.watch(self.topic, by_socket=True),
        )

    async def lose(self, ending: Callable[[], Awaitable[object]]) -> None:
        """End the right, however often that must be asked; from the answer on nothing more may come."""
        while True:
            try:
                await ending()
            except ProblemError as error:
                if error.status not in (401, 404):  # it was done, and the answer was lost
                    await asyncio.sleep(_AGAIN_SECONDS)
                    continue
            except (ConnectionLost, OSError):
                await asyncio.sleep(_AGAIN_SECONDS)
                continue
            break
        for follower in self.followers:
            self._recorder.ends(follower.name, self.topic)


async def log_in_again(person: Person, origins: list[str]) -> Tiffin:
    """Another session of the same account; asked for until it is given."""
    tiffin = Tiffin(origins, pool=person.tiffin.http._pool)
    while True:
        try:
            await tiffin.log_in(person.email, DEMO_PASSWORD)
        except (ProblemError, ConnectionLost, OSError) as error:
            if isinstance(error, ProblemError) and not error.is_temporary:
                raise
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            return tiffin


def fixed_token(tiffin: Tiffin) -> TokenSource:
    """The access token of now, for ever, as somebody would use it who has taken it from a device."""
    assert tiffin.http.tokens is not None
    token = tiffin.http.tokens.access_token

    async def give(refused: str | None) -> str | None:
        return token

    return give


async def remove_member(restaurant: Restaurant, person: Person) -> None:
    """End a membership."""
    path = f"/v1/restaurants/{restaurant.restaurant_id}/members/{person.tiffin.account_id}"
    await restaurant.owner.tiffin.http.call("DELETE", path)


async def pry(recorder: Recorder, stranger: Tiffin, restaurant: Restaurant, victim: str) -> None:
    """A customer who follows another one's account and order and a restaurant's board, until cancelled."""
    order_id = ""
    while not order_id:
        await asyncio.sleep(_AGAIN_SECONDS)
        with contextlib.suppress(StopIteration):
            calls = (call for call in recorder.history.calls if call.name == "order.place" and call.account == victim)
            order_id = next(call.order_id for call in calls if call.order_id)
    topics = (f"order.{order_id}", f"user.{victim}", f"restaurant.{restaurant.restaurant_id}")
    token, restaurant_id = stranger.http.access_token, restaurant.restaurant_id
    await asyncio.gather(
        *(
            Intruder(recorder, f"stranger {way}", stranger, token, restaurant_id).watch(
                topic, by_socket=way == "socket"
            )
            for topic in topics
            for way in ("sse", "socket")
        )
    )
