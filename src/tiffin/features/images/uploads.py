"""Uploads over HTTP: a form with a file, or tus 1.0 for those that go on where a connection broke.

Both begin at the resource of whatever the image is for (`begin`, called by the feature that owns it, once it has
asked who may). A resumable upload continues at `/v1/uploads/{id}`. Protocol: tus.io/protocols/resumable-upload 1.0.0,
with creation, creation-with-upload, checksum (sha256), expiration and termination.
"""

import base64
import binascii
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from uuid import UUID

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tiffin.base.principal import Principal
from tiffin.features.images.domain import MOST_BYTES, UPLOAD_LIFETIME, Image
from tiffin.features.images.errors import ChecksumMismatch, MalformedUpload, UnsupportedTusVersion, UploadCutOff
from tiffin.features.images.form import FormFile
from tiffin.features.images.schemas import ImageView
from tiffin.features.images.service import ImageService, Target
from tiffin.http import V1
from tiffin.http.problems import problem_response

_VERSION = "1.0.0"
_STREAM = "application/offset+octet-stream"
TUS = {"tus-resumable": _VERSION, "cache-control": "no-store"}
OPTIONS = {
    **TUS,
    "tus-version": _VERSION,
    "tus-max-size": str(MOST_BYTES),
    "tus-extension": "creation,creation-with-upload,checksum,expiration,termination",
    "tus-checksum-algorithm": "sha256",
}
# what OpenAPI says of an endpoint that begins with `begin`
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
                }
            }
        },
    }
}
BEGUN = {"description": "With tus 1.0 headers: a resumable upload has begun; go on at its Location with PATCH."}
# of a form besides its file: boundaries, headers, small fields
_FORM_BYTES = 64_000
BODY_BYTES = MOST_BYTES + _FORM_BYTES


async def begin(request: Request, service: ImageService, principal: Principal, target: Target) -> Response:
    """Receive a form's file (202), or begin a resumable upload (201).

    Raises MalformedUpload, UploadCutOff, UnsupportedTusVersion, what the service raises.
    """
    if "tus-resumable" in request.headers:
        return await _begin_resumable(request, service, principal, target)
    form = FormFile(_body(request), request.headers.get("content-type", ""))
    await form.open()
    image = await service.receive(target, form.name, aiter(form))
    headers = {"location": f"{V1}/images/{image.id}"}
    return Response(ImageView.of(image).model_dump_json(), 202, headers, "application/json")


async def _begin_resumable(request: Request, service: ImageService, principal: Principal, target: Target) -> Response:
    require_version(request)
    image = await service.begin_upload(target, _file_name(request), _number(request, "upload-length"))
    headers = {**TUS, "location": f"{V1}/uploads/{image.id}", "upload-offset": "0", "upload-expires": _expires()}
    if request.headers.get("content-type") == _STREAM:
        answer = await append(request, service, principal, image.id, 0)
        if answer.status_code != 204:
            return answer
        headers["upload-offset"] = answer.headers["upload-offset"]
    return Response(status_code=201, headers=headers)


async def append(request: Request, service: ImageService, principal: Principal, image_id: UUID, start: int) -> Response:
    """Take the bytes of a PATCH. Raises what the service raises, MalformedUpload."""
    if request.headers.get("content-type") != _STREAM:
        raise MalformedUpload(f"Send the bytes as {_STREAM}.")
    try:
        offset = await service.append(principal, image_id, start, _until_cut(request), _checksum(request))
    except ChecksumMismatch as error:
        return problem_response(460, "Checksum Mismatch", error.code, str(error), None, TUS)
    return Response(status_code=204, headers={**TUS, "upload-offset": str(offset), "upload-expires": _expires()})


def describe(image: Image) -> dict[str, str]:
    """Where a resumable upload stands, as headers."""
    return {**TUS, "upload-offset": str(image.received), "upload-length": str(image.size)}


def _expires() -> str:
    """When an upload that nobody goes on with from now on is given up."""
    return format_datetime(datetime.now(UTC) + UPLOAD_LIFETIME, usegmt=True)


def offset_of(request: Request) -> int:
    """The offset a PATCH begins at. Raises MalformedUpload."""
    return _number(request, "upload-offset")


def require_version(request: Request) -> None:
    """Raises UnsupportedTusVersion."""
    if request.headers.get("tus-resumable") != _VERSION:
        raise UnsupportedTusVersion()


async def _body(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise UploadCutOff() from error


async def _until_cut(request: Request) -> AsyncIterator[bytes]:
    """What comes before the client leaves is worth keeping: the next PATCH goes on there."""
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        return


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise MalformedUpload(f"Send {header.title()} as a number of bytes.")
    return int(text)


def _file_name(request: Request) -> str:
    for pair in request.headers.get("upload-metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key in ("filename", "name"):
            return _decoded(value).decode("utf-8", "replace")
    return ""


def _checksum(request: Request) -> bytes | None:
    header = request.headers.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    digest = _decoded(value)
    if algorithm != "sha256" or len(digest) != 32:
        raise MalformedUpload("Send Upload-Checksum as `sha256 <base64>`.")
    return digest


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedUpload("A header is not valid base64.") from error
