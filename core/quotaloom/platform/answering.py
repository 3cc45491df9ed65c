"""SQL that gives columns the form in which the graph answers them, so that nothing is left to do for every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache


def amount_as_text(amount: str, scale: int) -> str:
    """An amount in minor units with exactly `scale` decimal places, as `format_amount` writes it."""
    return f"({amount} * {_unit(scale)})::text"


def amount_in_currency_as_text(amount: str, currency: str, scales: Mapping[str, int]) -> str:
    """The same where each row has a currency of its own, whose decimal places `scales` has."""
    (usual, _), *others = Counter(scales.values()).most_common()
    named = {scale: ", ".join(f"'{code}'" for code in sorted(scales) if scales[code] == scale) for scale, _ in others}
    cases = " ".join(f"WHEN {currency} IN ({codes}) THEN {_unit(scale)}" for scale, codes in named.items())
    return f"({amount} * CASE {cases} ELSE {_unit(usual)} END)::text"


def _unit(scale: int) -> str:
    """The smallest unit as a literal, which gives a product as many places as it has: 0.01 at scale 2."""
    return f"0.{'0' * (scale - 1)}1" if scale else "1"


def day_as_text(day: str) -> str:
    """A day in ISO 8601; the connection sees to it."""
    return f"{day}::text"


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The columns of a read as SQL spells them, by name.

    `days` are the names of those that are days; `otherwise` has what is answered with something else than is stored.
    """

    spelled: Mapping[str, str]
    days: frozenset[str] = frozenset()
    otherwise: Mapping[str, str] = field(default_factory=dict)

    @lru_cache(maxsize=512)  # noqa: B019 (there is one of each read, and it stays)
    def select(self, wanted: frozenset[str] | None = None, *needed: str) -> str:
        """What stands behind SELECT: all columns as they are stored, or those wanted as they are answered.

        The caller may need some itself, whoever wants what. Raises `KeyError` for a column that there is not.
        """
        if wanted is None:
            return ", ".join(f"{sql} AS {name}" for name, sql in self.spelled.items())
        return ", ".join(f"{self._answered(name)} AS {name}" for name in sorted(wanted.union(needed)))

    def _answered(self, name: str) -> str:
        stored = self.spelled[name]
        return day_as_text(stored) if name in self.days else self.otherwise.get(name, stored)
