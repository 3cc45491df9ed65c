"""SQL that tells in which of many periods a row lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from quotaloom.calendars.periods import Period


@dataclass(frozen=True, slots=True)
class Placing:
    """Parts of a statement: `place` is the place of a row's period, from 0; `join` and `within` belong behind FROM and
    WHERE. Where periods overlap a row appears once for each of its periods.
    """

    place: str
    join: str
    within: str


def placing(periods: Sequence[Period], first: str, last: str, starts: str, ends: str) -> Placing:
    """Where a row lies whose day is `first`, if `last` compares with the end of the period.

    `last` is such as `entry.day <`, and `starts` and `ends` are the parameters with the days of the periods.
    """
    starts, ends = f"({starts}::date[])", f"({ends}::date[])"
    if len(periods) == 1:
        return Placing("0", "", f"{first} >= {starts}[1] AND {last} {ends}[1]")
    if all(earlier.ends_on == later.starts_on for earlier, later in pairwise(periods)):
        number = f"width_bucket({first}, {starts})"
        return Placing(f"{number} - 1", "", f"{first} >= {starts}[1] AND {last} {ends}[{number}]")
    join = (
        f"JOIN unnest({starts}, {ends}) WITH ORDINALITY AS period (starts_on, ends_on, number)"
        f" ON {first} >= period.starts_on AND {last} period.ends_on"
    )
    return Placing("(period.number - 1)::int", join, "true")
