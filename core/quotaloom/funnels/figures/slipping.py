"""Deals that were expected to close in a period, and went beyond it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from quotaloom.funnels.figures.questions import Asked
from quotaloom.funnels.figures.selecting import Place, Selection
from quotaloom.funnels.figures.sums import APART, SUMS, DealSums, sums_of
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts


async def pushed(snapshot: Snapshot, company: CompanyFacts, asked: Asked) -> Mapping[tuple[Place, int], DealSums]:
    """The deals that were expected in each period and now stand beyond it, by place and index of the period.

    A deal was expected on every day that the audit tells to have been its expected close before it was changed, and on
    its present one if it is closed. It stands on the day it was closed, or else is expected to close by now; without
    either it is in no period. Each deal counts once a period. One statement; where nothing was pushed is no entry.
    """
    found: dict[tuple[Place, int], DealSums] = defaultdict(DealSums)
    for row in await snapshot.fetch(*_statement(snapshot, company, asked)):
        found[(row["owner_id"], row["grouped"]), row["slot"] - 1] += sums_of(row)
    return dict(found)


def _statement(snapshot: Snapshot, company: CompanyFacts, asked: Asked) -> tuple[str, ...]:
    pick = Selection(snapshot, asked)
    worth, slots = pick.worth(company), pick.slots()
    sql = f"""
    {pick.begin}, promised AS (
        SELECT deal.id, deal.expected_close_on AS day
        FROM opportunity AS deal JOIN step ON step.stage_id = deal.stage_id AND step.outcome <> 'open'
        WHERE {pick.matches} AND deal.closed_on > deal.expected_close_on
        UNION
        SELECT object_id, (before ->> 'expected_close_on')::date FROM audit_entry
        WHERE company_id = {pick.company} AND object_type = 'Opportunity' AND before ->> 'expected_close_on' IS NOT NULL
            AND before ->> 'expected_close_on' IS DISTINCT FROM after ->> 'expected_close_on'
    ), missed AS (
        SELECT DISTINCT id, slot, slot_end FROM (
            SELECT id, {slots.of("day")} AS slot, {slots.end(slots.of("day"))} AS slot_end FROM promised
        ) AS placed WHERE slot IS NOT NULL
    ), valued AS (
        SELECT deal.position_id, deal.funnel_id, {pick.group} AS grouped, missed.slot, step.probability, deal.amount,
            deal.currency, {worth.column}
        FROM missed JOIN opportunity AS deal ON deal.id = missed.id
        JOIN step ON step.stage_id = deal.stage_id {worth.joins}
        WHERE {pick.matches} AND coalesce(deal.closed_on, deal.expected_close_on) >= missed.slot_end
    )
    SELECT {pick.owner} AS owner_id, grouped, slot, {APART} AS apart, {SUMS}
    FROM valued {pick.join_owner} GROUP BY 1, 2, 3, 4 ORDER BY 4
    """  # noqa: S608 (constants and numbers of parameters)
    return sql, *pick.values
