"""What the benchmarks make of what they measured."""

import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader

from tiffin.bench import api, fanout
from tiffin.bench.frames import masked_frame
from tiffin.bench.reconnect import count_statements
from tiffin.bench.timing import percentile_ms

_LOG = b"""\
2026-11-23 08:36:59.993 UTC [14704] LOG:  statement: BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
2026-11-23 08:36:59.994 UTC [14704] LOG:  execute __asyncpg_stmt_c__: -- Where these topics stand.
	SELECT 1
2026-11-23 08:36:59.994 UTC [14704] DETAIL:  Parameters: $1 = '10'
2026-11-23 08:36:59.995 UTC [14704] LOG:  statement: COMMIT;
2026-11-23 08:36:59.996 UTC [14704] LOG:  statement: DELETE FROM presence WHERE expires_at < now()
2026-11-23 08:36:59.997 UTC [14704] LOG:  execute __asyncpg_stmt_1__:
	WITH a AS (SELECT 1) SELECT * FROM a
2026-11-23 08:37:00.000 UTC [1] LOG:  checkpoint starting: time
"""


def test_fanout_takes_the_median_of_ratios_of_the_same_round() -> None:
    rounds = {
        "tiffin": {"cpu_us_per_delivery": [5.0, 20.0, 6.0], "p99_ms": [3.0, 1.0, 2.0]},
        "nchan": {"cpu_us_per_delivery": [10.0, 40.0, 8.0], "p99_ms": [9.0, 9.0, 9.0]},
    }
    assert fanout.figures_of(rounds, "_1000") == {
        "cpu_us_per_delivery_1000": 6.0,
        "p99_ms_1000": 2.0,
        "nchan_cpu_us_per_delivery_1000": 10.0,
        "nchan_p99_ms_1000": 9.0,
        "ratio_nchan_1000": 0.5,
    }


def test_fanout_says_nothing_of_peers_that_were_not_there() -> None:
    rounds = {"tiffin": {"burst_cpu_us_per_delivery": [1.0], "cpu_us_per_delivery": [6.0]}}
    assert set(fanout.figures_of(rounds, "")) == {"burst_cpu_us_per_delivery", "cpu_us_per_delivery"}


def test_api_compares_the_profile_with_the_bare_one() -> None:
    calls = [
        api.Call("profile", 1, ("", 0), [], cpu_us=[300.0, 900.0], p99_ms=[1.0, 2.0]),
        api.Call("bare", 2, ("", 0), [], cpu_us=[200.0, 300.0], p99_ms=[1.0, 2.0]),
    ]
    figures = api.figures_of(calls)
    assert figures["cpu_us_per_request"] == 600
    assert figures["ratio_bare"] == 2.25
    assert "ratio_bare" not in api.figures_of(calls[:1])


def test_statements_are_counted_without_what_only_begins_and_ends() -> None:
    assert count_statements(_LOG) == 3
    assert count_statements(b"") == 0


def test_a_frame_is_one_that_servers_take() -> None:
    payload = b'{"type":"hello","topics":{}}'.ljust(200)
    reader = StreamReader()
    reader.feed_data(masked_frame(payload))
    parsing = Frame.parse(reader.read_exact, mask=True, max_size=None)
    with pytest.raises(StopIteration) as parsed:
        next(parsing)
    assert parsed.value.value.data == payload


def test_percentiles_are_in_milliseconds() -> None:
    assert percentile_ms([0.001 * number for number in range(1, 101)], 0.99) == pytest.approx(100)
    assert percentile_ms([], 0.5) == float("inf")
