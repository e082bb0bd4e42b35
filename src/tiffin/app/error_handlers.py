"""The one place where errors become HTTP: families to status codes, everything to problem+json."""

import math
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tiffin.base import errors
from tiffin.base.telemetry import get_logger
from tiffin.http.problems import problem_response

_log = get_logger("app")

STATUS_OF: dict[type[errors.TiffinError], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.PreconditionRequired: 428,
    errors.RateLimited: 429,
    errors.Unavailable: 503,
}
_MOST_FIELDS = 20


def status_of(error: errors.TiffinError) -> int:
    """The status of an error's family."""
    for family in type(error).__mro__:
        if family in STATUS_OF:
            return STATUS_OF[family]
    return 400


def problem_of(error: errors.TiffinError) -> Response:
    """The answer to a request that met `error`."""
    status = status_of(error)
    headers = {}
    if isinstance(error, errors.RateLimited | errors.Unavailable):
        headers["retry-after"] = str(math.ceil(error.retry_after_seconds))
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="tiffin"'
    if "etag" in error.details:
        headers["etag"] = str(error.details["etag"])
    return problem_response(status, HTTPStatus(status).phrase, error.code, str(error), error.details, headers)


async def _tiffin_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TiffinError)
    return problem_of(error)


async def _validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()[:_MOST_FIELDS]
    if any(item["type"] == "json_invalid" for item in found):
        return problem_response(400, "Bad Request", "malformed_json", "The body is not valid JSON; check its syntax.")
    fields = [{"at": ".".join(str(part) for part in item["loc"]), "problem": item["msg"]} for item in found]
    first = fields[0] if fields else {"at": "body", "problem": "unreadable"}
    detail = f"{first['at']}: {first['problem']}. Correct the fields listed under `fields` and send it again."
    return problem_response(422, "Unprocessable Content", "invalid_fields", detail, {"fields": fields})


async def _http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    known: dict[int, tuple[str, str]] = {
        400: ("malformed_request", "The request could not be read; check its body and headers."),
        404: ("unknown_path", "There is no such path; the API is described at /docs."),
        405: ("method_not_allowed", "This path does not take this method; see /docs."),
    }
    code, detail = known.get(status, ("http_error", str(error.detail)))
    headers: dict[str, Any] = dict(error.headers or {})
    return problem_response(status, HTTPStatus(status).phrase, code, detail, None, headers)


async def _bug(request: Request, error: Exception) -> Response:
    _log.error("unhandled_error", path=request.url.path, method=request.method, exc_info=error)
    return problem_response(
        500, "Internal Server Error", "internal_error", "This is a fault on our side; it has been logged. Try again."
    )


def install_error_handlers(app: FastAPI) -> None:
    """Make `app` answer every error as problem+json."""
    app.add_exception_handler(errors.TiffinError, _tiffin_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _bug)
