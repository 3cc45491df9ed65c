"""Open, expected, opened and closed deals, in one statement for all units or funnels and periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from quotaloom.funnels.figures.questions import Asked, FunnelStage
from quotaloom.funnels.figures.selecting import FENCED, Place, Selection
from quotaloom.funnels.figures.sums import APART, NO_DEALS, DealSums, sums_of, total
from quotaloom.platform.stretches import Turns
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import CompanyFacts

_AT_A_STRETCH: Final = 2_000
"""Of how many sums or periods, a place's that has no deals yet, facts are made before others may have the loop."""


def _sums() -> defaultdict[int, DealSums]:
    return defaultdict(DealSums)


@dataclass(slots=True)
class PeriodFacts:
    """The deals of one period.

    `opened` in it; `closed` in it, by the number of the stage; `expected` to close in what is left of it, by forecast
    category; `overdue`: open, and expected on a day of it that is over.
    """

    opened: DealSums = NO_DEALS
    closed: defaultdict[int, DealSums] = field(default_factory=_sums)
    expected: defaultdict[str, DealSums] = field(default_factory=lambda: defaultdict(DealSums))
    overdue: DealSums = NO_DEALS
    _ended: dict[str, DealSums] = field(default_factory=dict, init=False)

    def ended(self, stages: tuple[FunnelStage, ...], outcome: str) -> DealSums:
        """Those that were closed with an outcome, added up once: several figures follow from them."""
        if outcome not in self._ended:
            self._ended[outcome] = total(self.closed[stage.number] for stage in stages if stage.outcome == outcome)
        return self._ended[outcome]


@dataclass(slots=True)
class DealFacts:
    """The deals of one place: those that are open today, by the number of their stage, and those of each period."""

    periods: tuple[PeriodFacts, ...]
    open: defaultdict[int, DealSums] = field(default_factory=_sums)

    def of_stage(self, stage: FunnelStage, index: int) -> DealSums:
        """The deals in a stage: of an open one those of today, else those that came there in the period."""
        return (self.open if stage.outcome == "open" else self.periods[index].closed)[stage.number]


async def deal_facts(snapshot: Snapshot, company: CompanyFacts, asked: Asked) -> Mapping[Place, DealFacts]:
    """The deals of each place in one statement.

    Broken down, a place is there for every product or source that has a deal in any of the periods, or an open one;
    by name, those without one last. Otherwise each unit or funnel has the place with None.
    """
    rows = await snapshot.fetch(*_statement(snapshot, company, asked))
    found: dict[Place, DealFacts] = {}
    turns, length = Turns(_AT_A_STRETCH), len(asked.question.periods)
    if asked.question.by is None:
        for owner_id in asked.whose.owner_ids:
            found[owner_id, None] = _nothing(asked)
            await turns.done(length)
    for row in rows:
        await turns.done(1)
        place = row["owner_id"], row["grouped"]
        facts = found.get(place)
        if facts is None:
            facts = found[place] = _nothing(asked)
            await turns.done(length)
        kind, sums = row["kind"], sums_of(row)
        if kind == "open":
            facts.open[row["number"]] += sums
            continue
        period = facts.periods[row["slot"] - 1]
        match kind:
            case "opened":
                period.opened += sums
            case "closed":
                period.closed[row["number"]] += sums
            case "expected":
                period.expected[row["forecast"]] += sums
            case "overdue":
                period.overdue += sums
    return found


def _nothing(asked: Asked) -> DealFacts:
    return DealFacts(tuple(PeriodFacts() for _ in asked.question.periods))


def _statement(snapshot: Snapshot, company: CompanyFacts, asked: Asked) -> tuple[str, ...]:
    pick = Selection(snapshot, asked)
    worth, slots, today = pick.worth(company), pick.slots(), pick.today()
    opened, closed, expected = (
        f"coalesce({slots.of(day)}, 0)" for day in ("deal.opened_on", "deal.closed_on", "deal.expected_close_on")
    )
    sql = f"""
    {pick.begin}, valued AS (
        SELECT deal.position_id, {pick.group} AS grouped, deal.forecast, deal.currency, deal.amount, {worth.column},
            ((deal.stage_id * 512 + {opened}) * 512 + {closed}) * 512 + {expected} AS fact,
            deal.expected_close_on < {today} AS late
        FROM opportunity AS deal {worth.joins} WHERE {pick.matches}
    ), summed AS (
        SELECT key, count(*) AS count, count(amount) AS with_amount, sum(amount) AS original, sum(worth) AS worth
        FROM (
            SELECT ARRAY[{pick.position}, grouped, {APART}, forecast, late::text, fact::text] AS key, amount, worth
            FROM valued OFFSET 0
        ) AS {FENCED} GROUP BY key
    ), told AS (
        SELECT key[1]::bigint AS position_id, step.funnel_id, key[2] AS grouped, key[3] AS apart, key[4] AS forecast,
            key[5]::bool AS late, step.number, step.outcome = 'open' AS open, fact >> 18 & 511 AS opened,
            fact >> 9 & 511 AS closed, fact & 511 AS expected, count, with_amount, original, worth,
            worth * step.probability AS weight
        FROM summed CROSS JOIN LATERAL (SELECT key[6]::bigint AS fact) AS coded
        JOIN step ON step.stage_id = fact >> 27
    )
    SELECT {pick.owner} AS owner_id, grouped, kind, slot, stage AS number, category AS forecast, apart,
        sum(count)::bigint AS count, sum(with_amount)::bigint AS with_amount, coalesce(sum(original), 0) AS original,
        coalesce(sum(worth), 0) AS worth, coalesce(sum(weight), 0) AS weight
    FROM told {pick.join_owner} CROSS JOIN LATERAL (VALUES
        ('open', CASE WHEN open THEN 1 END, number, NULL),
        ('opened', opened, NULL, NULL),
        ('closed', CASE WHEN NOT open THEN closed END, number, NULL),
        ('expected', CASE WHEN open AND NOT late THEN expected END, NULL, forecast),
        ('overdue', CASE WHEN open AND late THEN expected END, NULL, NULL)
    ) AS fact (kind, slot, stage, category)
    WHERE slot > 0 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY owner_id, {pick.order}, apart
    """  # noqa: S608 (constants and numbers of parameters)
    return sql, *pick.values
