"""SQL that gives columns the form in which the graph answers them, so that nothing is left to do for every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from quotaloom.platform.amounts import amount_writer


def amount_as_text(amount: str, scale: int) -> str:
    """An amount in minor units with exactly `scale` decimal places, as `format_amount` writes it."""
    return f"({amount} * {_unit(scale)})::text"


def with_point(units: Sequence[str | None], scale: int) -> list[str | None]:
    """Amounts in minor units, as text, with their decimal places: "1205" is "12.05" at scale 2. Null stays null.

    The same as `amount_as_text`, and several times as fast for thousands of them.
    """
    if scale == 0:
        return list(units)
    if None not in units and min(map(len, cast("Sequence[str]", units)), default=0) > scale + 1:  # as nearly always
        return [f"{text[:-scale]}.{text[-scale:]}" for text in cast("Sequence[str]", units)]
    write = amount_writer(scale)  # of those that may have too few digits, and of no others: it is slower
    return [
        text if text is None else f"{text[:-scale]}.{text[-scale:]}" if len(text) > scale + 1 else write(int(text))
        for text in units
    ]


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
