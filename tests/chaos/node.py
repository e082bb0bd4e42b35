"""`tiffin` with a clock that jumps: the offset in seconds stands in the file that TIFFIN_CHAOS_CLOCK names.

Only the injected clock jumps (`tiffin.base.clock`), never the machine's. On Linux it dies with the run that started it.
"""

import ctypes
import os
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path

from tiffin.base.clock import SystemClock
from tiffin.cli.main import main

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_machine_now = SystemClock.now


def _now(self: SystemClock) -> datetime:
    text = Path(os.environ["TIFFIN_CHAOS_CLOCK"]).read_text(encoding="ascii")
    return _machine_now(self) + timedelta(seconds=float(text or 0))


if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    SystemClock.now = _now  # type: ignore[method-assign]
    main()
