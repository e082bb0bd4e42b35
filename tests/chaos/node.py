"""`tiffin` with a clock that jumps: the offset in seconds stands in the file that TIFFIN_CHAOS_CLOCK names.

Only the injected clock jumps (`tiffin.base.clock`), never the machine's.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

from tiffin.base.clock import SystemClock
from tiffin.cli.main import main

_machine_now = SystemClock.now


def _now(self: SystemClock) -> datetime:
    text = Path(os.environ["TIFFIN_CHAOS_CLOCK"]).read_text(encoding="ascii")
    return _machine_now(self) + timedelta(seconds=float(text or 0))


if __name__ == "__main__":
    SystemClock.now = _now  # type: ignore[method-assign]
    main()
