import re
from pathlib import Path

from tiffin.bench.main import BENCHMARKS
from tiffin.bench.report import AIMS, charts_of, report, write_report
from tiffin.bench.result import Result

_FANOUT = Result(
    "fanout",
    {
        "cpu_us_per_delivery": 5.0,
        "nchan_cpu_us_per_delivery": 10.0,
        "ratio_nchan": 0.5,
        "ratio_limit": 1.9,
    },
    {"cores": 2},
    ("a note",),
)


def test_each_aim_is_met_missed_or_not_measured() -> None:
    text = report([_FANOUT])
    assert "| [fanout](#fanout) | `ratio_nchan` | 0.5 | ≤ 0.8 | met |" in text
    assert "| [fanout](#fanout) | `ratio_limit` | 1.9 | ≤ 1.7 | **missed** |" in text
    assert "| [fanout](#fanout) | `burst_ratio_nchan` | – | ≤ 0.15 | not measured |" in text
    assert "| `ratio_nchan` | 0.5 | ≤ 0.8 |" in text


def test_more_is_better_where_the_aim_says_so() -> None:
    good = Result("reconnect", {"clients_per_query": 60, "errors": 0}, {})
    bad = Result("reconnect", {"clients_per_query": 40, "errors": 1}, {})
    assert "| `clients_per_query` | 60 | ≥ 50 | met |" in report([good])
    assert "| `clients_per_query` | 40 | ≥ 50 | **missed** |" in report([bad])
    assert "| `errors` | 1 | ≤ 0 | **missed** |" in report([bad])


def test_every_plot_that_is_shown_is_written(tmp_path: Path) -> None:
    results = [_FANOUT, Result("start", {"first_s": 2.0, "warm_s": 1.0}, {}), Result("idle", {"kb_per_sse": 10.0}, {})]
    write_report(results, tmp_path)
    shown = re.findall(r"\]\((images/[^)]+)\)", (tmp_path / "benchmarks.md").read_text(encoding="utf-8"))
    assert shown == ["images/bench-fanout.svg", "images/bench-start.svg", "images/bench-idle.svg"]
    for name in shown:
        assert (tmp_path / name).read_text(encoding="utf-8").startswith("<svg ")


def test_a_peer_that_was_not_there_has_no_bar() -> None:
    ((name, chart),) = charts_of(_FANOUT)
    assert name == "fanout"
    assert [(bar.label, bar.is_ours) for bar in chart.bars] == [("tiffin", True), ("nginx + nchan", False)]


def test_a_benchmark_that_failed_is_in_the_report_without_a_plot(tmp_path: Path) -> None:
    write_report([Result("api", {}, {}, ("failed: too slow",))], tmp_path)
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert "- failed: too slow" in text
    assert "images/" not in text


def test_aims_are_of_benchmarks_that_exist() -> None:
    assert set(AIMS) <= set(BENCHMARKS)
