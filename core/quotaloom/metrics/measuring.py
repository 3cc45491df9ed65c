"""Where the amounts of a metric come from: a target that nobody can measure cannot be met or missed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from quotaloom.metrics.built_in import BUILT_IN
from quotaloom.platform.errors import InputError
from quotaloom.platform.texts import checked_text

LONGEST_SOURCE: Final = 200
"""How many characters the source of measurement of a metric may have."""

MEASURED_BY: Final[Mapping[str, str]] = MappingProxyType({metric.key: metric.description for metric in BUILT_IN})
"""What the product itself measures the metrics by that every company starts with, by their keys."""


def measured_by(key: str, stored: str | None) -> str | None:
    """The source of measurement of a metric: what the company says, or else the product's own for its metrics."""
    return stored or MEASURED_BY.get(key)


def checked_source(source: str | None) -> str | None:
    """The source without space around it; raises `InputError` TOO_LONG or BAD_TEXT at `measuredBy`."""
    if source is None:
        return None
    if len(source) > LONGEST_SOURCE:
        message = f"a source of measurement has at most {LONGEST_SOURCE} characters, not {len(source)}"
        raise InputError("TOO_LONG", message, ("measuredBy",))
    return checked_text(source, ("measuredBy",)) or ""
