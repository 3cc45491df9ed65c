"""The `quotaloom` command, as it is installed."""

from __future__ import annotations

import gc
import sys

INTERRUPTED = 130

GARBAGE = (5_000, 4, 500)
"""How often the collector looks for cycles among the youngest objects, the younger and all.

With Python's own 700, 10 and 10 it walks again and again over what is being loaded, all of which stays: a tenth of the
time that a server takes to start. And an answer of 18 MB makes some 400,000 lists and dicts, none of them in a cycle;
the collector walked all of them two or three times meanwhile. Now it does not once look at all of them, and as it
looks at few at a time, which the processor still has at hand, it takes half as long, and 3 ms at a stretch; with
20,000, 10 and 50 it was 30 ms.
"""


def main() -> None:
    """Run one command; Ctrl-C while it is loaded, too, ends it quietly."""
    gc.set_threshold(*GARBAGE)
    try:
        from quotaloom_server.commands.listed import run_command

        run_command()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
