"""What commands say: results on standard output, everything else on standard error."""

from __future__ import annotations

import sys

from rich.console import Console

RESULT = Console(soft_wrap=True, highlight=False, markup=False)
"""For what a command is asked for; lines are never broken, so that they can be piped and copied."""

ASIDE = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
"""For progress, explanations and errors."""


def raw(text: str) -> None:
    """Print text exactly as it is, whatever the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
