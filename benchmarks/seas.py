"""A company with a pool full of customers, in which everybody is a member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from benchmarks.companies import Planted, hold_positions, plant
from quotaloom.ownership.owners import RecordKind
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.commands import create_pool
from quotaloom.pool.pools import NewPool

BATCH = 5000

_FILL = """
WITH made AS (
    INSERT INTO customer (company_id, key, name, version)
    SELECT $1, 'c' || number, 'Customer ' || number, 1 FROM generate_series($2::int, $8::int) AS number RETURNING id
), owned AS (
    INSERT INTO ownership (company_id, kind, customer_id, pool_id, member_id, position_id, since, since_on, exempt,
        version)
    SELECT $1, 'customer', id, $3, $4, $5, $6, $7, false, 1 FROM made RETURNING id, pool_id, member_id, position_id
)
INSERT INTO ownership_entry (company_id, ownership_id, movement, at, moved_on, to_pool_id, to_member_id,
    to_position_id, actor, override)
SELECT $1, id, 'import', $6, $7, pool_id, member_id, position_id, 'benchmarks', false FROM owned
"""


@dataclass(frozen=True, slots=True)
class Sea:
    """The company as its admin works, its members with their positions, and the pool."""

    planted: Planted
    members: Sequence[tuple[int, int]]
    pool: int

    def works(self, database: Database) -> list[Work]:
        """The work of each member, on that database."""
        work = self.planted.work
        viewers = [Viewer(work.company.id, f"m{member}", Role.MEMBER, member) for member, _ in self.members]
        return [replace(work, viewer=viewer, database=database) for viewer in viewers]

    async def fill(self, count: int, holder: tuple[int, int] | None = None) -> None:
        """Customers that wait in the pool, or that a member holds in a position."""
        work = self.planted.work
        member, position = holder or (None, None)

        async def apply(transaction: Transaction, first: int, last: int) -> None:
            values = (self.pool, member, position, work.now, work.today)
            await transaction.execute(_FILL, transaction.company_id, first, *values, last)

        for start in range(0, count, BATCH):
            await work.write(partial(apply, first=start + 1, last=min(start + BATCH, count)))


async def sea_of(database: Database, members: int) -> Sea:
    """A company of so many people, all members of its pool of customers."""
    planted = await plant(database, (1, members))
    await hold_positions(planted)
    new = NewPool("sea", "Sea", [RecordKind.CUSTOMER], unit_ids=[planted.levels[0][0]])
    pool = await create_pool(planted.work, new)
    async with planted.work.snapshot() as snapshot:
        rows = await snapshot.fetch("SELECT member_id, position_id FROM holding ORDER BY position_id")
    return Sea(planted, [(row["member_id"], row["position_id"]) for row in rows], pool)
