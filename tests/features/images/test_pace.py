import asyncio
import time

from tests.features.images.studio import in_pieces

from tiffin.features.images.service import Incoming, Pace


async def test_all_uploads_together_keep_to_the_pace() -> None:
    pace = Pace(bytes_per_second=4_000_000)

    async def receive() -> float:
        incoming = Incoming(in_pieces(b"x" * 500_000), 1_000_000, pace)
        async for _ in incoming:
            pass
        return time.monotonic()

    began = time.monotonic()
    ends = await asyncio.gather(*(receive() for _ in range(4)))
    assert 0.4 < max(ends) - began < 1.5, "two megabytes at four a second"
    assert min(ends) - began > 0.3, "they share it"


async def test_an_idle_pace_lets_the_first_bytes_through_at_once() -> None:
    pace = Pace(bytes_per_second=1_000_000)
    began = time.monotonic()
    await pace.let_through(1000)
    assert time.monotonic() - began < 0.05
