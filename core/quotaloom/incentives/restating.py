"""Earlier periods that were paid, computed again by what is known now: a difference corrects them in a later one.

An earlier statement is looked at again where entries for its days were posted since, or the company's structure
changed: who held what, plans, reliefs, calendar. It is computed by the rules, parameters, attributes and carry-over
that it was paid by, and what each rule comes to is compared with what was paid and corrected before; what disputes
granted stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import orjson
from asyncpg import Record

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.incentives.canonical import unpacked
from quotaloom.incentives.chains import Chain, ChainRule, needs_of
from quotaloom.incentives.computing import Case, facts_of
from quotaloom.incentives.gathering import gather_requests
from quotaloom.incentives.noted import attribute_kinds, attributes_paid_by
from quotaloom.incentives.statements import Line
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import CompanyFacts
from quotaloom.policies.registry import PolicyRegistry
from quotaloom_sdk import Explanation

LONGEST_TRANSACTION: Final = timedelta(days=1)
"""Entries that were being posted when a statement was computed are in the ledger by then."""

_STRUCTURE = """
SELECT count(*) AS count FROM audit_entry WHERE object_type IN ('Company', 'Headship', 'Holding', 'IncentiveRule',
    'Member', 'MemberGroup', 'Metric', 'OrgUnit', 'Placement', 'PolicySetting', 'Product', 'QuotaRelief', 'Review',
    'ReviewCycle')
    OR (object_type = 'Plan' AND action = 'plan.publish')
"""

_EARLIER = """
SELECT statement.id, statement.member_id, statement.carried_out, statement.advanced_after, statement.computed_at,
    statement.structure, statement.of_team, own.warnings <> '[]' AS warned, run.label, run.starts_on, run.ends_on
FROM incentive_statement AS statement
JOIN incentive_run AS run ON run.company_id = statement.company_id AND run.id = statement.run_id
JOIN incentive_run_member AS own ON own.company_id = statement.company_id AND own.run_id = statement.run_id
    AND own.member_id = statement.member_id
WHERE statement.member_id = ANY ($1::bigint[]) AND run.status = 'paid' AND run.grain = $2 AND run.ends_on <= $3
ORDER BY statement.member_id, run.starts_on
"""

_LATE = """
SELECT DISTINCT entry.member_id, entry.business_date
FROM unnest($1::bigint[], $2::timestamptz[]) AS paid (member_id, since)
JOIN achievement_entry AS entry ON entry.member_id = paid.member_id AND entry.posted_at >= paid.since
WHERE entry.posted_at >= $3 AND entry.business_date < $4
"""

_LATE_DAYS = "SELECT DISTINCT business_date FROM achievement_entry WHERE posted_at >= $1 AND business_date < $2"

_PAID = "SELECT id, outcomes, inputs FROM incentive_statement WHERE id = ANY ($1::bigint[])"

_OWN = """
SELECT statement_id, rule_key, sum(amount)::bigint AS amount, jsonb_agg(entries) AS entries FROM statement_line
WHERE statement_id = ANY ($1::bigint[]) AND num_nonnulls(corrects_statement_id, corrects_run_id, dispute_id) = 0
GROUP BY statement_id, rule_key
"""

_CORRECTED = """
SELECT line.corrects_statement_id AS statement_id, line.rule_key, sum(line.amount)::bigint AS amount
FROM statement_line AS line
JOIN incentive_statement AS own ON own.company_id = line.company_id AND own.id = line.statement_id
JOIN incentive_run AS run ON run.company_id = own.company_id AND run.id = own.run_id AND run.status = 'paid'
WHERE line.corrects_statement_id = ANY ($1::bigint[]) GROUP BY line.corrects_statement_id, line.rule_key
"""


async def structure_of(snapshot: Snapshot | Transaction) -> int:
    """How often the company's structure was changed so far."""
    row = await snapshot.fetch_one(_STRUCTURE)
    assert row is not None
    return int(row["count"])


