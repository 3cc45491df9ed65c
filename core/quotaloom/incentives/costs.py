"""What incentives cost units: sums of statements, rolled up as it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from quotaloom.calendars.periods import Period
from quotaloom.platform.unit_of_work import Snapshot

# A statement counts for the units above its member's place at the end of its period, or the one that he had last: of
# several the first position by number, and a position before a unit that he heads. So it counts once in each unit. That
# of somebody who never had a place is in the company alone.
_COSTS = """
WITH own AS (
    SELECT statement.company_id, statement.member_id, run.ends_on, run.status, sum(statement.total) AS total
    FROM incentive_run AS run JOIN incentive_statement AS statement
        ON statement.company_id = run.company_id AND statement.run_id = run.id
    WHERE run.starts_on >= $1 AND run.ends_on <= $2 AND run.status IN ('draft', 'reviewed', 'approved', 'paid')
        AND (run.status <> 'draft' OR $4::bigint IS NULL OR statement.member_id <> $4)
    GROUP BY statement.company_id, statement.member_id, run.ends_on, run.status
), whose AS (SELECT DISTINCT company_id, member_id, ends_on FROM own), term AS (
    SELECT whose.*, holding.position_id AS unit_id, 0 AS rank,
        least(coalesce(holding.valid_to, 'infinity'), whose.ends_on) AS reach
    FROM whose JOIN holding ON holding.company_id = whose.company_id AND holding.member_id = whose.member_id
        AND (holding.valid_from IS NULL OR holding.valid_from < whose.ends_on)
    UNION ALL
    SELECT whose.*, headship.unit_id, 1, least(coalesce(headship.valid_to, 'infinity'), whose.ends_on)
    FROM whose JOIN headship ON headship.company_id = whose.company_id AND headship.member_id = whose.member_id
        AND (headship.valid_from IS NULL OR headship.valid_from < whose.ends_on)
), place AS (
    SELECT DISTINCT ON (member_id, ends_on) * FROM term ORDER BY member_id, ends_on, reach DESC, rank, unit_id
), counted AS (
    SELECT coalesce(path.ancestor_id, root.id) AS unit_id, own.status, own.total
    FROM own JOIN org_unit AS root ON root.company_id = own.company_id AND root.kind = 'company'
    LEFT JOIN place ON place.company_id = own.company_id AND place.member_id = own.member_id
        AND place.ends_on = own.ends_on
    LEFT JOIN unit_path AS path ON path.company_id = place.company_id AND path.unit_id = place.unit_id
        AND path.valid_from < place.reach AND place.reach <= path.valid_to
)
SELECT unit_id, status, sum(total)::text AS total FROM counted WHERE unit_id = ANY ($3::bigint[]) GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What statements of a unit come to, in minor units: paid, approved, and in draft or reviewed."""

    paid: int = 0
    approved: int = 0
    draft: int = 0

    @property
    def total(self) -> int:
        """All of it."""
        return self.paid + self.approved + self.draft


NOTHING = Cost()


async def costs_of(
    snapshot: Snapshot, period: Period, unit_ids: Sequence[int], reader_id: int | None = None
) -> dict[int, Cost]:
    """The cost of units in the runs of all grains whose periods lie in `period`; one statement.

    Statements of other members than those below a unit are not in it, nor are drafts of the reader himself, which he
    could tell from the sum; units without any are left out.
    """
    sums: dict[int, dict[str, int]] = defaultdict(dict)
    for row in await snapshot.fetch(_COSTS, period.starts_on, period.ends_on, list(unit_ids), reader_id):
        sums[row["unit_id"]][row["status"]] = int(row["total"])
    return {
        unit_id: Cost(of.get("paid", 0), of.get("approved", 0), of.get("draft", 0) + of.get("reviewed", 0))
        for unit_id, of in sums.items()
    }
