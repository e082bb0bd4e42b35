"""Writes `.env.example` from the settings: `make env-example`. A test holds the file to what this returns."""

from enum import Enum
from pathlib import Path
from typing import Any

import orjson
import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from tiffin.base.settings import Settings

_HEAD = """\
# Every setting of Tiffin with its default. Copy to .env and change what you need; the environment wins over the file.
# Durations are in seconds and sizes in bytes, as the names say. Lists are JSON: ["a", "b"].
# Written by `make env-example`.
"""


def env_example() -> str:
    """The text of `.env.example`: a description and a commented default for each setting."""
    entries = [_entry(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join([_HEAD, *entries])


def _entry(name: str, field: FieldInfo) -> str:
    default = _as_text(field.get_default(call_default_factory=True, validated_data={}))
    return f"# {field.description}\n# TIFFIN_{name.upper()}={default}\n"


def _as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return str(value.get_secret_value())
        case str() | Path() | Enum():
            return str(value)
        case _:
            return orjson.dumps(value).decode()


if __name__ == "__main__":
    typer.echo(env_example(), nl=False)
