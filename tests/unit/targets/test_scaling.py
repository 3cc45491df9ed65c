"""Cells of a tree times a factor: exact where they were exact, in the same proportion where they were not."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotaloom.targets.refusals import DecompositionRefused
from quotaloom.targets.scaling import Months, UnitCells, scaled

OPEN = (True, True)


def unit(id: int, parent: int | None, *months: int | None, open_in: tuple[bool, ...] | None = None) -> UnitCells:
    return UnitCells(id, parent, months, open_in or (True,) * len(months))


def test_children_that_summed_exactly_still_do() -> None:
    """105 and 95, times 1.1: the year is 220, in two parts that the children share again."""
    new = scaled([unit(1, None, 105, 95), unit(2, 1, 53, 48), unit(3, 1, 52, 47)], Fraction(11, 10))
    # 105 × 1.1 = 115.5 and 95 × 1.1 = 104.5: of equal remainders the earlier goes up.
    assert new[1] == (116, 104)
    # 116 × 53/105 = 58.55 and 104 × 48/95 = 52.55, a year of 111.1; the other has 57.45 and 51.45, a year of 108.9.
    assert new[2] == (59, 52)
    assert new[3] == (57, 52)


def test_an_over_assignment_stays_in_proportion() -> None:
    """Children of 110 below a parent of 100 sum to 121 when both grow by a tenth."""
    new = scaled([unit(1, None, 100), unit(2, 1, 60), unit(3, 1, 50)], Fraction(11, 10))
    assert new == {1: (110,), 2: (66,), 3: (55,)}


def test_what_a_closed_unit_had_goes_to_its_siblings() -> None:
    """300 among 100, 50 and 150; without the last, 300 is shared 2 to 1, and the parent is met exactly."""
    closed = unit(4, 1, 150, open_in=(False,))
    new = scaled([unit(1, None, 300), unit(2, 1, 100), unit(3, 1, 50), closed], Fraction(1))
    assert new == {1: (300,), 2: (200,), 3: (100,), 4: (None,)}


def test_a_unit_that_opens_late_leaves_its_early_months_to_its_siblings() -> None:
    """The second child is not open in the first month: the other takes all of it."""
    late = unit(3, 1, 50, 50, open_in=(False, True))
    new = scaled([unit(1, None, 100, 100), unit(2, 1, 50, 50), late], Fraction(2))
    assert new == {1: (200, 200), 2: (200, 100), 3: (None, 100)}


def test_a_month_without_a_cell_stays_without_one() -> None:
    """Neither the parent's missing month nor the child's is made up; what is there grows."""
    new = scaled([unit(1, None, None, 10), unit(2, 1, 7, None), unit(3, 1, 8, 10)], Fraction(2))
    assert new == {1: (None, 20), 2: (14, None), 3: (16, 20)}


def test_a_branch_that_is_gone_counts_above_and_gets_nothing() -> None:
    """The closed team's closed position gets nothing; the other team takes over the whole."""
    gone = [unit(4, 3, 60, open_in=(False,)), unit(3, 1, 60, open_in=(False,))]
    new = scaled([unit(1, None, 100), unit(2, 1, 40), *gone], Fraction(1, 2))
    assert new == {1: (50,), 2: (50,), 3: (None,), 4: (None,)}


def test_an_amount_beyond_64_bits_is_refused() -> None:
    """The largest amount, twice."""
    with pytest.raises(DecompositionRefused):
        scaled([unit(1, None, 2**63 - 1)], Fraction(2))


@st.composite
def exact_trees(draw: st.DrawFn) -> list[UnitCells]:
    """A top unit, teams and seats over up to four months, every parent the sum of its children."""
    months = draw(st.integers(1, 4))
    cell = st.integers(0, 10**6)
    found: list[UnitCells] = []
    top = [0] * months
    for team in range(draw(st.integers(1, 3))):
        seats = draw(st.lists(st.tuples(*[cell] * months), min_size=1, max_size=4))
        sums = [sum(column) for column in zip(*seats, strict=True)]
        top = [one + other for one, other in zip(top, sums, strict=True)]
        found.append(unit(10 * team + 10, 1, *sums))
        found += [unit(10 * team + 11 + place, 10 * team + 10, *seat) for place, seat in enumerate(seats)]
    return [unit(1, None, *top), *found]


factors = st.fractions(0, 3, max_denominator=1000)


@given(exact_trees(), factors)
def test_exact_trees_stay_exact(units: list[UnitCells], factor: Fraction) -> None:
    """Every parent's month is its children's sum again, nothing is negative, and the top year is half up."""
    new = scaled(units, factor)
    for parent in units:
        below = [new[one.id] for one in units if one.parent_id == parent.id]
        if below:
            assert new[parent.id] == tuple(sum(cell or 0 for cell in column) for column in zip(*below, strict=True))
    assert all(cell is not None and cell >= 0 for months in new.values() for cell in months)
    year = Fraction(_year(units[0].months)) * factor
    assert abs(_year(new[1]) - year) <= Fraction(1, 2)


@given(exact_trees())
def test_a_factor_of_one_changes_nothing(units: list[UnitCells]) -> None:
    """The copy of an exact tree is the same tree."""
    assert scaled(units, Fraction(1)) == {one.id: one.months for one in units}


@given(exact_trees(), factors)
def test_cells_stay_near_what_they_would_be_alone(units: list[UnitCells], factor: Fraction) -> None:
    """Rounding moves a cell by less than one for each of the three levels, its own included."""
    new = scaled(units, factor)
    for one in units:
        for old, cell in zip(one.months, new[one.id], strict=True):
            assert abs((cell or 0) - (old or 0) * factor) < 3


def _year(months: Months) -> int:
    return sum(cell or 0 for cell in months)
