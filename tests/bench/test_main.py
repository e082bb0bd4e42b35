import json
from pathlib import Path

import pytest
import typer

from tiffin.bench import main
from tiffin.bench.result import Result


async def _measure(say: main.Say) -> Result:
    say("halfway")
    return Result("quick", {"p50_ms": 1.5, "lost": 0}, {"cores": 2}, ("a note",))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "BENCHMARKS", {"quick": _measure})


def test_json_is_one_object_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    main.run("quick", as_json=True)
    expected = {"name": "quick", "figures": {"p50_ms": 1.5, "lost": 0}, "environment": {"cores": 2}}
    assert json.loads(capsys.readouterr().out) == expected


def test_an_unknown_name_is_told_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught:
        main.run("slow", as_json=False)
    assert caught.value.exit_code == 2
    assert "known are: quick, all" in capsys.readouterr().err


def test_all_writes_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    main.run("all", as_json=True)
    report = (tmp_path / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert "| `p50_ms` | 1.5 |" in report
    assert "- a note" in report


def test_one_that_fails_takes_nothing_from_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: main.Say) -> Result:
        raise RuntimeError("no more ports")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main, "BENCHMARKS", {"broken": fail, "quick": _measure})
    with pytest.raises(typer.Exit) as caught:
        main.run("all", as_json=True)
    assert caught.value.exit_code == 1
    report = (tmp_path / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert "failed: RuntimeError: no more ports" in report
    assert "| `p50_ms` | 1.5 |" in report
