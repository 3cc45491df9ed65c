"""The target-attainment report of a year: pages ordered by rate, of units and of members, and a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import asyncpg

from benchmarks.attaining import PlannedCompany, by_hand, prepare
from benchmarks.databases import fresh_database
from benchmarks.measuring import Bench, Row, Stopwatch, compared, run
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.reports.attainment import attainment_page, attainment_report, attainment_totals
from quotaloom.reports.attainment_columns import ReportRow
from quotaloom.reports.exporting import export_attainment
from quotaloom.reports.ordering import SortBy
from quotaloom.reports.requests import ReportRequest, RowsOf, reader_of

TITLE = "The target-attainment report"
ROUNDS = 5
PAGE = 100
TOLD = ("achieved", "target", "assessment", "stretch", "rate", "gap", "status", "pace")
"""What is read of the rows that are shown."""

# What one would write by hand where nobody moves and every position has one holder.
_UNITS_BY_HAND = """
WITH own AS (
    SELECT position_id, sum(direct) AS achieved FROM achievement_balance
    WHERE company_id = $1 AND metric_id = $2 AND business_date >= $3 AND business_date < $4 GROUP BY position_id
), summed AS (
    SELECT path.ancestor_id AS id, sum(own.achieved) AS achieved
    FROM own JOIN unit_path path ON path.company_id = $1 AND path.unit_id = own.position_id GROUP BY path.ancestor_id
), planned AS (
    SELECT unit_id AS id, sum(target) AS target, sum(assessment) AS assessment FROM target_cell
    WHERE company_id = $1 AND starts_on >= $3 AND ends_on <= $4 GROUP BY unit_id
)
SELECT id, name, achieved, target, assessment, round(achieved / nullif(target, 0), 6) AS rate
FROM org_unit AS u LEFT JOIN summed USING (id) LEFT JOIN planned USING (id) WHERE u.company_id = $1
ORDER BY rate DESC NULLS LAST, name LIMIT $5
"""

_MEMBERS_BY_HAND = """
WITH summed AS (
    SELECT member_id AS id, sum(direct + overlay) AS achieved FROM achievement_balance
    WHERE company_id = $1 AND metric_id = $2 AND business_date >= $3 AND business_date < $4 GROUP BY member_id
), planned AS (
    SELECT h.member_id AS id, sum(cell.target) AS target, sum(cell.assessment) AS assessment
    FROM holding AS h JOIN target_cell AS cell ON cell.company_id = $1 AND cell.unit_id = h.position_id
    WHERE h.company_id = $1 AND cell.starts_on >= $3 AND cell.ends_on <= $4 GROUP BY h.member_id
)
SELECT id, name, achieved, target, assessment, round(achieved / nullif(target, 0), 6) AS rate
FROM member AS m LEFT JOIN summed USING (id) LEFT JOIN planned USING (id) WHERE m.company_id = $1
ORDER BY rate DESC NULLS LAST, name LIMIT $5
"""


def measure(bench: Bench) -> Iterator[Row]:
    """10,000 members below 1,111 units, a million ledger entries, a published plan; the year by rate."""
    watch = Stopwatch()
    run(_measure(bench, watch))
    for rows in RowsOf:
        count = "11,111 units" if rows is RowsOf.UNITS else "10,001 members"
        yield compared(
            f"a year of {count} by rate: a page of {PAGE}, and the totals",
            watch.median(rows),
            "one SELECT by hand, sorted in SQL",
            watch.median(f"{rows} by hand"),
        )
    yield compared(
        "the page of units in tree order, whose figures alone are read",
        watch.median("tree"),
        "one SELECT by hand, sorted in SQL",
        watch.median("units by hand"),
    )
    for format in FileFormat:
        yield compared(
            f"all members as {format.upper()}",
            watch.median(format),
            "one SELECT by hand, sorted in SQL",
            watch.median("members by hand"),
        )


async def _measure(bench: Bench, watch: Stopwatch) -> None:
    by_rate = (SortBy("rate", descending=True),)
    async with fresh_database(bench.server) as fresh:
        company = await prepare(bench, fresh)
        for number in range(ROUNDS):
            bench.tell(f"{TITLE}: round {number + 1} of {ROUNDS}")
            for rows, sql in ((RowsOf.UNITS, _UNITS_BY_HAND), (RowsOf.MEMBERS, _MEMBERS_BY_HAND)):
                with watch.lap(f"{rows} by hand"):
                    floor = await _by_hand(fresh.plain, company, sql)
                with watch.lap(rows):
                    shown, totals = await _page(company, ReportRequest("2017", rows=rows, sort=by_rate))
                _require_same(floor, shown)
                await _require_total(fresh.plain, company, totals)
            with watch.lap("tree"):
                await _page(company, ReportRequest("2017"))
            for format in FileFormat:
                asked = ReportRequest("2017", rows=RowsOf.MEMBERS, sort=by_rate)
                with watch.lap(format):
                    await export_attainment(company.planted.work, asked, format)


async def _by_hand(plain: asyncpg.Connection, company: PlannedCompany, sql: str) -> list[asyncpg.Record]:
    year = date(2017, 1, 1), date(2018, 1, 1)
    found: list[asyncpg.Record] = await plain.fetch(
        sql, company.planted.work.company.id, company.metric_id, *year, PAGE
    )
    return found


async def _page(company: PlannedCompany, request: ReportRequest) -> tuple[list[ReportRow], ReportRow | None]:
    work = company.planted.work
    async with work.snapshot() as snapshot:
        reader = await reader_of(snapshot, work)
        report = await attainment_report(reader, request)
        rows, _ = await attainment_page(reader, report, 0, PAGE)
        totals = await attainment_totals(reader, report)
    for row in rows:
        _told(row)
    return rows, totals


def _told(row: ReportRow) -> list[Any]:
    return [figures[name] for figures in row.figures for name in TOLD]


def _require_same(floor: Sequence[asyncpg.Record], shown: Sequence[ReportRow]) -> None:
    """Who stands where among equals is told by the tree here and by names there, so rates alone are compared."""
    rates = [row.figures[0]["rate"] for row in shown]
    if rates != [by_sql["rate"] for by_sql in floor]:
        raise AssertionError(f"by hand the rates are {[by_sql['rate'] for by_sql in floor]}, not {rates}")


async def _require_total(plain: asyncpg.Connection, company: PlannedCompany, totals: ReportRow | None) -> None:
    (root,) = company.planted.levels[0]
    achieved = (await by_hand(plain, company))[root]
    if totals is None or totals.figures[0].sums.achieved != achieved:
        raise AssertionError(f"the company achieved {achieved}, not {totals}")
