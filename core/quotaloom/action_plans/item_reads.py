"""Items of action plans for the graph: by id, by what they belong to, and what is open. One statement each.

Each row has the columns of `figures.STANDING`; a row of a list has `parent_id` besides, what it belongs to, `ordinal`
and `total`, how many the list has without its limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from quotaloom.action_plans.facts import ItemState
from quotaloom.action_plans.figures import OPEN, STANDING
from quotaloom.action_plans.reads import SEEN, seen_by
from quotaloom.activities.kinds import ActivityKind
from quotaloom.calendars.periods import Period
from quotaloom.organizations.sight import Sight
from quotaloom.platform.unit_of_work import Record, Snapshot

_SEEN: Final = f"{STANDING} AND {SEEN}"

_MATCHES: Final = """
    ($5::text[] IS NULL OR one.kind = ANY ($5)) AND ($6::text[] IS NULL OR one.state = ANY ($6))
    AND ($7::date IS NULL OR one.starts_on < $8::date AND one.ends_on > $7)
    AND ($10::bigint IS NULL OR one.member_id = $10)
    AND ($11::bigint IS NULL OR EXISTS (SELECT FROM unit_path AS path WHERE path.company_id = $1
        AND path.unit_id = one.unit_id AND path.ancestor_id = $11 AND path.valid_from <= $9::date
        AND $9 < path.valid_to))
"""

_OVERDUE: Final = {
    None: "",
    True: f" AND {OPEN} AND one.ends_on <= $9",
    False: f" AND NOT ({OPEN} AND one.ends_on <= $9)",
}


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """All that is given must hold; None asks nothing.

    `within` takes items that share a day with the period, `overdue` the open ones whose last day is over, or all
    others. `under` takes those of positions and heads that lie below that unit, or are it, on `today`.
    """

    today: date
    kinds: Sequence[ActivityKind] | None = None
    states: Sequence[ItemState] | None = None
    within: Period | None = None
    overdue: bool | None = None
    member_id: int | None = None
    under: int | None = None

    def values(self) -> tuple[Any, ...]:
        """Its values, for `_MATCHES`; `overdue` is a part of the statement itself."""
        return (
            None if self.kinds is None else [kind.value for kind in self.kinds],
            None if self.states is None else [state.value for state in self.states],
            None if self.within is None else self.within.starts_on,
            None if self.within is None else self.within.ends_on,
            self.today,
            self.member_id,
            self.under,
        )


@dataclass
class ItemPage:
    """Some items, and how many there are."""

    rows: list[Record] = field(default_factory=list)
    total: int = 0


async def items_by_id(snapshot: Snapshot, sight: Sight, ids: Sequence[int]) -> list[Record]:
    """The items with these ids that the viewer may see, in no order."""
    return await snapshot.fetch(f"{_SEEN} AND item.id = ANY ($5::bigint[])", *seen_by(snapshot, sight), list(ids))


async def items_of_plans(snapshot: Snapshot, sight: Sight, plan_ids: Sequence[int]) -> list[Record]:
    """The items of plans, by `action_plan_id`, in order of their days."""
    return await _belonging(snapshot, sight, "action_plan_id", plan_ids)


async def items_refining(snapshot: Snapshot, sight: Sight, item_ids: Sequence[int]) -> list[Record]:
    """The items of shorter plans that refine these, by `refines_id`, in order of their days."""
    return await _belonging(snapshot, sight, "refines_id", item_ids)


async def items_carried_from(snapshot: Snapshot, sight: Sight, item_ids: Sequence[int]) -> list[Record]:
    """The items that these went on as, by `carried_from_id`."""
    return await _belonging(snapshot, sight, "carried_from_id", item_ids)


async def items_of_activities(snapshot: Snapshot, sight: Sight, activity_ids: Sequence[int]) -> list[Record]:
    """The items that activities fulfil, by `activity_id`: one each at the most."""
    return await _belonging(snapshot, sight, "activity_id", activity_ids)


async def _belonging(snapshot: Snapshot, sight: Sight, column: str, keys: Sequence[int]) -> list[Record]:
    return await snapshot.fetch(
        f"{_SEEN} AND item.{column} = ANY ($5::bigint[]) ORDER BY item.starts_on, item.ends_on, item.id",
        *seen_by(snapshot, sight),
        list(keys),
    )


async def items_page(
    snapshot: Snapshot,
    sight: Sight,
    where: ItemFilter,
    offset: int,
    limit: int,
    column: str | None = None,
    keys: Collection[int] = (),
) -> Mapping[int, ItemPage]:
    """A page of items, what is due first: for each lead, customer or opportunity (`column`), or of all under 0."""
    of = "0" if column is None else f"one.{column}"
    named = "" if column is None else f" AND item.{column} = ANY ($14::bigint[])"
    # The first row of each list is always there, since it carries the count.
    rows = await snapshot.fetch(
        f"SELECT * FROM (SELECT one.*, {of} AS parent_id, count(*) OVER (PARTITION BY {of}) AS total,"  # noqa: S608
        f" row_number() OVER (PARTITION BY {of} ORDER BY one.ends_on, one.starts_on, one.id) AS ordinal"
        f" FROM ({_SEEN}{named}) AS one WHERE {_MATCHES}{_OVERDUE[where.overdue]}) AS listed"
        " WHERE ordinal = 1 OR (ordinal > $12 AND ordinal <= $12 + $13) ORDER BY parent_id, ordinal",
        *seen_by(snapshot, sight),
        *where.values(),
        offset,
        limit,
        *([] if column is None else [list(keys)]),
    )
    pages: dict[int, ItemPage] = defaultdict(ItemPage)
    for row in rows:
        page = pages[row["parent_id"]]
        page.total = row["total"]
        if offset < row["ordinal"] <= offset + limit:
            page.rows.append(row)
    return pages
