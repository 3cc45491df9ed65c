"""A process that uses the embedded server of a folder until its input ends or it is told to end."""

import sys
from pathlib import Path

from quotaloom.platform.embedded import EmbeddedError, EmbeddedPostgres, ending_on_signals


def hold(data_dir: Path) -> None:
    """Print the server's process number once it is up."""
    with ending_on_signals(), EmbeddedPostgres(data_dir, fsync=False) as server:
        print(server.pid, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    try:
        hold(Path(sys.argv[1]))
    except EmbeddedError as error:
        sys.exit(error.message)
