"""What members achieved in single positions, each over days of its own."""

from __future__ import annotations

from collections.abc import Sequence

from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import Counting
from quotaloom.platform.unit_of_work import Snapshot

_SUMS = """
SELECT wanted.place, sum(balance.direct::numeric + balance.overlay) AS achieved
FROM unnest($1::bigint[], $2::bigint[], $3::date[], $4::date[]) WITH ORDINALITY
    AS wanted (member_id, position_id, starts_on, ends_on, place)
JOIN achievement_balance balance ON balance.member_id = wanted.member_id AND balance.position_id = wanted.position_id
    AND balance.business_date >= wanted.starts_on AND balance.business_date < wanted.ends_on
WHERE balance.metric_id = $5 AND ($6::bigint[] IS NULL OR balance.product_id = ANY($6))
GROUP BY wanted.place
"""


async def achieved_in_positions(
    snapshot: Snapshot, counting: Counting, wanted: Sequence[tuple[int, int, Period]]
) -> list[int]:
    """What each (member, position, period) achieved, overlay included, in minor units, in their order; 0 for nothing.

    One statement.
    """
    rows = await snapshot.fetch(
        _SUMS,
        [member_id for member_id, _, _ in wanted],
        [position_id for _, position_id, _ in wanted],
        [period.starts_on for _, _, period in wanted],
        [period.ends_on for _, _, period in wanted],
        counting.metric_id,
        counting.product_ids,
    )
    found = {row["place"]: int(row["achieved"]) for row in rows}
    return [found.get(place, 0) for place in range(1, len(wanted) + 1)]
