"""Deal reviews for the graph: by id, of deals, and those that are to be followed up; one statement each.

Each row has the columns of `deal_review`, `follow_up` as `result`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from asyncpg import Record

from quotaloom.organizations.sight import Sight
from quotaloom.platform.unit_of_work import Snapshot

_COLUMNS = """review.id, review.opportunity_id, review.reviewer_id, review.at,
review.reviewed_on, review.advice, review.follow_up_on, review.followed_up_on, review.follow_up AS result,
review.version"""

_FROM = """deal_review AS review
JOIN opportunity AS deal ON deal.company_id = review.company_id AND deal.id = review.opportunity_id"""


async def reviews_by_id(
    snapshot: Snapshot, ids: Sequence[int], unit_ids: Collection[int] | None = None
) -> list[Record]:
    """The reviews with these ids, of deals of positions that the viewer may see (None: all), in no order."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE review.company_id = $1"  # noqa: S608 (constants)
        " AND review.id = ANY ($2::bigint[]) AND ($3::bigint[] IS NULL OR deal.position_id = ANY ($3))",
        snapshot.company_id,
        ids,
        unit_ids,
    )


async def reviews_of_deals(snapshot: Snapshot, deal_ids: Sequence[int]) -> list[Record]:
    """The reviews of these deals, the latest first; `opportunity_id` says whose."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} FROM {_FROM} WHERE review.company_id = $1"  # noqa: S608 (constants)
        " AND review.opportunity_id = ANY ($2::bigint[]) ORDER BY review.opportunity_id, review.id DESC",
        snapshot.company_id,
        deal_ids,
    )


async def reviews_due(snapshot: Snapshot, sight: Sight, by: date, *, limit: int, offset: int) -> list[Record]:
    """Reviews that wait to be followed up by a day, the earliest first: of deals of positions that the viewer leads.

    Whoever sees everything leads all positions but those he holds. `ordinal` is the place of each, `total` counts them
    without the limit, on the first row at least.
    """
    return await snapshot.fetch(
        f"SELECT * FROM (SELECT {_COLUMNS}, count(*) OVER () AS total,"  # noqa: S608 (constants)
        f" row_number() OVER (ORDER BY review.follow_up_on, review.id) AS ordinal FROM {_FROM}"
        " WHERE review.company_id = $1 AND review.followed_up_on IS NULL AND review.follow_up_on <= $2"
        " AND ($3::bool OR deal.position_id = ANY ($4::bigint[]))"
        " AND coalesce(deal.position_id <> ALL ($5::bigint[]), true)) AS listed"
        " WHERE ordinal = 1 OR (ordinal > $7 AND ordinal <= $7 + $6) ORDER BY ordinal",
        snapshot.company_id,
        by,
        sight.everything,
        list(sight.led_unit_ids),
        list(sight.held_unit_ids),
        limit,
        offset,
    )
