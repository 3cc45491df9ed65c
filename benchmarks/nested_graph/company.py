"""The company that is asked about: 11,111 units, twelve months of targets each, a ledger, a funnel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

from benchmarks.attaining import prepare
from benchmarks.companies import Planted
from benchmarks.databases import FreshDatabase, fresh_database
from benchmarks.measuring import Bench
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.stages import NewFunnel, NewStage, Outcome
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.terms import HEADSHIP, NewTerm, appoint
from quotaloom.platform.access import Role
from quotaloom.platform.tokens import Identity
from quotaloom.platform.unit_of_work import Transaction

ENTRIES = 100_000
SHARES = {"assessment": Decimal("0.8"), "stretch": Decimal("1.2")}
DEALS = 2_000

FUNNEL = NewFunnel(
    "board",
    "Board",
    [
        NewStage("lead", "Lead", Outcome.OPEN, Decimal("0.1")),
        NewStage("contact", "Contact", Outcome.OPEN, Decimal("0.2")),
        NewStage("offer", "Offer", Outcome.OPEN, Decimal("0.4")),
        NewStage("talks", "Talks", Outcome.OPEN, Decimal("0.6")),
        NewStage("contract", "Contract", Outcome.OPEN, Decimal("0.9")),
        NewStage("won", "Won", Outcome.WON, Decimal(1)),
        NewStage("lost", "Lost", Outcome.LOST, Decimal(0)),
    ],
)

# A deal each day, so that no two of a stage share a place in the order of their days.
_DEALS = """
INSERT INTO opportunity (company_id, key, name, funnel_id, stage_id, position_id, amount, currency, amount_estimated,
    opened_on, source, wins, version)
SELECT $1, 'd' || n, 'Deal ' || n, $2, ($3::bigint[])[1 + n % 5], ($4::bigint[])[1 + n * 7919 % 10000],
    10000000 + n * 137, 'CNY', false, date '2012-01-01' + n, 'web', 0, 1
FROM generate_series(1, $5::int) AS n
"""


@dataclass(frozen=True, slots=True)
class Company:
    """A database with one company in it, and those of its people who ask: an admin, and the head of a department."""

    url: str
    admin_url: str
    id: int
    key: str
    admin: Identity
    head: Identity
    headed_key: str


@asynccontextmanager
async def prepared_company(bench: Bench, title: str) -> AsyncIterator[Company]:
    """The company in a new database of the bench's server, which is dropped at the end."""
    async with fresh_database(bench.server) as fresh:
        planned = await prepare(bench, fresh, title, ENTRIES, SHARES)
        await _enter_deals(planned.planted, fresh)
        yield await _company(planned.planted, fresh)


async def _enter_deals(planted: Planted, fresh: FreshDatabase) -> None:
    funnel_id = await create_funnel(planted.work, FUNNEL)
    rows = await fresh.plain.fetch("SELECT id FROM stage WHERE outcome = 'open' ORDER BY ordinal")
    stage_ids = [row["id"] for row in rows]
    await fresh.plain.execute(_DEALS, planted.work.company.id, funnel_id, stage_ids, list(planted.positions), DEALS)
    await fresh.plain.execute("VACUUM ANALYZE")


async def _company(planted: Planted, fresh: FreshDatabase) -> Company:
    work, headed_id = planted.work, planted.levels[1][0]

    async def apply(transaction: Transaction) -> int:
        (member_id,) = await insert_members(transaction, [NewMember("Hedy", key="hedy")])
        await appoint(transaction, HEADSHIP, [NewTerm(headed_id, member_id)])
        return member_id

    member_id = await work.write(apply)
    async with work.snapshot() as snapshot:
        admin = await snapshot.fetch_one("SELECT id, key FROM member WHERE role = 'admin'")
        headed = await snapshot.fetch_one("SELECT key FROM org_unit WHERE id = $1", headed_id)
    assert admin is not None
    assert headed is not None
    return Company(
        fresh.url,
        fresh.admin_url,
        work.company.id,
        work.company.key,
        Identity(work.company.id, admin["key"], Role.ADMIN, admin["id"]),
        Identity(work.company.id, "hedy", Role.MEMBER, member_id),
        headed["key"],
    )
