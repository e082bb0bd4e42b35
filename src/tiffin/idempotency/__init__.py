"""Floor 2: an unsafe request that is sent again gets the answer of the first time.

The answer is stored in the transaction of the effect: either both exist or neither. Whoever sends the same key while
the first is still running waits for it a few seconds, holding no connection. Refusals are not stored, so a request
that failed may be sent again with its key. Keys are an account's own and kept for 24 hours.
"""

from tiffin.idempotency.answers import Idempotent, StoredAnswers, delete_old_answers

__all__ = ["Idempotent", "StoredAnswers", "delete_old_answers"]
