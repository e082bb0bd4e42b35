"""A file out of multipart/form-data, as it comes: neither the whole of it in memory nor a copy on a disk between."""

from collections.abc import AsyncIterator
from email.message import Message
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from tiffin.features.images.errors import MalformedUpload, UploadCutOff

_FIELD = "file"
# what a form may have besides its file
_MOST_OTHER_BYTES = 16_384


class FormFile:
    """The one file of a form. `open` first, then iterate over its bytes."""

    def __init__(self, body: AsyncIterator[bytes], content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
            raise MalformedUpload()
        self._body = body
        # the name the client gave it
        self.name = ""
        self._parser = MultipartParser(boundary, self._callbacks())
        self._headers: list[tuple[bytes, bytes]] = []
        self._header = (bytearray(), bytearray())
        self._in_file = False
        self._found = False
        self._over = False
        self._other_bytes = 0
        self._pending: list[bytes] = []

    async def open(self) -> None:
        """Read up to the file's first bytes. Raises MalformedUpload, UploadCutOff."""
        while not self._found:
            if not await self._read():
                raise MalformedUpload() if self._over else UploadCutOff()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            while self._pending:
                yield self._pending.pop(0)
            if not await self._read():
                break
        if not self._over:
            raise UploadCutOff()

    async def _read(self) -> bool:
        """Feed the parser with what comes next; False at the end."""
        async for chunk in self._body:
            try:
                self._parser.write(chunk)
            except MultipartParseError as error:
                raise MalformedUpload() from error
            return True
        return False

    def _callbacks(self) -> Any:
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def _on_part_begin(self) -> None:
        self._headers = []

    def _on_header_end(self) -> None:
        field, value = self._header
        self._count_other(len(field) + len(value))
        self._headers.append((bytes(field).lower(), bytes(value)))
        self._header = (bytearray(), bytearray())

    def _on_headers_finished(self) -> None:
        disposition = dict(self._headers).get(b"content-disposition", b"")
        message = Message()
        message["content-disposition"] = disposition.decode("utf-8", "replace").replace("\r", "").replace("\n", "")
        if message.get_param("name", header="content-disposition") != _FIELD:
            return
        if self._found:
            raise MalformedUpload()
        self._found = self._in_file = True
        self.name = message.get_filename() or ""

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._pending.append(data[start:end])
        else:
            self._count_other(end - start)

    def _on_part_end(self) -> None:
        self._in_file = False

    def _on_end(self) -> None:
        self._over = True

    def _count_other(self, count: int) -> None:
        self._other_bytes += count
        if self._other_bytes > _MOST_OTHER_BYTES:
            raise MalformedUpload()
