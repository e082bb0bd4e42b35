"""Reading error answers (RFC 9457)."""

import orjson

from tiffin.client.errors import ProblemError

_STANDARD = ("type", "title", "status", "code", "detail")


def problem_of(status: int, body: bytes, retry_after: str | None) -> ProblemError:
    """The error in an answer; one that is no problem+json (a proxy's page) gets the code `http_<status>`."""
    seconds = float(retry_after) if retry_after and retry_after.isdigit() else None
    try:
        fields = orjson.loads(body)
        code, detail = str(fields["code"]), str(fields["detail"])
    except (ValueError, TypeError, KeyError):
        return ProblemError(status, f"http_{status}", "The answer has no problem+json.", None, seconds)
    details = {name: value for name, value in fields.items() if name not in _STANDARD}
    return ProblemError(status, code, detail, details, seconds)
