"""The target-attainment report through the graph, every figure worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.commands.units import create_unit, move_unit
from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.platform.database import Database
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer, order, refusal
from tests.integration.reports.offices import FEBRUARY, names, report, sold, told

BY_RATE = "sort: [{ column: RATE, descending: true }]"


async def test_every_unit_and_member_has_a_row(database: Database) -> None:
    """Units in tree order, West without a target and W 2 with nothing at all included; members by name, Di and Ada
    too; the totals are the company's own, 300.00 of 400.00 and not the mean of its units' rates."""
    planning = await sold(database)
    units = await report(planning)
    assert told(units) == FEBRUARY
    assert list(told(units)) == list(FEBRUARY)
    assert [(row["level"], row["path"], row["orgUnit"]["name"]) for row in units["rows"]["nodes"][:3]] == [
        (0, "", "Acme"),
        (1, "Acme", "East"),
        (2, "Acme / East", "E 1"),
    ]
    assert units["totals"] == {
        "name": "Acme",
        "attainments": [dict(zip(("target", "achieved", "rate", "status"), FEBRUARY["Acme"], strict=True))],
    }
    members = await report(planning, "rows: MEMBERS")
    assert told(members) == {
        "Ada": (None, "0.00", None, None),
        "Ann": FEBRUARY["E 1"],
        "Bo": FEBRUARY["E 2"],
        "Cy": FEBRUARY["W 1"],
        "Di": (None, "0.00", None, None),
    }
    assert [row["member"]["name"] for row in members["rows"]["nodes"]] == names(members)
    assert members["totals"] == units["totals"]


async def test_rows_are_ordered_by_any_column_and_those_without_a_value_come_last(database: Database) -> None:
    """By rate down and up West and W 2, which have none, stay last; E 1 and W 1 are equal and keep the tree's order,
    unless a second column decides."""
    planning = await sold(database)
    down = await report(planning, BY_RATE)
    assert names(down) == ["E 2", "E 1", "W 1", "East", "Acme", "West", "W 2"]
    up = await report(planning, "sort: [{ column: RATE }]")
    assert names(up) == ["Acme", "East", "E 1", "W 1", "E 2", "West", "W 2"]
    twice = await report(planning, "sort: [{ column: RATE }, { column: NAME, descending: true }]")
    assert names(twice) == ["Acme", "East", "W 1", "E 1", "E 2", "West", "W 2"]
    by_name = await report(planning, "sort: [{ column: NAME, descending: true }]")
    assert names(by_name) == ["West", "W 2", "W 1", "East", "E 2", "E 1", "Acme"]
    # Only E 1, East and the company sold in January, 60.00 each: 30.00 more, 150.00 more and 240.00 more now.
    grown = await report(planning, "sort: [{ column: PREVIOUS_PERIOD_GROWTH, descending: true }]")
    assert names(grown) == ["Acme", "East", "E 1", "E 2", "West", "W 1", "W 2"]


async def test_rows_come_page_by_page(database: Database) -> None:
    """Three, three and the last one; the count is that of all of them."""
    planning = await sold(database)
    found: list[str] = []
    after = ""
    for expected in (True, True, False):
        rows = (await report(planning, BY_RATE, page=f"first: 3{after}"))["rows"]
        found += [row["name"] for row in rows["nodes"]]
        assert (rows["totalCount"], rows["pageInfo"]["hasNextPage"]) == (7, expected)
        after = f', after: "{rows["pageInfo"]["endCursor"]}"'
    assert found == ["E 2", "E 1", "W 1", "East", "Acme", "West", "W 2"]


async def test_rows_are_filtered_and_the_totals_stay(database: Database) -> None:
    """By kind, level, status, subtree, direct children and name; members by the units that they hold or head."""
    planning = await sold(database)
    east, west, bo = gid("OrgUnit", planning.units["East"]), gid("OrgUnit", planning.units["West"]), "Bo"
    await appoint_head(planning.work, planning.units["West"], planning.founded.admin_id, None)

    async def left(arguments: str) -> list[str]:
        return names(await report(planning, arguments))

    assert await left("kind: [TEAM]") == ["East", "West"]
    assert await left("level: [0, 1]") == ["Acme", "East", "West"]
    assert await left("status: [AT_TARGET, null]") == ["E 2", "West", "W 2"]
    assert await left("status: []") == []
    assert await left(f'orgUnit: "{east}"') == ["East", "E 1", "E 2"]
    assert await left(f'orgUnit: "{east}", directChildren: true') == ["E 1", "E 2"]
    assert await left(f'orgUnits: ["{west}", "{east}"]') == ["East", "West"]
    assert await left(f'rows: MEMBERS, orgUnit: "{west}"') == ["Ada", "Cy", "Di"]
    assert await left(f'rows: MEMBERS, orgUnit: "{west}", kind: [POSITION]') == ["Cy", "Di"]
    assert await left(f'rows: MEMBERS, members: ["{gid("Member", planning.members[bo])}"]') == ["Bo"]
    found = await report(planning, f'orgUnit: "{east}", status: [AT_TARGET]')
    assert (found["rows"]["totalCount"], found["totals"]["name"]) == (1, "East")
    assert tuple(found["totals"]["attainments"][0].values()) == FEBRUARY["East"]


async def test_several_metrics_stand_side_by_side(database: Database) -> None:
    """Revenue and visits: nobody visited anybody. Ordered by visits all are equal, by those of revenue E 2 is first."""
    planning = await sold(database)
    arguments = 'metrics: ["visits", "revenue"], kind: [POSITION]'
    found = await report(planning, arguments, figures="achieved")
    figures = {row["name"]: [one["achieved"] for one in row["attainments"]] for row in found["rows"]["nodes"]}
    assert figures == {"E 1": ["0", "90.00"], "E 2": ["0", "120.00"], "W 1": ["0", "90.00"], "W 2": ["0", "0.00"]}
    by = 'sort: [{ column: ACHIEVED, descending: true, metric: "revenue" }]'
    assert names(await report(planning, f"{arguments} {by}")) == ["E 2", "E 1", "W 1", "W 2"]


async def test_a_report_is_as_it_was_as_it_is_or_as_of_a_day(database: Database) -> None:
    """E 1 moves to West on 15 February: East's report has it as it was, with 90.00 before and 10.00 after that day, and
    West's has it too; as it is West has all of it. As of 10 February nothing of the 20th has happened."""
    planning = await sold(database)
    await move_unit(planning.work, planning.units["E 1"], planning.units["West"], date(2017, 2, 15))
    await order(planning, "E 1", date(2017, 2, 20), 1_000)
    east, west = gid("OrgUnit", planning.units["East"]), gid("OrgUnit", planning.units["West"])

    async def achieved(top: str, arguments: str = "") -> dict[str, str]:
        found = await report(planning, f'orgUnit: "{top}" {arguments}', figures="achieved")
        return {row["name"]: row["attainments"][0]["achieved"] for row in found["rows"]["nodes"]}

    assert await achieved(east) == {"East": "210.00", "E 1": "100.00", "E 2": "120.00"}
    assert await achieved(west) == {"West": "100.00", "E 1": "100.00", "W 1": "90.00", "W 2": "0.00"}
    assert await achieved(east, "structure: AS_IS") == {"East": "120.00", "E 2": "120.00"}
    assert (await achieved(west, "structure: AS_IS"))["West"] == "190.00"
    assert (await achieved(west, 'asOf: "2017-02-10"')) == {
        "West": "90.00",
        "E 1": "90.00",
        "W 1": "90.00",
        "W 2": "0.00",
    }
    # Who holds E 1 was in East until the 14th.
    assert names(await report(planning, f'rows: MEMBERS, orgUnit: "{east}"')) == ["Ann", "Bo"]
    assert names(await report(planning, f'rows: MEMBERS, orgUnit: "{east}", structure: AS_IS')) == ["Bo"]


