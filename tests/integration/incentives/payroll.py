"""A company with two teams and three admins, its rules, and what it takes to run and pay a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import orjson

from quotaloom.achievements.ledger import Credit, CreditKind, EntrySource, Posting, Reversal
from quotaloom.achievements.ledger import append as append_to
from quotaloom.achievements.ledger import reverse as reverse_in
from quotaloom.incentives.rules import RuleChange, set_rule
from quotaloom.incentives.running import compute_run
from quotaloom.incentives.runs import approve_run, pay_run, review_run, start_run
from quotaloom.metrics.commands import install_builtin_metrics
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HEADSHIP, HOLDING, NewTerm, appoint
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.settings import PolicyChange, switch_policy
from tests.founding import found
from tests.integration.incentives.paying_rules import HOST

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONG_AGO = date(2026, 1, 1)

PARENTS = {"acme": None, "east": "acme", "west": "acme", "ann": "east", "bob": "east", "cem": "west"}
HEADS = {"east": "hal", "west": "wu"}
ADMINS = ("ada", "ben", "cyd")


@dataclass
class Payroll:
    """The company; ids of units, members and metrics by key."""

    work: Work
    units: dict[str, int]
    members: dict[str, int]
    metrics: dict[str, int]
    host: PolicyHost = HOST
    posted: int = 0
    entries: dict[str, int] = field(default_factory=dict)

    def as_member(self, name: str) -> Work:
        """The work of a member, who is an admin where he is one."""
        role = Role.ADMIN if name in ADMINS else Role.MEMBER
        return replace(self.work, viewer=Viewer(self.work.company.id, name, role, self.members[name]))

    def as_service(self, *scopes: str) -> Work:
        """The work of a service whose token names these scopes."""
        return replace(self.work, viewer=Viewer(self.work.company.id, "hr", Role.SERVICE, None, frozenset(scopes)))

    async def rule(self, key: str, policy: str, **values: Any) -> int:
        """Set a rule of the whole company, of months, from January on."""
        change = {"valid_from": LONG_AGO, **values}
        return await set_rule(self.work, self.host, RuleChange(key, policy, **change))

    def posting(self, name: str, amount: int, credits: Sequence[Credit], day: str = "2026-03-10") -> Posting:
        """An order in yuan that is about to be posted."""
        return Posting(
            metric_id=self.metrics["revenue"],
            amount=amount * 100,
            currency=None,
            business_date=date.fromisoformat(day),
            source=EntrySource.ORDER,
            source_key=name,
            idempotency_key=name,
            credits=tuple(credits),
        )

    async def order(
        self, name: str, position: str, amount: int, day: str = "2026-03-10", member_id: int | None = None
    ) -> int:
        """Post an order of a position, in yuan; its number, which `name` stands for from now on.

        Without a member it is credited to who holds the position that day.
        """
        credit = Credit(self.units[position], Fraction(1), CreditKind.DIRECT, member_id)
        posting = self.posting(name, amount, [credit], day)
        (entry,) = await self.work.write(lambda transaction: append_to(transaction, self.work.company, [posting]))
        self.entries[name] = entry.id
        return entry.id

    async def refund(self, name: str, amount: int | None = None) -> int:
        """Take an order back, wholly or a part of it in yuan."""
        self.posted += 1
        key = f"refund-{self.posted}"
        undoing = Reversal(self.entries[name], None if amount is None else amount * 100, key, key)
        (entry,) = await self.work.write(lambda transaction: reverse_in(transaction, self.work.company, [undoing]))
        return entry.id

    async def draft(self, label: str, unit: str | None = None, batch: int = 500) -> int:
        """Start a run and compute it."""
        unit_id = None if unit is None else self.units[unit]
        run_id = await start_run(self.as_member("ada"), self.host, label, unit_id)
        await compute_run(self.work, self.host, run_id, 1, batch=batch)
        return run_id

    async def pay(self, label: str, unit: str | None = None) -> int:
        """Start, compute, review, approve and pay a run."""
        run_id = await self.draft(label, unit)
        await self.close(run_id)
        return run_id

    async def close(self, run_id: int) -> None:
        """Review, approve and pay a draft."""
        await review_run(self.as_member("ada"), run_id)
        await approve_run(self.as_member("ben"), run_id)
        await pay_run(self.as_member("ada"), run_id)

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        """The rows of a query."""
        async with self.work.snapshot() as snapshot:
            return await snapshot.fetch(sql, *arguments)

    async def status(self, run_id: int) -> tuple[str, str | None]:
        """Where a run stands, and why it failed."""
        ((status, failure),) = await self.fetch("SELECT status, failure FROM incentive_run WHERE id = $1", run_id)
        return status, failure

    async def statements(self, run_id: int) -> dict[str, dict[str, Any]]:
        """The statements of a run by member, each with its `lines` as (rule, key, amount)."""
        names = {number: name for name, number in self.members.items()}
        found = {}
        for row in await self.fetch("SELECT * FROM incentive_statement WHERE run_id = $1 ORDER BY member_id", run_id):
            lines = await self.fetch("SELECT * FROM statement_line WHERE statement_id = $1 ORDER BY ordinal", row["id"])
            found[names[row["member_id"]]] = {
                **row,
                "lines": [(line["rule_key"], line["line_key"], line["amount"]) for line in lines],
                "rows": [dict(line) for line in lines],
            }
        return found

    async def totals(self, run_id: int) -> dict[str, int]:
        """What each member of a run is paid, in minor units; whoever gets nothing is left out."""
        return {name: one["total"] for name, one in (await self.statements(run_id)).items() if one["total"]}


def entries_of(line: dict[str, Any]) -> Sequence[int]:
    """The entries that a stored line rests on."""
    found: list[int] = orjson.loads(line["entries"])
    return found


async def open_payroll(database: Database, *policies: str, **facts: Any) -> Payroll:
    """The company with these policies switched on since January; `pay.rate` is one of the names."""
    work = await found(database, NOON, **facts)

    async def apply(transaction: Transaction) -> Payroll:
        metrics = await install_builtin_metrics(transaction, work.company.currency)
        units: dict[str, int] = {}
        for name, parent in PARENTS.items():
            kind = "company" if parent is None else "team" if parent == "acme" else "position"
            unit = NewUnit(name.title(), kind, units[parent] if parent else None, key=name)
            (units[name],) = await insert_units(transaction, [unit])
        people = [NewMember(name.title(), key=name) for name in ("ann", "bob", "cem", "hal", "wu")]
        people += [NewMember(name.title(), key=name, role="admin") for name in ADMINS]
        ids = await insert_members(transaction, people)
        members = {str(one.key): number for one, number in zip(people, ids, strict=True)}
        await appoint(transaction, HOLDING, [NewTerm(units[name], members[name]) for name in ("ann", "bob", "cem")])
        await appoint(transaction, HEADSHIP, [NewTerm(units[unit], members[name]) for unit, name in HEADS.items()])
        return Payroll(work, units, members, dict(metrics))

    payroll = await work.write(apply)
    for policy in policies:
        await switch_policy(work, payroll.host, PolicyChange(policy, active=True, valid_from=LONG_AGO))
    return payroll
