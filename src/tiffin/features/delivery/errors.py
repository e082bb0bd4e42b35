"""What can go wrong between an order and the courier who brings it."""

from tiffin.base.errors import Conflict, Forbidden, Invalid, NotFound


class NotACourier(Forbidden):
    code = "not_a_courier"
    message = "Only couriers may do this; an administrator can make your account one."


class OffDuty(Conflict):
    code = "off_duty"
    message = "You are off duty; go on duty first."


class StillDelivering(Conflict):
    code = "still_delivering"
    message = "You have orders to bring; deliver them or give them back first."


class OfferNotFound(NotFound):
    code = "offer_not_found"
    message = "There is no such offer to you."


class OfferGone(Conflict):
    """`state` says what became of it."""

    code = "offer_gone"
    message = "The offer is over."


class TooManyOrders(Conflict):
    code = "too_many_orders"
    message = "You have as many orders as one courier may have; deliver one first."


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    message = "There is no delivery of this order, or it is not yours."


class AssignmentNotFound(NotFound):
    code = "assignment_not_found"
    message = "You do not have this order, or no longer."


class CodeWrong(Invalid):
    """`attempts_left` says how often it may be tried before a pause."""

    code = "code_wrong"
    message = "This is not the customer's code; ask again."
