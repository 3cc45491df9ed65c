"""Pools, who belongs to them, and their rules: batched reads for the graph, one statement each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import orjson

from quotaloom.ownership.subjects import OPEN
from quotaloom.platform.unit_of_work import Record, Snapshot

_POOL = "SELECT id, key, name, kinds, priority, hidden_fields, policies, hands_out, closed, version FROM pool"

_RULE = """
SELECT rule.id, rule.key, rule.name, rule.pool_id, rule.level_id, rule.kind, rule.parameters, rule.paused,
    rule.archived, rule.version
FROM pool_rule AS rule WHERE rule.company_id = $1
"""


async def pools_seen(snapshot: Snapshot, pool_ids: Collection[int] | None) -> list[dict[str, Any]]:
    """The pools of these numbers (None: all), those of the highest priority first, then by name."""
    rows = await snapshot.fetch(
        f"{_POOL} WHERE company_id = $1 AND ($2::bigint[] IS NULL OR id = ANY ($2)) ORDER BY priority DESC, name, id",
        snapshot.company_id,
        None if pool_ids is None else list(pool_ids),
    )
    lists = ("kinds", "hidden_fields", "policies")
    return [{**row, **{name: orjson.loads(row[name] or "null") for name in lists}} for row in rows]


async def people_of_pools(snapshot: Snapshot, pool_ids: Sequence[int]) -> list[Record]:
    """The units and members that belong to pools."""
    return await snapshot.fetch(
        "SELECT pool_id, unit_id, member_id FROM pool_member WHERE company_id = $1 AND pool_id = ANY ($2::bigint[])"
        " ORDER BY pool_id, unit_id, member_id",
        snapshot.company_id,
        list(pool_ids),
    )


async def admins_of_pools(snapshot: Snapshot, pool_ids: Sequence[int]) -> list[Record]:
    """Who looks after pools: rows of `pool_id` and the columns of members."""
    return await snapshot.fetch(
        "SELECT pool_admin.pool_id, member.* FROM pool_admin JOIN member ON member.company_id = pool_admin.company_id"
        " AND member.id = pool_admin.member_id WHERE pool_admin.company_id = $1"
        " AND pool_admin.pool_id = ANY ($2::bigint[]) ORDER BY pool_id, member.name, member.id",
        snapshot.company_id,
        list(pool_ids),
    )


async def counts_of_pools(snapshot: Snapshot, pool_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """How many records wait in each pool and are not over, and how many of it are held."""
    rows = await snapshot.fetch(
        f"SELECT pool_id, count(*) FILTER (WHERE position_id IS NULL AND {OPEN}) AS waiting,"  # noqa: S608 (constant)
        " count(*) FILTER (WHERE position_id IS NOT NULL) AS held"
        " FROM ownership WHERE company_id = $1 AND pool_id = ANY ($2::bigint[]) GROUP BY pool_id",
        snapshot.company_id,
        list(pool_ids),
    )
    return {row["pool_id"]: (row["waiting"], row["held"]) for row in rows}


async def rules_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The rules with these numbers."""
    return _read(
        await snapshot.fetch(
            f"{_RULE} AND rule.id = ANY ($2::bigint[])",
            snapshot.company_id,
            list(ids),
        )
    )


async def all_rules(snapshot: Snapshot, *, include_archived: bool = False) -> list[dict[str, Any]]:
    """Every rule of the company, by key."""
    return _read(
        await snapshot.fetch(
            f"{_RULE} AND ($2 OR NOT rule.archived) ORDER BY rule.key",
            snapshot.company_id,
            include_archived,
        )
    )


def _read(rows: Sequence[Record]) -> list[dict[str, Any]]:
    return [{**row, "parameters": orjson.loads(row["parameters"])} for row in rows]
