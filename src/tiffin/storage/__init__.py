"""Floor 1: objects, which are files under keys: in a folder of this machine, or in a bucket (S3 and its like).

`Objects` is the same for both. A key is written whole or not at all, and what has been written is on the disk (or in
the bucket) when `put` returns. Nothing here knows what the objects are.
"""

from tiffin.storage.objects import MissingObject, Objects, StorageFull, StorageUnavailable, open_objects

__all__ = ["MissingObject", "Objects", "StorageFull", "StorageUnavailable", "open_objects"]
