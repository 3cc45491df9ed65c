"""The statements of some members of a run, computed together: read, asked for, stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from quotaloom.calendars.company_calendar import CompanyCalendar, load_calendar
from quotaloom.calendars.periods import Period
from quotaloom.incentives.chains import Chain, chains_of, load_rules, needs_of
from quotaloom.incentives.computing import Case, compute
from quotaloom.incentives.figures import load_metrics
from quotaloom.incentives.gathering import Requests, gather_requests
from quotaloom.incentives.granted import granted_lines
from quotaloom.incentives.missed import add_missed
from quotaloom.incentives.restated import restate
from quotaloom.incentives.restating import Past, corrections, read_past, structure_of
from quotaloom.incentives.statements import Line, Statement, make_statement
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts, Work
from quotaloom.policies.host import PolicyHost


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read for some members of one moment; `structure` is that of `structure_of`."""

    requests: Requests
    chains: Mapping[int, Chain]
    past: Past
    granted: Mapping[int, Sequence[Line]]
    context: Mapping[str, Any]
    structure: int


@dataclass(frozen=True, slots=True)
class Computed:
    """Statements, and the warnings of members, of one moment."""

    statements: Sequence[Statement]
    warnings: Mapping[int, Sequence[str]]
    structure: int


async def compute_members(work: Work, host: PolicyHost, period: Period, member_ids: Sequence[int]) -> Computed:
    """The statements of members for a period, as of one moment; nothing is stored.

    A member without rules has one only where an earlier period is corrected, or something was granted. Raises
    `RunFailed`; `InputError` POLICY_OFF and POLICY_UNAVAILABLE where the rules in force cannot be asked.
    """
    async with work.snapshot() as snapshot:
        gathered = await gather(snapshot, work.company, host, period, member_ids)
    return await decide(host, gathered, period, company_id=work.company.id)


async def gather(
    snapshot: Snapshot, company: CompanyFacts, host: PolicyHost, period: Period, member_ids: Sequence[int]
) -> Gathered:
    """Read what the statements of these members follow from, in as many statements for one member as for hundreds."""
    calendar = await load_calendar(snapshot, company)
    rules = await load_rules(snapshot, host.registry, period)
    chains = await chains_of(snapshot, rules, member_ids, period)
    needs = {member_id: needs_of(chain, host.registry) for member_id, chain in chains.items()}
    structure = await structure_of(snapshot)
    past = await read_past(snapshot, company, calendar, host.registry, period, member_ids, structure)
    await add_missed(snapshot, company, calendar, host.registry, period, member_ids, past)
    return Gathered(
        requests=await gather_requests(snapshot, company, calendar, period, needs),
        chains=chains,
        past=past,
        granted=await granted_lines(snapshot, period, member_ids),
        context=await _context(snapshot, company, calendar, period),
        structure=structure,
    )


async def _context(
    snapshot: Snapshot, company: CompanyFacts, calendar: CompanyCalendar, period: Period
) -> dict[str, Any]:
    """Calendar and plan versions by which figures were read: kept with the inputs."""
    metrics = await load_metrics(snapshot, period)
    keys = {metric["id"]: metric["key"] for metric in metrics.rows}
    exceptions: Mapping[date, bool] = calendar.working.exceptions
    return {
        "time_zone": company.time_zone,
        "fiscal_start_month": company.fiscal_start_month,
        "calendar_pattern": company.calendar_pattern,
        "working_weekdays": list(company.working_weekdays),
        "exceptions": {day.isoformat(): exceptions[day] for day in sorted(exceptions) if day in period},
        "plan_versions": {keys[metric_id]: list(versions) for metric_id, versions in metrics.planned.items()},
    }


async def decide(host: PolicyHost, gathered: Gathered, period: Period, *, company_id: int) -> Computed:
    """Ask the policies: first what earlier periods come to now, then for the period itself.

    Nothing of `gathered` changes. Raises `RunFailed`.
    """
    past = gathered.past
    restated, warnings = await restate(host, past, company_id=company_id)
    corrected: dict[int, list[Line]] = defaultdict(list)
    for paid, case in restated:
        corrected[case.member_id] += corrections(paid, case)
    for member_id, lines in gathered.granted.items():
        corrected[member_id] += lines
    cases = [
        Case(member_id, _asked(request, past, member_id, corrected[member_id]), gathered.chains[member_id])
        for member_id, request in gathered.requests.items()
        if gathered.chains[member_id] or corrected[member_id]
    ]
    await compute(host, cases, company_id=company_id)
    return Computed(
        [
            make_statement(
                case, corrected[case.member_id], period, gathered.context, needs_of(case.chain, host.registry)
            )
            for case in cases
        ],
        warnings,
        gathered.structure,
    )


def _asked(request: Any, past: Past, member_id: int, lines: Sequence[Line]) -> Any:
    return replace(
        request,
        carried=past.carried.get(member_id, 0),
        corrected=sum(line.amount for line in lines),
        advanced=past.advanced.get(member_id, 0),
    )
