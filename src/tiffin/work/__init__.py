"""Floor 2: durable work to consumers.

Guarantees:

- Work is written in the transaction of the fact that makes it, and its row goes in the transaction of its effect:
  an effect on the database happens exactly once, however often a message comes.
- The queue (JetStream) only spreads rows quickly. The relay runs every row that is not done two seconds after it
  fell due, whether or not the queue looks healthy; so a lost, full or wiped queue costs two seconds and nothing else.
- Attempts are counted before they are tried. What fails too often becomes a dead letter and an alert, never a loop.
- Deadlines are by PostgreSQL's clock and wait while no relay could look at it; dates (`Fact.by_calendar`) do not.
- No order is promised between rows.
- Long work (`LongConsumer`) happens outside the database under a lease that is renewed; what it writes is fenced.

Features use `Fact`, `Consumer`, `Outbox` and `Postpone`; for long work `LongConsumer`, `Lease`, `Later`.
"""

from tiffin.work.beat import Postpone
from tiffin.work.fact import AnyConsumer, Consumer, Fact
from tiffin.work.long_work import AnyLongConsumer, Later, Lease, LeaseLost, LongConsumer
from tiffin.work.outbox import Outbox
from tiffin.work.relay import count_dead_letters, read_backlog

__all__ = [
    "AnyConsumer",
    "AnyLongConsumer",
    "Consumer",
    "Fact",
    "Later",
    "Lease",
    "LeaseLost",
    "LongConsumer",
    "Outbox",
    "Postpone",
    "count_dead_letters",
    "read_backlog",
]
