"""A browser, and Tiffin as two nodes: people look at one, which a test may kill, and order at the other."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright
from tests.browser.customer_town import Guest, make_guest
from tests.browser.kitchen_town import Kitchen, People, open_kitchen
from tests.browser.live_tab import Street, build_pages
from tests.browser.road import Road
from tests.browser.support_town import Desk
from tests.browser.watched import Watched
from tests.e2e.cluster import Cluster, Node, run_cluster
from tests.folders import server_folder
from tests.programs import require

from tiffin.app.site import SITE
from tiffin.demo.city import populate
from tiffin.demo.helsinki import BASEMAP

# so that a test sees a bell grow louder without waiting long
SETTINGS: Any = {"TIFFIN_LOGIN_CODES": "true", "TIFFIN_TICKET_SEE_SECONDS": "2", "TIFFIN_BASEMAP": str(BASEMAP)}


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium; nothing is downloaded."""
    chromium = require("chromium", "apt install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


class Server:
    """The node at which people look; the other one of the cluster takes their orders."""

    def __init__(self, cluster: Cluster, front: Node, settings: Any = SETTINGS) -> None:
        self.origin = front.origin
        self._settings = settings
        self._cluster = cluster
        self._front: Node | None = front

    async def kill(self) -> None:
        """Without a word to anybody."""
        assert self._front is not None
        front, self._front = self._front, None
        await self._cluster.remove(front, signal.SIGKILL)

    async def start(self) -> None:
        """Again, where it was; nothing if it runs."""
        if self._front is None:
            self._front = await self._cluster.start_node(port=int(self.origin.rpartition(":")[2]), **self._settings)


@pytest.fixture(scope="session")
def _cluster_folder() -> Iterator[Path]:
    assert (SITE / "kitchen" / "index.html").is_file(), "the browser apps are not built: make site"
    with server_folder("browser") as folder:
        yield folder


@pytest.fixture(scope="session")
async def _cluster(_cluster_folder: Path) -> AsyncIterator[Cluster]:
    async with run_cluster(_cluster_folder, nodes=0) as cluster:
        await cluster.start_node(**SETTINGS)
        yield cluster


@pytest.fixture
def running_database_url(_cluster: Cluster) -> str:
    """Of the database under the nodes, for a test that must arrange what takes long to happen."""
    return _cluster.postgres.url


@pytest.fixture(scope="session")
async def _front(_cluster: Cluster) -> Server:
    return Server(_cluster, await _cluster.start_node(**SETTINGS))


@pytest.fixture
async def server(_front: Server) -> Server:
    """Runs at the beginning of every test, whatever the last one did."""
    await _front.start()
    return _front


@pytest.fixture(scope="session")
async def people(_cluster: Cluster, _front: Server, browser: Browser) -> People:
    """An owner, two staff and a customer, all logged in, the staff in browsers too."""
    city = await populate(_cluster.pool, _cluster.origins[:1], restaurants=1, staff=2, customers=1)
    return await People.of(city, browser, _front.origin)


@pytest.fixture
async def kitchen(people: People) -> Kitchen:
    """A restaurant of this test's own, with its staff and a small menu."""
    return await open_kitchen(people)


@pytest.fixture
async def watched(browser: Browser, server: Server) -> AsyncIterator[Watched]:
    """Opens pages in contexts of their own. An error on a console, or against the CSP, fails the test."""
    opened = Watched(browser, server.origin)
    yield opened
    await opened.close()
    assert opened.errors == []


@pytest.fixture
async def guest(_cluster: Cluster, server: Server, browser: Browser, kitchen: Kitchen, watched: Watched) -> Guest:
    """A customer of this test's own, at home near the restaurant."""
    watched.allow("Worker failed to load")  # whoever leaves a page before its map has come
    return await make_guest(kitchen, browser, watched, server.origin, _cluster.pool)


@pytest.fixture(scope="session")
async def _street(_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    folder = tmp_path_factory.mktemp("live-pages")
    await build_pages(folder)
    road = Road(folder)
    await road.start()
    yield Street(road, _cluster)
    await road.stop()


@pytest.fixture
async def street(_street: Street) -> Street:
    """A node of its own behind a road that can be cut; both are whole at the beginning of every test."""
    await _street.start()
    return _street


@pytest.fixture
async def desk(_cluster: Cluster, server: Server, watched: Watched) -> AsyncIterator[Desk]:
    """Support, with nobody at work yet."""
    desk = Desk(_cluster, watched, server.origin)
    yield desk
    await desk.go_home()
