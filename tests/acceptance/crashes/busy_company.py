"""A company beside the one that orders are posted for, in which jobs of every kind find something to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

import asyncpg

from quotaloom.achievements.entries import Credit, EntrySource
from quotaloom.achievements.ledger import Posting, append
from quotaloom.incentives.rules import RuleChange, set_rule
from quotaloom.incentives.runs import cancel_run, start_run
from quotaloom.incentives.simulated_rules import SimulatedChange
from quotaloom.incentives.simulations import SimulationRequest, remove_simulation, start_simulation
from quotaloom.leads.commands import create_lead
from quotaloom.leads.records import NewLead
from quotaloom.metrics.commands import install_builtin_metrics
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint
from quotaloom.ownership.arrivals import ask_to_hand_out
from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.pool.commands import create_pool
from quotaloom.pool.pools import NewPool
from quotaloom.pool.rule_commands import NewRule, create_rule
from tests.acceptance.crashes.ear import policies
from tests.acceptance.crashes.installation import Installation
from tests.founding import at, found

MEMBERS: Final = 11
"""Three batches of the nursery's workers, the last one smaller."""

LABELS: Final = ("2026-03", "2026-04", "2026-05")
PERCENT, SIMULATED_PERCENT = 5, 8

HELD_TOO_LONG: Final = 10
FRESHLY_HELD: Final = 2
HANDED_OUT: Final = 7
"""Leads of one asking."""

CLOSING_SECONDS: Final = 20.0

LONG_AGO: Final = timedelta(days=40)


@dataclass
class BusyCompany:
    """The company, and what was asked of its workers: runs and simulations by number, leads by what is to come of them.

    `work` is that of an admin, at the moment of its founding. `sold` are the orders of each member by month, in yuan.
    """

    work: Work
    members: Sequence[int]
    positions: Sequence[int]
    metric: int
    sold: dict[str, dict[int, int]] = field(default_factory=dict)
    pools: dict[str, int] = field(default_factory=dict)
    runs: list[int] = field(default_factory=list)
    simulations: list[int] = field(default_factory=list)
    due: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    given: set[int] = field(default_factory=set)
    leads: int = 0
    orders: int = 0

    @property
    def now(self) -> Work:
        """The work of an admin, now."""
        return at(self.work, datetime.now(UTC))

    async def ask(self, kind: str) -> None:
        """Ask for a job of a kind."""
        asking: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "incentives.compute": self._start_run,
            "incentives.simulate": self._simulate,
            "pool.recycle": self._let_night_come,
            "pool.hand_out": self._bring_leads,
            "events.deliver": self._bring_leads,
        }
        await asking[kind]()

    async def sell(self, label: str, seat: int, yuan: int) -> None:
        """Post an order of a member in a month, and remember it."""
        self.orders += 1
        name = f"order-{self.orders}"
        posting = Posting(
            metric_id=self.metric,
            amount=yuan * 100,
            currency=None,
            business_date=date.fromisoformat(f"{label}-10"),
            source=EntrySource.ORDER,
            source_key=name,
            idempotency_key=name,
            credits=(Credit(self.positions[seat], Fraction(1)),),
        )
        await self.now.write(lambda transaction: append(transaction, self.work.company, [posting]))
        of_month = self.sold.setdefault(label, {})
        of_month[self.members[seat]] = of_month.get(self.members[seat], 0) + yuan

    async def lead(self, pool: str, seat: int | None = None, ago: timedelta = timedelta(0)) -> int:
        """A lead of a pool, of a member since then, or waiting; its number."""
        self.leads += 1
        position = None if seat is None else self.positions[seat]
        new = NewLead(f"Lead {self.leads}", position_id=position, pool_id=self.pools[pool])
        return await create_lead(at(self.work, datetime.now(UTC) - ago), new)

    async def _start_run(self) -> None:
        """Start a run of the last month, unless one is under way; one that is done is cancelled."""
        if await self._under_way("incentive_run", self.runs):
            return
        if self.runs:
            await cancel_run(self.now, self.runs[-1])
        self.runs.append(await start_run(self.now, policies(), LABELS[-1]))

    async def _simulate(self) -> None:
        """Ask for a simulation of all months, unless one is under way; one that is done is removed."""
        if await self._under_way("incentive_simulation", self.simulations):
            return
        if self.simulations:
            await remove_simulation(self.now, self.simulations[-1])
        change = SimulatedChange("base", "incentives.flat_rate", {"rate_percent": SIMULATED_PERCENT})
        request = SimulationRequest([change], first=LABELS[0], last=LABELS[-1])
        self.simulations.append(await start_simulation(self.now, policies(), request))

    async def _under_way(self, table: str, numbers: Sequence[int]) -> bool:
        async with self.work.snapshot() as snapshot:
            sql = f"SELECT FROM {table} WHERE id = ANY ($1::bigint[]) AND status IN ('waiting', 'computing')"
            return bool(await snapshot.fetch(sql, list(numbers)))

    async def _let_night_come(self) -> None:
        """Ten leads have been held for long, two have not, and the night that takes the ten back is still to come."""
        self.due |= {await self.lead("sea", number % MEMBERS, LONG_AGO) for number in range(HELD_TOO_LONG)}
        self.kept |= {await self.lead("sea", number) for number in range(FRESHLY_HELD)}
        await self.ask_for_night()

    async def ask_for_night(self) -> None:
        """Let the night that takes back what is due be still to come."""
        await self.now.write(_forget_the_last_night)

    async def _bring_leads(self) -> None:
        self.given |= {await self.lead("north") for _ in range(HANDED_OUT)}
        pool = self.pools["north"]
        await self.now.write(lambda transaction: ask_to_hand_out(transaction, [pool], timedelta(milliseconds=50)))


