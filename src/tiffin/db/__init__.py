"""Floor 1: PostgreSQL, the truth.

`Database` holds the pool, `use_case` runs a service method in one transaction (joining one that is open),
`load_queries` reads named SQL. Guarantees:

- A use case commits as a whole or leaves nothing. Deadlocks and serialisation failures repeat it.
- What is gathered with `Transaction.at_end` is written last, by one statement, after every business row is locked;
  whatever registers with `after_commit` runs only when the commit is known to have happened.
- Every connection has statement, lock and idle-in-transaction timeouts, so a frozen process cannot hold a row.

`GroupCommit` writes changes that come at the same time in one transaction. Nothing but this package commits.
"""

from tiffin.db.group_commit import GroupCommit
from tiffin.db.pool import connect, create_pool
from tiffin.db.queries import Queries, load_queries
from tiffin.db.transaction import UNREACHABLE, Connection, Database, Part, Transaction, use_case

__all__ = [
    "UNREACHABLE",
    "Connection",
    "Database",
    "GroupCommit",
    "Part",
    "Queries",
    "Transaction",
    "connect",
    "create_pool",
    "load_queries",
    "use_case",
]
