"""Latencies, and when to give up on one."""

from collections.abc import Iterable

from tiffin.demo.ledger import percentile

# nothing at all has come for this long: the server is taken for stuck
STUCK_SECONDS = 30.0


def percentile_ms(seconds: Iterable[float], share: float) -> float:
    """The value below which this share of them lies, in milliseconds; infinite without any."""
    value = percentile(seconds, share)
    return float("inf") if value is None else value * 1000
