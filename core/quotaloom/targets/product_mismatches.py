"""What units aim for against what they aim for in products together, for many units and periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainment import NO_LINES
from quotaloom.targets.reads import Key, PlanChoice, lines_by_unit


@dataclass(frozen=True, slots=True)
class ProductMismatch:
    """A unit's own target and those of its products, in minor units; None where there are no cells."""

    own: int | None
    parts: tuple[int | None, ...]

    @property
    def together(self) -> int | None:
        """What the products aim for together; None where none of them has a target."""
        planned = [part for part in self.parts if part is not None]
        return sum(planned) if planned else None

    @property
    def difference(self) -> int | None:
        """products − own; None where one of them is absent."""
        together = self.together
        return None if self.own is None or together is None else together - self.own


async def product_mismatches(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    unit_ids: Sequence[int],
    own: PlanChoice,
    parts: Sequence[PlanChoice],
    periods: Sequence[Period],
) -> dict[Key, ProductMismatch]:
    """For every unit and place of the period, also those without any cells; as many reads as there are metrics."""
    targets = [await lines_by_unit(snapshot, calendar, unit_ids, choice, periods) for choice in (own, *parts)]
    found = {}
    for unit_id in unit_ids:
        for place in range(len(periods)):
            key = (unit_id, place)
            mine, *others = [lines.get(key, NO_LINES).target for lines in targets]
            found[key] = ProductMismatch(mine, tuple(others))
    return found
