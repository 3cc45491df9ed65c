"""Plans, their versions and the record of decompositions, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from asyncpg import Record

from quotaloom.platform.unit_of_work import Snapshot, Transaction

# A draft whose whole tree is submitted, or approved, is told as that.
_STATUS = (
    "CASE WHEN v.status <> 'draft' THEN v.status ELSE coalesce((SELECT s.status FROM submission s JOIN org_unit u"
    " ON u.company_id = s.company_id AND u.id = s.unit_id AND u.kind = 'company' WHERE s.company_id = v.company_id"
    " AND s.plan_version_id = v.id AND s.status IN ('submitted', 'approved')), 'draft') END"
)

_PLAN = (
    "SELECT p.id, p.name, p.metric_id, p.fiscal_year, p.starts_on, p.ends_on, p.closed_at, p.closed_by,"  # noqa: S608
    " p.objective_id, p.version, p.commitments_until,"
    " CASE WHEN p.closed_at IS NOT NULL THEN 'closed' ELSE ("
    f"SELECT {_STATUS} FROM plan_version v WHERE v.company_id = p.company_id AND v.plan_id = p.id"
    " AND v.status IN ('draft', 'published') ORDER BY v.status = 'published' DESC LIMIT 1) END AS status FROM plan p"
)

_VERSION = (
    f"SELECT v.id, v.plan_id, p.metric_id, v.number, {_STATUS} AS status, v.name, v.base_id,"  # noqa: S608
    " b.number AS base_number, b.published_at IS NOT NULL AS base_published, false AS base_hidden, v.reason,"
    " v.created_at, v.created_by, v.published_at FROM plan_version v"
    " JOIN plan p ON p.company_id = v.company_id AND p.id = v.plan_id"
    " LEFT JOIN plan_version b ON b.company_id = v.company_id AND b.id = v.base_id"
)

_IN_FORCE = ("published", "closed")


def _is_shown_to_all(plan: Record) -> bool:
    """Whether members may know of a plan: it is published, or calls for their commitments."""
    return plan["status"] in _IN_FORCE or plan["commitments_until"] is not None


async def plans_by_id(snapshot: Snapshot | Transaction, ids: Sequence[int], *, drafts: bool) -> list[Record]:
    """Plans by id; without `drafts` only those that are published or call for commitments."""
    rows = await snapshot.fetch(f"{_PLAN} WHERE p.id = ANY($1::bigint[])", list(ids))
    return [row for row in rows if drafts or _is_shown_to_all(row)]


async def all_plans(
    snapshot: Snapshot, *, metric_id: int | None, fiscal_year: int | None, drafts: bool
) -> list[Record]:
    """Plans of a metric and fiscal year, or of all, the latest year first."""
    rows = await snapshot.fetch(
        f"{_PLAN} WHERE ($1::bigint IS NULL OR p.metric_id = $1) AND ($2::int IS NULL OR p.fiscal_year = $2)"
        " ORDER BY p.fiscal_year DESC, p.name, p.id",
        metric_id,
        fiscal_year,
    )
    return [row for row in rows if drafts or _is_shown_to_all(row)]


async def plans_of_objectives(snapshot: Snapshot, objective_ids: Sequence[int], *, drafts: bool) -> list[Record]:
    """The plans that are attached to objectives, by `objective_id`, then by name."""
    rows = await snapshot.fetch(
        f"{_PLAN} WHERE p.objective_id = ANY($1::bigint[]) ORDER BY p.objective_id, p.name, p.id", list(objective_ids)
    )
    return [row for row in rows if drafts or _is_shown_to_all(row)]


async def versions_of_plans(snapshot: Snapshot, plan_ids: Sequence[int]) -> list[Record]:
    """The versions of plans, the first first, without those that were dropped."""
    return await snapshot.fetch(
        f"{_VERSION} WHERE v.plan_id = ANY($1::bigint[]) AND v.status <> 'dropped' ORDER BY v.plan_id, v.number",
        list(plan_ids),
    )


async def versions_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """Versions by id, in no order, without those that were dropped."""
    return await snapshot.fetch(f"{_VERSION} WHERE v.id = ANY($1::bigint[]) AND v.status <> 'dropped'", list(ids))


async def decompositions_of_versions(snapshot: Snapshot, version_ids: Sequence[int]) -> list[dict[str, Any]]:
    """How units of versions were split, the latest last; `parameters` and `explanation` are JSON objects."""
    rows = await snapshot.fetch(
        "SELECT plan_version_id, unit_id, at, actor, policy, plugin_version, setting_revision, parameters, explanation"
        " FROM decomposition WHERE plan_version_id = ANY($1::bigint[]) ORDER BY at, id",
        list(version_ids),
    )
    return [
        {**row, "parameters": orjson.loads(row["parameters"]), "explanation": orjson.loads(row["explanation"])}
        for row in rows
    ]
