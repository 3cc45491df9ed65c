"""What was done and what came of it in a period, of many units or members: one statement each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from quotaloom.activities.kinds import ActivityKind
from quotaloom.calendars.periods import Period
from quotaloom.funnels.worth import Worth, currency_factors
from quotaloom.metrics.rates import RateKind
from quotaloom.platform.unit_of_work import Record, Snapshot
from quotaloom.platform.work import CompanyFacts

_WORTH: Final = Worth(company="$1", own="$4", today="$3", currencies="$5", factors="$6", kind="$7")

# A deal counts for the position that has it now, and for the member who held that on its day.
_FACTS: Final = f"""
fact AS (
    SELECT position_id, member_id, done_on AS day, kind AS what, NULL::numeric AS worth FROM activity
    WHERE company_id = $1 AND state = 'done' AND done_on >= $2::date AND done_on < $3::date
    UNION ALL
    SELECT position_id, member_id, opened_on, 'opened', NULL FROM opportunity AS deal
    WHERE company_id = $1 AND opened_on >= $2 AND opened_on < $3
    UNION ALL
    SELECT deal.position_id, deal.member_id, deal.closed_on, 'won', {_WORTH.column.removesuffix(" AS worth")}
    FROM opportunity AS deal
    JOIN stage ON stage.company_id = deal.company_id AND stage.id = deal.stage_id AND stage.outcome = 'won'
    {_WORTH.joins}
    WHERE deal.company_id = $1 AND deal.closed_on >= $2 AND deal.closed_on < $3
)
"""  # noqa: S608 (constants)

_COUNTED: Final = "count(*) AS count, count(worth) AS with_worth, sum(worth) AS worth"

# Where a position lay under the same units all the time, as most do, its facts are summed before they are given to
# these; otherwise by the day. As it is, the tree of one day ($9) counts for all.
_OF_UNITS: Final = f"""
WITH {_FACTS}, moved AS (
    SELECT DISTINCT unit_id FROM unit_path
    WHERE company_id = $1 AND $9::date IS NULL
        AND (valid_from > $2 AND valid_from < $3 OR valid_to > $2 AND valid_to < $3)
), own AS (
    SELECT position_id, CASE WHEN position_id IN (SELECT unit_id FROM moved) THEN day ELSE coalesce($9, $2) END AS day,
        what, {_COUNTED}
    FROM fact GROUP BY 1, 2, 3
)
SELECT path.ancestor_id AS id, own.what, sum(own.count)::bigint AS count, sum(own.with_worth)::bigint AS with_worth,
    sum(own.worth) AS worth
FROM own JOIN unit_path AS path ON path.company_id = $1 AND path.unit_id = own.position_id
    AND path.valid_from <= own.day AND own.day < path.valid_to
WHERE path.ancestor_id = ANY ($8::bigint[]) GROUP BY 1, 2
"""  # noqa: S608 (constants)

_OF_MEMBERS: Final = f"""
WITH {_FACTS}, held AS (
    SELECT coalesce(holding.member_id, fact.member_id) AS member_id, fact.position_id, fact.what, fact.worth
    FROM fact LEFT JOIN holding ON holding.company_id = $1 AND fact.what IN ('opened', 'won')
        AND holding.position_id = fact.position_id AND daterange(holding.valid_from, holding.valid_to) @> fact.day
)
SELECT member_id AS id, what, {_COUNTED} FROM held
WHERE member_id = ANY ($8::bigint[])
    AND ($9::bigint[] IS NULL OR position_id = ANY ($9) OR position_id IS NULL) GROUP BY 1, 2
"""  # noqa: S608 (constants)


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """What was done in a period, and the deals of it.

    `done` counts activities by kind, on the day on which they were done. Deals count on the day on which they were
    opened or won; `won_value` is what the won ones are worth, in minor units of the company's currency at the booking
    rate of that day, without those, `won_without_value`, that have no amount or whose currency has no rate.
    """

    done: Mapping[ActivityKind, int]
    opened: int = 0
    won: int = 0
    won_value: int = 0
    won_without_value: int = 0

    @property
    def activities(self) -> int:
        """All that was done, of whichever kind."""
        return sum(self.done.values())


NOTHING: Final = ActivityFacts({})


async def facts_of_units(
    snapshot: Snapshot, company: CompanyFacts, unit_ids: Sequence[int], period: Period, tree_day: date | None
) -> dict[int, ActivityFacts]:
    """The facts of units, of all positions at or below each, by number; who has none may be missing.

    They count where their position stood on their day, or, with `tree_day`, where it stands on that one. What somebody
    did while he held no position is in no unit.
    """
    rows = await snapshot.fetch(_OF_UNITS, *_values(snapshot, company, period), list(unit_ids), tree_day)
    return _facts(rows)


async def facts_of_members(
    snapshot: Snapshot,
    company: CompanyFacts,
    member_ids: Sequence[int],
    period: Period,
    position_ids: Collection[int] | None = None,
) -> dict[int, ActivityFacts]:
    """The facts of members, by number; who has none may be missing.

    With `position_ids` only what belongs to these positions, or to none.
    """
    positions = None if position_ids is None else list(position_ids)
    rows = await snapshot.fetch(_OF_MEMBERS, *_values(snapshot, company, period), list(member_ids), positions)
    return _facts(rows)


def _values(snapshot: Snapshot, company: CompanyFacts, period: Period) -> tuple[Any, ...]:
    currencies, factors = currency_factors(company.currency)
    booking = RateKind.BOOKING.value
    return (
        *(snapshot.company_id, period.starts_on, period.ends_on),
        *(company.currency, currencies, factors, booking),
    )


def _facts(rows: Sequence[Record]) -> dict[int, ActivityFacts]:
    by_id: dict[int, dict[str, Record]] = {}
    for row in rows:
        by_id.setdefault(row["id"], {})[row["what"]] = row
    return {of_id: _fact(found) for of_id, found in by_id.items()}


def _fact(found: Mapping[str, Record]) -> ActivityFacts:
    counts = {what: row["count"] for what, row in found.items()}
    won = found.get("won")
    return ActivityFacts(
        done={kind: counts[kind.value] for kind in ActivityKind if kind.value in counts},
        opened=counts.get("opened", 0),
        won=counts.get("won", 0),
        won_value=0 if won is None else int(won["worth"] or 0),
        won_without_value=0 if won is None else won["count"] - won["with_worth"],
    )
