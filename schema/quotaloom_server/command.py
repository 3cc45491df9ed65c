"""The `quotaloom` command, as it is installed."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run one command; Ctrl-C while it is loaded, too, ends it quietly."""
    try:
        from quotaloom_server.commands.listed import run_command

        run_command()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
