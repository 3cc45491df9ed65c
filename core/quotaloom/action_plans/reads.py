"""Action plans for the graph: by id, as pages, of what they belong to; what was said and changed. One statement each.

A row of a plan has the columns of `action_plan`, `served_plan_id` and `served_objective_id`: the plan of targets that
it serves, named or else the one published for its metric and days, and the objective, named or else that plan's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from quotaloom.action_plans.facts import PlanState
from quotaloom.action_plans.figures import OPEN, STANDING, figures_by_member
from quotaloom.calendars.periods import Grain, Period
from quotaloom.organizations.sight import Sight
from quotaloom.platform.unit_of_work import Record, Snapshot

__all__ = ["PlanFilter", "PlanPage", "figures_by_member"]

_COLUMNS: Final = """plan.*, coalesce(plan.plan_id, in_force.id) AS served_plan_id,
coalesce(plan.objective_id, named.objective_id, in_force.objective_id) AS served_objective_id"""

_FROM: Final = """action_plan AS plan
LEFT JOIN plan AS named ON named.company_id = plan.company_id AND named.id = plan.plan_id
LEFT JOIN LATERAL (SELECT served.id, served.objective_id FROM plan AS served
    JOIN plan_version AS version ON version.company_id = served.company_id AND version.plan_id = served.id
        AND version.status = 'published'
    WHERE served.company_id = plan.company_id AND served.metric_id = plan.metric_id AND plan.plan_id IS NULL
        AND served.starts_on <= plan.target_starts_on AND plan.target_starts_on < served.ends_on
    ORDER BY served.id LIMIT 1) AS in_force ON true"""

# His own, and those of units that he leads.
SEEN: Final = "($2::bool OR plan.member_id = $3 OR plan.unit_id = ANY ($4::bigint[]))"

# A longer or shorter plan is open to somebody else than its member only where it is for a unit that he leads, too.
_SELECT: Final = f"SELECT {_COLUMNS} FROM {_FROM} WHERE plan.company_id = $1 AND {SEEN}"  # noqa: S608 (constants)

_MATCHES: Final = """
    AND ($5::text[] IS NULL OR plan.state = ANY ($5)) AND ($6::text[] IS NULL OR plan.grain = ANY ($6))
    AND ($7::date IS NULL OR plan.starts_on < $8::date AND plan.ends_on > $7)
    AND ($9::bigint IS NULL OR EXISTS (SELECT FROM unit_path AS path WHERE path.company_id = plan.company_id
        AND path.unit_id = plan.unit_id AND path.ancestor_id = $9 AND path.valid_from <= $10::date
        AND $10 < path.valid_to))
