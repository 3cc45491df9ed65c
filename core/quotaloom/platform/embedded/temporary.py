"""A server for the length of a test run, gone without a trace afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quotaloom.platform.embedded.folders import folders_for
from quotaloom.platform.embedded.server import EmbeddedPostgres, EmbeddedServer


@contextmanager
def temporary_postgres(
    *, fsync: bool = False, max_connections: int = 100, within: Path | None = None
) -> Iterator[EmbeddedServer]:
    """Run a new server in a temporary folder with a short path, and remove the folder at the end.

    The folder lies in `within`, without it in the system's temporary folder.
    """
    with tempfile.TemporaryDirectory(prefix="quotaloom-", dir=within) as parent:
        Path(parent).chmod(0o711)  # as root, the server's account passes through; the folder is ours and new
        data = Path(parent, "data")
        try:
            with EmbeddedPostgres(data, fsync=fsync, max_connections=max_connections) as server:
                yield server
        finally:
            folders = folders_for(data)
            shutil.rmtree(folders.sockets())
            shutil.rmtree(folders.home)
