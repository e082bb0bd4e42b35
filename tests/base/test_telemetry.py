import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from tiffin.base.telemetry import configure_logging, get_logger


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def test_json_lines_name_part_event_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    get_logger("work.relay").info("row_run", attempts=2)
    logged = json.loads(capsys.readouterr().err)
    assert {"part": "work.relay", "event": "row_run", "attempts": 2, "level": "info"}.items() <= logged.items()
    assert logged["timestamp"].endswith("Z")


def test_what_is_less_severe_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning", "json")
    get_logger("x").info("quiet")
    get_logger("x").warning("loud")
    assert "quiet" not in (err := capsys.readouterr().err)
    assert "loud" in err


def test_the_standard_librarys_logs_come_out_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "json")
    logging.getLogger("uvicorn.error").error("it broke: %s", "badly")
    logged = json.loads(capsys.readouterr().err)
    assert logged["event"] == "it broke: badly"
    assert logged["level"] == "error"
