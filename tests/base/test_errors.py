from collections.abc import Iterator

from tiffin.base import errors
from tiffin.base.errors import Conflict, RateLimited, TiffinError


class OrderAlreadyDelivered(Conflict):
    code = "order_already_delivered"
    message = "This order was delivered already."


def _families() -> Iterator[type[TiffinError]]:
    for value in vars(errors).values():
        if isinstance(value, type) and issubclass(value, TiffinError):
            yield value


def test_every_family_has_a_code_and_a_sentence_of_its_own() -> None:
    families = list(_families())
    assert len({family.code for family in families}) == len(families)
    assert all(family.message.endswith(".") for family in families)


def test_an_error_says_its_fact_and_keeps_details_for_programs() -> None:
    error = OrderAlreadyDelivered(order="42")
    assert str(error) == "This order was delivered already."
    assert error.details == {"order": "42"}
    assert str(OrderAlreadyDelivered("Told otherwise.")) == "Told otherwise."


def test_a_limit_says_when_to_come_back() -> None:
    assert RateLimited(3.5).retry_after_seconds == 3.5
