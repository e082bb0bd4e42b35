"""What most benchmarks begin with: a system of their own with one restaurant and some customers, and a load process."""

import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tiffin.bench.driver import LoadProcess, address_of, http_request, start_load
from tiffin.bench.machine import Cores, split_cores
from tiffin.client import Tiffin
from tiffin.client.http import open_http
from tiffin.demo.city import City, Restaurant, populate
from tiffin.demo.system import System, run_system

ENVIRONMENT = {
    "TIFFIN_REGISTER_ATTEMPTS_PER_HOUR": "100000",
    "TIFFIN_ACCESS_TOKEN_SECONDS": "3600",
    "TIFFIN_STREAM_LIFETIME_SECONDS": "36000",
    "TIFFIN_LOG_LEVEL": "error",
}
_MOST_MINUTES = 240


@dataclass(frozen=True, slots=True)
class Scene:
    """A system, who is there, and the load."""

    folder: Path
    system: System
    city: City
    load: LoadProcess
    cores: Cores

    @property
    def restaurant(self) -> Restaurant:
        """The one restaurant."""
        return self.city.restaurants[0]

    @property
    def address(self) -> tuple[str, int]:
        """Where Tiffin listens."""
        return address_of(self.system.origin)

    @property
    def tokens(self) -> list[str]:
        """The customers' access tokens."""
        return [token_of(customer.person.tiffin) for customer in self.city.customers]

    @property
    def topic(self) -> str:
        """The menu's topic: public, durable, and everybody may follow it."""
        return f"menu.{self.restaurant.restaurant_id}"

    @property
    def database_url(self) -> str:
        """Of the system's own PostgreSQL."""
        return str(json.loads((self.folder / "running.json").read_text(encoding="utf-8"))["database_url"])

    async def menu_position(self) -> str:
        """Where the menu's topic stands."""
        return str((await self.restaurant.owner.tiffin.get_menu(self.restaurant.restaurant_id))["position"])

    def changes(self) -> list[str]:
        """Requests that each change the restaurant's "busy", none of them equal to one of its 200 neighbours."""
        return busy_requests(self.restaurant.restaurant_id, token_of(self.restaurant.owner.tiffin))


def token_of(tiffin: Tiffin) -> str:
    """The access token of somebody who is logged in."""
    assert tiffin.http.tokens is not None
    return tiffin.http.tokens.access_token


def busy_requests(restaurant_id: str, token: str) -> list[str]:
    """One request for each number of minutes."""
    path = f"/v1/restaurants/{restaurant_id}/busy"
    return [http_request("PUT", path, token=token, body={"extra_minutes": n}) for n in range(1, _MOST_MINUTES + 1)]


@contextlib.asynccontextmanager
async def open_scene(*, customers: int = 20, environment: Mapping[str, str] | None = None) -> AsyncIterator[Scene]:
    """Start, seed and, at the end, stop everything."""
    cores = split_cores()
    async with contextlib.AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="tiffin-bench-", ignore_cleanup_errors=True))
        os.chmod(name, 0o755)  # noqa: S103 - PostgreSQL and nginx's worker are other users where this one is root
        settings = ENVIRONMENT | dict(environment or {})
        system = await stack.enter_async_context(run_system(Path(name), settings, cores=cores.server))
        pool = await stack.enter_async_context(open_http())
        city = await populate(pool, [system.origin], restaurants=1, customers=customers)
        load = await stack.enter_async_context(start_load(cores.load))
        yield Scene(Path(name), system, city, load, cores)
