"""Operations: the live figures of whoever runs the platform.

Who may: administrators. Topics: `operations.now`, all figures, and `operations.couriers`, where everybody on duty is;
the latter only for an hour after a look that stands in the audit log (`GET /v1/couriers`). Both keep only the newest
value, and are computed once a second on each node while somebody follows them there.
"""

from tiffin.features.operations.registration import operations_feature
from tiffin.features.operations.service import NodeState, OperationsService

__all__ = ["NodeState", "OperationsService", "operations_feature"]
