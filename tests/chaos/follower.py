"""A client in a process of its own, so that it can be frozen: a screen by SSE and one by WebSocket, written to stdout.

Each line is one step as JSON. Reads one JSON object from stdin: origins, email, password, restaurant_id, name.
Ends with its stdin.
"""

import asyncio
import json
import sys

from tests.chaos.history import Seen, Stood, encode_step
from tests.chaos.people import WATCHDOG_SECONDS, Window, patient

from tiffin.client import Live, Tiffin


def _note(step: Stood | Seen) -> None:
    sys.stdout.write(json.dumps(encode_step(step)) + "\n")
    sys.stdout.flush()


async def _watch_socket(window: Window, tiffin: Tiffin) -> None:
    live = Live(
        patient(tiffin.origins),
        tiffin.http.access_token,
        dict.fromkeys(window.topics),
        device=window.name,
        snapshot=window.load,
        watchdog_seconds=WATCHDOG_SECONDS,
    )
    async with live:
        async for event in live:
            window.take(event)


async def _run() -> None:
    asked = json.loads(sys.stdin.readline())
    async with Tiffin(asked["origins"]) as tiffin:
        await tiffin.log_in(asked["email"], asked["password"])
        by_stream = Window(f"{asked['name']} sse", tiffin, asked["restaurant_id"], _note)
        by_socket = Window(f"{asked['name']} socket", tiffin, asked["restaurant_id"], _note)
        watching = [asyncio.create_task(by_stream.watch()), asyncio.create_task(_watch_socket(by_socket, tiffin))]
        ending = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        done, _ = await asyncio.wait([*watching, ending], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        for task in watching:
            task.cancel()


if __name__ == "__main__":
    asyncio.run(_run())
