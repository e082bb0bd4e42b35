import random
from typing import Any

import pytest

from tiffin.client import Tiffin
from tiffin.demo import city
from tiffin.demo.city import Customer, Person, Restaurant, count_steps
from tiffin.demo.helsinki import doorsteps, restaurant_sites
from tiffin.demo.menus import PLACES, Place
from tiffin.demo.people import fill_basket


def _menu(place: Place) -> dict[str, Any]:
    """A menu as the API gives it."""
    items: list[dict[str, Any]] = []
    for dishes in place.menu.values():
        for number, dish in enumerate(dishes):
            item = city._item(dish, "category", number)
            item["id"] = f"item {len(items)}"
            for group in item["option_groups"]:
                for option in group["options"]:
                    option["id"] = f"{item['id']} {group['name']} {option['name']}"
            items.append(item)
    return {"restaurant": city._restaurant(place, restaurant_sites()[0]), "items": items}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_baskets_can_be_ordered(place: Place) -> None:
    person = Person("Aino", "aino@demo.example.org", Tiffin("http://127.0.0.1:1"))
    menu = _menu(place)
    restaurant = Restaurant("r", place.name, person, (), menu)
    items = {item["id"]: item for item in menu["items"]}
    for number in range(100):
        basket = fill_basket(restaurant, Customer(person, doorsteps()[0]), random.Random(number))
        for line in basket["lines"]:
            groups = items[line["menu_item_id"]]["option_groups"]
            for group in groups:
                chosen = {option["id"] for option in group["options"]} & set(line["option_ids"])
                assert group["min_choices"] <= len(chosen) <= group["max_choices"]
        total = sum(line["quantity"] * items[line["menu_item_id"]]["price_minor"] for line in basket["lines"])
        assert total >= menu["restaurant"]["minimum_order_minor"]


def test_restaurants_have_names_of_their_own() -> None:
    assert len({place.name for place in PLACES}) == 12


def test_steps_are_counted() -> None:
    assert count_steps(restaurants=12, staff=2, customers=20) == 12 * 4 + 20
