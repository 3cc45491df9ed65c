"""Leads, customers and opportunities as records of pools: one shape for all, without what a pool hides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from quotaloom.funnels.reads import containing
from quotaloom.ownership.owners import Owner, RecordKind, RecordName
from quotaloom.ownership.reads import COLUMNS
from quotaloom.ownership.subjects import JOINS, LEVEL
from quotaloom.platform.unit_of_work import Record, Snapshot
from quotaloom.pool.permission import PoolReach

_RECORDS = f"""
SELECT {COLUMNS}, coalesce(lead.key, own.key, deal.key) AS key, coalesce(lead.name, own.name, deal.name) AS name,
    coalesce(lead.organization, own.name, dealt.name) AS organization, coalesce(lead.phone, own.phone, dealt.phone)
    AS phone, lead.email, coalesce(lead.domain, own.domain, dealt.domain) AS domain, lead.note,
    coalesce(lead.source, deal.source) AS source, deal.amount, deal.currency,
    coalesce(lead.product_id, deal.product_id) AS product_id, {LEVEL} AS level_id, pool.hidden_fields
FROM ownership {JOINS}
LEFT JOIN pool ON pool.company_id = ownership.company_id AND pool.id = ownership.pool_id
WHERE ownership.company_id = $1
"""  # noqa: S608 (constants)

_MATCHES = """
($2::text[] IS NULL OR ownership.kind = ANY ($2)) AND ($3::text IS NULL OR EXISTS (
    SELECT FROM lead WHERE lead.company_id = $1 AND lead.id = ownership.lead_id
        AND (lead.name ILIKE $3 OR lead.key ILIKE $3)
    UNION ALL SELECT FROM customer WHERE customer.company_id = $1 AND customer.id = ownership.customer_id
        AND (customer.name ILIKE $3 OR customer.key ILIKE $3)
    UNION ALL SELECT FROM opportunity WHERE opportunity.company_id = $1
        AND opportunity.id = ownership.opportunity_id AND (opportunity.name ILIKE $3 OR opportunity.key ILIKE $3)
))
"""

_WAITING = "ownership.position_id IS NULL AND ownership.member_id IS NULL"

_HELD = """
ownership.position_id IS NOT NULL AND ($6::bigint[] IS NULL OR ownership.position_id = ANY ($6)
    OR ownership.pool_id = ANY ($7::bigint[]))
"""


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records are meant: of these kinds (None: all), with `text` in their name or key."""

    kinds: Sequence[RecordKind] | None = None
    text: str | None = None

    @property
    def values(self) -> tuple[list[str] | None, str | None]:
        """The values of the second and third parameter of every statement here."""
        kinds = None if self.kinds is None else [kind.value for kind in self.kinds]
        return kinds, containing(self.text)


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A part of a list, and how many the whole list has."""

    rows: list[dict[str, Any]]
    total: int


async def records_by_name(snapshot: Snapshot, names: Sequence[RecordName], reach: PoolReach) -> list[dict[str, Any]]:
    """Those of the records that the viewer may see, as he may see them, in no order."""
    ids: dict[RecordKind, list[int]] = {kind: [] for kind in RecordKind}
    for name in names:
        ids[name.kind].append(name.id)
    rows = await snapshot.fetch(
        f"{_RECORDS} AND (lead_id = ANY ($2::bigint[]) OR ownership.customer_id = ANY ($3::bigint[])"
        " OR ownership.opportunity_id = ANY ($4::bigint[]))",
        snapshot.company_id,
        *(ids[kind] for kind in RecordKind),
    )
    return [shown(row, reach) for row in rows if reach.sees(_owner(row))]


async def waiting_records(
    snapshot: Snapshot, pool_ids: Collection[int], where: RecordFilter, limit: int, offset: int, reach: PoolReach
) -> RecordPage:
    """What waits in these pools: those of the highest priority first, then those that have waited the longest."""
    order = "(SELECT priority FROM pool WHERE pool.company_id = $1 AND pool.id = ownership.pool_id) DESC,"
    if len(pool_ids) == 1:
        order = ""  # of one pool the index has the order
    condition = f"{_WAITING} AND pool_id = ANY ($6::bigint[])"
    return await _page(snapshot, condition, f"{order} since, id", where, limit, offset, [list(pool_ids)], reach)


async def held_records_seen(
    snapshot: Snapshot,
    where: RecordFilter,
    limit: int,
    offset: int,
    reach: PoolReach,
    member_id: int | None,
    pool_id: int | None = None,
) -> RecordPage:
    """What is held and the viewer may move, of one member or pool (None: of all), the longest held first."""
    positions = None if reach.everything or reach.positions is None else list(reach.positions)
    condition = f"{_HELD} AND ($8::bigint IS NULL OR member_id = $8) AND ($9::bigint IS NULL OR ownership.pool_id = $9)"
    more = [positions, list(reach.administered), member_id, pool_id]
    return await _page(snapshot, condition, "since, id", where, limit, offset, more, reach)


async def _page(
    snapshot: Snapshot,
    condition: str,
    order: str,
    where: RecordFilter,
    limit: int,
    offset: int,
    more: list[Any],
    reach: PoolReach,
) -> RecordPage:
    listed = f"FROM ownership WHERE ownership.company_id = $1 AND {condition} AND {_MATCHES}"
    chosen = await snapshot.fetch(
        f"SELECT id, (SELECT count(*) {listed}) AS total {listed} ORDER BY {order} LIMIT $4 OFFSET $5",
        snapshot.company_id,
        *where.values,
        limit,
        offset,
        *more,
    )
    if not chosen:
        return RecordPage([], 0 if not offset else await _count(snapshot, listed, where, more))
    ids = [row["id"] for row in chosen]
    rows = await snapshot.fetch(f"{_RECORDS} AND ownership.id = ANY ($2::bigint[])", snapshot.company_id, ids)
    by_id = {row["id"]: shown(row, reach) for row in rows}
    return RecordPage([by_id[number] for number in ids], chosen[0]["total"])


async def _count(snapshot: Snapshot, listed: str, where: RecordFilter, more: list[Any]) -> int:
    row = await snapshot.fetch_one(
        f"SELECT count(*) AS total {listed} AND $4::int IS NOT NULL AND $5::int IS NOT NULL",
        snapshot.company_id,
        *where.values,
        0,
        0,
        *more,
    )
    assert row is not None
    return int(row["total"])


def shown(row: Record, reach: PoolReach) -> dict[str, Any]:
    """A record as the viewer may see it: while it waits its pool hides fields from who does not look after it."""
    hidden: Sequence[str] = ()
    if not _owner(row).held and row["hidden_fields"] is not None and not reach.manages(row["pool_id"]):
        hidden = orjson.loads(row["hidden_fields"])
    return {**row, **dict.fromkeys(hidden, None), "hidden_fields": hidden}


def _owner(row: Record) -> Owner:
    return Owner(row["pool_id"], row["member_id"], row["position_id"])
