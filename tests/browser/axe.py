"""What axe finds on a page. It is put into the page as the browser's own code, past the page's security policy."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

_AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })"""


async def _serious_problems(page: Page) -> list[str]:
    """Rule and elements of everything serious or critical, as WCAG 2.2 AA has it."""
    # evaluated, not added as a tag: the page's policy allows no script but its own
    await page.evaluate(_AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = await page.evaluate(_RUN)
    return [
        f"{one['id']}: {', '.join(node['html'][:120] for node in one['nodes'][:3])}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


async def look(page: Page, what: str) -> list[str]:
    """What is wrong with what a page shows: for those who see it otherwise, and for small windows."""
    wrong = [f"{what}: {problem}" for problem in await _serious_problems(page)]
    wider: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return wrong + ([f"{what}: {wider} px too wide"] if wider > 0 else [])
