"""schemathesis on the OpenAPI document: every operation, logged in as each kind of person and as nobody, with data that
fits the document and data that does not. No fault of the server, and every answer as the document says.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.e2e.cluster import Cluster, order_body, run_cluster
from tests.folders import server_folder

from tiffin.cli.documents import documents
from tiffin.demo.city import City, populate

_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# what uvicorn says to bytes that are no request, before there is an operation
_NO_HTTP = "Invalid HTTP request received."
_EXAMPLES = int(os.environ.get("TIFFIN_FUZZ_EXAMPLES", "0"))


@dataclass(frozen=True)
class Known:
    """A node of its own, who may call it, and ids that there are."""

    origin: str
    bearers: tuple[str | None, ...]
    ids: dict[str, tuple[str, ...]]


@pytest.fixture(scope="module")
def _folder() -> Iterator[Path]:
    with server_folder("fuzz") as folder:
        yield folder


@pytest.fixture(scope="module")
async def known(_folder: Path) -> AsyncIterator[Known]:
    """A restaurant with staff, a customer with an order, an administrator and a support agent."""
    async with run_cluster(_folder, nodes=0) as cluster:
        many: Any = {"TIFFIN_LOGIN_ATTEMPTS_PER_MINUTE": "100000"}
        node = await cluster.start_node(**many)
        city = await populate(cluster.pool, [node.origin], restaurants=1, staff=1, customers=3)
        for customer, role in zip(city.customers[1:], ("admin", "agent"), strict=True):
            await _grant(cluster, customer.person.tiffin.account_id, role)
        yield await _known(city, node.origin)


async def _grant(cluster: Cluster, account_id: str, role: str) -> None:
    import asyncpg

    connection = await asyncpg.connect(cluster.postgres.url)
    await connection.execute("INSERT INTO account_role (account_id, role) VALUES ($1, $2)", account_id, role)
    await connection.close()


async def _known(city: City, origin: str) -> Known:
    [restaurant] = city.restaurants
    customer = city.customers[0]
    placed = await customer.person.tiffin.place_order(await order_body(customer.person.tiffin, restaurant, customer))
    addresses: Any = await customer.person.tiffin.list_addresses()
    people = [restaurant.owner, restaurant.staff[0], *(one.person for one in city.customers)]
    tokens = [await person.tiffin.http.access_token(None) for person in people]
    accounts = tuple(person.tiffin.account_id for person in people)
    return Known(
        origin,
        (None, *tokens),
        {
            "restaurant_id": (restaurant.restaurant_id,),
            "category_id": tuple(category["id"] for category in restaurant.menu["categories"]),
            "item_id": tuple(item["id"] for item in restaurant.menu["items"]),
            "order_id": (placed["order_id"],),
            "ticket_id": (placed["order_id"],),
            "address_id": tuple(address["address_id"] for address in addresses),
            "account_id": accounts,
        },
    )


schema = schemathesis.openapi.from_dict(asyncio.run(documents())["openapi.json"])


@schema.parametrize()
@settings(
    max_examples=_EXAMPLES or 5,
    derandomize=not _EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_operation_is_at_fault(case: schemathesis.Case[Any], known: Known) -> None:
    chance = random.Random(str(case.as_curl_command()))
    for name, ids in known.ids.items():
        if name in case.path_parameters and chance.random() < 0.8:
            case.path_parameters[name] = chance.choice(ids)
    bearer = chance.choice(known.bearers)
    headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
    if chance.random() < 0.8:
        headers |= {"idempotency-key": uuid4().hex, "if-match": f'"{chance.randint(1, 3)}"'}
    answer = case.call(base_url=known.origin, headers=headers)
    if answer.status_code == 400 and answer.text == _NO_HTTP:
        return
    case.validate_response(answer, checks=_CHECKS)
