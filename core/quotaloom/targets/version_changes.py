"""What has changed from one version of a plan to another, cell by cell and unit by unit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from asyncpg import Record

from quotaloom.platform.unit_of_work import Snapshot


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Some of the changes of a version, and how many there are."""

    rows: list[Record]
    total: int


# A cell without any value, which only a lock may have made, counts as none.
_VALUES = (
    "SELECT p.pair, c.unit_id, c.starts_on, c.ends_on, true AS found, c.target, c.assessment, c.stretch FROM pairs p"
    " JOIN target_cell c ON c.plan_version_id = p.{version} WHERE num_nonnulls(c.target, c.assessment, c.stretch) > 0"
    " AND ($3::bigint[] IS NULL OR c.unit_id = ANY($3))"
)

_CHANGED = (
    "WITH pairs AS (SELECT * FROM unnest($1::bigint[], $2::bigint[])"  # noqa: S608 (constants)
    " WITH ORDINALITY AS p (version_id, base_id, pair)),"
    f" now AS ({_VALUES.format(version='version_id')}), past AS ({_VALUES.format(version='base_id')}),"
    " changed AS (SELECT pair, unit_id, starts_on, ends_on,"
    " CASE WHEN o.found IS NULL THEN 'added' WHEN n.found IS NULL THEN 'removed' ELSE 'changed' END AS kind,"
    " o.target AS old_target, o.assessment AS old_assessment, o.stretch AS old_stretch,"
    " n.target AS new_target, n.assessment AS new_assessment, n.stretch AS new_stretch"
    " FROM now n FULL JOIN past o USING (pair, unit_id, starts_on, ends_on)"
    " WHERE (n.target, n.assessment, n.stretch) IS DISTINCT FROM (o.target, o.assessment, o.stretch))"
)

# A planner that knows nothing of how much has changed would join names row by row, which a full join cannot be.
_NAMED = (
    ', named AS MATERIALIZED (SELECT c.*, u.name COLLATE "C" AS name FROM {rows} c'
    " FULL JOIN org_unit u ON u.id = c.unit_id)"
)

# The first row of each version is always there, since it carries the count.
_PAGE = (
    ", listed AS (SELECT n.*, count(*) OVER (PARTITION BY pair) AS total,"
    " row_number() OVER (PARTITION BY pair ORDER BY {order}) AS place FROM named n WHERE pair IS NOT NULL)"
    " SELECT * FROM listed WHERE (place > $4 AND place <= $4 + $5) OR place = 1 ORDER BY pair, place"
)

_CELLS = _CHANGED + _NAMED.format(rows="changed") + _PAGE.format(order="name, unit_id, starts_on, ends_on")

_SUMS = (
    ", sums AS (SELECT pair, unit_id, count(*) AS cells, sum(old_target) AS old_target,"
    " sum(old_assessment) AS old_assessment, sum(old_stretch) AS old_stretch, sum(new_target) AS new_target,"
    " sum(new_assessment) AS new_assessment, sum(new_stretch) AS new_stretch FROM changed GROUP BY pair, unit_id)"
)

_UNITS = _CHANGED + _SUMS + _NAMED.format(rows="sums") + _PAGE.format(order="name, unit_id")

Pair = tuple[int, int | None]
"""A version, and the one that it is compared with; None stands for one without any cells."""


async def changed_cells(
    snapshot: Snapshot, pairs: Sequence[Pair], among: Collection[int] | None, offset: int, limit: int
) -> list[ChangePage]:
    """For each pair the cells that were added, changed or removed, by unit name and month: a page, in one statement.

    `kind` says which; `old_` and `new_` before `target`, `assessment` and `stretch` are minor units. Only cells of
    units `among` those count, None standing for all; nothing but changes leaves the database.
    """
    return await _pages(snapshot, _CELLS, pairs, among, offset, limit)


async def changed_units(
    snapshot: Snapshot, pairs: Sequence[Pair], among: Collection[int] | None, offset: int, limit: int
) -> list[ChangePage]:
    """For each pair the units with changes, by name: `cells`, how many, and the sums of those, before and after."""
    return await _pages(snapshot, _UNITS, pairs, among, offset, limit)


async def _pages(
    snapshot: Snapshot, sql: str, pairs: Sequence[Pair], among: Collection[int] | None, offset: int, limit: int
) -> list[ChangePage]:
    rows = await snapshot.fetch(
        sql,
        [version for version, _ in pairs],
        [base for _, base in pairs],
        None if among is None else list(among),
        offset,
        limit,
    )
    kept: list[list[Record]] = [[] for _ in pairs]
    totals = [0] * len(pairs)
    for row in rows:
        totals[row["pair"] - 1] = row["total"]
        if offset < row["place"] <= offset + limit:
            kept[row["pair"] - 1].append(row)
    return [ChangePage(found, total) for found, total in zip(kept, totals, strict=True)]
