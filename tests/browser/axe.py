"""What axe finds on a page. It is put into the page as the browser's own code, past the page's security policy."""

from pathlib import Path
from typing import Any

from playwright.async_api import Page

_AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })"""


async def serious_problems(page: Page) -> list[str]:
    """Rule and elements of everything serious or critical, as WCAG 2.2 AA has it."""
    # evaluated, not added as a tag: the page's policy allows no script but its own
    await page.evaluate(_AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = await page.evaluate(_RUN)
    return [
        f"{one['id']}: {', '.join(node['html'][:120] for node in one['nodes'][:3])}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


async def overflow_px(page: Page) -> int:
    """By how much the page is wider than its window."""
    wider: int = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return wider
