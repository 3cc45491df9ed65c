"""What members achieved in single positions in a period, of every metric, against the published plans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from asyncpg import Record

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import counting_of
from quotaloom.metrics.reads import all_metrics
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.targets.attainment import NO_LINES, Lines
from quotaloom.targets.reads import PlanChoice, lines_by_holding
from quotaloom_sdk import LineFact

# $4: only what was credited to these positions.
_SUMS = """
SELECT member_id, position_id, metric_id, product_id, sum(direct::numeric + overlay)::text AS achieved
FROM achievement_balance WHERE member_id = ANY ($1::bigint[]) AND business_date >= $2 AND business_date < $3
    AND ($4::bigint[] IS NULL OR position_id = ANY ($4))
GROUP BY member_id, position_id, metric_id, product_id
"""

_PLANNED = """
SELECT plan.metric_id, version.id FROM plan JOIN plan_version AS version
    ON version.company_id = plan.company_id AND version.plan_id = plan.id AND version.status = 'published'
WHERE plan.starts_on < $2 AND $1 < plan.ends_on ORDER BY plan.metric_id, version.id
"""

Place = tuple[int, int]
"""A member and a position."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """All metrics by key, and the published versions of plans that reach into the period, by metric."""

    rows: Sequence[Record]
    planned: Mapping[int, Sequence[int]]


async def load_metrics(snapshot: Snapshot, period: Period) -> Metrics:
    """What is counted, and planned in the period."""
    planned: dict[int, list[int]] = defaultdict(list)
    for row in await snapshot.fetch(_PLANNED, period.starts_on, period.ends_on):
        planned[row["metric_id"]].append(row["id"])
    rows = sorted(await all_metrics(snapshot), key=lambda row: str(row["key"]))
    return Metrics(rows, dict(planned))


@dataclass(frozen=True, slots=True)
class Figures:
    """What was achieved and aimed for, by metric, and then by member and position."""

    metrics: Metrics
    achieved: Mapping[int, Mapping[Place, int]]
    lines: Mapping[int, Mapping[Place, Lines]]

    def facts(self, places: Collection[Place]) -> tuple[LineFact, ...]:
        """A line of every metric over these places together, by the metric's key; each place at most once."""
        return tuple(self._fact(metric, places) for metric in self.metrics.rows)

    def _fact(self, metric: Record, places: Collection[Place]) -> LineFact:
        achieved, lines = self.achieved.get(metric["id"], {}), self.lines.get(metric["id"], {})
        total = NO_LINES
        for place in places:
            if place in lines:
                total = total.plus(lines[place])
        return LineFact(
            metric["key"],
            sum(achieved.get(place, 0) for place in places),
            total.target,
            total.assessment,
            total.stretch,
            metric["lower_is_better"],
        )


async def read_figures(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    metrics: Metrics,
    member_ids: Sequence[int],
    period: Period,
    *,
    planned: bool,
    position_ids: Sequence[int] | None = None,
) -> Figures:
    """The figures of members; with `position_ids` only those of these positions, with `planned` against the plan.

    As it was: who was credited, and who held the position for how long. One statement, and one for each metric that is
    planned.
    """
    achieved: dict[int, dict[Place, int]] = {metric["id"]: defaultdict(int) for metric in metrics.rows}
    counted = counted_by(metrics.rows)
    for row in await snapshot.fetch(_SUMS, list(member_ids), period.starts_on, period.ends_on, position_ids):
        place, amount = (row["member_id"], row["position_id"]), int(row["achieved"])
        for metric_id in counted(row["metric_id"], row["product_id"]):
            achieved[metric_id][place] += amount
    lines: dict[int, dict[Place, Lines]] = {}
    for metric_id in metrics.planned if planned else ():
        held = await lines_by_holding(snapshot, calendar, member_ids, PlanChoice(metric_id), [period], position_ids)
        lines[metric_id] = {(member_id, position_id): found for (member_id, position_id, _), found in held.items()}
    return Figures(metrics, achieved, lines)


def counted_by(metrics: Sequence[Record]) -> Callable[[int, int], list[int]]:
    """For entries of a metric and product: the metrics that count them."""
    countings = [(metric["id"], counting_of(metric)) for metric in metrics]

    def counted(metric_id: int, product_id: int) -> list[int]:
        return [
            id_
            for id_, counting in countings
            if counting.metric_id == metric_id and (counting.product_ids is None or product_id in counting.product_ids)
        ]

    return counted
