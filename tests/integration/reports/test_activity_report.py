"""Activity against result through the graph, every figure worked out by hand."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

from quotaloom.action_plans.finishing import cancel_item, complete_item
from quotaloom.activities.commands import log_activity, plan_activity
from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.stage_changes import win_opportunity
from quotaloom.metrics.commands import set_exchange_rate
from quotaloom.metrics.rates import RateKind
from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.units import move_unit
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint
from quotaloom.platform.database import Database
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.reports.activity import activity_report, activity_rows
from quotaloom.reports.activity_columns import ActivityColumn
from quotaloom.reports.exporting import export_activity
from quotaloom.reports.ordering import SortBy
from quotaloom.reports.requests import ReportRequest, RowsOf, reader_of
from tests.integration.action_plans.acting import CALL, ids_of, june, on, plan_of, todo
from tests.integration.activities.working import something
from tests.integration.funnels.floors import HOST, TODAY, Floor, furnish
from tests.integration.graph.asking import ask, gid, statements

FIELDS = """visits calls meetings mails tasks dealsOpened dealsWon wonValue
activitiesPerWin valuePerVisit attainment { achieved rate }"""

NOTHING = (0, 0, 0, 0, 0, 0, 0, "0.00", None, None, "0.00", None)
ANN = (2, 1, 0, 0, 0, 2, 1, "1000.00", "3.000000", "500.000000", "1000.00", None)
BOB = (1, 0, 0, 0, 1, 1, 1, "720.00", "2.000000", "720.000000", "720.00", None)
CEM = (0, 0, 1, 0, 0, 0, 0, "0.00", None, None, "0.00", None)
HAL = (0, 0, 0, 1, 0, 0, 0, "0.00", None, None, "0.00", None)
EAST = (3, 1, 0, 0, 1, 3, 2, "1720.00", "2.500000", "573.333333", "1720.00", None)
ACME = (3, 1, 1, 0, 1, 3, 2, "1720.00", "3.000000", "573.333333", "1720.00", None)


async def worked(database: Database, **facts: Any) -> Floor:
    """In May Ann pays two visits and makes a call, Bob pays one and does a task, Cem has a meeting, and Hal, who holds
    no position, writes a mail. Ann opens two deals of 1,000.00 and wins one on the 20th, Bob one of 100 USD at 7.20.

    What is only planned, and what Ann does in June, is not May's.
    """
    floor = await furnish(database)
    if facts:
        await update_company(floor.work, facts)
    await set_exchange_rate(floor.work, "USD", RateKind.BOOKING, date(2026, 1, 1), Decimal("7.20"))
    anns = [await floor.open("ann", opened_on=date(2026, 5, 2)) for _ in range(2)]
    bobs = await floor.open("bob", opened_on=date(2026, 5, 3), amount=100_00, currency="USD")
    cems = await floor.open("cem", opened_on=date(2026, 4, 1))
    for who, kind, day, deal in (
        ("ann", ActivityKind.VISIT, date(2026, 5, 4), anns[0]),
        ("ann", ActivityKind.VISIT, date(2026, 5, 20), anns[0]),
        ("ann", ActivityKind.VISIT, TODAY, anns[0]),
        ("ann", ActivityKind.CALL, date(2026, 5, 5), anns[1]),
        ("bob", ActivityKind.VISIT, date(2026, 5, 6), bobs),
        ("bob", ActivityKind.TASK, date(2026, 5, 31), bobs),
        ("cem", ActivityKind.MEETING, date(2026, 5, 1), cems),
        ("hal", ActivityKind.MAIL, date(2026, 5, 7), bobs),
    ):
        await log_activity(floor.as_member(who), something(kind, deal=deal, on=day))
    await plan_activity(floor.as_member("ann"), something(deal=anns[1], on=date(2026, 5, 30)))
    await win_opportunity(floor.work, HOST, anns[0], on=date(2026, 5, 20))
    await win_opportunity(floor.work, HOST, bobs, on=date(2026, 5, 21))
    return floor


async def rows(floor: Floor, arguments: str = "", who: str | None = None) -> tuple[dict[str, Any], Any]:
    """The figures by name in the order of the report of May, and the totals."""
    query = f"""{{ activityReport(period: "2026-05" {arguments}) {{
        rows {{ totalCount nodes {{ name {FIELDS} }} }} totals {{ {FIELDS} }} }} }}"""
    found = (await ask(floor, query, who))["activityReport"]
    by_name = {row.pop("name"): told(row) for row in found["rows"]["nodes"]}
    assert found["rows"]["totalCount"] == len(by_name)
    return by_name, found["totals"] and told(found["totals"])


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    """All figures of a row, in the order of the fields."""
    return (*(value for name, value in row.items() if name != "attainment"), *row["attainment"].values())


async def test_everybody_has_a_row_of_what_he_did_and_what_came_of_it(database: Database) -> None:
    """Members by name and units as in the tree, Eve, Wu and the empty position with nothing; Hal's mail, written in no
    position, is his and no unit's. Ann did three things for her one win; 1,000.00 ÷ 2 visits is 500."""
    floor = await worked(database)
    members, totals = await rows(floor)
    assert members == {"Ann": ANN, "Bob": BOB, "Cem": CEM, "Eve": NOTHING, "Hal": HAL, "Wu": NOTHING}
    assert list(members) == ["Ann", "Bob", "Cem", "Eve", "Hal", "Wu"]
    units, of_units = await rows(floor, "rows: UNITS")
    assert units == {
        "Acme": ACME,
        "East": EAST,
        "Ann": ANN,
        "Bob": BOB,
        "Eve": NOTHING,
        "West": CEM,
        "Cem": CEM,
        "Empty": NOTHING,
    }
    assert list(units)[:5] == ["Acme", "East", "Ann", "Bob", "Eve"]
    assert totals == of_units == ACME
    by_value = "sort: [{ column: VALUE_PER_VISIT, descending: true }]"
    assert list((await rows(floor, by_value))[0]) == ["Bob", "Ann", "Cem", "Eve", "Hal", "Wu"]
    top = gid("OrgUnit", floor.units["east"])
    below, of_east = await rows(floor, f'rows: UNITS, orgUnit: "{top}", kind: [POSITION], sort: [{{ column: TASKS }}]')
    assert (list(below), of_east) == (["Ann", "Eve", "Bob"], EAST)


