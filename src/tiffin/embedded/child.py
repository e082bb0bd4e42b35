"""Becomes a child server: run as a script (`python -I -S child.py PARENT SIGNAL UID GID PROGRAM ARGUMENT…`).

It gives up root if told to, asks the kernel (Linux) to send SIGNAL when the parent dies, and then replaces itself
with PROGRAM, so the process id stays. A step of its own, because the request is lost when the user changes after
it, and because code between fork and exec is unsafe in a process with threads. Imports nothing of Tiffin.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def become(parent: int, death_signal: int, user_id: int, group_id: int, command: list[str]) -> None:
    """Drop to `user_id` (unless -1), tie this process to `parent` and turn into `command`."""
    if user_id >= 0:
        os.setgroups([])
        os.setgid(group_id)
        os.setuid(user_id)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before the request was made
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    _parent, _signal, _user, _group = (int(value) for value in sys.argv[1:5])
    become(_parent, _signal, _user, _group, sys.argv[5:])
