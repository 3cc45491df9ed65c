"""The one place that reads the clock; everybody else is given the moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The moment."""
    return datetime.now(UTC)
