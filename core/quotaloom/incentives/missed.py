"""Earlier periods that others were paid for and a member was not, because nobody knew that he had a part in them.

An order is credited to him long after, or that he held a position is entered late: he has no statement that could be
corrected. A run of the whole company has settled the period for everybody, so what it comes to for him is due now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from asyncpg import Record

from quotaloom.calendars.company_calendar import CompanyCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.incentives.chains import Chain, ChainRule, chains_of, load_rules, needs_of
from quotaloom.incentives.computing import Case
from quotaloom.incentives.gathering import gather_requests
from quotaloom.incentives.restating import PaidStatement, Past
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts
from quotaloom.policies.registry import PolicyRegistry

# Who was credited in a settled period, or stood somewhere since a day that is known, and has no statement for it. A run
# of a subtree has settled it for its members, for who stood there on the period's last day, and for whom lines name it.
_UNPAID: Final = """
unpaid AS MATERIALIZED (
    SELECT run.company_id, run.id, run.label, run.starts_on, run.ends_on, run.unit_id, own.member_id
    FROM incentive_run AS run CROSS JOIN unnest($1::bigint[]) AS own (member_id)
    WHERE run.status = 'paid' AND run.grain = $2 AND run.ends_on <= $3 AND NOT EXISTS (
        SELECT FROM incentive_statement AS statement
        JOIN incentive_run AS paid ON paid.company_id = statement.company_id AND paid.id = statement.run_id
        WHERE statement.company_id = run.company_id AND statement.member_id = own.member_id AND paid.status = 'paid'
            AND paid.grain = run.grain AND paid.starts_on < run.ends_on AND run.starts_on < paid.ends_on
    )
), term AS (
    SELECT company_id, position_id AS unit_id, member_id, valid_from, valid_to FROM holding
    UNION ALL SELECT company_id, unit_id, member_id, valid_from, valid_to FROM headship
), given AS (
    SELECT line.company_id, line.corrects_run_id AS run_id, statement.member_id FROM statement_line AS line
    JOIN incentive_statement AS statement ON statement.company_id = line.company_id AND statement.id = line.statement_id
    WHERE line.corrects_run_id IS NOT NULL AND statement.member_id = ANY ($1)
), judged AS MATERIALIZED (SELECT run.*, EXISTS (
    SELECT FROM achievement_balance AS balance WHERE balance.company_id = run.company_id
        AND balance.member_id = run.member_id AND balance.business_date >= run.starts_on
        AND balance.business_date < run.ends_on
) AS credited, run.unit_id IS NULL OR EXISTS (
    SELECT FROM incentive_run_member AS there WHERE there.company_id = run.company_id AND there.run_id = run.id
        AND there.member_id = run.member_id
) OR EXISTS (
    SELECT FROM term JOIN unit_path AS path ON path.company_id = term.company_id AND path.unit_id = term.unit_id
        AND path.ancestor_id = run.unit_id AND path.valid_from < run.ends_on AND run.ends_on <= path.valid_to
    WHERE term.company_id = run.company_id AND term.member_id = run.member_id
        AND daterange(term.valid_from, term.valid_to) @> run.ends_on - 1
) OR EXISTS (
    SELECT FROM given WHERE given.company_id = run.company_id AND given.run_id = run.id
        AND given.member_id = run.member_id
) AS settled FROM unpaid AS run)
"""

_MISSED: Final = f"""
WITH {_UNPAID} SELECT DISTINCT ON (run.starts_on, run.ends_on, run.member_id) run.member_id, run.id, run.label,
    run.starts_on, run.ends_on
FROM judged AS run WHERE run.settled AND (run.credited OR EXISTS (
    SELECT FROM term WHERE term.company_id = run.company_id AND term.member_id = run.member_id
        AND term.valid_from < run.ends_on AND (term.valid_to IS NULL OR term.valid_to > run.starts_on)
) OR EXISTS (
    SELECT FROM given WHERE given.company_id = run.company_id AND given.run_id = run.id
        AND given.member_id = run.member_id
)) ORDER BY run.starts_on, run.ends_on, run.member_id, run.id
"""  # noqa: S608 (a constant)

# What was paid to others alone, and may still be run for him: he is in no paid run of a later period.
_AHEAD: Final = f"""
WITH {_UNPAID} SELECT DISTINCT run.member_id, run.label, run.starts_on
FROM judged AS run WHERE run.credited AND NOT EXISTS (
    SELECT FROM judged AS settled WHERE settled.settled AND settled.member_id = run.member_id
        AND settled.starts_on < run.ends_on AND run.starts_on < settled.ends_on
) AND NOT EXISTS (
    SELECT FROM incentive_run_member AS there
    JOIN incentive_run AS paid ON paid.company_id = there.company_id AND paid.id = there.run_id
    WHERE there.company_id = run.company_id AND there.member_id = run.member_id AND paid.status = 'paid'
        AND paid.grain = $2 AND paid.ends_on > run.starts_on
) ORDER BY run.starts_on, run.member_id
"""  # noqa: S608 (a constant)

# By the days of the period: which of its runs a line names does not matter.
_CORRECTED: Final = """
SELECT statement.member_id, missed.starts_on, missed.ends_on, line.rule_key, min(line.policy) AS policy,
    sum(line.amount)::bigint AS amount
