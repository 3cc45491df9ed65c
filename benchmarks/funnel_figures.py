"""Figures of a funnel with a million opportunities."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import asyncpg

from benchmarks.companies import Planted, plant
from benchmarks.databases import FreshDatabase, fresh_database
from benchmarks.measuring import Bench, Row, Stopwatch, compared, run
from quotaloom.calendars.company_calendar import load_calendar
from quotaloom.calendars.periods import Grain, date_range
from quotaloom.funnels.commands.funnels import create_funnel
from quotaloom.funnels.figures.answers import Answer, funnel_figures
from quotaloom.funnels.figures.cycles import cycles
from quotaloom.funnels.figures.passages import cohorts, stays
from quotaloom.funnels.figures.questions import FunnelQuestion, Whose
from quotaloom.funnels.stages import NewFunnel, NewStage, Outcome
from quotaloom.platform.unit_of_work import Snapshot

TITLE = "Figures of a funnel"
FAN_OUT = (10, 10, 10)
DEALS = 1_000_000
ROUNDS = 3
SPAN = date_range(date(2016, 7, 1), date(2017, 7, 1))

FUNNEL = NewFunnel(
    "sales",
    "Sales",
    [
        NewStage("lead", "Lead", Outcome.OPEN, Decimal("0.1")),
        NewStage("offer", "Offer", Outcome.OPEN, Decimal("0.5")),
        NewStage("won", "Won", Outcome.WON, Decimal(1)),
        NewStage("lost", "Lost", Outcome.LOST, Decimal(0)),
    ],
)

# Of ten deals four are won, two lost, two have an offer and two are leads. They are opened in 2016.
_OPPORTUNITIES = """
INSERT INTO opportunity (company_id, key, name, funnel_id, stage_id, position_id, amount, currency, amount_estimated,
    opened_on, expected_close_on, closed_on, source, wins, version)
SELECT $1, 'd' || n, 'Deal ' || n, $2, ($3::bigint[])[CASE WHEN n % 10 < 4 THEN 3 WHEN n % 10 < 6 THEN 4
        WHEN n % 10 < 8 THEN 2 ELSE 1 END], ($4::bigint[])[1 + n::bigint * 7919 % cardinality($4::bigint[])],
    100000 + n % 1000, 'CNY', false, opened_on, opened_on + 250,
    CASE WHEN n % 10 < 6 THEN opened_on + 2 + n % 40 + n % 90 END, 'web', (n % 10 < 4)::int, 1
