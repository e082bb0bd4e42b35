"""The courier's marker on a real map in Chromium: reports every 12 s, some lost, and twenty seconds without any.

Time runs eight times faster for the reports and the playback, not for the frames: a step between two frames is eight
times what a person would see.
"""

import statistics
from typing import Any

from playwright.async_api import Browser
from tests.browser.live_tab import Street
from tests.browser.road import PAGES

_TIMES_FASTER = 8
_RIDE: dict[str, Any] = {
    "seed": 5,
    "timesFaster": _TIMES_FASTER,
    "metersPerSecond": 4.5,
    "seconds": 110,
    "intervalSeconds": 12,
    "lost": 25,
    "outage": [45, 65],
    "noiseMeters": 5,
}


async def test_the_marker_never_jumps_and_moves_at_every_frame(browser: Browser, street: Street) -> None:
    context = await browser.new_context(viewport={"width": 820, "height": 520})
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{street.road.origin}{PAGES}ride.html")
    await page.wait_for_function("() => window.measure")
    measured = await page.evaluate("(ride) => window.measure(ride)", _RIDE)
    await context.close()
    assert errors == []
    frames_per_second = statistics.median(measured["framesPerSecond"])
    assert measured["pixelsAMeter"] > 0.4, "people see single streets"
    assert measured["longestStep"] < 30, measured
    assert measured["wentMeters"] > 0.6 * measured["wayMeters"], "it has followed"
    assert len(measured["framesPerSecond"]) >= 5
    assert frames_per_second >= 30, measured
