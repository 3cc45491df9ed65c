"""The ledger's entries that lines rest on, as far as a viewer may see them."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from asyncpg import Record

from quotaloom.organizations.sight import Sight
from quotaloom.platform.unit_of_work import Snapshot

_ENTRIES = """
SELECT entry.id, entry.business_date, entry.source, entry.amount, entry.position_id, entry.member_id,
    metric.name AS metric, metric.scale, customer.name AS customer
FROM achievement_entry AS entry
JOIN metric ON metric.company_id = entry.company_id AND metric.id = entry.metric_id
LEFT JOIN customer ON customer.company_id = entry.company_id AND customer.id = entry.customer_id
WHERE entry.id = ANY ($1::bigint[])
"""


async def entries_told(snapshot: Snapshot, sight: Sight, lines: Sequence[Record]) -> dict[int, Record]:
    """The entries by number: those of the viewer himself, and of positions that he leads or holds."""
    wanted = sorted({number for line in lines for number in orjson.loads(line["entries"])})
    units = sight.led_unit_ids | sight.held_unit_ids
    return {
        row["id"]: row
        for row in (await snapshot.fetch(_ENTRIES, wanted) if wanted else ())
        if sight.everything or row["position_id"] in units or row["member_id"] == sight.member_id
    }