async def test_who_was_not_there_in_the_period_has_no_row(database: Database) -> None:
    """A position that opens in March is in no report of February, and in that of the year."""
    planning = await sold(database)
    new = NewUnit("E 3", "position", planning.units["East"], opened_on=date(2017, 3, 1), ordinal=9)
    await create_unit(planning.work, new)
    assert "E 3" not in names(await report(planning))
    assert names(await report(planning, 'period: "2017"'))[2:5] == ["E 1", "E 2", "E 3"]


@pytest.mark.parametrize("opened", [False, True])
async def test_everybody_sees_what_attainment_and_rankings_show_him(database: Database, opened: bool) -> None:
    """Ann reads her own row and no totals, Di who heads East that subtree; where rankings are open both read all."""
    planning = await sold(database, members_see_rankings=opened)
    await appoint_head(planning.work, planning.units["East"], planning.members["Di"], None)
    ann, anns = await report(planning, BY_RATE, "Ann"), await report(planning, "rows: MEMBERS", "Ann")
    di, dis = await report(planning, BY_RATE, "Di"), await report(planning, "rows: MEMBERS", "Di")
    everything = ["E 2", "E 1", "W 1", "East", "Acme", "West", "W 2"]
    assert names(ann) == (everything if opened else ["E 1"])
    assert names(anns) == (["Ada", "Ann", "Bo", "Cy", "Di"] if opened else ["Ann"])
    assert names(di) == (everything if opened else ["E 2", "E 1", "East", "W 2"])
    assert names(dis) == (["Ada", "Ann", "Bo", "Cy", "Di"] if opened else ["Ann", "Bo", "Di"])
    for found in (ann, anns, di, dis):
        assert found["rows"]["totalCount"] == len(names(found))
        assert (found["totals"] is None) is not opened
    west = gid("OrgUnit", planning.units["West"])
    if not opened:
        query = f'{{ attainmentReport(period: "2017-02", orgUnit: "{west}") {{ period }} }}'
        assert await refusal(planning, query, "Ann") == ("NOT_FOUND", ["orgUnit"])
        # Whose positions they are elsewhere is not to be found out by asking for these.
        assert names(await report(planning, f'rows: MEMBERS, orgUnits: ["{west}"]', "Di")) == []


