"""Who stands where: units or members in the order of their attainment, those with zero included."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter
from typing import Any, Protocol, TypeVar


class RankedBy(StrEnum):
    """What decides the order."""

    RATE = "rate"
    ACHIEVED = "achieved"


class Row(Protocol):
    """A row of an attainment."""

    def __getitem__(self, name: str, /) -> Any:
        """What it tells under a name."""


R = TypeVar("R", bound=Row)


def ranked(rows: Iterable[R], by: RankedBy, *, lower_is_better: bool = False) -> list[tuple[int, R]]:
    """The rows of an attainment with their ranks, best first; equals share a rank, and the next is skipped.

    By rate, those without a target, and so without a rate, come last and share the last rank. Among equals the
    given order stays.
    """

    def worth(row: R) -> tuple[bool, Decimal]:
        value: Decimal | None = row["rate"] if by is RankedBy.RATE else Decimal(row["achieved"])
        if value is None:
            return True, Decimal(0)
        return False, value if lower_is_better else -value

    found: list[tuple[int, R]] = []
    before = None
    for place, (row, its_worth) in enumerate(sorted(((row, worth(row)) for row in rows), key=itemgetter(1)), start=1):
        found.append((found[-1][0] if its_worth == before else place, row))
        before = its_worth
    return found
