"""What holds for a decomposition of a whole tree, over random calendars, trees, locks, pins, moves and ramps."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from quotaloom.calendars.fiscal import PATTERNS, FiscalCalendar
from quotaloom.calendars.periods import date_range
from quotaloom.calendars.spread import amount_within
from quotaloom.calendars.workdays import WorkingDays
from quotaloom.platform.errors import InputError
from quotaloom.targets.apportionment import over_assigned
from quotaloom.targets.deciding import DecompositionOutcome, decide
from quotaloom.targets.decomposition import SplitRequest, split
from quotaloom.targets.reliefs import Relief
from tests.unit.targets.strategies import free_requests
from tests.unit.targets.whole_plans import ROOT, STAMP, PlanCase, plan_cases


@settings(max_examples=150, deadline=None)
@given(plan_cases())
def test_whatever_is_not_refused_is_exact_everywhere(case: PlanCase) -> None:
    """Each month's children sum to their parent × the over-assignment; what is fixed stays; nothing is negative.

    Only of a month in which the parent and all children are fixed nothing is decided.
    """
    try:
        outcome = _decided(case)
    except InputError as error:
        event(error.code)
        return
    event("decided")
    _assert_exact(case, outcome)


@settings(max_examples=100, deadline=None)
@given(plan_cases(fixed=False))
def test_without_locks_nothing_is_refused(case: PlanCase) -> None:
    """Any weights and any ramp can be met, a year of nothing too; the same question has the same answer."""
    outcome = _decided(case)
    _assert_exact(case, outcome)
    assert _decided(case) == outcome


@settings(max_examples=200, deadline=None)
@given(free_requests(), st.randoms(use_true_random=False))
def test_the_order_of_siblings_moves_no_more_than_one_unit(request: SplitRequest, random: object) -> None:
    """In another order each cell and each year is the floor or ceiling of the same ideal, and all months are exact."""
    order = list(range(len(request.weights)))
    random.shuffle(order)  # type: ignore[attr-defined]  # a random.Random
    table = split(request)
    shuffled = split(
        SplitRequest(request.columns, tuple(request.weights[child] for child in order), request.over_assignment)
    )
    for place, child in enumerate(order):
        assert all(abs(one - other) <= 1 for one, other in zip(table[child], shuffled[place], strict=True))
        assert abs(sum(table[child]) - sum(shuffled[place])) <= 1
    columns = over_assigned(request.columns, request.over_assignment)
    assert [sum(column) for column in zip(*shuffled, strict=True)] == columns


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=7, unique=True), st.integers(0, 10**9), st.data())
def test_without_ties_the_order_of_siblings_does_not_matter(
    weights: list[int], amount: int, data: st.DataObject
) -> None:
    """Of one month, siblings with different remainders get the same in any order."""
    total = sum(weights)
    assume(len({amount * weight % total for weight in weights}) == len(weights))
    order = data.draw(st.permutations(range(len(weights))))
    table = split(SplitRequest((amount,), tuple((weight,) for weight in weights)))
    shuffled = split(SplitRequest((amount,), tuple((weights[child],) for child in order)))
    assert [table[child] for child in order] == shuffled


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_parts_of_a_relief_sum_to_that_of_all_days(data: st.DataObject) -> None:
    """Of neighbouring periods and any holidays; and it never takes more than there is."""
    start_month, pattern = data.draw(st.integers(1, 12)), data.draw(st.sampled_from(PATTERNS))
    month = data.draw(st.sampled_from(FiscalCalendar(start_month, pattern).months(2026)))
    days = st.integers(0, month.length).map(lambda step: month.starts_on + timedelta(days=step))
    holidays: dict[date, bool] = data.draw(st.dictionaries(days, st.booleans(), max_size=8))
    working = WorkingDays(frozenset(data.draw(st.sets(st.integers(1, 7)))), holidays)
    share = data.draw(st.decimals("0.000001", 1, places=6))
    amount = data.draw(st.integers(0, 10**12))
    ends = data.draw(st.none() | days)
    relief = Relief(data.draw(days), ends, share)
    cuts = sorted({month.starts_on, month.ends_on, *data.draw(st.sets(days, max_size=5))})
    parts = [date_range(start, end) for start, end in pairwise(cuts)]
    off = [relief.off(amount, month, part, working) for part in parts]
    assert sum(off) == relief.off(amount, month, month, working)
    for part, taken in zip(parts, off, strict=True):
        assert 0 <= taken <= amount_within(amount, month, part.starts_on, part.ends_on, working)


def _decided(case: PlanCase) -> DecompositionOutcome:
    return decide(case.gathered, case.weights, case.request, STAMP, case.ramp)


def _assert_exact(case: PlanCase, outcome: DecompositionOutcome) -> None:
    rows = {unit.unit_id: [value or 0 for value in unit.target] for unit in outcome.units}
    assert sum(rows[ROOT]) == case.request.totals["target"]
    for unit_id, row in rows.items():
        unit = case.gathered.units[unit_id]
        assert min(row) >= 0
        for month in unit.fixed - unit.shut:
            assert row[month] == (unit.values["target"][month] or 0)
        assert all(row[month] == 0 for month in unit.shut)
        below = [rows[child] for child in unit.children if child in rows]
        if below:
            factor = Fraction(Decimal(case.request.over_assignment))
            reached = [case.gathered.units[child] for child in unit.children]
            settled = {month for month in unit.fixed if all(month in child.fixed for child in reached)}
            wanted = over_assigned([0 if month in settled else value for month, value in enumerate(row)], factor)
            sums = [sum(column) for column in zip(*below, strict=True)]
            assert all(sums[month] == wanted[month] for month in range(12) if month not in settled)
    for pin in case.request.year_pins:
        assert sum(rows[pin.unit_id]) == pin.target
