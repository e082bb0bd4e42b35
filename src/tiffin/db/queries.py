"""Named SQL: every statement stands in a `.sql` file under a line `-- name: verb_object`, with a description.

`load_queries(__package__)` reads `queries.sql` beside the caller once, at import; `QUERIES["insert_order"]` is
its text. A name that is missing or stands twice fails at import, not at the first request.
"""

import re
from importlib.resources import files

_HEADER = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


class Queries(dict[str, str]):
    """SQL text by name."""


def load_queries(package: str | None, file: str = "queries.sql") -> Queries:
    """The statements of `file` in `package`. Raises ValueError on a duplicate name or text before the first."""
    assert package is not None
    text = files(package).joinpath(file).read_text(encoding="utf-8")
    parts = _HEADER.split(text)
    if parts[0].strip() and not all(line.startswith("--") for line in parts[0].strip().splitlines()):
        raise ValueError(f"{package}/{file}: SQL before the first '-- name:'")
    queries = Queries()
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name in queries:
            raise ValueError(f"{package}/{file}: {name} stands twice")
        queries[name] = body.strip().rstrip(";")
    return queries
