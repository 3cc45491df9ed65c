"""How long won deals took from their opening to their close."""

from __future__ import annotations

from collections.abc import Mapping

from quotaloom.funnels.figures.days import DaySpread, spread_of, spread_sql
from quotaloom.funnels.figures.questions import Asked
from quotaloom.funnels.figures.selecting import Place, Selection
from quotaloom.platform.unit_of_work import Snapshot


async def cycles(snapshot: Snapshot, asked: Asked) -> Mapping[tuple[Place, int], DaySpread]:
    """The days from opening to close of the deals won in each period, by place and index of the period.

    One statement; where nothing was won there is no entry.
    """
    pick = Selection(snapshot, asked)
    slots = pick.slots()
    won = f"""
        SELECT deal.position_id, deal.funnel_id, {pick.group} AS grouped, {slots.of("deal.closed_on")} AS slot,
            deal.closed_on - deal.opened_on AS days
        FROM opportunity AS deal JOIN step ON step.stage_id = deal.stage_id AND step.outcome = 'won'
        WHERE {pick.matches} AND {slots.of("deal.closed_on")} IS NOT NULL
    """  # noqa: S608 (constants and numbers of parameters)
    spread = spread_sql(pick.tallied(won, slot="int", days="int"), "owner_id, grouped, slot")
    found = await snapshot.fetch(f"{pick.begin} {spread}", *pick.values)
    return {((row["owner_id"], row["grouped"]), row["slot"] - 1): spread_of(row) for row in found}