"""

_LATE: Final = f"""EXISTS (SELECT FROM ({STANDING}) AS one WHERE one.action_plan_id = plan.id AND {OPEN}
    AND one.ends_on <= $10)"""

_OVERDUE: Final = {None: "", True: f" AND {_LATE}", False: f" AND NOT {_LATE}"}


@dataclass(frozen=True, slots=True)
class PlanFilter:
    """All that is given must hold; None asks nothing.

    `within` takes plans that share a day with the period, `under` those of positions and heads that lie below that
    unit, or are it, on `today`; `overdue` those that have an open item whose last day is over, or that have none.
    """

    today: date
    states: Sequence[PlanState] | None = None
    grains: Sequence[Grain] | None = None
    within: Period | None = None
    under: int | None = None
    overdue: bool | None = None

    def values(self) -> tuple[Any, ...]:
        """Its values, for `_MATCHES`; `overdue` is a part of the statement itself."""
        return (
            None if self.states is None else [state.value for state in self.states],
            None if self.grains is None else [grain.value for grain in self.grains],
            None if self.within is None else self.within.starts_on,
            None if self.within is None else self.within.ends_on,
            self.under,
            self.today,
        )


@dataclass
class PlanPage:
    """Some plans, and how many there are."""

    rows: list[Record] = field(default_factory=list)
    total: int = 0


def seen_by(snapshot: Snapshot, sight: Sight) -> tuple[Any, ...]:
    """The first four values of every statement: the company, and what the viewer sees."""
    return snapshot.company_id, sight.everything, sight.member_id, list(sight.led_unit_ids)


async def plans_by_id(snapshot: Snapshot, sight: Sight, ids: Sequence[int]) -> list[Record]:
    """The plans with these ids that the viewer may see, in no order."""
    return await snapshot.fetch(f"{_SELECT} AND plan.id = ANY ($5::bigint[])", *seen_by(snapshot, sight), list(ids))


async def parts_of_plans(snapshot: Snapshot, sight: Sight, plan_ids: Sequence[int]) -> list[Record]:
    """The shorter plans that belong to these, by `part_of_id`, in order of their days."""
    return await _belonging(snapshot, sight, "part_of_id", plan_ids)


async def plans_following(snapshot: Snapshot, sight: Sight, plan_ids: Sequence[int]) -> list[Record]:
    """The later plans that follow these, by `follows_id`, in order of their days."""
    return await _belonging(snapshot, sight, "follows_id", plan_ids)


async def plans_of_reviews(snapshot: Snapshot, sight: Sight, review_ids: Sequence[int]) -> list[Record]:
    """The plans that take up these reviews, by `review_id`, in order of their days."""
    return await _belonging(snapshot, sight, "review_id", review_ids)


async def _belonging(snapshot: Snapshot, sight: Sight, column: str, plan_ids: Sequence[int]) -> list[Record]:
    return await snapshot.fetch(
        f"{_SELECT} AND plan.{column} = ANY ($5::bigint[]) ORDER BY plan.starts_on, plan.id",
        *seen_by(snapshot, sight),
        list(plan_ids),
    )


async def plans_page(
    snapshot: Snapshot,
    sight: Sight,
    where: PlanFilter,
    offset: int,
    limit: int,
    member_ids: Collection[int] | None = None,
) -> Mapping[int, PlanPage]:
    """A page of the plans of each member, the latest first; of all together under the number 0 where None is given."""
    # The first row of each list is always there, since it carries the count.
    of = "0" if member_ids is None else "plan.member_id"
    rows = await snapshot.fetch(
        f"SELECT * FROM (SELECT {_COLUMNS}, {of} AS parent_id, count(*) OVER (PARTITION BY {of}) AS total,"  # noqa: S608
        f" row_number() OVER (PARTITION BY {of} ORDER BY plan.starts_on DESC, plan.ends_on DESC, plan.id DESC)"
        f" AS ordinal FROM {_FROM} WHERE plan.company_id = $1 AND {SEEN} {_MATCHES}{_OVERDUE[where.overdue]}"
        " AND ($11::bigint[] IS NULL OR plan.member_id = ANY ($11))) AS listed"
        " WHERE ordinal = 1 OR (ordinal > $12 AND ordinal <= $12 + $13) ORDER BY parent_id, ordinal",
        *seen_by(snapshot, sight),
        *where.values(),
        None if member_ids is None else list(member_ids),
        offset,
        limit,
    )
    pages: dict[int, PlanPage] = defaultdict(PlanPage)
    for row in rows:
        page = pages[row["parent_id"]]
        page.total = row["total"]
        if offset < row["ordinal"] <= offset + limit:
            page.rows.append(row)
    return pages


async def comments_of_plans(snapshot: Snapshot, plan_ids: Sequence[int]) -> list[Record]:
    """What was said of plans that the viewer sees, by `action_plan_id`, the earliest first."""
    return await snapshot.fetch(
        "SELECT id, action_plan_id, text, at, author, author_id FROM action_plan_comment"
        " WHERE company_id = $1 AND action_plan_id = ANY ($2::bigint[]) ORDER BY id",
        snapshot.company_id,
        list(plan_ids),
    )


async def history_of_plans(snapshot: Snapshot, plan_ids: Sequence[int]) -> list[Record]:
    """The steps of plans that the viewer sees, and the changes since they were agreed on, the earliest first."""
    return await snapshot.fetch(
        "SELECT id, action_plan_id, action_item_id, at, actor, author_id, step, before, after, reason"
        " FROM action_plan_entry WHERE company_id = $1 AND action_plan_id = ANY ($2::bigint[]) ORDER BY id",
        snapshot.company_id,
        list(plan_ids),
    )
