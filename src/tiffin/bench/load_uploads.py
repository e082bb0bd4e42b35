"""Sends uploads at once, each over a connection of its own: `python -m tiffin.bench.load_uploads < job.json`.

The job is {"host", "port", "uploads": [{"path", "token", "file", "size"}]}. Bytes go from disk to socket without a
look, so that this process costs next to nothing. Each upload ends with a few bytes of its own after the picture's
end, since the same content would be made once. Prints the statuses as a JSON list.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

_BOUNDARY = "of-the-benchmark"


async def send(host: str, port: int, upload: dict[str, Any], number: int) -> int:
    """One upload as a form. Returns the status."""
    path, size = Path(upload["file"]), upload["size"]
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{number}.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode()
    tail = b"%016d\r\n--%b--\r\n" % (number, _BOUNDARY.encode())
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(
        (
            f"POST {upload['path']} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {upload['token']}\r\n"
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\nConnection: close\r\n"
            f"Content-Length: {len(head) + size + len(tail)}\r\n\r\n"
        ).encode()
        + head
    )
    await writer.drain()
    with path.open("rb") as file:  # noqa: ASYNC230 - it is in the page cache
        await asyncio.get_running_loop().sendfile(writer.transport, file)
    writer.write(tail)
    await writer.drain()
    status = int((await reader.readline()).split()[1])
    await reader.read()
    writer.close()
    return status


async def main(job: dict[str, Any]) -> None:
    """All of them at once."""
    sending = (send(job["host"], job["port"], upload, number) for number, upload in enumerate(job["uploads"]))
    sys.stdout.write(json.dumps(await asyncio.gather(*sending)))


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
