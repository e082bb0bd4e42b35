"""What the catalog hands to the wiring."""

from tiffin.base.clock import Clock
from tiffin.features.catalog.events import MENU_EVENTS
from tiffin.features.catalog.image_routes import image_routes
from tiffin.features.catalog.member_routes import member_routes
from tiffin.features.catalog.member_service import MemberService
from tiffin.features.catalog.menu_image_service import MenuImageService
from tiffin.features.catalog.menu_routes import menu_routes
from tiffin.features.catalog.menu_service import MenuService
from tiffin.features.catalog.readers import read_menu_grants
from tiffin.features.catalog.routes import restaurant_routes
from tiffin.features.catalog.service import CatalogService
from tiffin.features.images import ImageCompleteFact
from tiffin.features.registration import Feature
from tiffin.realtime import TopicKind
from tiffin.work import Consumer


def catalog_feature(
    service: CatalogService, menus: MenuService, pictures: MenuImageService, members: MemberService, clock: Clock
) -> Feature:
    """The feature's record."""
    return Feature(
        name="catalog",
        routers=(restaurant_routes(service, clock), menu_routes(menus), image_routes(pictures), member_routes(members)),
        topics=(
            TopicKind(
                pattern="menu.{restaurant}",
                readers=read_menu_grants,
                events=MENU_EVENTS,
                summary="A restaurant and its menu, as customers see it.",
            ),
        ),
        consumers=(Consumer("catalog.image_complete", ImageCompleteFact, pictures.show),),
        chores=(service.renew_open_ranges,),
    )
