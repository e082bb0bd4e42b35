"""Why an order is refused, and what cannot happen to one; each says what to do."""

from tiffin.base.errors import Conflict, Forbidden, Invalid, NotFound


class OrderNotFound(NotFound):
    code = "order_not_found"
    message = "There is no such order, or it is not yours."


class RestaurantClosed(Conflict):
    code = "restaurant_closed"
    message = "The restaurant is closed; `next_opening_at` says when it opens."


class RestaurantPaused(Conflict):
    code = "restaurant_paused"
    message = "The restaurant takes no orders at the moment; try again later."


class OutOfReach(Conflict):
    code = "out_of_reach"
    message = "The restaurant does not deliver to this place; choose a nearer one."


class ItemsUnavailable(Conflict):
    code = "items_unavailable"
    message = "Some items cannot be ordered now; remove those listed under `items`."


class OptionsInvalid(Invalid):
    code = "options_invalid"
    message = "The chosen options do not fit the item; `at_line` and `problem` say where."


class BelowMinimum(Conflict):
    code = "below_minimum"
    message = "The restaurant delivers from `minimum_minor` on; add something."


class PriceChanged(Conflict):
    code = "price_changed"
    message = "The price is no longer the one you saw; look at `bill` and order again with its total."


class OrderCannotChange(Conflict):
    """The state machine does not allow it now; `state` says where the order stands."""

    code = "order_cannot_change"
    message = "The order has moved on; load it again."


class MayNotCancel(Forbidden):
    code = "may_not_cancel"
    message = "The restaurant has confirmed the order; only the restaurant or support can cancel it now."
