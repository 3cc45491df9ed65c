"""References that are looked up once for all rows of a statement: as good as foreign keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from tests.integration.achievements.trees import Tree, append, plant
from tests.integration.platform.test_catalogue import CHECKED_BY_STATEMENT, NAMED_FOR_GOOD
from tests.integration.targets.planning import plan_for

NOBODY = 10**9

_VERSION = "SELECT id FROM plan_version WHERE plan_id = $1"
_INSERT_CELLS = (
    "INSERT INTO target_cell (company_id, plan_version_id, unit_id, starts_on, ends_on, locked, pinned, version)"
    " SELECT $1, $2, unit, '2017-01-01', '2017-02-01', false, false, 1 FROM unnest($3::bigint[]) AS unit"
)
_INSERT_ENTRY = """
INSERT INTO achievement_entry (company_id, metric_id, position_id, member_id, reverses_id, opportunity_id, customer_id,
    product_id, business_date, posted_at, posted_on, credit, amount, original_amount, source, source_key,
    idempotency_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '2017-01-01', '2017-01-01', '2017-01-01', 'direct', 1, 1, 'order', 'k', 'k')
"""
_INSERT_BALANCE = """
INSERT INTO achievement_balance (company_id, metric_id, position_id, member_id, business_date, posted_on, currency,
    product_id, direct, overlay, original_direct, original_overlay)
VALUES ($1, $2, $3, $4, '2017-01-01', '2017-01-01', '', 0, 1, 0, 1, 0)
"""


@pytest.fixture
async def plain(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the superuser, whom no row-level security binds."""
    connection = await asyncpg.connect(**credentials(admin_url))
    yield connection
    await connection.close()


async def refuse(plain: asyncpg.Connection, sql: str, *arguments: object, why: str = "names no row of") -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match=why):
        await plain.execute(sql, *arguments)


async def test_a_cell_names_a_version_and_a_unit_of_its_own_company(
    database: Database, plain: asyncpg.Connection
) -> None:
    """One row of a statement that names another company's, or nobody's, refuses them all."""
    (ours, our_version, our_unit), (theirs, their_version, their_unit) = [
        (one.founded.company.id, await plain.fetchval(_VERSION, one.plan_id), one.units["Seat"])
        for one in (
            await plan_for(database, {"Acme": ["Seat"]}, key="ours"),
            await plan_for(database, {"Acme": ["Seat"]}),
        )
    ]
    for company, version, units in (
        (ours, our_version, [our_unit, their_unit]),
        (ours, their_version, [our_unit]),
        (ours, our_version, [NOBODY]),
        (theirs, our_version, [our_unit]),
    ):
        await refuse(plain, _INSERT_CELLS, company, version, units)
    await plain.execute(_INSERT_CELLS, ours, our_version, [our_unit])


async def test_an_entry_and_a_balance_name_rows_of_their_own_company(
    database: Database, plain: asyncpg.Connection
) -> None:
    """Every reference by itself: a row of another company, or one that does not exist, is refused."""
    ours, theirs = [await plant(database, {"acme": None, "ann": "acme"}, key=key) for key in ("ours", "theirs")]
    good, bad = await _named(plain, ours), await _named(plain, theirs)
    company = ours.work.company.id
    for place in range(len(good)):
        for other in (bad[place], NOBODY):
            await refuse(plain, _INSERT_ENTRY, company, *good[:place], other, *good[place + 1 :])
    for place in range(3):
        for other in (bad[place], NOBODY):
            await refuse(plain, _INSERT_BALANCE, company, *good[:place], other, *good[place + 1 : 3])
    await plain.execute(_INSERT_ENTRY, company, *good)
    await plain.execute(_INSERT_BALANCE, company, *good[:3])


async def _named(plain: asyncpg.Connection, tree: Tree) -> list[int]:
    """What an entry may name, in the order of its columns."""
    company = tree.work.company.id
    (entry,) = await append(tree.work, tree.posting("a", 1, tree.direct("ann")))
    customer, product, funnel = [
        await plain.fetchval(f"{insert} RETURNING id", company)
        for insert in (
            "INSERT INTO customer (company_id, key, name, version) VALUES ($1, 'c', 'C', 1)",
            "INSERT INTO product (company_id, key, name, version) VALUES ($1, 'p', 'P', 1)",
            "INSERT INTO funnel (company_id, key, name, version) VALUES ($1, 'f', 'F', 1)",
        )
    ]
    stage = await plain.fetchval(
        "INSERT INTO stage (company_id, funnel_id, key, name, ordinal, outcome, win_probability)"
        " VALUES ($1, $2, 's', 'S', 1, 'open', 0) RETURNING id",
        company,
        funnel,
    )
    opportunity = await plain.fetchval(
        "INSERT INTO opportunity (company_id, key, name, currency, amount_estimated, funnel_id, stage_id, position_id,"
        " member_id, version, wins) VALUES ($1, 'o', 'O', 'CNY', false, $2, $3, $4, $5, 1, 0) RETURNING id",
        company,
        funnel,
        stage,
        entry.position_id,
        entry.member_id,
    )
    return [entry.metric_id, entry.position_id, entry.member_id, entry.id, opportunity, customer, product]


async def test_what_is_named_stays(database: Database, plain: asyncpg.Connection) -> None:
    """Nobody, not even the owner of the tables, deletes it or gives it another number; all else of it may change."""
    await plant(database, {"acme": None, "ann": "acme"})
    for table in NAMED_FOR_GOOD:
        await refuse(plain, f"DELETE FROM {table}", why="named for good")
        await refuse(plain, f"TRUNCATE {table} CASCADE", why="named for good")
    for table in ("org_unit", "metric", "member"):
        await refuse(plain, f"UPDATE {table} SET id = id + 1000", why="named for good")
        await refuse(plain, f"UPDATE {table} SET company_id = company_id + 1000", why="named for good")
        await plain.execute(f"UPDATE {table} SET id = id, company_id = company_id, name = 'New'")


async def test_what_names_it_names_it_for_good(plain: asyncpg.Connection) -> None:
    """The application's role neither deletes what is named nor changes what a row names."""
    await plain.execute("SET ROLE quotaloom_app")
    for refused in (
        *(f"DELETE FROM {table}" for table in NAMED_FOR_GOOD),
        *(
            f"UPDATE {table} SET {column} = 1"
            for table, columns in CHECKED_BY_STATEMENT.items()
            for column in (*columns, "company_id")
        ),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await plain.execute(refused)
