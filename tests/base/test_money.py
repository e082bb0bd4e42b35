import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiffin.base.money import CurrencyMismatch, Money

amounts = st.integers(min_value=-(10**12), max_value=10**12)
euros = amounts.map(lambda minor: Money(minor, "EUR"))


@given(euros, euros, euros)
def test_adding_is_exact_in_any_order(a: Money, b: Money, c: Money) -> None:
    assert (a + b) + c == a + (b + c) == c + b + a


@given(euros, st.integers(min_value=0, max_value=50))
def test_a_quantity_is_that_many_times_the_price(price: Money, quantity: int) -> None:
    total = Money(0, "EUR")
    for _ in range(quantity):
        total = total + price
    assert price * quantity == total


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(CurrencyMismatch, match="EUR and SEK"):
        Money(1, "EUR") + Money(1, "SEK")
