"""Pages whose every error is noted."""

import re
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState


class Watched:
    """Opens pages, each in a context of its own, as on a device of its own."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self.errors: list[str] = []
        self._browser = browser
        self._origin = origin
        self._contexts: list[BrowserContext] = []
        self._allowed: list[str] = []

    async def open(self, path: str, *, session: StorageState | None = None, **options: Any) -> Page:
        """A page on a new device; `options` are Playwright's for contexts."""
        context = await self._browser.new_context(
            base_url=self._origin,
            storage_state=session,
            **{"locale": "en-GB", "viewport": {"width": 1280, "height": 800}, **options},
        )
        self._contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self._add(str(error)))
        await page.goto(path)
        return page

    def allow(self, pattern: str) -> None:
        """Errors that a test brings about on purpose."""
        self._allowed.append(pattern)

    async def close(self) -> None:
        """Close everything that was opened."""
        for context in self._contexts:
            await context.close()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._add(f"{message.text} {message.location.get('url', '')}")

    def _add(self, text: str) -> None:
        if not any(re.search(pattern, text) for pattern in self._allowed):
            self.errors.append(text)
