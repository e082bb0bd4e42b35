"""What can stop a use case of images."""

from tiffin.base.errors import Conflict, Invalid, NotFound, PreconditionFailed, TooLarge
from tiffin.features.images.domain import MOST_BYTES


class ImageNotFound(NotFound):
    code = "image_not_found"
    message = "There is no upload with this id, or it is somebody else's."


class ImageTooLarge(TooLarge):
    code = "image_too_large"
    message = f"A picture may have {MOST_BYTES // 1_000_000} MB at most; send a smaller one."


class EmptyUpload(Invalid):
    code = "empty_upload"
    message = "The upload has no bytes; choose the file again."


class MalformedUpload(Invalid):
    code = "malformed_upload"
    message = "Send multipart/form-data with one part named `file`, or a tus 1.0 upload."


class UploadCutOff(Invalid):
    code = "upload_cut_off"
    message = "The upload ended before all of it had come; send it again."


class ChecksumMismatch(Invalid):
    code = "checksum_mismatch"
    message = "What came does not match the checksum that was sent with it; send it again."


class OffsetMismatch(Conflict):
    code = "offset_mismatch"
    message = "The upload stands at another offset; ask for it with HEAD and go on from there."


class UnsupportedTusVersion(PreconditionFailed):
    code = "unsupported_tus_version"
    message = "Send Tus-Resumable: 1.0.0."


class UploadOver(Conflict):
    code = "upload_over"
    message = "All of this upload has come already, or it was given up."


class CannotRetry(Conflict):
    code = "cannot_retry"
    message = "This upload did not fail, or would fail again; send another picture."
