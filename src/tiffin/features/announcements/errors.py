"""What can go wrong with announcements."""

from tiffin.base.errors import Conflict, Invalid, NotFound


class AnnouncementNotFound(NotFound):
    code = "announcement_not_found"
    message = "There is no such announcement."


class AnnouncementEnded(Conflict):
    code = "announcement_ended"
    message = "This announcement was withdrawn or has expired; write a new one."


class AlreadyPublished(Conflict):
    code = "already_published"
    message = "People have this announcement already: its audience and its time stay. Withdraw it and write a new one."


class InvalidTimes(Invalid):
    code = "invalid_times"
    message = "An announcement expires after it is published, in the future, and within 90 days."