FROM generate_series(1, $5) AS n CROSS JOIN LATERAL (SELECT date '2016-01-01' + n * 37 % 240 AS opened_on) AS began
"""

# In the order in which they happened, so that the moves of a deal lie apart.
_MOVES = """
INSERT INTO stage_move (company_id, opportunity_id, from_stage_id, to_stage_id, moved_at, moved_on, actor)
SELECT company_id, id, from_stage_id, to_stage_id, moved_on, moved_on, 'bench' FROM (
    SELECT company_id, id, NULL::bigint AS from_stage_id, ($1::bigint[])[1] AS to_stage_id, opened_on AS moved_on
    FROM opportunity
    UNION ALL SELECT company_id, id, ($1)[1], ($1)[2], opened_on + 1 + amount::int % 40 FROM opportunity
    WHERE stage_id <> ($1)[1]
    UNION ALL SELECT company_id, id, ($1)[2], stage_id, closed_on FROM opportunity WHERE closed_on IS NOT NULL
) AS moved ORDER BY moved_on
"""

_SUMS_BY_HAND = (
    """SELECT stage.key, count(*), sum(amount) AS amount, round(sum(amount * win_probability)) AS weighted
    FROM opportunity JOIN stage ON stage.id = stage_id WHERE outcome = 'open' GROUP BY stage.key""",
    """SELECT date_trunc('month', closed_on) AS month, stage.key, count(*), sum(amount) AS amount
    FROM opportunity JOIN stage ON stage.id = stage_id WHERE outcome <> 'open' GROUP BY 1, 2""",
    """SELECT date_trunc('month', opened_on) AS month, count(*), sum(amount), round(sum(amount * win_probability))
    FROM opportunity JOIN stage ON stage.id = stage_id GROUP BY 1""",
    """SELECT date_trunc('month', expected_close_on) AS month, expected_close_on < date '2017-01-02' AS late, forecast,
        count(*), sum(amount), round(sum(amount * win_probability))
    FROM opportunity JOIN stage ON stage.id = stage_id WHERE outcome = 'open' GROUP BY 1, 2, 3""",
)

_TREE_BY_HAND = """SELECT path.ancestor_id, date_trunc('month', closed_on) AS month, stage.key, count(*), sum(amount)
FROM opportunity AS deal JOIN stage ON stage.id = stage_id
JOIN unit_path AS path ON path.unit_id = deal.position_id GROUP BY 1, 2, 3"""

_CYCLES_BY_HAND = """SELECT date_trunc('month', closed_on) AS month, count(*),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY closed_on - opened_on) AS median,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY closed_on - opened_on) AS p90
FROM opportunity JOIN stage ON stage.id = stage_id
WHERE outcome = 'won' AND closed_on >= $1 AND closed_on < $2 GROUP BY 1
"""

_STAYS_BY_HAND = """
SELECT stage_id, date_trunc('month', left_on) AS month, count(*),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY left_on - came_on) AS median,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY left_on - came_on) AS p90
FROM (
    SELECT to_stage_id AS stage_id, moved_on AS came_on,
        lead(moved_on) OVER (PARTITION BY opportunity_id ORDER BY moved_at, id) AS left_on
    FROM stage_move
) AS stay WHERE left_on >= $1 AND left_on < $2 GROUP BY 1, 2
"""

# Nobody comes to a stage twice here, which saves the hand its question for the first time.
_COHORTS_BY_HAND = """
SELECT came.to_stage_id, date_trunc('month', came.moved_on) AS month, later.to_stage_id AS later_id,
    count(DISTINCT came.opportunity_id) AS count
FROM stage_move AS came LEFT JOIN stage_move AS later ON later.opportunity_id = came.opportunity_id
    AND (later.moved_at, later.id) > (came.moved_at, came.id)
WHERE came.moved_on >= $1 AND came.moved_on < $2 GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class _Company:
    planted: Planted
    units: tuple[int, ...]
    funnel_id: int
    stage_ids: Sequence[int]


Figures = Callable[[Snapshot, Whose, FunnelQuestion], Awaitable[Sequence[Answer]]]


def measure(bench: Bench) -> Iterator[Row]:
    """A million deals of a thousand positions below 111 units, 2.4 million moves, twelve months."""
    watch = Stopwatch()
    run(_measure(bench, watch))
    yield compared(
        "12 months of a funnel: open, opened, closed, expected, overdue",
        watch.median("sums"),
        "four GROUP BYs by hand of the same sums",
        watch.median("sums by hand"),
    )
    yield compared(
        "the same of each of its 1,111 units",
        watch.median("tree"),
        "one GROUP BY by hand of what was closed",
        watch.median("tree by hand"),
    )
    yield compared(
        "days from opening to close: median, p90",
        watch.median("cycles"),
        "percentile_disc by hand",
        watch.median("cycles by hand"),
    )
    yield compared(
        "days in each stage: median, p90",
        watch.median("stays"),
        "lead and percentile_disc by hand",
        watch.median("stays by hand"),
    )
    yield compared(
        "conversion from stage to stage by cohort",
        watch.median("cohorts"),
        "a join of moves with later moves by hand",
        watch.median("cohorts by hand"),
    )


async def _measure(bench: Bench, watch: Stopwatch) -> None:
    async with fresh_database(bench.server) as fresh:
        company = await _prepare(bench, fresh)
        for number in range(ROUNDS):
            bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
            await _round(fresh.plain, company, watch)