async def _forget_the_last_night(transaction: Transaction) -> None:
    await transaction.execute(
        "DELETE FROM quotaloom_jobs.schedule WHERE company_id = $1 AND name = 'pool.recycle'", transaction.company_id
    )


@asynccontextmanager
async def busy_company(
    installation: Installation, key: str
) -> AsyncIterator[tuple[BusyCompany, asyncpg.Connection[Any]]]:
    """A company of eleven sellers with orders in three months, founded long ago, and a connection that sees all."""
    database = await installation.connected()
    admin = await asyncpg.connect(**credentials(installation.admin_url))
    try:
        yield await _opened(database, key), admin
    finally:
        await admin.close()
        await asyncio.wait_for(database.close(), CLOSING_SECONDS)


async def _opened(database: Database, key: str) -> BusyCompany:
    work = await found(database, datetime.now(UTC) - 3 * LONG_AGO, key=key)

    async def apply(transaction: Transaction) -> BusyCompany:
        metrics = await install_builtin_metrics(transaction, work.company.currency)
        (root,) = await insert_units(transaction, [NewUnit("All", "company", None, key="all")])
        names = [f"Seller {number}" for number in range(MEMBERS)]
        positions = await insert_units(transaction, [NewUnit(name, "position", root) for name in names])
        members = await insert_members(transaction, [NewMember(name) for name in names])
        await appoint(transaction, HOLDING, [NewTerm(*both) for both in zip(positions, members, strict=True)])
        return BusyCompany(work, members, positions, metrics["revenue"], pools={"all": root})

    company = await work.write(apply)
    root = company.pools.pop("all")
    host, since = policies(), date(2026, 1, 1)
    for policy in ("incentives.flat_rate", "assignment.round_robin"):
        await switch_policy(work, host, PolicyChange(policy, active=True, valid_from=since))
    await switch_policy(company.now, host, PolicyChange("acme.ear", active=True))
    rule = RuleChange("base", "incentives.flat_rate", {"rate_percent": PERCENT}, valid_from=since)
    await set_rule(work, host, rule)
    for pool, hands_out in {"sea": False, "north": True, "lake": False}.items():
        new = NewPool(pool, pool.title(), [RecordKind.LEAD], unit_ids=[root], hands_out=hands_out)
        company.pools[pool] = await create_pool(work, new)
    due = {"when": {"noFollowUp": {"days": 10}}, "remindDays": [3]}
    await create_rule(work, NewRule("back", "Back", RuleKind.RECYCLING, due, pool_id=company.pools["sea"]))
    for place, label in enumerate(LABELS):
        for seat in range(MEMBERS):
            await company.sell(label, seat, 1_000 * (seat + 1) + 100 * place)
    return company
