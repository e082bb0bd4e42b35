"""What images hand to the wiring."""

from uuid import UUID

from tiffin.base.clock import Clock
from tiffin.base.errors import Unauthenticated
from tiffin.base.principal import Principal
from tiffin.features.images.events import FINAL_TYPES, IMAGE_EVENTS, ImageReceivedFact, image_topic, read_grants
from tiffin.features.images.media import MediaFiles
from tiffin.features.images.processing import Processing
from tiffin.features.images.routes import image_routes
from tiffin.features.images.schemas import ImageView
from tiffin.features.images.service import ImageService
from tiffin.features.images.sweep import Sweep
from tiffin.features.images.uploads import BODY_BYTES
from tiffin.features.registration import Feature, Stream
from tiffin.realtime import TopicKind
from tiffin.realtime.sse import Snapshot
from tiffin.work import LongConsumer

_LINGER_SECONDS = 30.0


def images_feature(
    service: ImageService,
    processing: Processing,
    sweep: Sweep,
    media: MediaFiles,
    clock: Clock,
    *,
    upload_paths: tuple[str, ...],
) -> Feature:
    """The feature's record. `upload_paths`: patterns of the paths where other features let images be uploaded."""

    async def read(principal: Principal | None, image_id: UUID) -> Snapshot:
        if principal is None:
            raise Unauthenticated()
        image, position = await service.read(principal, image_id)
        body = ImageView.of(image, str(position)).model_dump_json().encode()
        if not image.state.is_over:
            return Snapshot(body, position)
        return Snapshot(body, position, _LINGER_SECONDS - (clock.now() - image.changed_at).total_seconds())

    return Feature(
        "images",
        routers=(image_routes(service),),
        streams=(
            Stream(
                "/images/{id}/events",
                image_topic,
                read,
                FINAL_TYPES,
                _LINGER_SECONDS,
                "An upload, live: a snapshot, then its progress; ends after it is complete or has failed.",
            ),
        ),
        topics=(TopicKind("image.{id}", read_grants, IMAGE_EVENTS, "One upload, for whoever uploads"),),
        long_consumers=(LongConsumer("images.process", ImageReceivedFact, processing.perform, processing.give_up),),
        upkeep=(sweep.keep,),
        files=media.routes(),
        large_bodies=tuple((pattern, BODY_BYTES) for pattern in (r"/v1/uploads/[^/]+", *upload_paths)),
    )
