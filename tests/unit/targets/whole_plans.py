"""Random plans of whole trees: calendars, trees, locks, pins, units that open and close, holders and ramps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any, cast

from hypothesis import strategies as st

from quotaloom.calendars.fiscal import PATTERNS, FiscalCalendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import Counting
from quotaloom.policies.allocating import AllocationOutcome
from quotaloom.policies.selected import PolicyStamp
from quotaloom.targets.deciding import DecomposeRequest, YearPin, units_to_split
from quotaloom.targets.gathering import KINDS, Gathered, GatheredUnit
from quotaloom.targets.ramps import Factors, Ramp, factors_of_units, position_factors
from quotaloom_sdk import Explanation

ROOT = 1
STAMP = PolicyStamp("tests", None, "tests.any", {})


@dataclass(frozen=True)
class PlanCase:
    """What `decide` is given."""

    gathered: Gathered
    weights: Mapping[int, AllocationOutcome]
    request: DecomposeRequest
    ramp: Mapping[int, Factors]


@st.composite
def plan_cases(draw: st.DrawFn, *, fixed: bool = True) -> PlanCase:
    """A year of a tree of up to 13 units; with `fixed`, some months are locked, pinned, by the day or not open."""
    calendar = FiscalCalendar(draw(st.integers(1, 12)), draw(st.sampled_from(PATTERNS)))
    months = calendar.months(2026)
    children = draw(_trees())
    year = draw(st.sampled_from([0, 7, 10**6]) | st.integers(0, 10**12))
    units = {unit_id: draw(_units(unit_id, children, year, fixed=fixed)) for unit_id in children}
    counting = Counting(1)
    gathered = Gathered(1, 1, counting, "revenue", 2, months, units, months[0].starts_on, ())
    request = DecomposeRequest(
        1,
        ROOT,
        {"target": year},
        over_assignment=draw(st.sampled_from([Decimal(1), Decimal(1), Decimal("1.1"), Decimal("0.75")])),
        levels=draw(st.sampled_from([None, None, 1])),
        year_pins=draw(_pins(children[ROOT], year)) if fixed else (),
    )
    weights = {unit.id: draw(_weights(len(unit.children))) for unit in units_to_split(gathered, ROOT, request.levels)}
    return PlanCase(gathered, weights, request, draw(_ramps(calendar, months, units)))


@st.composite
def _trees(draw: st.DrawFn) -> dict[int, tuple[int, ...]]:
    """Children by unit, parents first, up to four levels deep."""
    children: dict[int, tuple[int, ...]] = {}
    level, following = [ROOT], ROOT + 1
    for _ in range(3):
        below: list[int] = []
        for unit_id in level:
            count = draw(st.integers(1 if unit_id == ROOT else 0, 4)) if following < 11 else 0
            children[unit_id] = tuple(range(following, following + count))
            following += count
            below += children[unit_id]
        level = below
    children.update(dict.fromkeys(level, ()))
    return children


@st.composite
def _units(
    draw: st.DrawFn, unit_id: int, children: Mapping[int, tuple[int, ...]], year: int, *, fixed: bool
) -> GatheredUnit:
    places = st.sets(st.integers(0, 11), max_size=2)
    some = fixed and unit_id != ROOT and draw(st.booleans())
    locked, pinned, by_day = (frozenset(draw(places)) if some else frozenset[int]() for _ in range(3))
    first, last = draw(st.tuples(st.integers(0, 3), st.integers(9, 12))) if some and not children[unit_id] else (0, 12)
    shut = frozenset(month for month in range(12) if not first <= month < last)
    held = locked | pinned | by_day | shut
    values = tuple(draw(st.integers(0, year // 12 // 400)) if month in held else None for month in range(12))
    return GatheredUnit(
        id=unit_id,
        key=f"u{unit_id}",
        name=f"Unit {unit_id}",
        kind="team" if children[unit_id] else "position",
        children=children[unit_id],
        values={kind: values if kind == "target" else (None,) * 12 for kind in KINDS},
        fixed=held,
        locked=locked,
        shut=shut,
        by_day=by_day,
        versions={},
    )


@st.composite
def _weights(draw: st.DrawFn, children: int) -> AllocationOutcome:
    """From a seed, as there are too many of them to be drawn one by one."""
    random = Random(draw(st.integers(0, 2**32)))

    def weight() -> Fraction:
        kind = random.randrange(3)
        return Fraction(random.randint(0, 10**9 if kind == 2 else 40) * min(kind, 1), random.randint(1, 12))

    def row() -> tuple[Fraction, ...]:
        return tuple(weight() for _ in range(12))

    return AllocationOutcome(row(), tuple(row() for _ in range(children)), Explanation("as drawn"), STAMP)


@st.composite
def _pins(draw: st.DrawFn, children: Sequence[int], year: int) -> tuple[YearPin, ...]:
    chosen = draw(st.sets(st.sampled_from(list(children)), max_size=1))
    return tuple(YearPin(unit_id, draw(st.integers(year // 20, year // 5))) for unit_id in sorted(chosen))


@st.composite
def _ramps(
    draw: st.DrawFn, calendar: FiscalCalendar, months: Sequence[Period], units: Mapping[int, GatheredUnit]
) -> dict[int, Factors]:
    """Holders who began at any time around the year, some of whom leave again, some positions never held."""
    steps = draw(st.lists(st.decimals(0, 1, places=2), min_size=1, max_size=5))
    days = st.dates(months[0].starts_on - timedelta(days=200), months[-1].ends_on)
    holders: list[dict[str, date | int | None]] = []
    for unit in units.values():
        if unit.kind == "position" and draw(st.booleans()):
            since = draw(days)
            until = draw(st.none() | st.integers(1, 400).map(timedelta))
            holders.append(
                {
                    "position_id": unit.id,
                    "since": since,
                    "valid_from": since,
                    "valid_to": None if until is None else since + until,
                }
            )
    factors = position_factors(calendar, months, Ramp(tuple(steps)), cast(Any, holders))
    return factors_of_units(units, factors)
