"""A board in a browser, as a person uses it."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator, Page, expect
from tests.browser.kitchen_town import Kitchen, Placed
from tests.browser.watched import Watched

# notes when a ticket comes to stand in a column, to the millisecond; both browsers have the same clock
_WATCH = """([ticket, column]) => {
    const there = () => document.querySelector(`[data-column=${column}] [data-ticket="${ticket}"]`);
    window.arrivedAt = new Promise((arrived) => {
        const look = () => there() && (arrived(Date.now()), observer.disconnect());
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true });
        look();
    });
}"""
_CLICKED = "() => window.addEventListener('click', () => (window.clickedAt = Date.now()), true)"


@dataclass(frozen=True, slots=True)
class Board:
    """One person's board."""

    page: Page

    @property
    def root(self) -> Locator:
        """What says how the board is."""
        return self.page.locator(".board-page")

    def column(self, name: str) -> Locator:
        """`new`, `cooking` or `ready`."""
        return self.page.locator(f"[data-column={name}]")

    def ticket(self, order: Placed) -> Locator:
        """The ticket of an order."""
        return self.page.locator(f'[data-ticket="{order.order_id}"]')

    def in_column(self, name: str, order: Placed) -> Locator:
        """The ticket of an order, if it stands there."""
        return self.column(name).locator(f'[data-ticket="{order.order_id}"]')

    async def press(self, name: str, *, within: Locator | None = None, exact: bool = True) -> None:
        """Touch a button."""
        await (within or self.page).get_by_role("button", name=name, exact=exact).click()

    async def accept(self, order: Placed, minutes: int) -> None:
        """In two touches."""
        await self.press("Accept", within=self.ticket(order))
        await self.press(f"{minutes} min")

    async def press_at(self, at: float, name: str) -> None:
        """Have a button pressed at this Unix millisecond; returns before that."""
        button = self.page.get_by_role("button", name=name, exact=True)
        await button.evaluate("(button, at) => void setTimeout(() => button.click(), at - Date.now())", at)

    async def expect_sound(self, sound: str) -> None:
        """What the board sounds, and that it can be heard."""
        await expect(self.root).to_have_attribute("data-sound", sound)
        await expect(self.root).to_have_attribute("data-audible", "true")

    async def expect_connected(self, connected: bool) -> None:
        """Whether the board says that it is connected."""
        await expect(self.root).to_have_attribute("data-connected", str(connected).lower())

    async def watch_for(self, order: Placed, column: str) -> None:
        """From now on note when the ticket comes to stand there."""
        await self.page.evaluate(_WATCH, [order.order_id, column])

    async def watch_clicks(self) -> None:
        """From now on note when somebody clicks."""
        await self.page.evaluate(_CLICKED)

    async def moment(self, name: str) -> float:
        """`clickedAt` or `arrivedAt`, in Unix milliseconds."""
        moment: float = await self.page.evaluate(f"window.{name}")
        return moment


async def open_board(watched: Watched, kitchen: Kitchen, who: int = 0, **options: Any) -> Board:
    """Staff member `who` begins a shift."""
    page = await watched.open(kitchen.path, session=kitchen.people.sessions[who], **options)
    await page.locator(".start .primary").click()
    board = Board(page)
    await board.expect_connected(True)
    return board
