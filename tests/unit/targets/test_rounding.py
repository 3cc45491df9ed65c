"""Which cells are rounded up, against enumeration, where margins leave little room."""

from __future__ import annotations

from itertools import product
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from quotaloom.targets.ideals import Ideals
from quotaloom.targets.rounding import round_up

UNIT = 6
Raised = tuple[int, ...]


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_tight_margins_give_the_preferred_of_all_tables(random: Random) -> None:
    """Needs and demands come from a random table, so the way to them may lead over several children."""
    children, months = random.choice([(3, 4), (4, 4), (5, 3), (4, 5), (6, 3)])
    density = random.choice([0.5, 0.7, 0.9])
    remainders = [
        [random.randint(1, UNIT - 1) if random.random() < density else 0 for _ in range(months)]
        for _ in range(children)
    ]
    some = [[int(bool(rest) and random.random() < 0.5) for rest in row] for row in remainders]
    demand = [sum(column) for column in zip(*some, strict=True)]
    order = random.sample(range(children), random.randint(0, children))
    needs = [sum(row) - int(child in order and sum(row) > 0) for child, row in enumerate(some)]
    ideals = Ideals([[0] * months for _ in range(children)], remainders, UNIT)
    tables = all_tables(remainders, demand, needs, order)
    assert round_up(ideals, demand, needs, order) == best(tables, remainders, demand, needs, order)


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_larger_tight_tables_are_what_one_decision_at_a_time_arrives_at(random: Random) -> None:
    """Each ceiling and each cell in turn is granted where a search from scratch finds the rest possible."""
    children, months = random.choice([(8, 6), (6, 8), (10, 5)])
    density = random.choice([0.4, 0.6, 0.9])
    remainders = [
        [random.randint(1, UNIT - 1) if random.random() < density else 0 for _ in range(months)]
        for _ in range(children)
    ]
    some = [[int(bool(rest) and random.random() < 0.5) for rest in row] for row in remainders]
    demand = [sum(column) for column in zip(*some, strict=True)]
    order = random.sample(range(children), random.randint(0, children))
    needs = [sum(row) - int(child in order and sum(row) > 0) for child, row in enumerate(some)]
    ideals = Ideals([[0] * months for _ in range(children)], remainders, UNIT)
    assert round_up(ideals, demand, needs, order) == decided_in_turn(remainders, demand, needs, order)


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_margins_without_a_table_are_recognized(random: Random) -> None:
    """Needs and demands are drawn apart from each other; None where enumeration finds nothing either."""
    remainders = [[random.choice([0, 1, 5]) for _ in range(3)] for _ in range(4)]
    needs = [random.randint(0, 2) for _ in range(4)]
    demand = [random.randint(0, 3) for _ in range(3)]
    order = random.sample(range(4), 2)
    ideals = Ideals([[0] * 3 for _ in range(4)], remainders, UNIT)
    tables = all_tables(remainders, demand, needs, order)
    assert (round_up(ideals, demand, needs, order) is not None) == bool(tables)


def all_tables(remainders: list[list[int]], demand: list[int], needs: list[int], order: list[int]) -> list[Raised]:
    """Every way to raise open cells, one mask per child, that fills each month and meets each need."""
    rows = []
    for child, row in enumerate(remainders):
        cells = sum(1 << month for month, rest in enumerate(row) if rest)
        allowed = {needs[child], needs[child] + (child in order)}
        rows.append([mask for mask in range(1 << len(row)) if mask & ~cells == 0 and mask.bit_count() in allowed])
    partial: list[tuple[Raised, tuple[int, ...]]] = [((), tuple(demand))]
    for masks in rows:
        longer = (
            ((*table, mask), tuple(left - (mask >> month & 1) for month, left in enumerate(room)))
            for (table, room), mask in product(partial, masks)
        )
        partial = [(table, room) for table, room in longer if min(room) >= 0]
    return [table for table, room in partial if not any(room)]


def best(
    tables: list[Raised], remainders: list[list[int]], demand: list[int], needs: list[int], order: list[int]
) -> list[int]:
    """First the children of `order` that get one more, then month by month those furthest behind."""
    for child in order:
        tables = [table for table in tables if table[child].bit_count() > needs[child]] or tables
    behind = [0] * len(remainders)
    for month in range(len(demand)):
        behind = [lag + row[month] for lag, row in zip(behind, remainders, strict=True)]
        for child in sorted(range(len(behind)), key=lambda index: (-behind[index], index)):
            tables = [table for table in tables if table[child] >> month & 1] or tables
        behind = [lag - UNIT * (mask >> month & 1) for lag, mask in zip(behind, tables[0], strict=True)]
    return list(tables[0])


def decided_in_turn(remainders: list[list[int]], demand: list[int], needs: list[int], order: list[int]) -> list[int]:
    """The same preference as `best`, by asking before each decision whether the rest can still be met."""
    units = list(needs)
    cells = [{month for month, rest in enumerate(row) if rest} for row in remainders]
    for child in order:
        units[child] += 1
        units[child] -= not can_place(cells, units, demand)
    result = [0] * len(cells)
    room = list(demand)
    behind = [0] * len(cells)
    for month in range(len(demand)):
        behind = [lag + row[month] for lag, row in zip(behind, remainders, strict=True)]
        for child in sorted(range(len(cells)), key=lambda index: (-behind[index], index)):
            if month in cells[child] and units[child] and room[month]:
                cells[child].discard(month)
                units[child] -= 1
                room[month] -= 1
                if can_place(cells, units, room):
                    result[child] |= 1 << month
                    behind[child] -= UNIT
                else:
                    units[child] += 1
                    room[month] += 1
    return result


def can_place(cells: list[set[int]], units: list[int], room: list[int]) -> bool:
    """Whether every child's units find different months of its own, none of them over its room."""
    holders: list[list[int]] = [[] for _ in room]

    def place(child: int, tried: set[int]) -> bool:
        for month in cells[child] - tried:
            if child in holders[month]:
                continue
            tried.add(month)
            if len(holders[month]) < room[month]:
                holders[month].append(child)
                return True
            for other in list(holders[month]):
                if place(other, tried):
                    holders[month].remove(other)
                    holders[month].append(child)
                    return True
        return False

    return all(place(child, set()) for child, count in enumerate(units) for _ in range(count))
