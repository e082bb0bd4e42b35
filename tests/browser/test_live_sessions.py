"""One browser, several tabs, one session: what ends or begins it in one place is known in all of them at once."""

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import BrowserContext
from tests.browser.customer_town import Guest
from tests.browser.live_tab import Street, Tab, log_in

_KNOWN_SECONDS = 1.0


@dataclass
class Person:
    """Somebody with two tabs open on their own topic."""

    guest: Guest
    street: Street
    context: BrowserContext
    tabs: tuple[Tab, Tab]

    @property
    def account(self) -> str:
        return self.guest.tiffin.account_id

    @property
    def topic(self) -> str:
        return f"user.{self.account}"

    async def rename(self, name: str) -> None:
        """An event, brought about on another device."""
        tiffin = self.guest.tiffin
        etag = (await tiffin.get_profile()).etag
        assert etag is not None
        await tiffin.update_profile({"name": name}, etag)

    async def tabs_have_seen_everything(self) -> None:
        """Wait for it."""
        position: str = (await self.guest.tiffin.get_profile()).data["position"]
        for tab in self.tabs:
            await tab.has_come_to(self.topic, position)

    async def log_in_again(self, tab: Tab) -> None:
        """In one of the tabs."""
        await log_in(self.context, self.street.road, self.guest.email)
        await tab.page.evaluate("(account) => tab.identify(account)", self.account)


@pytest.fixture
async def person(guest: Guest, street: Street) -> Person:
    context = await guest.browser.new_context()
    await log_in(context, street.road, guest.email)
    tabs = [await Tab.open(context, street.road, "stream", guest.tiffin.account_id) for _ in range(2)]
    found = Person(guest, street, context, (tabs[0], tabs[1]))
    for tab in tabs:
        await tab.follow(found.topic, "/v1/profile")
    return found


async def test_a_session_ended_from_elsewhere_is_known_in_every_tab_and_mended_by_one(person: Person) -> None:
    sessions: Any = await person.guest.tiffin.list_sessions()
    [tabs_session] = [session["session_id"] for session in sessions if session["device_name"] == "Tabs"]
    await person.guest.tiffin.end_session(tabs_session)
    for tab in person.tabs:
        await tab.is_connection("ended", "revoked", seconds=_KNOWN_SECONDS)
    await person.rename("Meanwhile")
    await person.log_in_again(person.tabs[0])
    for tab in person.tabs:
        await tab.is_live(person.topic)
    await person.rename("Afterwards")
    await person.tabs_have_seen_everything()
    assert person.street.road.count("/v1/events") == 1


async def test_logging_out_in_one_tab_is_known_in_the_other(person: Person) -> None:
    logged_out = await person.tabs[0].page.evaluate(
        "async () => (await fetch('/v1/sessions/current', {method: 'DELETE'})).status"
    )
    assert logged_out == 204
    await person.tabs[1].is_connection("ended", "revoked", seconds=_KNOWN_SECONDS)


async def test_a_cookie_that_is_gone_shows_nothing_more_until_somebody_logs_in(person: Person) -> None:
    await person.context.clear_cookies()
    person.street.road.cut("/v1/events")
    for tab in person.tabs:
        await tab.page.wait_for_function("(topic) => tab.status(topic) === 'forbidden'", arg=person.topic)
    await person.log_in_again(person.tabs[1])
    for tab in person.tabs:
        await tab.is_live(person.topic)
    await person.rename("Afterwards")
    await person.tabs_have_seen_everything()