@dataclass(frozen=True, slots=True)
class PaidStatement:
    """What was paid for an earlier period: each rule's balance, and what was corrected of it since.

    Where a member has no statement for it, `id` is None and `run_id` a paid run of the period. `chain` has all rules
    that are compared; one that counts no more comes to nothing now.
    """

    id: int | None
    label: str
    chain: Chain
    asked: Mapping[str, Any]
    paid: Mapping[str, int]
    corrected: Mapping[str, int]
    entries: frozenset[int]
    run_id: int | None = None


@dataclass(slots=True)
class Past:
    """What was paid to members before a period: what is carried over, and what to compute again.

    `restated` are cases of earlier periods that may have changed, with what was paid. `warnings` by member.
    """

    carried: dict[int, int] = field(default_factory=dict)
    advanced: dict[int, int] = field(default_factory=dict)
    restated: list[tuple[PaidStatement, Case]] = field(default_factory=list)
    warnings: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))


async def read_past(
    snapshot: Snapshot,
    company: CompanyFacts,
    calendar: CompanyCalendar,
    registry: PolicyRegistry,
    period: Period,
    member_ids: Sequence[int],
    structure: int,
) -> Past:
    """What was paid to members in periods of the grain before `period`, and what of that is to be computed again."""
    assert period.grain is not None
    rows = await snapshot.fetch(_EARLIER, list(member_ids), period.grain.value, period.starts_on)
    past, latest = Past(), {row["member_id"]: row for row in rows}
    for member_id, row in latest.items():
        past.carried[member_id], past.advanced[member_id] = row["carried_out"], row["advanced_after"]
    doubted: dict[tuple[str, date, date], list[Record]] = defaultdict(list)
    for row in await _doubted(snapshot, rows, latest, structure, period.starts_on):
        doubted[row["label"], row["starts_on"], row["ends_on"]].append(row)
    # By period, and not as they come: a member's lines have one order, whoever is computed with him.
    for (label, starts_on, ends_on), of_period in sorted(doubted.items(), key=lambda one: one[0][1:]):
        earlier = Period(label, Grain(period.grain), starts_on, ends_on)
        await _read_again(snapshot, company, calendar, registry, earlier, of_period, past)
    return past


async def _doubted(
    snapshot: Snapshot, rows: Sequence[Record], latest: Mapping[int, Record], structure: int, before: date
) -> list[Record]:
    """Those of the earlier statements that may have changed since the latest one was computed.

    All of a member's where that one could not look at each of them.
    """
    if not rows:
        return []
    since = {member_id: row["computed_at"] - LONGEST_TRANSACTION for member_id, row in latest.items()}
    late = await _late_days(snapshot, since, before)
    any_late: list[date] = []
    if any(row["of_team"] for row in rows):
        any_late = [row["business_date"] for row in await snapshot.fetch(_LATE_DAYS, min(since.values()), before)]

    def is_doubted(row: Record) -> bool:
        days = [*late.get(row["member_id"], ()), *(any_late if row["of_team"] else ())]
        last = latest[row["member_id"]]
        return (
            last["warned"]
            or last["structure"] != structure
            or any(row["starts_on"] <= day < row["ends_on"] for day in days)
        )

    return [row for row in rows if is_doubted(row)]


async def _late_days(snapshot: Snapshot, since: Mapping[int, datetime], before: date) -> dict[int, list[date]]:
    found: dict[int, list[date]] = defaultdict(list)
    for row in await snapshot.fetch(_LATE, list(since), list(since.values()), min(since.values()), before):
        found[row["member_id"]].append(row["business_date"])
    return found


