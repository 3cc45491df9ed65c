"""Advisory locks on files: they vanish with their holder, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quotaloom.platform.embedded.errors import EmbeddedError


def open_lock(path: Path) -> int:
    """Open the file of a lock, made if it is missing. Closing the descriptor lets go of the lock."""
    try:
        _make(path)
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise EmbeddedError(
            f"{path} cannot be opened: {error.strerror}. Start as the user who owns the data folder, "
            "or set QUOTALOOM_DATA_DIR to a folder of your own."
        ) from error


def _make(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    if os.geteuid() == 0:  # a file that root made must not lock the folder's owner out
        owner = path.parent.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
    os.close(descriptor)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for the lock and hold it alone."""
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def share(path: Path) -> int:
    """Hold the lock together with others until the returned descriptor is closed."""
    descriptor = open_lock(path)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def take_alone(descriptor: int) -> bool:
    """Turn an open lock into one held alone, unless somebody else holds it too."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock at this moment."""
    descriptor = open_lock(path)
    try:
        return take_alone(descriptor)
    finally:
        os.close(descriptor)
