"""A file out of a form, however its bytes are cut, and whatever else a body may be."""

from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.features.images.errors import MalformedUpload, UploadCutOff
from tiffin.features.images.form import FormFile

_BOUNDARY = b"----a-boundary"
_TYPE = "multipart/form-data; boundary=" + _BOUNDARY.decode()


def part(name: bytes, content: bytes, *, file_name: bytes | None = None) -> bytes:
    """One part of a form."""
    file = b'; filename="' + file_name + b'"' if file_name is not None else b""
    head = b'Content-Disposition: form-data; name="' + name + b'"' + file
    return b"--" + _BOUNDARY + b"\r\n" + head + b"\r\nContent-Type: image/jpeg\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A whole body."""
    return b"".join(parts) + b"--" + _BOUNDARY + b"--\r\n"


async def cut(body: bytes, places: list[int]) -> AsyncIterator[bytes]:
    """The body in pieces."""
    for start, end in pairwise([0, *sorted(place % (len(body) + 1) for place in places), len(body)]):
        yield body[start:end]


async def read(body: bytes, places: list[int] | None = None, content_type: str = _TYPE) -> tuple[str, bytes]:
    """The file's name and content."""
    file = FormFile(cut(body, places or []), content_type)
    await file.open()
    return file.name, b"".join([chunk async for chunk in file])


@given(
    content=st.binary(max_size=300) | st.just(b"\r\n--" + _BOUNDARY[:-1] + b"\r\n") | st.just(b"\r\n" * 50),
    places=st.lists(st.integers(0, 2000), max_size=12),
)
async def test_however_it_is_cut(content: bytes, places: list[int]) -> None:
    body = form(part(b"alt", b"Soup"), part(b"file", content, file_name=b"soup.jpg"), part(b"more", b"1"))
    assert await read(body, places) == ("soup.jpg", content)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=4))
async def test_nonsense_is_refused(body: bytes, places: list[int]) -> None:
    with pytest.raises((MalformedUpload, UploadCutOff)):
        await read(body, places)


@given(st.integers(1, 60))
async def test_a_body_that_ends_early_is_told_apart(missing: int) -> None:
    body = form(part(b"file", b"x" * 100, file_name=b"soup.jpg"))
    with pytest.raises(UploadCutOff):
        await read(body[:-missing] if missing > 2 else body[:-4])


@pytest.mark.parametrize(
    "body",
    [
        form(part(b"alt", b"Soup")),
        form(),
        form(part(b"file", b"1", file_name=b"a"), part(b"file", b"2", file_name=b"b")),
        form(part(b"alt", b"x" * 20_000), part(b"file", b"1", file_name=b"a")),
        form(*(part(b"n%d" % number, b"") for number in range(400)), part(b"file", b"1", file_name=b"a")),
    ],
    ids=["no file", "nothing", "two files", "a large field", "many fields"],
)
async def test_forms_that_are_not_an_upload(body: bytes) -> None:
    with pytest.raises(MalformedUpload):
        await read(body)


@pytest.mark.parametrize(
    "content_type",
    ["", "image/jpeg", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x"],
)
async def test_other_types_are_refused(content_type: str) -> None:
    with pytest.raises(MalformedUpload):
        await read(form(part(b"file", b"1", file_name=b"a")), content_type=content_type)
