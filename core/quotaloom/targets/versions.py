"""New versions of a plan, and the cells they begin with."""

from __future__ import annotations

from typing import Literal

from quotaloom.platform.unit_of_work import Transaction


async def add_version(
    transaction: Transaction,
    plan_id: int,
    status: Literal["draft", "scenario"],
    *,
    name: str | None = None,
    reason: str | None = None,
    base_id: int | None = None,
) -> int:
    """A version without cells, with the plan's next number; returns its id. The caller holds the plan."""
    row = await transaction.fetch_one(
        "INSERT INTO plan_version (company_id, plan_id, number, status, name, reason, base_id, created_at, created_by)"
        " VALUES ($1, $2, (SELECT coalesce(max(number), 0) + 1 FROM plan_version WHERE plan_id = $2), $3, $4, $5, $6,"
        " $7, $8) RETURNING id",
        transaction.company_id,
        plan_id,
        status,
        name,
        reason,
        base_id,
        transaction.now,
        transaction.writer.subject,
    )
    assert row is not None
    version_id: int = row["id"]
    return version_id


async def copy_cells(transaction: Transaction, source_id: int, version_id: int) -> None:
    """Give a version the cells of another one, locks and pins included.

    Their versions go on from there: whoever read a cell of the source has not read the copy.
    """
    await transaction.execute(
        "INSERT INTO target_cell (company_id, plan_version_id, unit_id, starts_on, ends_on, target, assessment,"
        " stretch, locked, pinned, version) SELECT company_id, $2, unit_id, starts_on, ends_on, target,"
        " assessment, stretch, locked, pinned, version + 1 FROM target_cell WHERE plan_version_id = $1",
        source_id,
        version_id,
    )


async def outrun_cells(transaction: Transaction, version_id: int, former_id: int) -> None:
    """Raise the versions of a version's cells above all of those whose place it takes.

    An editor names a cell by unit and month: what he read of the former ones is no cell that he finds now.
    """
    await transaction.execute(
        "UPDATE target_cell SET version = greatest(version, (SELECT max(version) FROM target_cell"
        " WHERE plan_version_id = $2)) + 1 WHERE plan_version_id = $1",
        version_id,
        former_id,
    )
