"""Imports that are killed wherever they may be, and run again: every row is as if nothing had happened."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from quotaloom.achievements.verification import verify_balances
from quotaloom.importing.importer import import_folder
from quotaloom.importing.mapping_files import read_mapping
from quotaloom.importing.templates.commands import export_targets, import_targets
from quotaloom.platform.database import Database
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.work import Work
from tests.integration.importing.companies import NOW, contents, imported, policies, rows
from tests.integration.ownership.replaying import replayed
from tests.integration.targets.planning import plan_for
from tests.progress import Progress
from tests.unit.importing.folders import ENGAGING, LOST, PROSPECTING, WON, pipeline, write

REPOSITORY = Path(__file__).parents[3]

WITH_LEADS = (
    (files("quotaloom.importing") / "mappings/maven-crm-sales.toml").read_text(encoding="utf-8")
    + """
[[pools]]
key = "sea"
name = "Sea"
kinds = ["lead", "customer"]
units = ["West"]
[leads]
file = "leads.csv"
key = "no"
name = "name"
phone = "phone"
position = "seat"
pool = "pool"
waits_in = "sea"
"""
)

BESIDES = {
    "leads": "SELECT key, name, phone, status FROM lead",
    "owners": "SELECT lead.key AS lead, customer.key AS customer, deal.key AS deal, pool.key AS pool,"
    " member.key AS member, org_unit.key AS position, since FROM ownership AS own"
    " LEFT JOIN lead ON lead.id = own.lead_id LEFT JOIN customer ON customer.id = own.customer_id"
    " LEFT JOIN opportunity AS deal ON deal.id = own.opportunity_id LEFT JOIN pool ON pool.id = own.pool_id"
    " LEFT JOIN member ON member.id = own.member_id LEFT JOIN org_unit ON org_unit.id = own.position_id",
    "owned": "SELECT movement, actor, count(*) FROM ownership_entry GROUP BY 1, 2",
}
"""What an import writes besides `STORED`, with keys instead of ids."""


async def killed(order: dict[str, Any]) -> AsyncIterator[int]:
    """The numbers of the places at which an import was killed; see `killed_imports`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.integration.importing.killed_imports"),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{json.dumps(order)}\n".encode())
    number = 0
    while (line := await process.stdout.readline()) == b"killed\n":
        yield number
        number += 1
        process.stdin.write(b"\n")
    assert (line, await process.wait()) == (b"done\n", 0)


async def everything(work: Work) -> dict[str, list[tuple[Any, ...]]]:
    """All that stands in a company, without its key."""
    found = await contents(work)
    for name, sql in BESIDES.items():
        found[name] = sorted((tuple(row) for row in await rows(work, sql)), key=repr)
    key = work.company.key
    return {
        name: sorted((tuple("root" if value == key else value for value in row) for row in stored), key=repr)
        for name, stored in found.items()
    }


async def load(database: Database, folder: Path, company: str) -> dict[str, list[tuple[Any, ...]]]:
    """Import the folder without being killed; all that stands in the company then."""
    mapping = read_mapping(WITH_LEADS.encode(), "tests")
    await import_folder(database, policies(), folder, mapping, company, now=NOW)
    work = await imported(database, company)
    async with work.snapshot() as snapshot:
        assert await verify_balances(snapshot) == []
    await replayed(work)
    return await everything(work)


def folder_of(path: Path, deals: int) -> Path:
    """Files with so many deals, a third as many customers, and as many leads as customers."""
    customers = [f"Customer {number},retail,Kenya," for number in range(deals // 3)]
    kinds = (WON, LOST, ENGAGING, PROSPECTING)
    lines = [f"N{number}{kinds[number % 4][2:]}" for number in range(deals)]
    header = "account,sector,office_location,subsidiary_of"
    named = ["Child,retail,Kenya,Parent", "Parent,retail,Kenya,", "Other,medical,Italy,"]
    leads = [f"L{number},Lead {number},13800138{number:03},{('Ann', '')[number % 2]}," for number in range(deals // 3)]
    return write(
        path,
        sales_pipeline=pipeline(*lines),
        accounts="\n".join([header, *named, *customers, ""]),
        leads="\n".join(["no,name,phone,seat,pool", *leads, ""]),
    )


@pytest.mark.parametrize(
    ("deals", "batch", "places"), [(6, 3, 20), pytest.param(60, 2, 114, marks=pytest.mark.soak)], ids=["few", "many"]
)
async def test_a_folder_is_completed_row_by_row(
    database: Database,
    database_url: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    progress: Progress,
    deals: int,
    batch: int,
    places: int,
) -> None:
    """Killed before and after each commit, run again to its end: units, members, holders, customers, products, deals,
    their ledger, leads, pools, owners, audit and events are those of an import that nobody killed.

    The company, its tree, its pools, its funnel and its products are a commit each. With batches of 3 there are 2 of
    the 5 customers, 2 of deals and 1 of leads: 10 commits, 20 places.
    """
    folder = folder_of(tmp_path, deals)
    whole = await load(database, folder, "whole")
    assert (len(whole["opportunities"]), len(whole["leads"])) == (deals, deals // 3)
    order = {"what": "folder", "url": database_url, "mapping": WITH_LEADS, "folder": str(folder), "batch": batch}
    count = 0
    async for number in killed(order):
        completed = await load(database, folder, f"killed-{number}")
        assert completed == whole, f"killed at place {number}"
        count += 1
        progress(count, places, "an import is killed and run again")
    assert count == places
    record_property("killed and completed", count)


async def test_a_template_of_targets_is_imported_as_a_whole(database: Database, database_url: str) -> None:
    """Killed behind each of three batches and before the commit, nothing of it is there; after the commit all of it,
    and then the same file again changes nothing."""
    planning = await plan_for(database, {"Acme": ["East", "West"]})
    await planning.set("East", {"2017-01": 100_00})
    exported = await export_targets(planning.work, planning.plan_id, FileFormat.CSV)
    table = list(csv.reader(io.StringIO(exported.content.decode("utf-8-sig"), newline="")))
    months = [table[0].index(f"month 2017-{number:02}") for number in range(1, 7)]
    for row in table[1:]:
        if row[1] in ("East", "West") and row[4] == "target":
            for month in months:
                row[month] = "7.00"
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    content = text.getvalue()

    async def cells() -> list[int]:
        found = await rows(planning.work, "SELECT target FROM target_cell ORDER BY unit_id, starts_on")
        return [row["target"] for row in found]

    order = {"what": "targets", "url": database_url, "company": "acme", "plan": planning.plan_id, "batch": 4}
    seen = [await cells() async for _ in killed({**order, "content": content})]
    assert seen == [[100_00]] * 4 + [[7_00] * 12]
    again = await import_targets(planning.work, planning.plan_id, content.encode(), FileFormat.CSV, dry_run=False)
    assert (again.stored, again.changes) == (False, ())
    assert await cells() == [7_00] * 12
