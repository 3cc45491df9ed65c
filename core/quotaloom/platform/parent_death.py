"""Processes that end with the one that started them, however that ends; Linux alone knows how."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def ending_with(parent: int) -> Callable[[], None]:
    """What a child does so that the kernel kills it when `parent`, which started it, ends.

    All that it takes is found at once, so that a child can do it between its fork and its program.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def end_with_parent() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return end_with_parent
