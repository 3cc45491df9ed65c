"""How deals pass through stages: how long they stayed, and how far those got that came into one in a period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quotaloom.funnels.figures.days import NO_DAYS, DaySpread, spread_of, spread_sql
from quotaloom.funnels.figures.questions import Asked, FunnelStage
from quotaloom.funnels.figures.selecting import Place, Selection
from quotaloom.platform.unit_of_work import Snapshot


@dataclass(slots=True)
class Passage:
    """What passed through one stage in one period.

    `stays`: the days from coming to leaving, of stays that ended in the period. `reached`: how many deals came there
    in the period for the first time, by the numbers of the stages that they came to afterwards.
    """

    stays: DaySpread = NO_DAYS
    reached: defaultdict[frozenset[int], int] = field(default_factory=lambda: defaultdict(int))

    @property
    def entered(self) -> int:
        """How many deals came there in the period for the first time."""
        return sum(self.reached.values())

    def came_to(self, stage: FunnelStage) -> int:
        """How many of these came to another stage afterwards."""
        return sum(count for reached, count in self.reached.items() if stage.number in reached)

    def advanced_to(self, later: Sequence[FunnelStage]) -> int:
        """How many of these came to one or more of some stages afterwards."""
        numbers = {stage.number for stage in later}
        return sum(count for reached, count in self.reached.items() if reached & numbers)


NOTHING_PASSED = Passage()

PassagePlace = tuple[Place, int, int]
"""A place, the index of a period, and the number of a stage."""


async def passages(snapshot: Snapshot, asked: Asked) -> Mapping[PassagePlace, Passage]:
    """What passed through each stage in each period, from the record of moves; one statement.

    Where nothing passed there is no entry. Moves without a day are in no period; a stay that ended in one but began
    on a day that is not known has unknown days.
    """
    found: dict[PassagePlace, Passage] = defaultdict(Passage)
    pick = Selection(snapshot, asked)
    for row in await snapshot.fetch(_statement(pick), *pick.values):
        passage = found[(row["owner_id"], row["grouped"]), row["slot"] - 1, row["number"]]
        if row["reached"] is None:
            passage.stays = spread_of(row)
        else:
            passage.reached[pick.numbers_in(row["reached"])] += row["count"]
    return dict(found)


def _statement(pick: Selection) -> str:
    slots, bit = pick.slots(), pick.step("bit", "move.to_stage_id")
    key = "SELECT position_id, funnel_id, grouped, number"
    stays = f"{key}, left_slot AS slot, days FROM walked WHERE left_slot IS NOT NULL"
    first = f"{key}, came_slot AS slot, reached FROM walked WHERE came_slot IS NOT NULL"
    stayed = spread_sql(pick.tallied(stays, number="int", slot="int", days="int"), "owner_id, grouped, number, slot")
    return f"""
    {pick.begin}, walked AS MATERIALIZED (
        SELECT * FROM (
            SELECT position_id, funnel_id, grouped, number, left_on - came_on AS days,
                {slots.of("left_on")} AS left_slot,
                CASE WHEN before IS NULL OR bit & before = bit # bit THEN {slots.of("came_on")} END AS came_slot,
                coalesce(after, bit # bit) AS reached
            FROM (
                SELECT deal.position_id, deal.funnel_id, {pick.group} AS grouped, {bit} AS bit,
                    {pick.step("number", "move.to_stage_id")} AS number, move.moved_on AS came_on,
                    lead(move.moved_on) OVER later AS left_on, bit_or({bit}) OVER earlier AS before,
                    bit_or({bit}) OVER later AS after
                FROM opportunity AS deal
                JOIN stage_move AS move ON move.company_id = deal.company_id AND move.opportunity_id = deal.id
                WHERE {pick.matches} AND {pick.entering}
                WINDOW earlier AS (PARTITION BY move.opportunity_id ORDER BY move.moved_at, move.id
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                later AS (PARTITION BY move.opportunity_id ORDER BY move.moved_at, move.id
                    ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
            ) AS passing
        ) AS placed WHERE left_slot IS NOT NULL OR came_slot IS NOT NULL
    )
    SELECT owner_id, grouped, number, slot, NULL AS reached, count, total, median, p90, unknown
    FROM ({stayed}) AS stayed
    UNION ALL
    SELECT owner_id, grouped, number, slot, reached, times, NULL, NULL, NULL, NULL
    FROM ({pick.tallied(first, number="int", slot="int", reached="text")}) AS cohort
    """  # noqa: S608 (constants and numbers of parameters)
