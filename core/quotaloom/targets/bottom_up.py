"""What is gathered from below: pure sums over a tree, in which whoever has committed speaks for his branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

ByMonth = Mapping[date, int]
"""Minor units by the first day of the month; months without a commitment are not there."""


def gathered(tops: Iterable[int], parents: Mapping[int, int], committed: Mapping[int, ByMonth]) -> dict[int, ByMonth]:
    """For each of `tops` what is committed to below it, month by month.

    `parents` is the tree below them, parent by unit; `committed` what units are committed to themselves. In every month
    a unit with a commitment of its own stands for all that lies below it, and where it has none, its children do.
    """
    children: dict[int, list[int]] = defaultdict(list)
    for unit_id, parent_id in parents.items():
        children[parent_id].append(unit_id)
    found: dict[int, ByMonth] = {}

    def below(unit_id: int) -> ByMonth:
        if unit_id not in found:
            sums: dict[date, int] = defaultdict(int)
            for child in children.get(unit_id, ()):
                for month, amount in {**below(child), **committed.get(child, {})}.items():
                    sums[month] += amount
            found[unit_id] = sums
        return found[unit_id]

    return {top: below(top) for top in tops}
