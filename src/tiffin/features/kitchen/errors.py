"""What can go wrong with tickets."""

from tiffin.base.errors import Conflict, Forbidden, NotFound


class TicketNotFound(NotFound):
    code = "ticket_not_found"
    message = "There is no such ticket in your restaurants."


class NotAMember(Forbidden):
    code = "not_a_member"
    message = "Only members of the restaurant may do this."


class TicketAlreadyAnswered(Conflict):
    """Somebody else was first; `state`, `answered_by`, `answered_by_name` and `answered_at` say who and what."""

    code = "ticket_already_answered"
    message = "Somebody else has answered this ticket."


class CourierDelivers(Conflict):
    code = "courier_delivers"
    message = "A courier has this order; they tell when it is delivered."


class TicketNotOpen(Conflict):
    """The ticket has ended, or is not accepted yet; `state` says where it stands."""

    code = "ticket_not_open"
    message = "The ticket has moved on; look at its state."
