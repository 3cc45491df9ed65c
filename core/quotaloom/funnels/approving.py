"""Whose approval counts for a deal: that of a manager above it, and never of one who gains by it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.unit_of_work import Snapshot, Transaction

# He holds the position, the deal came to him, or he shares in its credit.
_OWN = """
SELECT deal.id FROM opportunity AS deal
WHERE deal.company_id = $1 AND deal.id = ANY ($2::bigint[]) AND (
    deal.member_id = $3
    OR EXISTS (
        SELECT FROM holding WHERE holding.company_id = $1 AND holding.position_id = deal.position_id
            AND holding.member_id = $3 AND daterange(holding.valid_from, holding.valid_to) @> $4::date
    )
    OR EXISTS (
        SELECT FROM opportunity_split AS split WHERE split.company_id = $1 AND split.opportunity_id = deal.id
            AND split.member_id = $3
    )
)
"""

_HEADED = """
SELECT deal.id FROM opportunity AS deal
JOIN unit_path AS path ON path.company_id = deal.company_id AND path.unit_id = deal.position_id
    AND path.valid_from <= $4::date AND $4::date < path.valid_to
JOIN headship ON headship.company_id = path.company_id AND headship.unit_id = path.ancestor_id
    AND headship.member_id = $3 AND daterange(headship.valid_from, headship.valid_to) @> $4::date
WHERE deal.company_id = $1 AND deal.id = ANY ($2::bigint[])
"""


async def approvable(
    reader: Snapshot | Transaction, viewer: Viewer, deal_ids: Sequence[int], today: date
) -> frozenset[int]:
    """Those of the deals, which must exist, that the viewer may decide about, in two statements.

    That is whoever heads a unit above the deal's position today, or an admin; never a service, and never for a deal of
    his own: he holds its position, it came to him, or he shares in its credit.
    """
    if viewer.role not in {Role.ADMIN, Role.MEMBER}:
        return frozenset()
    asked = (reader.company_id, list(deal_ids), viewer.member_id, today)
    own = {row["id"] for row in await reader.fetch(_OWN, *asked)}
    if viewer.role is Role.ADMIN:
        return frozenset(deal_ids) - own
    return frozenset(row["id"] for row in await reader.fetch(_HEADED, *asked)) - own
