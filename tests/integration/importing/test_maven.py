"""The real data set: every figure that is known of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from quotaloom.achievements.rollups import achieved_by_unit
from quotaloom.calendars.periods import date_range
from quotaloom.importing.summary import ImportSummary
from quotaloom.metrics.counting import Counting
from quotaloom.platform.database import Database
from quotaloom.platform.embedded import EmbeddedServer
from quotaloom.platform.work import Work
from tests.conftest import APPLICATION_ROLE, cloned
from tests.integration.importing.companies import contents, imported, load, rows
from tests.integration.ownership.replaying import replayed
from tests.left_out import needs_data

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "maven-crm-sales"

pytestmark = [
    pytest.mark.dataset,
    needs_data(FOLDER),
]

MONTHS = [date_range(date(2017, month, 1), date(2017 + month // 12, month % 12 + 1, 1)) for month in range(1, 13)]

YEAR = date_range(date(2017, 1, 1), date(2018, 1, 1))


@dataclass(frozen=True, slots=True)
class Maven:
    """The imported company, and what the import said."""

    work: Work
    summary: ImportSummary


@pytest.fixture(scope="module")
async def maven(postgres: EmbeddedServer) -> AsyncIterator[Maven]:
    """The data set, imported once for the tests that only look at it."""
    async with cloned(postgres) as name:
        database = Database(postgres.url(name, APPLICATION_ROLE))
        await database.connect()
        summary = await load(database, FOLDER)
        yield Maven(await imported(database), summary)
        await database.close()


async def revenue_of_2017(maven: Maven, kind: str) -> dict[str, int]:
    """What each unit of a kind achieved in 2017, in whole dollars."""
    units = await rows(maven.work, "SELECT id, key FROM org_unit WHERE kind = $1", kind)
    ((metric,),) = await rows(maven.work, "SELECT id FROM metric WHERE key = 'revenue'")
    async with maven.work.snapshot() as snapshot:
        achieved = await achieved_by_unit(snapshot, [unit["id"] for unit in units], Counting(metric), [YEAR])
    cents = {row["unit_id"]: row["achieved"] for row in achieved}
    return {unit["key"]: cents.get(unit["id"], 0) // 100 for unit in units}


async def test_every_figure_of_the_data_set_is_met(maven: Maven) -> None:
    """Deals per stage, revenue in all and by office and manager and month, and the dirt that was dealt with."""
    stages = await rows(
        maven.work,
        "SELECT stage.name, count(*) FROM opportunity JOIN stage ON stage.id = stage_id GROUP BY 1 ORDER BY 2 DESC",
    )
    assert [tuple(row) for row in stages] == [("Won", 4238), ("Lost", 2473), ("Engaging", 1589), ("Prospecting", 500)]
    assert await revenue_of_2017(maven, "company") == {"maven": 10_005_534}
    assert await revenue_of_2017(maven, "department") == {"West": 3_568_647, "Central": 3_346_293, "East": 3_090_594}
    assert await revenue_of_2017(maven, "team") == {
        "Team Melvin Marxen": 2_251_930,
        "Team Summer Sewald": 1_964_750,
        "Team Rocco Neubert": 1_960_545,
        "Team Celia Rouche": 1_603_897,
        "Team Cara Losch": 1_130_049,
        "Team Dustin Brinkmann": 1_094_363,
    }
    positions = await revenue_of_2017(maven, "position")
    assert (len(positions), sum(positions.values())) == (35, 10_005_534)
    assert sum(not revenue for revenue in positions.values()) == 5


async def test_revenue_lies_in_the_months_of_the_close_dates(maven: Maven) -> None:
    """Nothing was won in January and February 2017; no day was shifted over the end of a month."""
    ((root, metric),) = await rows(
        maven.work,
        "SELECT (SELECT id FROM org_unit WHERE kind = 'company'), (SELECT id FROM metric WHERE key = 'revenue')",
    )
    async with maven.work.snapshot() as snapshot:
        achieved = await achieved_by_unit(snapshot, [root], Counting(metric), MONTHS)
    assert {row["period_index"] + 1: row["achieved"] for row in achieved} == {
        3: 1_134_672_00,
        4: 721_932_00,
        5: 1_025_713_00,
        6: 1_338_466_00,
        7: 696_932_00,
        8: 1_050_059_00,
        9: 1_235_264_00,
        10: 731_980_00,
        11: 938_943_00,
        12: 1_131_573_00,
    }


async def test_the_dirt_is_dealt_with_and_told(maven: Maven) -> None:
    """Aliases, deals without account, list prices for the 2,089 open and 2,473 lost deals, unknown days."""
    assert {note.text: note.count for note in maven.summary.notes} == {
        "sales_pipeline.csv: product 'GTXPro' taken as 'GTX Pro'": 1_480,
        "opportunities without a customer": 1_425,
        "amounts estimated from the list price": 4_562,
        "opportunities opened on an unknown day": 500,
        "positions without an opportunity": 5,
    }
    ((known,),) = await rows(
        maven.work,
        "SELECT count(*) FROM opportunity JOIN product ON product.id = product_id"
        " WHERE amount_estimated AND amount = list_price",
    )
    assert known == 4_562
    ((prospecting,),) = await rows(
        maven.work,
        "SELECT count(*) FROM opportunity JOIN stage ON stage.id = stage_id WHERE stage.key = 'prospecting'"
        " AND opened_on IS NULL AND closed_on IS NULL AND amount_estimated",
    )
    assert prospecting == 500
    ((ownerless,),) = await rows(
        maven.work,
        "SELECT count(*) FROM opportunity JOIN stage ON stage.id = stage_id WHERE customer_id IS NULL"
        " AND outcome = 'open' AND member_id IS NOT NULL",
    )
    assert ownerless == 1_425


async def test_managers_are_heads_and_agents_holders(maven: Maven) -> None:
    """6 managers, 35 agents and the admin are 42 members; 15 customers belong to others."""
    ((members, heads, holders, subsidiaries),) = await rows(
        maven.work,
        "SELECT (SELECT count(*) FROM member), (SELECT count(*) FROM headship), (SELECT count(*) FROM holding),"
        " (SELECT count(*) FROM customer WHERE parent_id IS NOT NULL)",
    )
    assert (members, heads, holders, subsidiaries) == (42, 6, 35, 15)


async def test_each_win_posts_revenue_and_one_order(maven: Maven) -> None:
    """4,238 wins are as many orders, of 85 customers; every stage a deal is known to have been in is recorded."""
    entries = await rows(
        maven.work,
        "SELECT metric.key, count(*), sum(amount)::bigint FROM achievement_entry JOIN metric ON metric.id = metric_id"
        " GROUP BY 1 ORDER BY 1",
    )
    assert [tuple(row) for row in entries] == [
        ("new_customers", 85, 85),
        ("orders", 4_238, 4_238),
        ("revenue", 4_238, 1_000_553_400),
    ]
    # Won and lost deals came through Engaging: 2 × (4,238 + 2,473) moves; the 1,589 and the 500 have one each.
    ((moves,),) = await rows(maven.work, "SELECT count(*) FROM stage_move")
    assert moves == 15_511


async def test_the_ledger_of_owners_replays(maven: Maven) -> None:
    """The 85 customers are nobody's, the 8,800 deals of the agents who have them: one entry each, by the import."""
    owners = await replayed(maven.work)
    assert len(owners) == 8_885
    assert sum(member is not None for _, member, _ in owners.values()) == 8_800
    movements = await rows(maven.work, "SELECT movement, count(*) FROM ownership_entry GROUP BY 1")
    assert [tuple(row) for row in movements] == [("import", 8_885)]


