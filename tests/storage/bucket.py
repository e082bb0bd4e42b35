"""A bucket on a server that speaks S3: moto, in a thread of its own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from tiffin.storage import Objects, open_objects

BUCKET_OPTIONS = {
    "region": "eu-north-1",
    "access_key_id": "of-the-tests",
    "secret_access_key": "of-the-tests",
    "allow_http": "true",
}


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Where the server listens; it has one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    subprocess.run(["curl", "-sf", "-X", "PUT", f"http://{host}:{port}/kitchen"], check=True, capture_output=True)
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_endpoint: str, tmp_path: Path) -> Objects:
    """A folder of this test's own in it."""
    return open_objects(tmp_path, f"s3://kitchen/{tmp_path.name}", {**BUCKET_OPTIONS, "endpoint": s3_endpoint})