async def _read_again(
    snapshot: Snapshot,
    company: CompanyFacts,
    calendar: CompanyCalendar,
    registry: PolicyRegistry,
    earlier: Period,
    rows: Sequence[Record],
    past: Past,
) -> None:
    """Add the cases of one earlier period whose facts are others by now, or that were corrected before."""
    paid = await _paid(snapshot, rows)
    chains: dict[int, PaidStatement] = {}
    for row in rows:
        one = paid[row["id"]]
        gone = _why_unavailable(one.chain, registry)
        if gone is None:
            chains[row["member_id"]] = one
        else:
            past.warnings[row["member_id"]].append(f"{earlier.label} is not looked at again: {gone}")
    needs = {member_id: needs_of(one.chain, registry) for member_id, one in chains.items() if one.chain}
    if not needs:
        return
    requests = await gather_requests(snapshot, company, calendar, earlier, needs)
    kinds = await attribute_kinds(snapshot, needs.values())
    for member_id, request in requests.items():
        one = chains[member_id]
        member = replace(request.member, attributes=attributes_paid_by(one.asked["member"], kinds))
        carried = {name: one.asked[name] for name in ("carried", "corrected", "advanced")}
        asked = replace(request, member=member, currency=one.asked["currency"], **carried)
        if facts_of(asked) != one.asked or any(one.corrected.values()):
            past.restated.append((one, Case(member_id, asked, one.chain)))


def _why_unavailable(chain: Chain, registry: PolicyRegistry) -> str | None:
    for rule in chain:
        try:
            rule.selected(registry)
        except InputError as error:
            return error.message
    return None


async def _paid(snapshot: Snapshot, rows: Sequence[Record]) -> dict[int, PaidStatement]:
    ids = [row["id"] for row in rows]
    labels = {row["id"]: row["label"] for row in rows}
    sums: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    entries: dict[int, set[int]] = defaultdict(set)
    for row in await snapshot.fetch(_OWN, ids):
        sums[row["statement_id"]][row["rule_key"]] += row["amount"]
        entries[row["statement_id"]].update(number for some in orjson.loads(row["entries"]) for number in some)
    corrected: dict[int, dict[str, int]] = defaultdict(dict)
    for row in await snapshot.fetch(_CORRECTED, ids):
        corrected[row["statement_id"]][row["rule_key"]] = row["amount"]
    found = {}
    for row in await snapshot.fetch(_PAID, ids):
        inputs = unpacked(row["inputs"])
        chain = tuple(ChainRule.of_json(one) for one in inputs["chain"])
        outcomes = orjson.loads(row["outcomes"])
        own = sums[row["id"]]
        balances = {rule.key: own.get(rule.key, 0) + _kept(outcomes.get(rule.key, {})) for rule in chain}
        before = {rule.key: corrected[row["id"]].get(rule.key, 0) for rule in chain}
        found[row["id"]] = PaidStatement(
            row["id"], labels[row["id"]], chain, inputs["asked"], balances, before, frozenset(entries[row["id"]])
        )
    return found


def _kept(outcome: Mapping[str, int]) -> int:
    return outcome.get("carry", 0) - outcome.get("advance", 0)


def corrections(paid: PaidStatement, case: Case) -> list[Line]:
    """What corrects an earlier statement whose case was computed again: a line for each rule that comes to another sum.

    In the order of the rules; none where all come to what was paid and corrected before.
    """
    now = case.balances()
    titles = {rule.key: rule for rule in paid.chain}
    return [
        _correction(paid, titles[key], now.get(key, 0), case)
        for key in titles
        if now.get(key, 0) != paid.paid[key] + paid.corrected[key]
    ]


def _correction(paid: PaidStatement, rule: ChainRule, now: int, case: Case) -> Line:
    before, since = paid.paid[rule.key], paid.corrected[rule.key]
    scale = currency_scale(case.asked.currency)
    lines = [line for line in case.lines if line.rule == rule.key]
    explanation = Explanation(
        f"By what is known now, {rule.title} comes to {format_amount(now, scale)} for {paid.label};"
        f" {format_amount(before + since, scale)} was paid.",
        (("paid", before), ("corrected before", since), ("now", now)),
        tuple(Explanation(line.title, (("amount", line.amount),), (line.explanation,)) for line in lines),
    )
    return Line(
        rule=rule.key,
        policy=rule.policy,
        key=f"correction:{paid.label}",
        title=f"Correction of {paid.label}: {rule.title}",
        amount=now - before - since,
        explanation=explanation.to_json(),
        entries=tuple(sorted({int(number) for line in lines for number in line.entries} - paid.entries)),
        corrects=paid.id,
        corrects_run=paid.run_id,
    )