async def test_deals_without_an_account_are_the_first_pool(database: Database) -> None:
    """The 1,425 open deals without an account wait in a pool that is made for them; the other 7,375 are the agents'."""
    summary = await load(database, FOLDER, unclaimed="unclaimed")
    maven = Maven(await imported(database), summary)
    assert summary.created("pools") == 1
    owners = await replayed(maven.work)
    ((pool,),) = await rows(maven.work, "SELECT id FROM pool WHERE key = 'unclaimed'")
    waiting = [record for record, owner in owners.items() if owner == (pool, None, None)]
    assert (len(waiting), {kind for kind, _ in waiting}) == (1_425, {"opportunity"})
    assert sum(member is not None for _, member, _ in owners.values()) == 7_375
    ((open_of_agents,),) = await rows(
        maven.work,
        "SELECT count(*) FROM opportunity JOIN stage ON stage.id = stage_id"
        " WHERE outcome = 'open' AND member_id IS NOT NULL",
    )
    assert open_of_agents == 664
    assert await revenue_of_2017(maven, "company") == {"maven": 10_005_534}


async def test_importing_it_again_changes_nothing(maven: Maven) -> None:
    """Neither rows nor audit entries nor events."""
    before = await contents(maven.work)
    again = await load(maven.work.database, FOLDER)
    assert await contents(maven.work) == before
    assert {one.created for one in again.kinds} == {0}
