"""Who stands where: units or members in the order of their attainment, those with zero included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any


class RankedBy(StrEnum):
    """What decides the order."""

    RATE = "rate"
    ACHIEVED = "achieved"


def ranked(rows: Sequence[Mapping[str, Any]], by: RankedBy, *, lower_is_better: bool = False) -> list[dict[str, Any]]:
    """The rows of an attainment, best first, each with its `rank`; equals share a rank, and the next is skipped.

    By rate, those without a target, and so without a rate, come last and share the last rank. Among equals the
    given order stays.
    """

    def worth(row: Mapping[str, Any]) -> tuple[bool, Decimal]:
        value: Decimal | None = row["rate"] if by is RankedBy.RATE else Decimal(row["achieved"])
        if value is None:
            return True, Decimal(0)
        return False, value if lower_is_better else -value

    ordered = sorted(rows, key=worth)
    found: list[dict[str, Any]] = []
    for place, row in enumerate(ordered, start=1):
        equal = bool(found) and worth(row) == worth(ordered[place - 2])
        found.append({**row, "rank": found[-1]["rank"] if equal else place})
    return found
