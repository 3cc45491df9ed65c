"""SQL that gives columns the form in which the graph answers them, so that nothing is left to do for every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache


def amount_as_text(amount: str, scale: int) -> str:
    """An amount in minor units with exactly `scale` decimal places, as `format_amount` writes it."""
    return f"({amount} * {_unit(scale)})::text" if scale else f"{amount}::text"


def _unit(scale: int) -> str:
    """The smallest unit as a literal, which gives a product as many places as it has: 0.01 at scale 2."""
    return f"0.{'0' * (scale - 1)}1"


def day_as_text(day: str) -> str:
    """A day in ISO 8601; the connection sees to it."""
    return f"{day}::text"


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The columns of a read as SQL spells them, by name; `days` are the names of those that are days."""

    spelled: Mapping[str, str]
    days: frozenset[str] = field(default=frozenset())

    @lru_cache(maxsize=512)  # noqa: B019 (there is one of each read, and it stays)
    def select(self, wanted: frozenset[str] | None = None) -> str:
        """What stands behind SELECT: all columns as they are stored, or those wanted, with days as text.

        Raises `KeyError` for a column that there is not.
        """
        if wanted is None:
            return ", ".join(f"{sql} AS {name}" for name, sql in self.spelled.items())
        return ", ".join(f"{self._answered(name)} AS {name}" for name in sorted(wanted))

    def _answered(self, name: str) -> str:
        return day_as_text(self.spelled[name]) if name in self.days else self.spelled[name]
