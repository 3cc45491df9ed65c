"""A sales floor with a public pool of its eastern team, and leads in it."""

from __future__ import annotations

from typing import Any

from quotaloom.leads.commands import create_lead
from quotaloom.leads.records import NewLead
from quotaloom.platform.unit_of_work import Transaction
from tests.integration.funnels.floors import Floor

POOL = """
INSERT INTO pool (company_id, key, name, kinds, priority, hidden_fields, closed, turns, version)
VALUES ($1, $2, $2, $3, 0, $4, $5, 0, 1) RETURNING id
"""


async def open_pool(
    floor: Floor,
    key: str = "east",
    kinds: str = '["lead", "customer", "opportunity"]',
    hidden: str = "[]",
    *,
    closed: bool = False,
    joined: str = "east",
) -> int:
    """A pool that the people of a unit claim from; Hal looks after it."""

    async def apply(transaction: Transaction) -> int:
        row = await transaction.fetch_one(POOL, transaction.company_id, key, kinds, hidden, closed)
        assert row is not None
        for table, column, number in (
            ("pool_member", "unit_id", floor.units[joined]),
            ("pool_admin", "member_id", floor.members["hal"]),
        ):
            await transaction.execute(
                f"INSERT INTO {table} (company_id, pool_id, {column}) VALUES ($1, $2, $3)",
                transaction.company_id,
                row["id"],
                number,
            )
        return int(row["id"])

    return await floor.work.write(apply)


async def lead_of(floor: Floor, position: str | None = "ann", name: str = "Ada", **values: Any) -> int:
    """A lead that a position holds, or none."""
    position_id = None if position is None else floor.units[position]
    return await create_lead(floor.work, NewLead(name, position_id, **values))
