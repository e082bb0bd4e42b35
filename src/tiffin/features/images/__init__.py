"""Images: uploads in any piece and order a connection allows, made into pictures by workers, live.

Who may: another feature says who may upload for what (`uploads.begin` with a `Target`); whoever uploaded follows,
retries and gives up. A finished picture's files are public to who knows their names.

Topics: `image.{id}`, the progress of one upload. Facts: `image.received` (long work for a worker) and
`image.complete`, for the feature that asked for the image.
"""

from tiffin.features.images.domain import Image, ImageState
from tiffin.features.images.events import ImageCompleteFact
from tiffin.features.images.schemas import ImageView, PictureView
from tiffin.features.images.service import ImageService, Target

__all__ = ["Image", "ImageCompleteFact", "ImageService", "ImageState", "ImageView", "PictureView", "Target"]
