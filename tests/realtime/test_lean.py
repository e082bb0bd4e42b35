import asyncio

from tiffin.realtime.lean import LeanEvent, LeanQueue


async def test_an_event_lets_all_who_wait_go_on_and_nobody_once_cleared() -> None:
    event = LeanEvent(is_set=True)
    assert await event.wait()
    event.clear()
    waiting = [asyncio.create_task(event.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    waiting[0].cancel()
    event.set()
    assert await asyncio.gather(*waiting[1:]) == [True, True]
    assert event.is_set()


async def test_a_queue_gives_items_in_order_and_lets_its_reader_wait() -> None:
    queue = LeanQueue()
    assert queue.empty()
    reading = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    assert not reading.done()
    queue.put_nowait(1)
    queue.put_nowait(2)
    assert [await reading, await queue.get()] == [1, 2]
    assert queue.empty()


async def test_a_reader_that_is_cancelled_takes_nothing_with_it() -> None:
    queue = LeanQueue()
    reading = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    queue.put_nowait("kept")
    assert await queue.get() == "kept"
