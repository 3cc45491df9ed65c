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
    for row in await snapshot.fetch(*_statement(snapshot, asked)):
        passage = found[(row["owner_id"], row["grouped"]), row["slot"] - 1, row["number"]]
        if row["reached"] is None:
            passage.stays = spread_of(row)
        else:
            numbers = frozenset(place for place, bit in enumerate(row["reached"]) if bit == "1")
            passage.reached[numbers] += row["count"]
    return dict(found)


def _statement(snapshot: Snapshot, asked: Asked) -> tuple[str, ...]:
    pick = Selection(snapshot, asked)
    slots = pick.slots()
    owned = f"SELECT {pick.owner} AS owner_id, grouped, number"
    stays = (
        f"{owned}, {slots.of('left_on')} AS slot, left_on - came_on AS days"
        f" FROM walked {pick.join_owner} WHERE left_on IS NOT NULL"
    )
    sql = f"""
    {pick.begin}, walked AS MATERIALIZED (
        SELECT deal.position_id, deal.funnel_id, {pick.group} AS grouped, step.number, step.bit,
            move.moved_on AS came_on, lead(move.moved_on) OVER passing AS left_on,
            bit_or(step.bit) OVER (passing ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
            bit_or(step.bit) OVER (passing ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS after
        FROM opportunity AS deal
        JOIN stage_move AS move ON move.company_id = deal.company_id AND move.opportunity_id = deal.id
        JOIN step ON step.stage_id = move.to_stage_id WHERE {pick.matches}
        WINDOW passing AS (PARTITION BY move.opportunity_id ORDER BY move.moved_at, move.id)
    )
    SELECT owner_id, grouped, number, slot, NULL AS reached, count, total, median, p90, unknown
    FROM ({spread_sql(stays, "owner_id, grouped, number, slot")}) AS stayed WHERE slot IS NOT NULL
    UNION ALL
    SELECT owner_id, grouped, number, slot, reached, count(*), NULL, NULL, NULL, NULL FROM (
        {owned}, {slots.of("came_on")} AS slot, coalesce(after, bit # bit)::text AS reached
        FROM walked {pick.join_owner}
        WHERE came_on IS NOT NULL AND (before IS NULL OR bit & before = bit # bit)
    ) AS first WHERE slot IS NOT NULL GROUP BY 1, 2, 3, 4, 5
    """  # noqa: S608 (constants and numbers of parameters)
    return sql, *pick.values
