import json
import logging
import os
from collections.abc import Iterator
from typing import Literal

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


@pytest.mark.parametrize("style", ["console", "json"])
@pytest.mark.parametrize("logger", [get_logger("x"), logging.getLogger("x")])
def test_a_traceback_shows_no_local_variables(
    capsys: pytest.CaptureFixture[str], style: Literal["console", "json"], logger: logging.Logger
) -> None:
    configure_logging("info", style)
    password = os.environ.get("NO_SUCH_VARIABLE", "hush-hush")
    try:
        raise ValueError(len(password))
    except ValueError:
        logger.exception("it_failed")
    err = capsys.readouterr().err
    assert "ValueError: 9" in err
    assert "test_telemetry.py" in err
    assert "hush-hush" not in err
