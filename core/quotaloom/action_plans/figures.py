"""What was planned against what was done: of plans with the shorter ones that belong to them, and of members.

Nothing is counted twice. An item that items of shorter plans refine is counted by these alone; one that was carried
over is counted where it stands by now, if that is counted as well, and else as missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from quotaloom.activities.kinds import ActivityKind
from quotaloom.calendars.periods import Period
from quotaloom.organizations.sight import Sight
from quotaloom.platform.stretches import each_in_turn
from quotaloom.platform.unit_of_work import Record, Snapshot
from quotaloom.targets.attainment import rate

# $1 the company. An activity fulfils an item while it is done; its cost counts where it is in the company's currency.
STANDING: Final = """
SELECT item.id, item.action_plan_id, item.kind, item.matter, item.lead_id, item.customer_id, item.opportunity_id,
    item.starts_on, item.ends_on, item.place, item.materials, item.budget, item.reason, item.activity_id,
    item.refines_id, item.carried_from_id, item.version, plan.member_id, plan.unit_id, plan.state AS plan_state,
    plan.grain AS plan_grain, plan.state = 'closed' AS plan_closed,
    item.state = 'planned' AND activity.id IS NULL AS undone,
    CASE WHEN item.state = 'planned' AND activity.id IS NOT NULL THEN 'done' ELSE item.state END AS state,
    coalesce(item.done_on, activity.done_on) AS done_on, coalesce(item.result, activity.result) AS result,
    coalesce(item.spent, CASE WHEN activity.currency = company.currency THEN activity.cost END) AS spent,
    EXISTS (SELECT FROM action_item AS part WHERE part.company_id = item.company_id AND part.refines_id = item.id
        AND part.state <> 'cancelled') AS refined
FROM action_item AS item
JOIN company ON company.id = item.company_id
JOIN action_plan AS plan ON plan.company_id = item.company_id AND plan.id = item.action_plan_id
LEFT JOIN activity ON activity.company_id = item.company_id AND activity.id = item.activity_id
    AND activity.state = 'done' AND item.state IN ('planned', 'done')
WHERE item.company_id = $1
"""

OPEN: Final = "one.undone AND NOT one.plan_closed AND NOT one.refined"
"""What is still to be done: of items that others refine, those are."""

# `counted` has the items of each `of_id`; $2 is today. An item is `here` unless its parts, or what it went on as, are
# counted instead; what was spent on it is spent in any case.
# What was carried over twice may be counted at the first and the third place, and not at the one between them.
_SUMS: Final = """
, moved (of_id, id) AS (
    SELECT of_id, carried_from_id FROM counted WHERE carried_from_id IS NOT NULL
    UNION SELECT moved.of_id, item.carried_from_id FROM moved JOIN action_item AS item
        ON item.company_id = $1 AND item.id = moved.id AND item.carried_from_id IS NOT NULL
)
SELECT one.of_id, one.kind, one.state = 'cancelled' AS cancelled, count(*) FILTER (WHERE one.here) AS planned,
    count(*) FILTER (WHERE one.here AND one.state = 'done') AS done,
    count(*) FILTER (WHERE one.here AND one.state = 'done' AND one.done_on < one.ends_on) AS on_time,
    count(*) FILTER (WHERE one.here AND one.undone AND NOT one.plan_closed) AS open,
    count(*) FILTER (WHERE one.here AND one.undone AND NOT one.plan_closed AND one.ends_on <= $2::date) AS overdue,
    sum(one.budget) FILTER (WHERE one.here)::numeric AS budget, sum(one.spent)::numeric AS spent
