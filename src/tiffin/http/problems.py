"""Errors on the wire: RFC 9457 problem+json with a stable `code` and a sentence a person can act on."""

from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """The body of every error answer. Some codes add fields of their own; each is documented with its code."""

    type: str = Field(description="`urn:tiffin:problem:` and the code")
    title: str = Field(description="the status in words")
    status: int
    code: str = Field(description="stable; programs branch on this")
    detail: str = Field(description="what happened and what to do about it, for a person")


def problem_response(
    status: int,
    title: str,
    code: str,
    detail: str,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """An error answer. `details` become further members of the object; they cannot replace the standard ones."""
    body = {
        **(details or {}),
        "type": f"urn:tiffin:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    content = orjson.dumps(body, default=str)
    return Response(content, status, {"cache-control": "no-store", **(headers or {})}, MEDIA_TYPE)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI document: the errors an endpoint may answer."""
    return {status: {"model": Problem} for status in statuses}


def describe_problems(document: dict[str, Any]) -> None:
    """Say in an OpenAPI document that every answer from 400 on is a problem, whichever operation gives it."""
    document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in document["paths"].values():
        for operation in operations.values():
            responses = operation["responses"]
            for status, response in responses.items():
                if status >= "4":
                    response["content"] = content
            responses["default"] = {"description": "A problem; its `code` says which", "content": content}
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