async def test_a_head_reads_of_others_what_falls_in_his_subtree(database: Database) -> None:
    """Ann sells 50.00 in West too: Di, who heads East, reads 90.00 of hers, and orders by that; Ann reads 140.00."""
    planning = await sold(database)
    await appoint_head(planning.work, planning.units["East"], planning.members["Di"], None)
    seat = await create_unit(planning.work, NewUnit("W 3", "position", planning.units["West"]))
    planning.units["W 3"] = seat
    await appoint_holder(planning.work, seat, planning.members["Ann"], None)
    await order(planning, "W 3", date(2017, 2, 20), 5_000)
    arguments = "rows: MEMBERS, sort: [{ column: ACHIEVED, descending: true }]"
    di = await report(planning, arguments, "Di", figures="achieved")
    assert told(di) == {"Bo": ("120.00",), "Ann": ("90.00",), "Di": ("0.00",)}
    assert names(di) == ["Bo", "Ann", "Di"]
    assert told(await report(planning, arguments, "Ann", figures="achieved")) == {"Ann": ("140.00",)}


REFUSED: Sequence[tuple[str, str, list[str | int]]] = (
    ('period: "2017-Q5"', "BAD_PERIOD", ["period"]),
    ('metrics: ["revenue", "love"]', "UNKNOWN_METRIC", ["metrics", 1]),
    ("metrics: []", "BAD_METRICS", ["metrics"]),
    ('metrics: ["revenue", "revenue"]', "BAD_METRICS", ["metrics"]),
    ('sort: [{ column: RATE, metric: "visits" }]', "UNKNOWN_METRIC", ["sort", 0, "metric"]),
    (f"sort: [{', '.join(['{ column: RATE }'] * 6)}]", "TOO_MANY_SORTS", ["sort"]),
    ('orgUnit: "nonsense"', "NOT_FOUND", ["orgUnit"]),
    ('orgUnit: "T3JnVW5pdDo5OTk5OQ=="', "NOT_FOUND", ["orgUnit"]),
    ("directChildren: true", "BAD_FILTER", ["directChildren"]),
    ('members: ["TWVtYmVyOjE="]', "BAD_FILTER", ["members"]),
    ('asOf: "1800-01-01"', "BAD_PERIOD", ["asOf"]),
)


async def test_what_cannot_be_asked_is_refused(database: Database) -> None:
    """Each with its code, and the place in the arguments."""
    planning = await sold(database)
    for arguments, code, place in REFUSED:
        period = "" if "period:" in arguments else 'period: "2017-02"'
        query = f"{{ attainmentReport({period} {arguments}) {{ rows {{ totalCount }} }} }}"
        assert await refusal(planning, query) == (code, place), arguments


async def test_the_count_of_statements_does_not_grow_with_the_rows(database: Database) -> None:
    """Seven units, then eighty-seven, and as many more members: the same number of statements."""
    planning = await sold(database)
    fields = "{ rows { nodes { orgUnit { name } member { name } attainments { achieved } } } totals { name } }"
    sort = "sort: [{ column: RATE }, { column: PREVIOUS_YEAR_GROWTH }]"
    queries = [
        f'{{ attainmentReport(period: "2017-02", metrics: ["revenue", "visits"], rows: {rows}, {sort}) {fields} }}'
        for rows in ("UNITS", "MEMBERS")
    ]
    few = [(await answer(planning, query)).statements for query in queries]
    more = [NewUnit(f"E {number}", "position", planning.units["East"]) for number in range(3, 83)]
    people = [NewMember(f"M {number}") for number in range(80)]
    await planning.work.write(lambda transaction: insert_units(transaction, more))
    await planning.work.write(lambda transaction: insert_members(transaction, people))
    assert [(await answer(planning, query)).statements for query in queries] == few
    # Of two metrics: lines and sums of now, of the year before and of the totals, and what every query reads once.
    assert max(few) < 40
