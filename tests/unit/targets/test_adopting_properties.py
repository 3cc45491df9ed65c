"""What always holds where commitments are taken over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.metrics.counting import Counting
from quotaloom.targets.adopting import Adoption, decide
from quotaloom.targets.gathering import Gathered, GatheredUnit

MONTHS = FiscalCalendar().months(2017)[:3]
NOTHING: frozenset[int] = frozenset()
Months = tuple[int | None, ...]

amounts = st.one_of(st.none(), st.integers(0, 10**6))
lines = st.tuples(amounts, amounts, amounts)
places = st.frozensets(st.integers(0, 2))


@st.composite
def trees(draw: st.DrawFn) -> Gathered:
    """A unit, teams below it and seats below these, with targets, locks and pins anywhere."""
    below: dict[int, tuple[int, ...]] = {1: tuple(range(10, 10 * draw(st.integers(1, 3)) + 1, 10))}
    for team in below[1]:
        below[team] = tuple(range(team + 1, team + 1 + draw(st.integers(0, 3))))
    ids = [1, *below[1], *(seat for team in below[1] for seat in below[team])]
    units = {}
    for id in ids:
        locked, pinned = draw(places), draw(places)
        values = {"target": draw(lines), "assessment": (None,) * 3, "stretch": (None,) * 3}
        units[id] = GatheredUnit(
            id=id,
            key=str(id),
            name=f"Unit {id}",
            kind="team",
            children=below.get(id, ()),
            values=values,
            fixed=locked | pinned,
            locked=locked,
            shut=NOTHING,
            by_day=NOTHING,
            versions={},
        )
    return Gathered(1, 1, Counting(1), "revenue", 2, tuple(MONTHS), units, date(2017, 1, 1), ())


def afterwards(gathered: Gathered, committed: dict[int, Months], adoption: Adoption) -> dict[int, list[int | None]]:
    """The targets of every unit once the cells are set."""
    targets = {id: list(unit.values["target"]) for id, unit in gathered.units.items()}
    for cell in decide(gathered, committed, adoption, sets_top=True).cells:
        targets[cell.unit_id][cell.month] = cell.target
    return targets


@given(trees(), st.dictionaries(st.integers(1, 33), lines), st.booleans(), st.booleans())
def test_locked_cells_never_change_and_pinned_ones_only_where_asked(
    gathered: Gathered, committed: dict[int, Months], roll_up: bool, pinned: bool
) -> None:
    """Whatever was committed to."""
    new = afterwards(gathered, committed, Adoption(1, 1, roll_up=roll_up, pinned=pinned))
    for id, unit in gathered.units.items():
        for month in unit.locked if pinned else unit.fixed:
            assert new[id][month] == unit.values["target"][month]


@given(trees(), st.dictionaries(st.integers(1, 33), lines))
def test_what_is_rolled_up_is_the_sum_of_the_children(gathered: Gathered, committed: dict[int, Months]) -> None:
    """Of every parent, in every month that is open and of which a child has a target."""
    new = afterwards(gathered, committed, Adoption(1, 1, roll_up=True))
    for id, unit in gathered.units.items():
        for month in set(range(3)) - unit.fixed:
            known = [new[child][month] for child in unit.children if new[child][month] is not None]
            if known:
                assert new[id][month] == sum(amount or 0 for amount in known)


@given(trees(), st.dictionaries(st.integers(1, 33), lines), st.booleans())
def test_taking_over_twice_is_taking_over_once(gathered: Gathered, committed: dict[int, Months], roll_up: bool) -> None:
    """The second time there is nothing left to change."""
    adoption = Adoption(1, 1, roll_up=roll_up)
    new = afterwards(gathered, committed, adoption)
    units = {id: replace(unit, values={**unit.values, "target": tuple(new[id])}) for id, unit in gathered.units.items()}
    assert decide(replace(gathered, units=units), committed, adoption, sets_top=True).cells == []
