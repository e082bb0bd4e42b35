"""Writes the OpenAPI and AsyncAPI documents, with no server running: the frontend's types are made of them."""

import asyncio
from pathlib import Path
from typing import Annotated

import asyncpg
import orjson
import typer
from pydantic import SecretStr

from tiffin.app.main import describe_live
from tiffin.app.wiring import Node
from tiffin.base.settings import Settings
from tiffin.db import Database

_NOWHERE = "postgresql://localhost:1/none"


def write_documents(folder: Annotated[Path, typer.Argument(help="Folder to write to.")]) -> None:
    """Write `openapi.json` and `asyncapi.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, document in asyncio.run(documents()).items():
        (folder / name).write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))


async def documents() -> dict[str, dict[str, object]]:
    """Of a node that is built and never opened; its pool connects to nothing."""
    settings = Settings.model_construct(database_url=SecretStr(_NOWHERE), nats_url=SecretStr("nats://localhost:1"))
    node = Node(settings, Database(asyncpg.create_pool(_NOWHERE), _NOWHERE))
    return {"openapi.json": node.api().openapi(), "asyncapi.json": describe_live(node)}


if __name__ == "__main__":
    typer.run(write_documents)
