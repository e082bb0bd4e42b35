import sys
from pathlib import Path

import pytest

from tiffin.db import load_queries


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "sql_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "sql_of_a_test", raising=False)
    return folder


def test_statements_are_read_by_name_without_their_semicolon(package: Path) -> None:
    (package / "queries.sql").write_text(
        "-- About this file.\n\n-- name: get_note\n-- One note.\nSELECT 1;\n\n-- name: list_notes\nSELECT 2\n;\n"
    )
    queries = load_queries("sql_of_a_test")
    assert dict(queries) == {"get_note": "-- One note.\nSELECT 1", "list_notes": "SELECT 2\n"}


def test_another_file_may_be_named(package: Path) -> None:
    (package / "chores.sql").write_text("-- name: trim\nDELETE FROM note\n")
    assert load_queries("sql_of_a_test", "chores.sql")["trim"] == "DELETE FROM note"


def test_a_name_that_stands_twice_is_refused(package: Path) -> None:
    (package / "queries.sql").write_text("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;\n")
    with pytest.raises(ValueError, match=r"sql_of_a_test/queries.sql: a stands twice"):
        load_queries("sql_of_a_test")


def test_sql_without_a_name_is_refused(package: Path) -> None:
    (package / "queries.sql").write_text("SELECT 0;\n-- name: a\nSELECT 1;\n")
    with pytest.raises(ValueError, match="before the first"):
        load_queries("sql_of_a_test")


def test_a_missing_statement_fails_where_it_is_named(package: Path) -> None:
    (package / "queries.sql").write_text("-- name: a\nSELECT 1;\n")
    with pytest.raises(KeyError):
        load_queries("sql_of_a_test")["b"]
