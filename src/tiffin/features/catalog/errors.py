"""What can stop a use case of the catalog."""

from tiffin.base.errors import Conflict, Forbidden, Invalid, NotFound


class RestaurantNotFound(NotFound):
    code = "restaurant_not_found"
    message = "There is no restaurant with this id that you may see."


class CategoryNotFound(NotFound):
    code = "category_not_found"
    message = "There is no such category; load the menu again."


class MenuItemNotFound(NotFound):
    code = "menu_item_not_found"
    message = "There is no such item on the menu; load the menu again."


class MemberNotFound(NotFound):
    code = "member_not_found"
    message = "This account is not a member of the restaurant."


class MemberAccountNotFound(NotFound):
    code = "member_account_not_found"
    message = "There is no account with this e-mail address; ask the person to register first."


class RestaurantRoleMissing(Forbidden):
    code = "restaurant_role_missing"
    message = "Your role in this restaurant does not allow this; ask its owner or a manager."


class AlreadyMember(Conflict):
    code = "already_member"
    message = "This account is a member already; change its role instead."


class LastOwner(Conflict):
    code = "last_owner"
    message = "A restaurant keeps at least one owner; make somebody else an owner first."


class CategoryNotEmpty(Conflict):
    code = "category_not_empty"
    message = "The category still has items; move or delete them first."


class CatalogFull(Conflict):
    code = "catalog_full"
    message = "There are as many of these as one restaurant may have; delete some first."


class TooManyImages(Conflict):
    code = "too_many_images"
    message = "An item has five pictures at most; remove one first, or replace one."


class ImageNotOfItem(NotFound):
    code = "image_not_of_item"
    message = "This picture is not, or no longer, one of the item's; load the item's pictures again."


class ImageOrderIncomplete(Conflict):
    code = "image_order_incomplete"
    message = "The item has other pictures than those named; load it again and name each of them once."


class UnknownOption(Invalid):
    code = "unknown_option"
    message = "An id of an option or group is not one of this item's; leave the id away for a new one."


class SoldOutUntilPast(Invalid):
    code = "sold_out_until_past"
    message = "`until` must be in the future and within a year; leave it away to mark it sold out until lifted."
