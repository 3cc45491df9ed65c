"""How a worker's process begins: tied to the server's life before anything else happens."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import resource
import signal
import sys
from typing import IO, NoReturn

from quotaloom.platform.parent_death import ending_with


def enter(instructions: IO[bytes], lifeline: int, server: int) -> NoReturn:
    """Run what `instructions` holds, a pickled function and its arguments, and end with it.

    `lifeline` is the reading end of a pipe whose other end only the server has, `server` its process.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        _end_with_server(lifeline, server)
    function, arguments = pickle.load(instructions)  # noqa: S301 # the server wrote it
    instructions.close()
    function(*arguments)
    os._exit(0)


def _end_with_server(lifeline: int, server: int) -> None:
    """Have the kernel kill this process when the server ends, however busy it is, and its children with it.

    The parent-death signal reaches this process alone; the end of the lifeline reaches its whole group.
    """
    ending_with(server)()
    with contextlib.suppress(OSError):  # some sandboxes do not know it
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgid(0))
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)  # type: ignore[attr-defined, unused-ignore] # Linux only
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
