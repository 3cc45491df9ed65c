"""Leads for the graph: by id, by what they belong to, and as a page. One statement each.

Each row has the columns `id, key, name, organization, phone, email, domain, source, note, product_id, level_id, status,
invalid_reason, customer_id, opportunity_id, merged_into_id, created_at, created_on, version` and whose it is: `pool_id,
member_id, position_id, since`; `hidden` are the fields that its pool hides from the viewer. A row of a page has `total`
besides, how many there are without limit and offset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Record

from quotaloom.funnels.reads import containing
from quotaloom.leads.permission import LeadReach
from quotaloom.leads.records import LeadStatus
from quotaloom.platform.unit_of_work import Snapshot


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """All that is given must hold; None asks nothing.

    `position_ids` and `pool_ids` say whose the leads are; `waiting` takes those that nobody holds, or only held ones.
    `text` stands in the name, key or organization.
    """

    statuses: Sequence[LeadStatus] | None = None
    sources: Sequence[str] | None = None
    level_ids: Sequence[int] | None = None
    position_ids: Sequence[int] | None = None
    member_ids: Sequence[int] | None = None
    pool_ids: Sequence[int] | None = None
    waiting: bool | None = None
    text: str | None = None


EVERY_LEAD = LeadFilter()

# A merged lead is seen by whoever sees the one that it is part of.
_FROM = """
FROM lead
JOIN ownership AS own ON own.company_id = lead.company_id AND own.lead_id = coalesce(lead.merged_into_id, lead.id)
LEFT JOIN pool ON pool.company_id = own.company_id AND pool.id = own.pool_id
CROSS JOIN LATERAL (SELECT CASE WHEN own.position_id IS NULL AND $2::bigint[] IS NOT NULL AND NOT own.pool_id = ANY ($4)
    THEN ARRAY(SELECT jsonb_array_elements_text(pool.hidden_fields)) ELSE '{}' END AS hidden) AS veil
"""
# What a pool hides, it hides of waiting leads, and from those who only claim from it.

_COLUMNS = """
lead.id, lead.key, lead.name, lead.organization, lead.phone, lead.email, lead.domain, lead.source, lead.note,
lead.product_id, lead.level_id, lead.status, lead.invalid_reason, lead.customer_id, lead.opportunity_id,
lead.merged_into_id, lead.created_at, lead.created_on, lead.version, own.pool_id, own.member_id, own.position_id,
own.since, veil.hidden
"""

_VISIBLE = """
lead.company_id = $1 AND ($2::bigint[] IS NULL OR own.position_id = ANY ($2)
    OR own.position_id IS NULL AND own.pool_id = ANY ($3::bigint[]) OR own.pool_id = ANY ($4::bigint[]))
"""

_MATCHES = """
    AND ($5::text[] IS NULL OR lead.status = ANY ($5)) AND ($6::text[] IS NULL OR lead.source = ANY ($6))
    AND ($7::bigint[] IS NULL OR lead.level_id = ANY ($7)) AND ($8::bigint[] IS NULL OR own.position_id = ANY ($8))
    AND ($9::bigint[] IS NULL OR own.member_id = ANY ($9)) AND ($10::bigint[] IS NULL OR own.pool_id = ANY ($10))
    AND ($11::bool IS NULL OR $11 = (own.position_id IS NULL))
    AND ($12::text IS NULL OR lead.key ILIKE $12 OR lead.name ILIKE $12 AND NOT 'name' = ANY (veil.hidden)
        OR lead.organization ILIKE $12 AND NOT 'organization' = ANY (veil.hidden))
    AND ($6 IS NULL OR NOT 'source' = ANY (veil.hidden))
"""


def _reach(snapshot: Snapshot, reach: LeadReach) -> tuple[Any, ...]:
    positions = None if reach.positions is None else list(reach.positions)
    return snapshot.company_id, positions, list(reach.joined), list(reach.administered)


async def leads_by_id(snapshot: Snapshot, ids: Sequence[int], reach: LeadReach) -> list[Record]:
    """The leads with these ids that are open to the viewer, in no order."""
    return await _belonging(snapshot, "id", ids, reach)


async def leads_of_customers(snapshot: Snapshot, customer_ids: Sequence[int], reach: LeadReach) -> list[Record]:
    """The leads that these customers came of, the earliest first; `customer_id` says whose."""
    return await _belonging(snapshot, "customer_id", customer_ids, reach)


async def leads_of_opportunities(snapshot: Snapshot, opportunity_ids: Sequence[int], reach: LeadReach) -> list[Record]:
    """The leads that these deals came of, the earliest first; `opportunity_id` says whose."""
    return await _belonging(snapshot, "opportunity_id", opportunity_ids, reach)


async def leads_merged_into(snapshot: Snapshot, lead_ids: Sequence[int], reach: LeadReach) -> list[Record]:
    """The leads that are part of these by now, the earliest first; `merged_into_id` says of which."""
    return await _belonging(snapshot, "merged_into_id", lead_ids, reach)


async def _belonging(snapshot: Snapshot, column: str, keys: Sequence[int], reach: LeadReach) -> list[Record]:
    return await snapshot.fetch(
        f"SELECT {_COLUMNS} {_FROM} WHERE {_VISIBLE} AND lead.{column} = ANY ($5::bigint[])"
        " ORDER BY lead.created_at, lead.id",
        *_reach(snapshot, reach),
        list(keys),
    )


async def leads_page(
    snapshot: Snapshot, where: LeadFilter, reach: LeadReach, *, limit: int | None = None, offset: int = 0
) -> list[Record]:
    """A part of all leads that match and are open to the viewer, the latest first."""
    return await snapshot.fetch(
        f"SELECT {_COLUMNS}, count(*) OVER () AS total {_FROM} WHERE {_VISIBLE} {_MATCHES}"
        " ORDER BY lead.created_at DESC, lead.id DESC LIMIT $13 OFFSET $14",
        *_reach(snapshot, reach),
        *_values(snapshot, where),
        limit,
        offset,
    )


async def count_leads(snapshot: Snapshot, where: LeadFilter, reach: LeadReach) -> int:
    """How many leads match, for a page that has no row to tell it."""
    row = await snapshot.fetch_one(
        f"SELECT count(*) AS total {_FROM} WHERE {_VISIBLE} {_MATCHES}",
        *_reach(snapshot, reach),
        *_values(snapshot, where),
    )
    assert row is not None
    return int(row["total"])


def _values(snapshot: Snapshot, where: LeadFilter) -> tuple[Any, ...]:
    return (
        None if where.statuses is None else [status.value for status in where.statuses],
        where.sources,
        where.level_ids,
        where.position_ids,
        where.member_ids,
        where.pool_ids,
        where.waiting,
        containing(snapshot, where.text),
    )