FROM (
    SELECT counted.*, NOT refined AND (of_id, id) NOT IN (SELECT of_id, id FROM moved) AS here FROM counted
) AS one
GROUP BY 1, 2, 3
"""

_OF_PLANS: Final = f"""
WITH RECURSIVE below (of_id, id) AS (
    SELECT id, id FROM unnest($3::bigint[]) AS wanted (id)
    UNION SELECT below.of_id, plan.id FROM below JOIN action_plan AS plan ON plan.company_id = $1
        AND plan.part_of_id = below.id
        AND ($4::bool OR plan.member_id = $5::bigint OR plan.unit_id = ANY ($6::bigint[]))
), counted AS (
    SELECT below.of_id, standing.* FROM ({STANDING}) AS standing JOIN below ON below.id = standing.action_plan_id
) {_SUMS}
"""  # noqa: S608 (constants)

_OF_MEMBERS: Final = f"""
WITH RECURSIVE counted AS (
    SELECT standing.member_id AS of_id, standing.* FROM ({STANDING}) AS standing
    WHERE standing.member_id = ANY ($3::bigint[]) AND standing.ends_on > $4::date AND standing.ends_on <= $5::date
        AND ($6::bigint[] IS NULL OR standing.unit_id = ANY ($6))
) {_SUMS}
"""  # noqa: S608 (constants)

# An item belongs to the units above that of its plan on its last day, or on $6.
_OF_UNITS: Final = f"""
WITH RECURSIVE counted AS (
    SELECT path.ancestor_id AS of_id, standing.* FROM ({STANDING}) AS standing
    JOIN unit_path AS path ON path.company_id = $1 AND path.unit_id = standing.unit_id
        AND path.valid_from <= coalesce($6::date, standing.ends_on - 1)
        AND coalesce($6::date, standing.ends_on - 1) < path.valid_to
    WHERE path.ancestor_id = ANY ($3::bigint[]) AND standing.ends_on > $4::date AND standing.ends_on <= $5::date
) {_SUMS}
"""  # noqa: S608 (constants)


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of items, and amounts in minor units of the company's currency.

    `planned` is all that was not cancelled: `done`, `open` and `missed`, which is what was left open when its plan was
    closed, or carried over to where it is not counted. `overdue` are the open ones whose last day is over, `on_time`
    what was done by its last day. `spent` counts what was spent on items that were cancelled, carried over or refined,
    too.
    """

    planned: int = 0
    done: int = 0
    on_time: int = 0
    open: int = 0
    overdue: int = 0
    cancelled: int = 0
    budget: int = 0
    spent: int = 0
    by_kind: Mapping[ActivityKind, tuple[int, int]] = field(default_factory=dict)

    @property
    def missed(self) -> int:
        """What will not be done in these plans."""
        return self.planned - self.done - self.open

    @property
    def on_time_rate(self) -> Decimal | None:
        """Done by the last day ÷ what is done, overdue or missed, six places; None where nothing is."""
        return rate(self.on_time, self.done + self.overdue + self.missed)

    def by(self, kind: ActivityKind) -> tuple[int, int]:
        """How many of a kind were planned, and how many of these are done."""
        return self.by_kind.get(kind, (0, 0))


NO_ITEMS: Final = Figures()


async def figures_of_plans(
    snapshot: Snapshot, plan_ids: Sequence[int], today: date, sight: Sight
) -> Mapping[int, Figures]:
    """The figures of plans with the shorter ones that belong to them, by plan; all of them are there.

    Of shorter plans those count that `sight` sees: a member may split what he plans for one position into another's.
    """
    rows = await snapshot.fetch(
        _OF_PLANS,
        snapshot.company_id,
        today,
        list(plan_ids),
        sight.everything,
        sight.member_id,
        list(sight.led_unit_ids),
    )
    return await _figures(rows, plan_ids)


async def figures_by_member(
    snapshot: Snapshot,
    member_ids: Sequence[int],
    period: Period,
    today: date,
    unit_ids: Collection[int] | None = None,
) -> Mapping[int, Figures]:
    """The figures of all plans of members, of items whose last day lies in `period`, by member; all of them are there.

    Only of plans for these units (positions, and units that they head); None takes all.
    """
    rows = await snapshot.fetch(
        _OF_MEMBERS,
        snapshot.company_id,
        today,
        list(member_ids),
        period.starts_on,
        period.ends_on,
        None if unit_ids is None else list(unit_ids),
    )
    return await _figures(rows, member_ids)


async def figures_by_unit(
    snapshot: Snapshot, unit_ids: Sequence[int], period: Period, today: date, tree_day: date | None = None
) -> Mapping[int, Figures]:
    """The figures of the plans for units and what lies below them, of items whose last day lies in `period`, by unit.

    All of them are there. Items count where the unit of their plan stood on that day, or, with `tree_day`, on that one.
    """
    rows = await snapshot.fetch(
        _OF_UNITS, snapshot.company_id, today, list(unit_ids), period.starts_on, period.ends_on, tree_day
    )
    return await _figures(rows, unit_ids)


async def _figures(rows: Sequence[Record], of_ids: Sequence[int]) -> dict[int, Figures]:
    by_id: dict[int, list[Record]] = defaultdict(list)
    for row in rows:
        by_id[row["of_id"]].append(row)
    found = dict.fromkeys(of_ids, NO_ITEMS)
    found.update(await each_in_turn(list(by_id.items()), lambda one: (one[0], _summed(one[1]))))
    return found


def _summed(rows: Sequence[Record]) -> Figures:
    planned = [row for row in rows if not row["cancelled"]]
    return Figures(
        **{name: sum(row[name] for row in planned) for name in ("planned", "done", "on_time", "open", "overdue")},
        cancelled=sum(row["planned"] for row in rows if row["cancelled"]),
        budget=sum(int(row["budget"] or 0) for row in planned),
        spent=sum(int(row["spent"] or 0) for row in rows),
        by_kind={ActivityKind(row["kind"]): (row["planned"], row["done"]) for row in planned},
    )
