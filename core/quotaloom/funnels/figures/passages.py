"""How deals pass through stages: how long they stayed, and how far those got that came into one in a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quotaloom.funnels.figures.days import DaySpread, spread_of, spread_sql
from quotaloom.funnels.figures.questions import Asked, FunnelStage
from quotaloom.funnels.figures.selecting import Place, Selection
from quotaloom.platform.unit_of_work import Snapshot

PassagePlace = tuple[Place, int, int]
"""A place, the index of a period, and the number of a stage."""


@dataclass(slots=True)
class Cohort:
    """The deals that came into one stage in one period for the first time.

    `reached` counts them by the numbers of the stages that they came to afterwards.
    """

    reached: defaultdict[frozenset[int], int] = field(default_factory=lambda: defaultdict(int))

    @property
    def entered(self) -> int:
        """How many deals it has."""
        return sum(self.reached.values())

    def came_to(self, stage: FunnelStage) -> int:
        """How many of them came to another stage afterwards."""
        return sum(count for reached, count in self.reached.items() if stage.number in reached)

    def advanced_to(self, later: Sequence[FunnelStage]) -> int:
        """How many of them came to one or more of some stages afterwards."""
        numbers = {stage.number for stage in later}
        return sum(count for reached, count in self.reached.items() if reached & numbers)


NOBODY_CAME = Cohort()


async def stays(snapshot: Snapshot, asked: Asked) -> Mapping[PassagePlace, DaySpread]:
    """The days from coming to leaving, of the stays in each stage that ended in each period; one statement.

    Where none ended there is no entry. Days are never below 0, though a move may be dated before the one before. A
    stay that began on a day that is not known has unknown days; one that ended on such a day is in no period.
    """
    pick = Selection(snapshot, asked)
    slot = pick.slots().of("left_on")
    ended = f"""
        SELECT position_id, funnel_id, grouped, number, {slot} AS slot,
            CASE WHEN left_on < came_on THEN 0 ELSE left_on - came_on END AS days FROM (
            SELECT {_moved(pick)}, lead(move.moved_on) OVER later AS left_on {_moves(pick)} WINDOW {_LATER}
        ) AS stay WHERE {slot} IS NOT NULL
    """  # noqa: S608 (constants and numbers of parameters)
    spread = spread_sql(pick.tallied(ended, number="int", slot="int", days="int"), "owner_id, grouped, number, slot")
    found = await snapshot.fetch(f"{pick.begin} {spread}", *pick.values)
    return {((row["owner_id"], row["grouped"]), row["slot"] - 1, row["number"]): spread_of(row) for row in found}


async def cohorts(snapshot: Snapshot, asked: Asked) -> Mapping[PassagePlace, Cohort]:
    """The deals that came into each stage in each period for the first time, as far as the day is known; one statement.

    Where none came there is no entry.
    """
    pick = Selection(snapshot, asked)
    slot, bit = pick.slots().of("came_on"), pick.step("bit", "move.to_stage_id")
    came = f"""
        SELECT position_id, funnel_id, grouped, number, {slot} AS slot, coalesce(after, bit # bit) AS reached FROM (
            SELECT {_moved(pick)}, {bit} AS bit, bit_or({bit}) OVER earlier AS before, bit_or({bit}) OVER later AS after
            {_moves(pick)} WINDOW {_EARLIER}, {_LATER}
        ) AS entry WHERE {slot} IS NOT NULL AND (before IS NULL OR bit & before = bit # bit)
    """  # noqa: S608 (constants and numbers of parameters)
    sql = f"{pick.begin} {pick.tallied(came, number='int', slot='int', reached='text')}"
    found: dict[PassagePlace, Cohort] = defaultdict(Cohort)
    for row in await snapshot.fetch(sql, *pick.values):
        cohort = found[(row["owner_id"], row["grouped"]), row["slot"] - 1, row["number"]]
        cohort.reached[pick.numbers_in(row["reached"])] += row["times"]
    return dict(found)


_OF_A_DEAL = "(PARTITION BY move.opportunity_id ORDER BY move.moved_at, move.id ROWS BETWEEN"
_EARLIER = f"earlier AS {_OF_A_DEAL} UNBOUNDED PRECEDING AND 1 PRECEDING)"
_LATER = f"later AS {_OF_A_DEAL} 1 FOLLOWING AND UNBOUNDED FOLLOWING)"


def _moved(pick: Selection) -> str:
    return f"""deal.position_id, deal.funnel_id, {pick.group} AS grouped, move.moved_on AS came_on,
        {pick.step("number", "move.to_stage_id")} AS number"""


def _moves(pick: Selection) -> str:
    return f"""FROM opportunity AS deal
        JOIN stage_move AS move ON move.company_id = deal.company_id AND move.opportunity_id = deal.id
        WHERE {pick.matches} AND {pick.entering}"""
