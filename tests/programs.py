"""Programs of the machine that some tests need: without one they skip and say how to get it; in CI that fails."""

import os
import shutil

import pytest


def require(program: str, install: str) -> str:
    """The path of a program that is not ours."""
    found = shutil.which(program)
    if found is None:
        message = f"{program} is not installed; on Debian, as root: {install}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
