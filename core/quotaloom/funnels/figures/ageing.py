"""Open deals that have been in their stage for longer than it allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from quotaloom.funnels.figures.questions import Asked
from quotaloom.funnels.figures.selecting import Place, Selection
from quotaloom.funnels.figures.sums import APART, NO_DEALS, SUMS, DealSums, sums_of
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts


@dataclass(frozen=True, slots=True)
class Ageing:
    """The deals of a stage that have been there for more days than its age limit, and how many might have been.

    Of the latter the day on which they came is not known.
    """

    too_old: DealSums = NO_DEALS
    unknown: int = 0


NOT_OLD = Ageing()


async def ageing(snapshot: Snapshot, company: CompanyFacts, asked: Asked) -> Mapping[tuple[Place, int], Ageing]:
    """The ageing of each place and number of a stage, as of today, in one statement.

    A deal is held against the limit of the version that it follows; where that has none, it is never too old.
    """
    found: dict[tuple[Place, int], Ageing] = defaultdict(Ageing)
    for row in await snapshot.fetch(*_statement(snapshot, company, asked)):
        place = (row["owner_id"], row["grouped"]), row["number"]
        so_far = found[place]
        if row["known"]:
            found[place] = Ageing(so_far.too_old + sums_of(row), so_far.unknown)
        else:
            found[place] = Ageing(so_far.too_old, so_far.unknown + row["count"])
    return dict(found)


def _statement(snapshot: Snapshot, company: CompanyFacts, asked: Asked) -> tuple[str, ...]:
    pick = Selection(snapshot, asked)
    worth, today = pick.worth(company), pick.today()
    sql = f"""
    {pick.begin}, waiting AS (
        SELECT deal.position_id, deal.funnel_id, {pick.group} AS grouped, step.number, step.probability,
            latest.moved_on IS NOT NULL AS known, deal.amount, deal.currency, {worth.column}
        FROM opportunity AS deal
        JOIN step ON step.stage_id = deal.stage_id AND step.outcome = 'open' AND step.age_limit IS NOT NULL
        CROSS JOIN LATERAL (
            SELECT moved_on FROM stage_move AS move
            WHERE move.company_id = deal.company_id AND move.opportunity_id = deal.id AND {pick.entering}
            ORDER BY moved_at DESC, id DESC LIMIT 1
        ) AS latest {worth.joins}
        WHERE {pick.matches} AND (latest.moved_on IS NULL OR {today} - latest.moved_on > step.age_limit)
    )
    SELECT {pick.owner} AS owner_id, grouped, number, known, {APART} AS apart, {SUMS}
    FROM waiting {pick.join_owner} GROUP BY 1, 2, 3, 4, 5 ORDER BY 5
    """  # noqa: S608 (constants and numbers of parameters)
    return sql, *pick.values