async def test_it_counts_where_a_position_stood_on_the_day_or_stands_now(database: Database) -> None:
    """Ann's position moves to West on 15 May: her visit of the 20th and her win are West's, and as it is all of it."""
    floor = await worked(database)
    await move_unit(floor.work, floor.units["ann"], floor.units["west"], date(2026, 5, 15))
    as_was, totals = await rows(floor, "rows: UNITS, kind: [COMPANY, TEAM]")
    # East: Ann's visit of the 4th and her call of the 5th, her two deals that were opened, and all of Bob.
    assert as_was == {
        "Acme": ACME,
        "East": (2, 1, 0, 0, 1, 3, 1, "720.00", "4.000000", "360.000000", "720.00", None),
        "West": (1, 0, 1, 0, 0, 0, 1, "1000.00", "2.000000", "1000.000000", "1000.00", None),
    }
    as_is, _ = await rows(floor, "rows: UNITS, kind: [COMPANY, TEAM], structure: AS_IS")
    assert as_is == {
        "Acme": ACME,
        "East": BOB,
        "West": (2, 1, 1, 0, 0, 2, 1, "1000.00", "4.000000", "500.000000", "1000.00", None),
    }
    assert totals == ACME


async def test_everybody_sees_his_own_and_what_he_heads(database: Database) -> None:
    """Hal, who heads East, sees its members and units; Ann herself, even where rankings are open to everybody."""
    floor = await worked(database, members_see_rankings=True)
    assert await rows(floor, who="ann") == ({"Ann": ANN}, None)
    assert (await rows(floor, "rows: UNITS", "ann"))[0] == {"Ann": ANN}
    assert (await rows(floor, who="hal"))[0] == {"Ann": ANN, "Bob": BOB, "Eve": NOTHING, "Hal": HAL}
    top = gid("OrgUnit", floor.units["east"])
    units, totals = await rows(floor, f'rows: UNITS, orgUnit: "{top}"', "hal")
    assert (list(units), totals) == (["East", "Ann", "Bob", "Eve"], EAST)