async def _prepare(bench: Bench, fresh: FreshDatabase) -> _Company:
    bench.tell(f"{TITLE}: planting the tree")
    planted = await plant(fresh.database, FAN_OUT)
    funnel_id = await create_funnel(planted.work, FUNNEL)
    stages = await fresh.plain.fetch("SELECT id FROM stage ORDER BY ordinal")
    stage_ids = [stage["id"] for stage in stages]
    bench.tell(f"{TITLE}: entering {DEALS:,} deals")
    # What is entered here refers to what is there; checking that for each row would take minutes.
    await fresh.plain.execute("SET session_replication_role = replica")
    company_id, positions = planted.work.company.id, list(planted.positions)
    await fresh.plain.execute(_OPPORTUNITIES, company_id, funnel_id, stage_ids, positions, DEALS, timeout=600)
    await fresh.plain.execute(_MOVES, stage_ids, timeout=600)
    await fresh.plain.execute("SET session_replication_role = DEFAULT")
    await fresh.plain.execute("VACUUM ANALYZE", timeout=600)
    units = tuple(unit for level in planted.levels for unit in level)
    return _Company(planted, units, funnel_id, stage_ids)


async def _round(plain: asyncpg.Connection, company: _Company, watch: Stopwatch) -> None:
    work = company.planted.work
    async with work.snapshot() as snapshot:
        # On a busy machine a statement may take longer than the product lets it: it is to be measured all the same.
        await snapshot.fetch("SELECT set_config('statement_timeout', '600000', true)")
        calendar = await load_calendar(snapshot, work.company)
        question = FunnelQuestion(tuple(calendar.fiscal.periods(SPAN, Grain.MONTH)), work.today)
        own, tree = Whose((company.funnel_id,)), Whose((company.funnel_id,), company.units)
        with watch.lap("sums"):
            answers = await funnel_figures(snapshot, work.company, own, question)
        with watch.lap("cycles"):
            took = await cycles(snapshot, answers[0].asked)
        with watch.lap("stays"):
            stayed = await stays(snapshot, answers[0].asked)
        with watch.lap("cohorts"):
            came = await cohorts(snapshot, answers[0].asked)
        with watch.lap("tree"):
            below = await funnel_figures(snapshot, work.company, tree, question)
    with watch.lap("sums by hand"):
        open_rows, closed, *_ = [await plain.fetch(sql) for sql in _SUMS_BY_HAND]
    with watch.lap("tree by hand"):
        await plain.fetch(_TREE_BY_HAND)
    span = (SPAN.starts_on, SPAN.ends_on)
    with watch.lap("cycles by hand"):
        spread = await plain.fetch(_CYCLES_BY_HAND, *span)
    with watch.lap("stays by hand"):
        stay_rows = await plain.fetch(_STAYS_BY_HAND, *span)
    with watch.lap("cohorts by hand"):
        cohort_rows = await plain.fetch(_COHORTS_BY_HAND, *span)
    root = {answer.number: answer for answer in below if answer.owner_id == company.units[0]}
    for answer in (answers[0], root[0]):
        _require_same(f"{len(open_rows)} open stages", answer.open.count, sum(row["count"] for row in open_rows))
    months = {period.starts_on: number for number, period in enumerate(question.periods)}
    _require_same("won", *_won(answers, root, closed, months))
    place = answers[0].place
    for row in spread:
        found = took[place, months[row["month"].date()]]
        _require_same("a cycle", (found.count, found.median, found.p90), (row["count"], row["median"], row["p90"]))
    numbers = {stage_id: number for number, stage_id in enumerate(company.stage_ids)}
    for row in stay_rows:
        found = stayed[place, months[row["month"].date()], numbers[row["stage_id"]]]
        _require_same("a stay", (found.count, found.median, found.p90), (row["count"], row["median"], row["p90"]))
    stages = answers[0].stages
    for row in cohort_rows:
        if row["later_id"] is not None:
            cohort = came[place, months[row["month"].date()], numbers[row["to_stage_id"]]]
            _require_same("a cohort", cohort.came_to(stages[numbers[row["later_id"]]]), row["count"])


def _won(
    answers: Sequence[Answer], root: Mapping[int, Answer], closed: Sequence[asyncpg.Record], months: Mapping[date, int]
) -> tuple[object, object, object]:
    by_hand = {
        months[row["month"].date()]: int(row["amount"])
        for row in closed
        if row["key"] == "won" and row["month"].date() in months
    }
    found = {answer.number: answer.ended("won").amount for answer in answers if answer.ended("won").count}
    of_root = {number: answer.ended("won").amount for number, answer in root.items() if answer.ended("won").count}
    return found, of_root, by_hand


def _require_same(what: str, *figures: object) -> None:
    if any(figure != figures[0] for figure in figures):
        raise AssertionError(f"{what}: {figures}")
