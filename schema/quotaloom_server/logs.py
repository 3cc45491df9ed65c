"""What is logged, and how: one line on standard error for each thing that somebody should know."""

from __future__ import annotations

import logging

from quotaloom.platform.settings import LogLevel

_CHATTY = {
    "uvicorn.error": logging.WARNING,
    "tortoise": logging.INFO,
    "asyncio": logging.WARNING,
    "asyncpg": logging.ERROR,
    "pgqueuer": logging.ERROR,
}
"""Libraries that tell of every start, statement or loop, and the level from which they are heard."""


def configure_logging(level: LogLevel) -> None:
    """Log this process to standard error, from `level` on."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=number, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for name, least in _CHATTY.items():
        logging.getLogger(name).setLevel(max(number, least))
