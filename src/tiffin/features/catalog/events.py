"""Topics of the catalog: what is on them and who may read them. (Event types follow with the wire shapes.)"""

from uuid import UUID


def menu_topic(restaurant_id: UUID) -> str:
    """All that customers see of a restaurant, live."""
    return f"menu.{restaurant_id}"


def restaurant_topic(restaurant_id: UUID) -> str:
    """What the members of a restaurant see, live; kitchen writes to it."""
    return f"restaurant.{restaurant_id}"
