"""The worker for images that `tiffin up` keeps running: `tiffin work images` as a child, started again when it ends."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable

from tiffin.base.settings import Settings
from tiffin.cli.servers import required_urls
from tiffin.embedded.process import spawn

_BACKOFF_SECONDS = (0.1, 1.0, 5.0)
_STOP_SECONDS = 5.0
_STEADY_SECONDS = 30.0


@contextlib.asynccontextmanager
async def image_worker(settings: Settings, warn: Callable[[str], None]) -> AsyncIterator[None]:
    """Keep one running; at the end it is asked to stop, and its picture goes to the next worker."""
    keeping = asyncio.create_task(_keep(settings, warn))
    try:
        yield
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping


async def _keep(settings: Settings, warn: Callable[[str], None]) -> None:
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        started = loop.time()
        worker = await _start(settings)
        try:
            code = await worker.wait()
        except asyncio.CancelledError:
            await _stop(worker)
            raise
        failures = 0 if loop.time() - started > _STEADY_SECONDS else failures
        warn(f"the worker for images ended ({code}) and is started again; its log: {settings.data_dir / 'images.log'}")
        await asyncio.sleep(_BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)])
        failures += 1


async def _start(settings: Settings) -> asyncio.subprocess.Process:
    database_url, nats_url = required_urls(settings)
    return await spawn(
        (sys.executable, "-m", "tiffin.cli.main", "work", "images"),
        settings.data_dir / "images.log",
        death_signal=signal.SIGTERM,
        environment={
            "TIFFIN_DATABASE_URL": database_url,
            "TIFFIN_NATS_URL": nats_url,
            "TIFFIN_DATA_DIR": str(settings.data_dir.resolve()),
            "TIFFIN_SECRET_KEY": settings.secret_key.get_secret_value(),
            "TIFFIN_DATABASE_POOL_SIZE": "4",
            "TIFFIN_LOG_LEVEL": settings.log_level,
        },
    )


async def _stop(worker: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await worker.wait()
    except TimeoutError:
        worker.kill()
        await worker.wait()
