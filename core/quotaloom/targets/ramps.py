"""Ramp for new holders: for their first months a position weighs less where a target is split among siblings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from asyncpg import Record

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Period
from quotaloom.platform.amounts import has_places
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.policies.allocating import AllocationOutcome
from quotaloom.targets.gathering import Gathered, GatheredUnit
from quotaloom_sdk import Explanation

STANDARD_STEPS: Final = (Decimal("0.25"), Decimal("0.5"), Decimal("0.75"), Decimal(1))
MOST_STEPS: Final = 36
MOST_EXPLAINED: Final = 50
"""How many children an explanation names; the others are counted."""

_WHOLE: Final = Fraction(1)

Factors = tuple[Fraction, ...]
"""What each month's weight is multiplied by, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """How much a new holder is handed: `steps` are shares, 0 to 1, of his first, second, third … month.

    The first is the fiscal month in which he began, on whichever day; after the last step he counts whole. He is new
    where he holds his first position in the company; with `transfers` also where he comes from another position.
    """

    steps: tuple[Decimal, ...] = STANDARD_STEPS
    transfers: bool = False

    def check(self) -> None:
        """Raise `InputError` BAD_RAMP for what cannot be one."""
        if not 1 <= len(self.steps) <= MOST_STEPS:
            raise InputError(
                "BAD_RAMP", f"a ramp has 1 to {MOST_STEPS} steps, not {len(self.steps)}", ("ramp", "steps")
            )
        for place, step in enumerate(self.steps):
            if not has_places(step, 6) or not 0 <= step <= 1:
                message = "a step is a share from 0 to 1, with 6 decimal places at the most: 0.25 is 25%"
                raise InputError("BAD_RAMP", message, ("ramp", "steps", place))


# When a member began: his first day in any position, or in this one; null where that is not on record.
_HOLDERS = """
SELECT h.position_id, h.valid_from, h.valid_to, began.since FROM holding h
CROSS JOIN LATERAL (
    SELECT CASE WHEN bool_and(o.valid_from IS NOT NULL) THEN min(o.valid_from) END AS since FROM holding o
    WHERE o.member_id = h.member_id AND (NOT $4 OR o.position_id = h.position_id)
) AS began
WHERE h.position_id = ANY($1::bigint[]) AND (h.valid_from IS NULL OR h.valid_from < $3)
    AND (h.valid_to IS NULL OR h.valid_to > $2) AND began.since IS NOT NULL
"""


async def read_ramp(snapshot: Snapshot, calendar: FiscalCalendar, gathered: Gathered, ramp: Ramp) -> dict[int, Factors]:
    """The factors of the units that any new holder is in or below; one statement."""
    positions = [unit.id for unit in gathered.units.values() if unit.kind == "position"]
    first, last = gathered.months[0].starts_on, gathered.months[-1].ends_on
    rows = await snapshot.fetch(_HOLDERS, positions, first, last, ramp.transfers)
    return factors_of_units(gathered.units, position_factors(calendar, gathered.months, ramp, rows))


def position_factors(
    calendar: FiscalCalendar, months: Sequence[Period], ramp: Ramp, holders: Sequence[Record]
) -> dict[int, Factors]:
    """The factors of positions: of a month, by the calendar days on which a new holder held it; 1 for other days.

    `holders` have `position_id`, `valid_from` and `valid_to` (None for open ends) and `since`, the day they began.
    """
    found: dict[int, list[Fraction]] = {}
    for row in holders:
        began = _number(calendar, row["since"])
        for place, month in enumerate(months):
            step = _number(calendar, month.starts_on) - began
            if not 0 <= step < len(ramp.steps) or ramp.steps[step] == 1:
                continue
            days = _days_held(row["valid_from"], row["valid_to"], month)
            if days:
                factors = found.setdefault(row["position_id"], [_WHOLE] * len(months))
                factors[place] -= (1 - Fraction(ramp.steps[step])) * Fraction(days, month.length)
    return {position_id: tuple(factors) for position_id, factors in found.items()}


def factors_of_units(units: Mapping[int, GatheredUnit], positions: Mapping[int, Factors]) -> dict[int, Factors]:
    """The factors of all units: above positions, month by month the mean of those below that are open then."""
    if not positions:
        return {}
    months = len(next(iter(positions.values())))
    sums: dict[int, list[tuple[Fraction, int]]] = {}
    for unit in reversed(list(units.values())):  # parents come first in `units`
        if unit.kind == "position":
            own = positions.get(unit.id, (_WHOLE,) * months)
            sums[unit.id] = [(Fraction(), 0) if month in unit.shut else (own[month], 1) for month in range(months)]
        else:
            below = [sums[child] for child in unit.children]
            sums[unit.id] = [
                (sum((of[month][0] for of in below), Fraction()), sum(of[month][1] for of in below))
                for month in range(months)
            ]
    means = {
        unit_id: tuple(total / count if count else _WHOLE for total, count in by_month)
        for unit_id, by_month in sums.items()
    }
    return {unit_id: factors for unit_id, factors in means.items() if any(factor != 1 for factor in factors)}


def ramped(
    outcome: AllocationOutcome, children: Sequence[GatheredUnit], months: Sequence[Period], ramp: Mapping[int, Factors]
) -> AllocationOutcome:
    """The same weights, those of newcomers multiplied by their factors, and the explanation with a line for each.

    A month whose weights are all 0 is shared by the factors alone.
    """
    factors = [ramp.get(child.id) for child in children]
    if not any(factors):
        return outcome
    silent = {month for month in range(len(months)) if not any(row[month] for row in outcome.matrix)}
    matrix = tuple(
        tuple(_weight(row, of_child, month, silent) for month in range(len(months)))
        for row, of_child in zip(outcome.matrix, factors, strict=True)
    )
    new = [(child.name, of_child) for child, of_child in zip(children, factors, strict=True) if of_child is not None]
    told = [Explanation(f"{name}: {_shares(of_child, months)}") for name, of_child in new[:MOST_EXPLAINED]]
    if len(new) > MOST_EXPLAINED:
        told.append(Explanation(f"… and {len(new) - MOST_EXPLAINED} more"))
    line = Explanation("New holders ramp up: their weights are multiplied by these shares", items=tuple(told))
    explanation = replace(outcome.explanation, items=(*outcome.explanation.items, line))
    return replace(outcome, matrix=matrix, explanation=explanation)


def _weight(row: Sequence[Fraction], factors: Factors | None, month: int, silent: set[int]) -> Fraction:
    weight = _WHOLE if month in silent else row[month]
    return weight if factors is None else weight * factors[month]


def _shares(factors: Factors, months: Sequence[Period]) -> str:
    return ", ".join(
        f"{month.label} {float(factor * 100):.4g}%"
        for month, factor in zip(months, factors, strict=True)
        if factor != 1
    )


def _number(calendar: FiscalCalendar, day: date) -> int:
    """The place of a day's fiscal month on the axis of all months."""
    return calendar.year_of(day) * 12 + calendar.number_of(day)


def _days_held(valid_from: date | None, valid_to: date | None, month: Period) -> int:
    start = month.starts_on if valid_from is None else max(valid_from, month.starts_on)
    end = month.ends_on if valid_to is None else min(valid_to, month.ends_on)
    return max((end - start) // timedelta(days=1), 0)
