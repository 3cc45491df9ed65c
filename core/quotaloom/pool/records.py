"""Leads, customers and opportunities as records of pools: one shape for all, without what a pool hides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from quotaloom.funnels.reads import containing
from quotaloom.ownership.owners import Owner, RecordKind, RecordName
from quotaloom.ownership.reads import COLUMNS
from quotaloom.ownership.subjects import JOINS, LEVEL, OPEN
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

_WAITING = f"ownership.position_id IS NULL AND ownership.member_id IS NULL AND {OPEN}"

_HELD = """
ownership.position_id IS NOT NULL AND ($4::bigint[] IS NULL OR ownership.position_id = ANY ($4)
    OR ownership.pool_id = ANY ($5::bigint[]))
"""

_BY_PRIORITY = "(SELECT priority FROM pool WHERE pool.company_id = $1 AND pool.id = ownership.pool_id) DESC, since, id"


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records are meant: of these kinds (None: all), with `text` in their name or key."""

    kinds: Sequence[RecordKind] | None = None
    text: str | None = None

    def values(self, snapshot: Snapshot) -> tuple[list[str] | None, str | None]:
        """The values of the second and third parameter of every statement here."""
        kinds = None if self.kinds is None else [kind.value for kind in self.kinds]
        return kinds, containing(snapshot, self.text)


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
    listed = f"{_listed(_WAITING)} AND pool_id = ANY ($4::bigint[])"
    values = [snapshot.company_id, *where.values(snapshot), list(pool_ids)]
    return await _page(snapshot, listed, _BY_PRIORITY, values, limit, offset, reach)


async def held_records_seen(
    snapshot: Snapshot, where: RecordFilter, limit: int, offset: int, reach: PoolReach, member_id: int | None
) -> RecordPage:
    """What is held and the viewer may move, of one member (None: of all), the longest held first."""
    listed = f"{_listed(_HELD)} AND ($6::bigint IS NULL OR member_id = $6)"
    values = [snapshot.company_id, *where.values(snapshot), *_positions(reach), member_id]
    return await _page(snapshot, listed, "since, id", values, limit, offset, reach)


async def pages_of_pools(
    snapshot: Snapshot,
    pool_ids: Sequence[int],
    where: RecordFilter,
    limit: int,
    offset: int,
    reach: PoolReach,
    *,
    held: bool = False,
) -> list[RecordPage]:
    """A part of what waits in each pool, or is `held` of it and the viewer may move, the longest first; one for each.

    Three statements, however many pools.
    """
    listed = _listed(_HELD if held else _WAITING)
    values: list[Any] = [snapshot.company_id, *where.values(snapshot), *(_positions(reach) if held else ())]
    pools, last, first = (f"${len(values) + place}" for place in (1, 2, 3))
    chosen = await snapshot.fetch(
        f"SELECT wanted.id AS pool_id, found.id FROM unnest({pools}::bigint[]) AS wanted (id)"  # noqa: S608
        " CROSS JOIN LATERAL ("
        f" SELECT ownership.id, since {listed} AND pool_id = wanted.id ORDER BY since, id LIMIT {last} OFFSET {first}"
        ") AS found ORDER BY wanted.id, found.since, found.id",
        *values,
        list(pool_ids),
        limit,
        offset,
    )
    counted = await snapshot.fetch(
        f"SELECT pool_id, count(*) AS total {listed} AND pool_id = ANY ({pools}::bigint[]) GROUP BY pool_id",
        *values,
        list(pool_ids),
    )
    totals = {row["pool_id"]: row["total"] for row in counted}
    rows = await _rows(snapshot, [row["id"] for row in chosen], reach)
    of_pools: dict[int, list[dict[str, Any]]] = {pool_id: [] for pool_id in pool_ids}
    for place, row in enumerate(chosen):
        of_pools[row["pool_id"]].append(rows[place])
    return [RecordPage(of_pools[pool_id], totals.get(pool_id, 0)) for pool_id in pool_ids]


def _listed(condition: str) -> str:
    return f"FROM ownership WHERE ownership.company_id = $1 AND {condition} AND {_MATCHES}"


def _positions(reach: PoolReach) -> list[list[int] | None]:
    """The fourth and fifth value of what is held: positions (None: all) and pools whose records one may move."""
    everything = reach.everything or reach.positions is None
    return [None if everything else list(reach.positions or ()), list(reach.administered)]


async def _page(
    snapshot: Snapshot, listed: str, order: str, values: list[Any], limit: int, offset: int, reach: PoolReach
) -> RecordPage:
    last, first = len(values) + 1, len(values) + 2
    chosen = await snapshot.fetch(
        f"SELECT id {listed} ORDER BY {order} LIMIT ${last} OFFSET ${first}", *values, limit, offset
    )
    counted = await snapshot.fetch_one(f"SELECT count(*) AS total {listed}", *values)
    assert counted is not None
    return RecordPage(await _rows(snapshot, [row["id"] for row in chosen], reach), counted["total"])


async def _rows(snapshot: Snapshot, ids: Sequence[int], reach: PoolReach) -> list[dict[str, Any]]:
    """The records of ownerships, in their order, as the viewer may see them."""
    if not ids:
        return []
    rows = await snapshot.fetch(f"{_RECORDS} AND ownership.id = ANY ($2::bigint[])", snapshot.company_id, list(ids))
    by_id = {row["id"]: shown(row, reach) for row in rows}
    return [by_id[number] for number in ids]


def shown(row: Record, reach: PoolReach) -> dict[str, Any]:
    """A record as the viewer may see it: while it waits its pool hides fields from who does not look after it."""
    hidden: Sequence[str] = ()
    if not _owner(row).held and row["hidden_fields"] is not None and not reach.manages(row["pool_id"]):
        hidden = orjson.loads(row["hidden_fields"])
    return {**row, **dict.fromkeys(hidden, None), "hidden_fields": hidden}


def _owner(row: Record) -> Owner:
    return Owner(row["pool_id"], row["member_id"], row["position_id"])