async def test_it_is_written_to_a_file_with_its_order_and_filters(database: Database) -> None:
    """The same rows, ratios with six places, the totals last; as few statements as ever."""
    floor = await worked(database)
    asked = ReportRequest("2026-05", kinds=("team",), sort=(SortBy("visits"),))
    columns = [ActivityColumn.VISITS, ActivityColumn.NAME, ActivityColumn.WON_VALUE, ActivityColumn.ACTIVITIES_PER_WIN]
    exported = await export_activity(floor.work, asked, FileFormat.CSV, columns)
    assert exported.name == "activity 2026-05"
    assert list(csv.reader(io.StringIO(exported.content.decode("utf-8-sig")))) == [
        ["row", "name", "visits", "won_value", "activities_per_win"],
        ["unit", "West", "0", "0.00", ""],
        ["unit", "East", "3", "1720.00", "2.500000"],
        ["total", "Acme", "3", "1720.00", "3.000000"],
    ]
    query = '{ activityReport(period: "2026-05", rows: %s) { rows { nodes { visits } } export(format: CSV) { path } } }'
    path = (await ask(floor, query % "MEMBERS"))["activityReport"]["export"]["path"]
    assert path == "/reports/activity.csv?period=2026-05&metric=revenue&rows=MEMBERS"
    assert await statements(floor, query % "MEMBERS") < 20
    assert await statements(floor, query % "UNITS") < 20


async def test_what_was_planned_stands_beside_what_was_done(database: Database) -> None:
    """On 4 June, of three items of Ann's week one is done, one is late and one to come; a fourth was cancelled. Her
    position moves to West on the 2nd: what was to be done by the 1st is East's as it was, and all West's as it is."""
    floor = await furnish(database)
    plan = await plan_of(floor, items=[todo(first=1), todo(first=2), todo(CALL, 5), todo(CALL, 5)])
    done, _, _, cancelled = await ids_of(floor, plan)
    later = on(floor.as_member("ann"), june(4))
    await complete_item(later, done, done_on=june(1))
    await cancel_item(later, cancelled, "Not needed")
    await move_unit(floor.work, floor.units["ann"], floor.units["west"], june(2))

    async def planned(**facts: Any) -> dict[str, tuple[int, int, int]]:
        async with on(floor.work, june(4)).snapshot() as snapshot:
            reader = await reader_of(snapshot, on(floor.work, june(4)))
            found = await activity_rows(reader, await activity_report(reader, ReportRequest("2026-06", **facts)))
        return {row.subject.name: (row.plans.planned, row.plans.done, row.plans.overdue) for row in found}

    nothing = (0, 0, 0)
    assert await planned(rows=RowsOf.MEMBERS) == {
        "Ann": (3, 1, 1),
        **dict.fromkeys(["Bob", "Cem", "Eve", "Hal", "Wu"], nothing),
    }
    assert await planned(kinds=("company", "team")) == {"Acme": (3, 1, 1), "East": (1, 1, 0), "West": (2, 0, 1)}
    assert await planned(kinds=("team",), structure="as_is") == {"East": nothing, "West": (3, 1, 1)}


async def test_a_head_reads_of_others_what_they_do_below_him(database: Database) -> None:
    """Bob works a deal of the West, too, and plans two calls there: Hal, who heads the East, counts neither."""
    floor = await worked(database)
    seat, bob = floor.units["empty"], floor.members["bob"]
    await floor.work.write(lambda transaction: appoint(transaction, HOLDING, [NewTerm(seat, bob)]))
    western = await floor.open("empty", opened_on=date(2026, 5, 3))
    await log_activity(floor.as_member("bob"), something(ActivityKind.VISIT, deal=western, on=date(2026, 5, 8)))
    for who, visits in (("hal", 1), ("bob", 2)):
        found, _ = await rows(floor, "rows: MEMBERS", who)
        assert found["Bob"][0] == visits
    await plan_of(floor, "bob", items=[todo(CALL, 5)])
    await plan_of(floor, "bob", items=[todo(CALL, 5), todo(CALL, 5)], unit_id=seat)
    for who, calls in (("hal", 1), ("bob", 3)):
        work = on(floor.as_member(who), june(4))
        async with work.snapshot() as snapshot:
            reader = await reader_of(snapshot, work)
            report = await activity_report(reader, ReportRequest("2026-06", rows=RowsOf.MEMBERS))
            planned = {row.subject.name: row.plans.planned for row in await activity_rows(reader, report)}
        assert planned["Bob"] == calls
