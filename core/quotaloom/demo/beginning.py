"""Founding the demo company: what it is, and how it stands before its first month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final

from quotaloom.calendars.commands import insert_holidays
from quotaloom.demo.generating import CURRENCY, START_MONTH
from quotaloom.demo.keys import Keys, load_keys
from quotaloom.demo.market import GROUP_METRICS
from quotaloom.demo.organizing import COMPANY_KEY, COMPANY_NAME
from quotaloom.demo.people import EMAIL_DOMAIN
from quotaloom.demo.story import Appointment, DemoStory, DemoUnit
from quotaloom.funnels.commands.customers import NewCustomer, insert_customers
from quotaloom.funnels.stages import NewFunnel, NewStage, Outcome
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.product_commands import define_product
from quotaloom.metrics.product_metrics import define_product_metric
from quotaloom.metrics.reads import all_metrics, all_products, all_rates
from quotaloom.organizations.commands.companies import NewCompany
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, TermKind, appoint
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts, Work

ADMIN_KEY: Final = "admin"

BEGUN: Final = "demo.begin"
"""Audit action: the company is the demo, and the day that its story is told for."""

COMPANY: Final = NewCompany(
    key=COMPANY_KEY,
    name=COMPANY_NAME,
    currency=CURRENCY,
    time_zone="Asia/Shanghai",
    fiscal_start_month=START_MONTH,
    members_see_ancestors=True,
    members_see_rankings=True,
)

ADMIN: Final = NewMember("Demo Admin 演示管理员", f"admin@{EMAIL_DOMAIN}", role="admin", key=ADMIN_KEY)

FUNNEL: Final = NewFunnel(
    "sales",
    "Sales 销售漏斗",
    (
        NewStage("qualified", "Qualified 需求确认", Outcome.OPEN, Decimal("0.1"), age_limit_days=30),
        NewStage("solution", "Solution 方案设计", Outcome.OPEN, Decimal("0.3"), age_limit_days=45),
        NewStage("proposal", "Proposal 报价", Outcome.OPEN, Decimal("0.5"), age_limit_days=45),
        NewStage("negotiation", "Negotiation 商务谈判", Outcome.OPEN, Decimal("0.75"), age_limit_days=30),
        NewStage("won", "Won 赢单", Outcome.WON, Decimal(1)),
        NewStage("lost", "Lost 输单", Outcome.LOST, Decimal(0)),
    ),
)


async def told_for(snapshot: Snapshot) -> date | None:
    """The day that the story of the company is told for; None where it is not the demo, whatever its key."""
    row = await snapshot.fetch_one(
        "SELECT (after ->> 'today')::date AS today FROM audit_entry"
        " WHERE object_type = 'Company' AND object_id = $1 AND action = $2",
        snapshot.company_id,
        BEGUN,
    )
    found: date | None = None if row is None else row["today"]
    return found


async def begin(transaction: Transaction, company: CompanyFacts, story: DemoStory) -> None:
    """Enter holidays, the tree, its members, who holds and heads what, and the customers."""
    await insert_holidays(transaction, story.holidays)
    await _plant(transaction, story.organization.units)
    await insert_members(
        transaction,
        [
            NewMember(member.name, member.email, key=member.key, joined_on=member.joined_on)
            for member in story.organization.members
        ],
    )
    await insert_customers(
        transaction,
        company,
        [
            NewCustomer(one.name, one.key, one.sector, one.location, parent_key=one.parent_key)
            for one in story.customers
        ],
    )
    keys = await load_keys(transaction, FUNNEL.key)
    holders = {seat.key for seat in story.organization.seats}
    await _appoint(
        transaction, HOLDING, [one for one in story.organization.appointments if one.unit_key in holders], keys
    )
    await _appoint(
        transaction, HEADSHIP, [one for one in story.organization.appointments if one.unit_key not in holders], keys
    )


async def _plant(transaction: Transaction, units: Sequence[DemoUnit]) -> None:
    for _, level in groupby(units, key=lambda unit: unit.kind):
        ids = (await load_keys(transaction, FUNNEL.key)).units
        ordinals: dict[int, int] = {}
        rows = []
        for unit in level:
            parent_id = ids[unit.parent_key]
            ordinals[parent_id] = ordinals.get(parent_id, 0) + 1
            rows.append(NewUnit(unit.name, unit.kind, parent_id, unit.key, ordinal=ordinals[parent_id]))
        await insert_units(transaction, rows)


async def _appoint(transaction: Transaction, kind: TermKind, wanted: Sequence[Appointment], keys: Keys) -> None:
    terms = [NewTerm(keys.units[one.unit_key], keys.members[one.member_key]) for one in wanted]
    await appoint(transaction, kind, terms)


async def stock(work: Work, story: DemoStory) -> None:
    """Define the products and their metrics, and set the exchange rates, that are not stored yet."""
    async with work.snapshot() as snapshot:
        products = {row["key"] for row in await all_products(snapshot)}
        metrics = {row["key"] for row in await all_metrics(snapshot)}
        rates = {(row["currency"], row["kind"], row["valid_from"]) for row in await all_rates(snapshot)}
    for product in story.products:
        if product.key not in products:
            await define_product(work, product)
    for metric in GROUP_METRICS:
        if metric.key not in metrics:
            await define_product_metric(work, metric)
    for rate in story.rates:
        if (rate.currency, rate.kind.value, rate.valid_from) not in rates:
            await set_exchange_rate(work, rate.currency, rate.kind, rate.valid_from, rate.rate)
