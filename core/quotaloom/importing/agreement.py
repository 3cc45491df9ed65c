"""Whether a company that exists already can take what was read, asked before anything is written."""

from __future__ import annotations

from itertools import islice

from quotaloom.funnels.stages import NewFunnel, Outcome
from quotaloom.importing.bad_rows import BadRow, ImportRefused
from quotaloom.importing.mapping import ImportMapping
from quotaloom.importing.records import DealRecord, Records
from quotaloom.metrics.built_in import POSTED_BY_WINS
from quotaloom.metrics.reads import metrics_by_key
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts

_AT_ONCE = 10_000

_VACANT = """
SELECT deal.key, org_unit.name FROM unnest($1::text[], $2::text[], $3::date[]) AS deal (key, position_key, closed_on)
JOIN org_unit ON org_unit.key = deal.position_key
WHERE NOT EXISTS (SELECT FROM opportunity WHERE opportunity.key = deal.key)
    AND NOT EXISTS (
        SELECT FROM holding WHERE holding.position_id = org_unit.id
            AND daterange(holding.valid_from, holding.valid_to) @> deal.closed_on
    )
"""


async def check_agreement(snapshot: Snapshot, company: CompanyFacts, mapping: ImportMapping, records: Records) -> None:
    """Raise for what does not go together with what is stored.

    `InputError` OTHER_CURRENCY, OTHER_STAGES, NO_METRIC; `ImportRefused` for units whose key is that of a unit of
    another kind, and for won deals of a position that nobody held on the close date.
    """
    if company.currency != mapping.company.currency:
        raise InputError(
            "OTHER_CURRENCY",
            f"{company.key!r} counts in {company.currency}, the files are in {mapping.company.currency}:"
            " import them into a company of that currency",
            ("company",),
        )
    bad = await _units_of_other_kinds(snapshot, mapping.team_list.file, records)
    if mapping.opportunities is not None:
        await _check_funnel(snapshot, mapping.opportunities.funnel)
        bad += await _wins_of_nobody(snapshot, mapping.opportunities.file, records)
    if bad:
        raise ImportRefused(bad)


async def _units_of_other_kinds(snapshot: Snapshot, file: str, records: Records) -> list[BadRow]:
    stored = {row["key"]: row["kind"] for row in await snapshot.fetch("SELECT key, kind FROM org_unit")}
    return [
        BadRow(file, unit.line, None, f"{unit.key!r} is a {unit.kind} here, but a {stored[unit.key]} in the company")
        for unit in records.units
        if stored.get(unit.key, unit.kind) != unit.kind
    ]


async def _check_funnel(snapshot: Snapshot, funnel: NewFunnel) -> None:
    metrics = {row["key"] for row in await metrics_by_key(snapshot, POSTED_BY_WINS)}
    if missing := [key for key in POSTED_BY_WINS if key not in metrics]:
        raise InputError("NO_METRIC", f"a won deal counts for {' and '.join(missing)}: define the metric first")
    rows = await snapshot.fetch(
        "SELECT stage.key, stage.outcome FROM funnel JOIN stage ON stage.company_id = funnel.company_id"
        " AND stage.funnel_id = funnel.id AND stage.version_number = funnel.latest_version WHERE funnel.key = $1",
        funnel.key,
    )
    stored = {row["key"]: row["outcome"] for row in rows}
    other = [stage.key for stage in funnel.stages if stored.get(stage.key) != stage.outcome.value]
    if stored and other:
        raise InputError(
            "OTHER_STAGES",
            f"the company's funnel {funnel.key!r} lacks {', '.join(other)}: give the mapping another funnel_key,"
            " or its stages the keys and outcomes of that funnel",
        )


async def _wins_of_nobody(snapshot: Snapshot, file: str, records: Records) -> list[BadRow]:
    bad = []
    won = iter([deal for deal in records.deals if deal.outcome is Outcome.WON])
    while some := list(islice(won, _AT_ONCE)):
        rows = await snapshot.fetch(
            _VACANT,
            [deal.key for deal in some],
            [deal.position_key for deal in some],
            [deal.closed_on for deal in some],
        )
        vacant = {row["key"]: row["name"] for row in rows}
        bad += [_nobody(file, deal, vacant[deal.key]) for deal in some if deal.key in vacant]
    return bad


def _nobody(file: str, deal: DealRecord, position: str) -> BadRow:
    reason = f"nobody held {position} on {deal.closed_on}, when the deal was won: enter who did"
    return BadRow(file, deal.line, None, reason)
