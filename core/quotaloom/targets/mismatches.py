"""What units aim for against what their children aim for together, for many units and periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period, date_range
from quotaloom.calendars.spread import amount_within
from quotaloom.platform.stretches import AT_A_STRETCH, each_in_turn
from quotaloom.platform.unit_of_work import Record, Snapshot
from quotaloom.targets.attainment import rate
from quotaloom.targets.reads import CELL, IN_FORCE, Key, PlanChoice


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A unit's own target and the sum of its children's, in minor units; None where there are no cells."""

    own: int | None = None
    children: int | None = None

    @property
    def over_assignment(self) -> int | None:
        """children − own in minor units; None where one of them is absent."""
        return None if self.own is None or self.children is None else self.children - self.own

    @property
    def over_assignment_percent(self) -> Decimal | None:
        """The over-assignment in percent of the own target, four places; None where that is 0 or one is absent."""
        difference = self.over_assignment
        share = None if difference is None else rate(difference, self.own)
        return None if share is None else share.scaleb(2)


NO_CELLS = Mismatch()

# A cell is a unit's own at depth 0 and a child's at depth 1; children are those of the month's last day. Whole months
# come summed, each month that a period cuts as a row of its own.
_SUMS = (
    f"{IN_FORCE} SELECT p.ancestor_id AS unit_id, p.depth, n.i - 1 AS i, min(c.starts_on) AS starts_on,"
    f" max(c.ends_on) AS ends_on, sum(c.target) AS target{CELL}"
    " JOIN unit_path p ON p.company_id = c.company_id AND p.unit_id = c.unit_id AND p.depth <= 1"
    " AND p.valid_from < c.ends_on AND p.valid_to >= c.ends_on AND p.ancestor_id = ANY($4::bigint[])"
    " JOIN unnest($5::date[], $6::date[]) WITH ORDINALITY AS n (s, e, i) ON c.starts_on < n.e AND c.ends_on > n.s"
    " WHERE c.target IS NOT NULL GROUP BY p.ancestor_id, p.depth, n.i,"
    " CASE WHEN c.starts_on < n.s OR c.ends_on > n.e THEN c.id END"
)


async def target_mismatches(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    unit_ids: Sequence[int],
    choice: PlanChoice,
    periods: Sequence[Period],
) -> dict[Key, Mismatch]:
    """Own and children's targets by unit and place of the period; a unit without any cells there has no entry.

    Of a month that a period cuts, every cell counts with the part of it that falls on the period's working days, as
    in `lines_by_unit`. One statement.
    """
    rows = await snapshot.fetch(
        _SUMS,
        choice.metric_id,
        choice.version_id,
        choice.as_of,
        list(unit_ids),
        [period.starts_on for period in periods],
        [period.ends_on for period in periods],
    )
    sums: dict[Key, list[int | None]] = defaultdict(lambda: [None, None])

    def add(row: Record) -> None:
        target, period = int(row["target"]), periods[row["i"]]
        if row["starts_on"] < period.starts_on or row["ends_on"] > period.ends_on:
            month = date_range(row["starts_on"], row["ends_on"])
            target = amount_within(target, month, period.starts_on, period.ends_on, calendar.working)
        of_unit = sums[row["unit_id"], row["i"]]
        of_unit[row["depth"]] = (of_unit[row["depth"]] or 0) + target

    await each_in_turn(rows, add)
    return dict(await each_in_turn(list(sums.items()), lambda one: (one[0], Mismatch(*one[1])), AT_A_STRETCH))
