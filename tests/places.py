"""Where tests keep what they throw away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH = 4 * 2**30
"""Bytes that must be free: each test process needs about half a gigabyte, most of it PostgreSQL's log."""


def throwaway_folder() -> Path | None:
    """A folder in memory for databases, where the system has one with room; None stands for its temporary folder.

    A database is a thousand small files, copied for each test: on a disk that takes up to ten times as long.
    """
    usable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK)
    return MEMORY if usable and shutil.disk_usage(MEMORY).free >= ENOUGH else None