FROM statement_line AS line
JOIN incentive_statement AS statement ON statement.company_id = line.company_id AND statement.id = line.statement_id
JOIN incentive_run AS run ON run.company_id = statement.company_id AND run.id = statement.run_id AND run.status = 'paid'
JOIN incentive_run AS missed ON missed.company_id = line.company_id AND missed.id = line.corrects_run_id
WHERE statement.member_id = ANY ($1::bigint[]) AND missed.grain = $2
GROUP BY statement.member_id, missed.starts_on, missed.ends_on, line.rule_key ORDER BY line.rule_key
"""

Corrected = Mapping[tuple[int, date, date], Sequence[Record]]


async def add_missed(
    snapshot: Snapshot,
    company: CompanyFacts,
    calendar: CompanyCalendar,
    registry: PolicyRegistry,
    period: Period,
    member_ids: Sequence[int],
    past: Past,
) -> None:
    """Add the cases of periods before `period` that members have no statement of, by the rules in force then.

    Nothing was carried over or advanced there. A member has a warning where the rules cannot be asked, and where a
    period that he was credited in was paid to others alone.
    """
    assert period.grain is not None
    for row in await snapshot.fetch(_AHEAD, list(member_ids), period.grain.value, period.starts_on):
        text = f"{row['label']} is paid to others and not to him: run it first where he is to be paid for it"
        past.warnings[row["member_id"]].append(text)
    rows = await snapshot.fetch(_MISSED, list(member_ids), period.grain.value, period.starts_on)
    if not rows:
        return
    corrected: dict[tuple[int, date, date], list[Record]] = defaultdict(list)
    for row in await snapshot.fetch(_CORRECTED, list(member_ids), period.grain.value):
        corrected[row["member_id"], row["starts_on"], row["ends_on"]].append(row)
    by_period: dict[tuple[str, date, date], list[Record]] = defaultdict(list)
    for row in rows:
        by_period[row["label"], row["starts_on"], row["ends_on"]].append(row)
    for (label, starts_on, ends_on), of_period in by_period.items():
        earlier = Period(label, Grain(period.grain), starts_on, ends_on)
        await _add(snapshot, company, calendar, registry, earlier, of_period, corrected, past)


async def _add(
    snapshot: Snapshot,
    company: CompanyFacts,
    calendar: CompanyCalendar,
    registry: PolicyRegistry,
    earlier: Period,
    rows: Sequence[Record],
    corrected: Corrected,
    past: Past,
) -> None:
    ids = [row["member_id"] for row in rows]
    try:
        rules = await load_rules(snapshot, registry, earlier)
    except InputError as error:
        for member_id in ids:
            past.warnings[member_id].append(f"{earlier.label}, of which he has no statement, is left out: {error}")
        return
    chains = await chains_of(snapshot, rules, ids, earlier)
    before = {one: corrected.get((one, earlier.starts_on, earlier.ends_on), ()) for one in ids}
    needs = {one: needs_of(chains[one], registry) for one in ids if chains[one] or before[one]}
    if not needs:
        return
    requests = await gather_requests(snapshot, company, calendar, earlier, needs)
    runs = {row["member_id"]: row["id"] for row in rows}
    for member_id, request in requests.items():
        missed = _missed(runs[member_id], earlier.label, chains[member_id], before[member_id])
        asked = replace(request, carried=0, corrected=0, advanced=0)
        past.restated.append((missed, Case(member_id, asked, chains[member_id])))


def _missed(run_id: int, label: str, chain: Chain, before: Sequence[Record]) -> PaidStatement:
    """Nothing was paid by any rule; what was given since may be of rules that do not count for him any more."""
    keys = {rule.key for rule in chain}
    gone = tuple(ChainRule(row["rule_key"], row["rule_key"], row["policy"], {}, "") for row in before)
    compared = (*chain, *(rule for rule in gone if rule.key not in keys))
    given = {row["rule_key"]: row["amount"] for row in before}
    return PaidStatement(
        id=None,
        label=label,
        chain=compared,
        asked={},
        paid={rule.key: 0 for rule in compared},
        corrected={rule.key: given.get(rule.key, 0) for rule in compared},
        entries=frozenset(),
        run_id=run_id,
    )
