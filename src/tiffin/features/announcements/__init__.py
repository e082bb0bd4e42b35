"""Announcements: what the platform tells everybody, a role, a city or a restaurant.

Who may: administrators write; who belongs to an audience reads. Topics: `announcements.{audience}`, one for each
audience, which all who belong to it share, and `announcing.desk` for administrators. What somebody has read is told
on their own `user.{id}`, so that all their devices agree.
"""

from tiffin.features.announcements.registration import announcements_feature
from tiffin.features.announcements.schemas import AnnouncementsRead
from tiffin.features.announcements.service import AnnouncementService

__all__ = ["AnnouncementService", "AnnouncementsRead", "announcements_feature"]
