"""Builds the features, each with what it needs of those below, and gathers what the kernel asks of accounts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from tiffin.app.following import HubFollowing
from tiffin.base.clock import Clock
from tiffin.base.principal import Principal
from tiffin.base.settings import Settings
from tiffin.db import Database, Transaction
from tiffin.features.accounts import (
    AccountService,
    PasswordHasher,
    SessionAuthenticator,
    SessionReader,
    SessionService,
    Tokens,
    accounts_feature,
    user_topic,
)
from tiffin.features.alerts import AlertService, alerts_feature
from tiffin.features.announcements import AnnouncementService, AnnouncementsRead, announcements_feature
from tiffin.features.announcements.audiences import Audiences
from tiffin.features.catalog import CatalogService
from tiffin.features.catalog.events import MembershipChanged, MembershipGranted, MembershipRevoked
from tiffin.features.catalog.image_routes import UPLOAD_PATH
from tiffin.features.catalog.member_service import MemberService
from tiffin.features.catalog.menu_image_service import MenuImageService
from tiffin.features.catalog.menu_service import MenuService
from tiffin.features.catalog.registration import catalog_feature
from tiffin.features.delivery import (
    CUSTOMER_EVENTS,
    DeliveryService,
    Dispatch,
    DispatchRules,
    LocationService,
    delivery_feature,
)
from tiffin.features.images import ImageService
from tiffin.features.images.media import MediaFiles
from tiffin.features.images.processing import Processing
from tiffin.features.images.registration import images_feature
from tiffin.features.images.sweep import Sweep
from tiffin.features.kitchen import KitchenConsumers, KitchenService, kitchen_feature
from tiffin.features.operations import NodeState, OperationsService, operations_feature
from tiffin.features.orders import OrderChanged, OrderService, orders_feature
from tiffin.features.registration import Feature
from tiffin.features.support import CannedAnswerService, ConversationService, DeskService, support_feature
from tiffin.features.support.conversation_routes import UPLOAD_PATH as ATTACHMENT_PATH
from tiffin.realtime import EventLog, LatestValue
from tiffin.realtime.access import ReadSessions
from tiffin.realtime.hub import Hub
from tiffin.realtime.presence import list_present
from tiffin.routing import Routes
from tiffin.storage import Objects
from tiffin.work import Outbox


@dataclass(frozen=True, slots=True)
class Built:
    """The features of a node and what others need of them."""

    features: tuple[Feature, ...]
    accounts: AccountService
    alerts: AlertService
    hasher: PasswordHasher
    authenticator: SessionAuthenticator
    read_sessions: ReadSessions
    user_topic: Callable[[Principal], str]

    def follow_sessions(self, hub: Hub) -> None:
        """Let the session cache follow accounts on this node's hub."""
        self.authenticator.following = HubFollowing(hub, self.authenticator.forget)

    async def raise_dead_letter(self, transaction: Transaction, work_id: UUID, consumer: str, error: str) -> None:
        """Tell operations that work was given up."""
        details = {"work_id": str(work_id), "consumer": consumer, "error": error}
        title = f"Work of {consumer} failed too often; look at it with `tiffin dead-letters show {work_id}`"
        await self.alerts.raise_alert(transaction, "dead_letter", title, details, key=str(work_id))


def _keys(settings: Settings) -> list[str]:
    return [key.get_secret_value() for key in (settings.secret_key, *settings.previous_secret_keys)]


def build_features(
    settings: Settings,
    database: Database,
    events: EventLog,
    outbox: Outbox,
    clock: Clock,
    publish: Callable[[Sequence[LatestValue]], None],
    routes: Routes,
    objects: Objects,
    read_node: Callable[[], NodeState],
) -> Built:
    """Every feature, from the lowest up. `publish` tells of values of topics that keep only the newest; `read_node`
    says how the node is."""
    hasher = PasswordHasher(settings.password_hash_threads)
    tokens = Tokens(_keys(settings), settings.access_token_seconds)
    alerts = AlertService(database, events)
    accounts = AccountService(database, events, hasher, registrations_per_hour=settings.register_attempts_per_hour)
    sessions = SessionService(
        database,
        events,
        hasher,
        tokens,
        attempts_per_minute=settings.login_attempts_per_minute,
        idle_seconds=settings.session_idle_seconds,
        absolute_seconds=settings.session_absolute_seconds,
    )
    images = ImageService(database, events, outbox, clock, objects)
    menus = MenuService(database, events, clock)
    catalog = CatalogService(database, events, clock)
    orders = OrderService(database, events, outbox, clock, catalog)
    kitchen = KitchenService(database, events, outbox, accounts, catalog, orders, list_present)
    kitchen_consumers = KitchenConsumers(
        events,
        outbox,
        alerts,
        orders,
        list_present,
        receive_seconds=settings.ticket_receive_seconds,
        see_seconds=settings.ticket_see_seconds,
        answer_seconds=settings.order_answer_seconds,
    )
    rules = DispatchRules(
        offer_seconds=settings.offer_seconds,
        lead_seconds=settings.dispatch_lead_seconds,
        alert_seconds=settings.dispatch_alert_seconds,
    )
    dispatch = Dispatch(events, outbox, clock, alerts, orders, kitchen, rules)
    orders.on_change = dispatch.order_changed
    desk = DeskService(
        database, events, outbox, clock, accounts, list_present, grace_seconds=settings.agent_grace_seconds
    )
    delivery = DeliveryService(database, events, accounts, orders, kitchen, dispatch, routes)
    audiences = Audiences(accounts, catalog)
    further_events = (MembershipGranted, MembershipChanged, MembershipRevoked, OrderChanged, AnnouncementsRead)
    return Built(
        features=(
            alerts_feature(alerts),
            accounts_feature(accounts, sessions, settings, further_events=further_events),
            images_feature(
                images,
                Processing(database, events, outbox, objects, images, seconds=settings.image_seconds),
                Sweep(database, objects, images, clock),
                MediaFiles(objects),
                clock,
                upload_paths=(UPLOAD_PATH, ATTACHMENT_PATH),
            ),
            catalog_feature(
                catalog,
                menus,
                MenuImageService(database, menus, images),
                MemberService(database, events, accounts),
                clock,
            ),
            orders_feature(orders, clock, settings.order_stream_linger_seconds, further_events=CUSTOMER_EVENTS),
            kitchen_feature(kitchen, kitchen_consumers),
            delivery_feature(
                delivery,
                LocationService(database, events, clock, orders, routes, publish),
                dispatch,
            ),
            support_feature(
                ConversationService(database, events, orders, images, desk, list_present, publish),
                desk,
                CannedAnswerService(database),
            ),
            announcements_feature(AnnouncementService(database, events, outbox, clock, accounts, audiences), audiences),
            operations_feature(
                OperationsService(
                    clock, accounts, catalog, orders, kitchen, delivery, desk, images, list_present, read_node
                )
            ),
        ),
        accounts=accounts,
        alerts=alerts,
        hasher=hasher,
        authenticator=SessionAuthenticator(database, tokens, settings.session_idle_seconds),
        read_sessions=SessionReader(settings.session_idle_seconds),
        user_topic=lambda principal: user_topic(principal.account_id),
    )
