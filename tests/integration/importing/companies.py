"""Importing into a database of the test's own, and looking at what stands there."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from asyncpg import Record

from quotaloom.importing.importer import import_folder
from quotaloom.importing.mapping_files import load_mapping
from quotaloom.importing.summary import ImportSummary
from quotaloom.organizations.commands.companies import company_id_of
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.work import Work, load_company
from quotaloom.policies.discovery import discover
from quotaloom.policies.host import PolicyHost

NOW = datetime(2018, 1, 2, 12, tzinfo=UTC)

MAVEN = load_mapping("maven-crm-sales")

STORED = {
    "units": "SELECT unit.key, unit.name, unit.kind, parent.key AS parent, placement.ordinal FROM org_unit unit"
    " LEFT JOIN placement ON placement.unit_id = unit.id LEFT JOIN org_unit parent ON parent.id = placement.parent_id",
    "paths": "SELECT above.key AS above, below.key AS below, depth, valid_from, valid_to FROM unit_path"
    " JOIN org_unit above ON above.id = ancestor_id JOIN org_unit below ON below.id = unit_id",
    "members": "SELECT key, name, role FROM member",
    "holders": "SELECT org_unit.key AS unit, member.key AS member, valid_from, valid_to FROM holding"
    " JOIN org_unit ON org_unit.id = position_id JOIN member ON member.id = member_id",
    "heads": "SELECT org_unit.key AS unit, member.key AS member, valid_from, valid_to FROM headship"
    " JOIN org_unit ON org_unit.id = unit_id JOIN member ON member.id = member_id",
    "customers": "SELECT customer.key, customer.sector, customer.location, parent.key AS parent FROM customer"
    " LEFT JOIN customer parent ON parent.id = customer.parent_id",
    "products": "SELECT key, name, product_group, list_price FROM product",
    "stages": "SELECT funnel.key AS funnel, stage.key, stage.ordinal, outcome, win_probability FROM stage"
    " JOIN funnel ON funnel.id = stage.funnel_id",
    "opportunities": "SELECT deal.key, deal.name, stage.key AS stage, org_unit.key AS position, member.key AS member,"
    " customer.key AS customer, product.key AS product, amount, currency, amount_estimated, deal.opened_on,"
    " deal.closed_on, wins FROM opportunity deal JOIN stage ON stage.id = stage_id"
    " JOIN org_unit ON org_unit.id = position_id"
    " LEFT JOIN member ON member.id = member_id LEFT JOIN customer ON customer.id = customer_id"
    " LEFT JOIN product ON product.id = product_id",
    "moves": "SELECT deal.key, before.key AS before, after.key AS after, moved_on FROM stage_move"
    " JOIN opportunity deal ON deal.id = opportunity_id LEFT JOIN stage before ON before.id = from_stage_id"
    " JOIN stage after ON after.id = to_stage_id",
    "entries": "SELECT source_key, metric.key AS metric, org_unit.key AS position, member.key AS member, business_date,"
    " amount, original_amount, currency, credit FROM achievement_entry JOIN metric ON metric.id = metric_id"
    " JOIN org_unit ON org_unit.id = position_id JOIN member ON member.id = member_id",
    "balances": "SELECT metric.key AS metric, org_unit.key AS position, member.key AS member, business_date, direct,"
    " overlay, currency FROM achievement_balance JOIN metric ON metric.id = metric_id"
    " JOIN org_unit ON org_unit.id = position_id JOIN member ON member.id = member_id",
    "audit": "SELECT action, object_type, actor, count(*) FROM audit_entry GROUP BY 1, 2, 3",
    "events": "SELECT topic, count(*) FROM outbox_event GROUP BY 1",
}
"""What an import writes, with keys instead of ids."""


@cache
def policies() -> PolicyHost:
    """The policies that are installed."""
    return PolicyHost(discover())


async def load(database: Database, folder: Path, company: str = "maven", **options: Any) -> ImportSummary:
    """Import the folder at `NOW`."""
    return await import_folder(database, policies(), folder, MAVEN, company, now=NOW, **options)


async def imported(database: Database, company: str = "maven") -> Work:
    """The work of an admin of an imported company."""
    company_id = await company_id_of(database, company)
    assert company_id is not None
    async with database.snapshot(company_id) as snapshot:
        facts = await load_company(snapshot)
    assert facts is not None
    return Work(database, Viewer(company_id, "tests", Role.ADMIN), facts, NOW)


async def rows(work: Work, sql: str, *arguments: Any) -> list[Record]:
    """The rows of one statement in the work's company."""
    async with work.snapshot() as snapshot:
        return await snapshot.fetch(sql, *arguments)


async def contents(work: Work) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that the company has, by what it is, without ids and moments."""
    found = {}
    async with work.snapshot() as snapshot:
        for name, sql in STORED.items():
            found[name] = sorted((tuple(row) for row in await snapshot.fetch(sql)), key=repr)
    return found
