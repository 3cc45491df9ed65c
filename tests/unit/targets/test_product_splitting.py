"""Units along products: figures worked out by hand, and what holds for any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import Counting
from quotaloom.platform.errors import InputError
from quotaloom.targets.gathering import Gathered, GatheredUnit
from quotaloom.targets.product_splitting import Cells, ProductSplit, split_along_products

MONTHS = tuple(Period(f"2017-{month:02}", None, date(2017, month, 1), date(2017, month + 1, 1)) for month in (1, 2, 3))
JANUARY = frozenset({0})
NOTHING: tuple[int | None, ...] = (None, None, None)

Row = Sequence[int | None]


def unit(
    id_: int,
    target: Row = NOTHING,
    children: Sequence[int] = (),
    *,
    fixed: frozenset[int] = frozenset(),
    shut: frozenset[int] = frozenset(),
) -> GatheredUnit:
    """A unit with its months; `fixed` are locked, `shut` those in which it is not open."""
    return GatheredUnit(
        id=id_,
        key=str(id_),
        name=f"Unit {id_}",
        kind="team",
        children=tuple(children),
        values={"target": tuple(target), "assessment": NOTHING, "stretch": NOTHING},
        fixed=fixed | shut,
        locked=fixed,
        shut=shut,
        by_day=frozenset(),
        versions={},
    )


def gathered(*units: GatheredUnit) -> Gathered:
    return Gathered(1, 1, Counting(1), "revenue", 2, MONTHS, {one.id: one for one in units}, date(2017, 1, 1), ())


def along(base: Gathered, parts: Sequence[Gathered], weights: Sequence[Sequence[int]]) -> Cells:
    names = tuple(f"Product {place + 1}" for place in range(len(parts)))
    return split_along_products(ProductSplit(base, tuple(parts), names, tuple(map(tuple, weights))), 1)


def targets(cells: Cells, unit_id: int, parts: int) -> list[tuple[int | None, ...]]:
    return [cells[part, unit_id]["target"] for part in range(parts)]


def test_the_months_and_the_years_of_products_are_exact() -> None:
    """1.00 a month over three equal products: 34, 33, 33 in turn, so that each has 1.00 in the three months."""
    cells = along(gathered(unit(1, (100, 100, 100))), [gathered(unit(1))] * 3, [[1] * 3] * 3)
    assert targets(cells, 1, 3) == [(34, 33, 33), (33, 34, 33), (33, 33, 34)]


def test_locked_cells_of_a_product_stay() -> None:
    """Of 1.00 a month 0.90 of product 1 are locked in January: the others share 0.10, and halves elsewhere."""
    locked = gathered(unit(1, (90, 5, None), fixed=JANUARY))
    cells = along(gathered(unit(1, (100, 100, 100))), [locked, gathered(unit(1))], [[1] * 3, [1] * 3])
    assert targets(cells, 1, 2) == [(90, 50, 50), (10, 50, 50)]


def test_what_is_locked_beyond_the_target_is_refused_by_name() -> None:
    """1.10 of a product cannot be part of 1.00."""
    locked = gathered(unit(1, (110, None, None), fixed=JANUARY))
    with pytest.raises(InputError, match=r"Unit 1, target: 2017-01: 1\.10 is locked or pinned, but .* 1\.00") as caught:
        along(gathered(unit(1, (100, 100, 100))), [locked, gathered(unit(1))], [[1] * 3, [1] * 3])
    assert (caught.value.code, caught.value.path) == ("LOCKED_EXCEEDS_TOTAL", ("parts",))


def test_below_both_margins_are_exact() -> None:
    """2.00 of the unit are 1.50 and 0.50 of two products: of 1.01 and 0.99 below, 0.76 + 0.25 and 0.74 + 0.25."""
    base = gathered(unit(1, (200, 200, 0), [2, 3]), unit(2, (101, 101, 0)), unit(3, (99, 99, 0)))
    part = gathered(unit(1, children=[2, 3]), unit(2), unit(3))
    cells = along(base, [part, part], [[3] * 3, [1] * 3])
    assert targets(cells, 1, 2) == [(150, 150, 0), (50, 50, 0)]
    assert targets(cells, 2, 2) == [(76, 76, 0), (25, 25, 0)]
    assert targets(cells, 3, 2) == [(74, 74, 0), (25, 25, 0)]


def test_over_assignment_is_handed_on_to_the_products() -> None:
    """Two children carry 2.20 of 2.00: the products of 1.50 and 0.50 are 1.65 and 0.55 below."""
    base = gathered(unit(1, (200, 0, 0), [2, 3]), unit(2, (110, 0, 0)), unit(3, (110, 0, 0)))
    part = gathered(unit(1, children=[2, 3]), unit(2), unit(3))
    cells = along(base, [part, part], [[3] * 3, [1] * 3])
    first, second = (targets(cells, child, 2) for child in (2, 3))
    assert [row[0] for row in first] == [83, 27]
    assert [row[0] for row in second] == [82, 28]


def test_a_month_without_a_target_below_stays_as_it_is() -> None:
    """Unit 3 has no target in February, so its product keeps the 7 it has, and unit 2 carries its own."""
    base = gathered(unit(1, (200, 200, 0), [2, 3]), unit(2, (100, 200, 0)), unit(3, (100, None, 0)))
    part = gathered(unit(1, children=[2, 3]), unit(2), unit(3, (None, 7, None)))
    cells = along(base, [part], [[1] * 3])
    assert targets(cells, 2, 1) == [(100, 200, 0)]
    assert targets(cells, 3, 1) == [(100, 7, 0)]


def test_months_in_which_the_unit_is_not_open_are_none_of_its_products() -> None:
    """A unit that opens in February has no cell of January, and none of a product."""
    base = gathered(unit(1, (None, 100, 100), shut=JANUARY))
    cells = along(base, [gathered(unit(1, shut=JANUARY))] * 2, [[1] * 3] * 2)
    assert targets(cells, 1, 2) == [(None, 50, 50), (None, 50, 50)]


def test_a_unit_without_a_target_is_refused() -> None:
    """There is nothing to split in March."""
    with pytest.raises(InputError) as caught:
        along(gathered(unit(1, (1, 1, None))), [gathered(unit(1))], [[1] * 3])
    assert (caught.value.code, caught.value.path) == ("NO_TARGET", ("orgUnitId",))


AMOUNTS = st.lists(st.integers(0, 10**12), min_size=3, max_size=3)


@given(st.lists(AMOUNTS, min_size=1, max_size=5), st.lists(AMOUNTS, min_size=1, max_size=4))
def test_all_margins_are_exact_for_any_tree_and_weights(below: list[list[int]], weights: list[list[int]]) -> None:
    """Whatever units carry and products weigh: nothing negative, both margins of each month exact, the mix kept."""
    whole = [sum(month) for month in zip(*below, strict=True)]
    ids = list(range(2, 2 + len(below)))
    base = gathered(unit(1, whole, ids), *(unit(id_, row) for id_, row in zip(ids, below, strict=True)))
    part = gathered(unit(1, children=ids), *(unit(id_) for id_ in ids))
    cells = along(base, [part] * len(weights), weights)
    for month in range(3):
        own = [cells[place, 1]["target"][month] or 0 for place in range(len(weights))]
        assert sum(own) == whole[month]
        table = [[cells[place, id_]["target"][month] or 0 for place in range(len(weights))] for id_ in ids]
        assert [sum(row) for row in table] == [row[month] for row in below]
        assert [sum(column) for column in zip(*table, strict=True)] == own
        for row, carried in zip(table, below, strict=True):
            for amount, of_all in zip(row, own, strict=True):
                ideal = Fraction(carried[month] * of_all, whole[month] or 1)
                assert amount >= 0
                assert ideal - 1 <= amount <= ideal + 1
