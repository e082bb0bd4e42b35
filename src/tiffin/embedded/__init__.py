"""Floor 4: real PostgreSQL and NATS as child processes in one data folder, for `tiffin up`, demo, bench and tests.

`EmbeddedServers` starts both at once, keeps an exclusive lock on the folder, restarts a child that dies and stops
them in order. What holds:

- The servers are the real ones, with the same SQL and the same queue as in production; nothing is simulated.
- PostgreSQL listens on a unix socket that only its own user (and root) can reach, NATS on 127.0.0.1 with a random
  password; both addresses stay the same across restarts, so clients reconnect to where they were.
- The children run in sessions of their own, so Ctrl-C does not reach them, and on Linux the kernel stops them when
  the process that started them dies, however it dies. What a kill leaves behind is found and cleared at the start.
- Data is synced to disk before it is acknowledged, unless a test says `durable=False`.

Run the event loop that starts them in a thread that lives as long as they should: Linux ties the death signal to
the starting thread.
"""

from tiffin.embedded.nats import EmbeddedNats
from tiffin.embedded.postgres import EmbeddedPostgres
from tiffin.embedded.process import EmbeddedServerFailed
from tiffin.embedded.supervisor import DataFolderInUse, EmbeddedServers

__all__ = ["DataFolderInUse", "EmbeddedNats", "EmbeddedPostgres", "EmbeddedServerFailed", "EmbeddedServers"]
