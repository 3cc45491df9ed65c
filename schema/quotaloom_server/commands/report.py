"""`quotaloom report`: reports as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quotaloom.platform.embedded import ending_on_signals
from quotaloom.platform.settings import load_settings
from quotaloom.reports.exporting import ExportedReport
from quotaloom.reports.requests import RowsOf
from quotaloom_graphql.report_paths import request_of
from quotaloom_server.commands.plan import Company, File, Member, Waiting, format_of, unit_keyed, working
from quotaloom_server.databases import DatabaseUrls, database_urls
from quotaloom_server.output import ASIDE
from quotaloom_server.reports import EXPORTERS
from quotaloom_server.signals import run

report = typer.Typer(help="Write a report to a spreadsheet.", no_args_is_help=True, rich_markup_mode=None)

Period = Annotated[str, typer.Option(metavar="PERIOD", help="A period, such as 2017-Q2 or 2017-03-05/2017-04-01.")]
Metric = Annotated[list[str], typer.Option(metavar="KEY", help="A metric; give it once for each.")]
Rows = Annotated[RowsOf, typer.Option(help="Of whom the rows are.")]
Under = Annotated[str | None, typer.Option(metavar="KEY", help="Only the unit with this key, and what lies below it.")]
Kind = Annotated[
    list[str] | None, typer.Option(metavar="KIND", help="Only units of this kind: department, team or position.")
]
Level = Annotated[list[int] | None, typer.Option(metavar="N", help="Only units so many levels below the company.")]
AsIs = Annotated[bool, typer.Option("--as-is", help="By today's tree, instead of the one of each day.")]
Sort = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="A column to order by, such as rate; --sort=-rate has the greatest first."),
]
Columns = Annotated[list[str] | None, typer.Option("--column", metavar="COLUMN", help="A column; once for each.")]


@report.command("attainment")
def attainment(
    file: File,
    company: Company,
    period: Period,
    metric: Metric = ["revenue"],  # noqa: B006 (typer copies it)
    rows: Rows = RowsOf.UNITS,
    under: Under = None,
    kind: Kind = None,
    level: Level = None,
    status: Annotated[
        list[str] | None, typer.Option(metavar="STATUS", help="Only rows with this status, or none.")
    ] = None,
    as_is: AsIs = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="DAY", help="Counts what was posted and published by the end of this day.")
    ] = None,
    sort: Sort = None,
    column: Columns = None,
    member: Member = None,
) -> None:
    """Write targets and what is achieved of them to a spreadsheet, a row for each unit or member."""
    query = [
        *_query(period, metric, rows, kind, level, as_is, sort, column),
        *(("status", one) for one in status or ()),
        *([] if as_of is None else [("asOf", as_of)]),
    ]
    _write("attainment", file, company, query, under, member)


@report.command("activity")
def activity(
    file: File,
    company: Company,
    period: Period,
    metric: Annotated[str, typer.Option(metavar="KEY", help="The metric that it stands beside.")] = "revenue",
    rows: Rows = RowsOf.MEMBERS,
    under: Under = None,
    kind: Kind = None,
    level: Level = None,
    as_is: AsIs = False,
    sort: Sort = None,
    column: Columns = None,
    member: Member = None,
) -> None:
    """Write what was done and what came of it to a spreadsheet, a row for each unit or member."""
    _write("activity", file, company, _query(period, [metric], rows, kind, level, as_is, sort, column), under, member)


@report.command("budget")
def budget(
    file: File,
    company: Company,
    period: Period,
    metric: Annotated[str, typer.Option(metavar="KEY", help="The metric that it stands beside.")] = "revenue",
    under: Under = None,
    kind: Kind = None,
    level: Level = None,
    sort: Sort = None,
    column: Columns = None,
    member: Member = None,
) -> None:
    """Write what incentives cost and may cost to a spreadsheet, a row for each unit."""
    query = _query(period, [metric], RowsOf.UNITS, kind, level, False, sort, column)
    _write("incentive-budget", file, company, query, under, member)


def _query(
    period: str,
    metrics: list[str],
    rows: RowsOf,
    kinds: list[str] | None,
    levels: list[int] | None,
    as_is: bool,
    sort: list[str] | None,
    columns: list[str] | None,
) -> list[tuple[str, str]]:
    return [
        ("period", period),
        ("rows", rows.name),
        *(("metrics", one) for one in metrics),
        *(("kind", one) for one in kinds or ()),
        *(("level", str(one)) for one in levels or ()),
        *([("structure", "AS_IS")] if as_is else []),
        *(("sort", one) for one in sort or ()),
        *(("columns", one) for one in columns or ()),
    ]


def _write(
    name: str, file: Path, company: str, query: list[tuple[str, str]], under: str | None, member: str | None
) -> None:
    format, settings = format_of(file), load_settings()

    async def work(urls: DatabaseUrls) -> ExportedReport:
        async with working(settings, urls, company, member) as work:
            asked, columns = request_of(query)
            if under is not None:
                asked = asked.below(await unit_keyed(work, under))
            return await EXPORTERS[name](work, asked, format, columns)

    with ending_on_signals(), database_urls(settings) as urls, Waiting("Writing the file"):
        exported = run(work(urls))
    file.write_bytes(exported.content)
    ASIDE.print(f"Wrote {file}.")
