"""The data set of a real sales team, and a company with a plan made of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from benchmarks.companies import POLICIES, revenue_of
from benchmarks.measuring import Skipped
from quotaloom.importing.importer import import_folder
from quotaloom.importing.mapping_files import load_mapping
from quotaloom.importing.summary import ImportSummary
from quotaloom.organizations.commands.companies import change_company
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction, Writer
from quotaloom.platform.work import Work, load_company
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import create_plan, publish_plan

NAME = "maven-crm-sales"
FOLDER = Path(__file__).parents[2] / "shared" / "data" / NAME
COMPANY = "maven"


def files() -> list[Path]:
    """The CSV files; raises `Skipped` where there are none."""
    found = sorted(FOLDER.glob("*.csv"))
    if not found:
        raise Skipped(f"the data set is not there: ../shared/data/{NAME}")
    return found


async def load(database: Database, now: datetime) -> ImportSummary:
    """Import the data set."""
    return await import_folder(database, POLICIES, FOLDER, load_mapping(NAME), COMPANY, now=now)


async def _need_no_owners(database: Database, company_id: int, now: datetime) -> None:
    """Nobody heads the regional offices of the data set."""

    async def apply(transaction: Transaction) -> None:
        await change_company(transaction, {"plans_need_owners": False})

    await database.write(company_id, Writer("benchmarks", None, now), apply)


async def load_with_plan(database: Database, now: datetime) -> Work:
    """Import the data set, split 12,000,000 for 2017 evenly and publish it; an admin's work."""
    company_id = (await load(database, now)).company_id
    await _need_no_owners(database, company_id, now)
    async with database.snapshot(company_id) as snapshot:
        company = await load_company(snapshot)
        root = await snapshot.fetch_one("SELECT id FROM org_unit WHERE kind = 'company'")
    assert company is not None
    assert root is not None
    work = Work(database, Viewer(company_id, "benchmarks", Role.ADMIN), company, now)
    plan_id = await create_plan(work, "Plan 2017", await revenue_of(work), 2017)
    totals, shares = {"target": 12_000_000_00}, {"assessment": Decimal("0.8")}
    request = DecomposeRequest(plan_id, root["id"], totals, shares, policy="allocation.even")
    await decompose_target(work, POLICIES, request)
    await publish_plan(work, plan_id)
    return work
