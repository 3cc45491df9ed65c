"""Reading files that are good, in whichever way they are written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from quotaloom.importing.bad_rows import ImportRefused
from quotaloom.importing.mapping import Source
from quotaloom.importing.progress import Silent, Step
from quotaloom.importing.reading import FolderContent, read_folder
from tests.unit.importing.folders import (
    ACCOUNTS,
    ENGAGING,
    LOST,
    MAVEN,
    PIPELINE,
    PIPELINE_HEADER,
    PROSPECTING,
    TEAMS,
    WON,
    pipeline,
    read,
    write,
)


def test_the_team_list_becomes_a_tree_with_heads_and_holders(tmp_path: Path) -> None:
    """Offices are departments, managers head teams, agents hold positions; each stands after its parent."""
    units = read(write(tmp_path)).records.units
    assert [(unit.kind, unit.key, unit.parent_key, unit.member_key) for unit in units] == [
        ("department", "East", None, None),
        ("team", "Team Mia", "East", "Mia"),
        ("position", "Ann", "Team Mia", "Ann"),
        ("position", "Bob", "Team Mia", "Bob"),
        ("department", "West", None, None),
        ("team", "Team Max", "West", "Max"),
        ("position", "Cyd", "Team Max", "Cyd"),
    ]


def test_members_are_heads_and_holders_once_each(tmp_path: Path) -> None:
    """A manager of two agents is one member."""
    members = read(write(tmp_path)).records.members
    assert [member.key for member in members] == ["Mia", "Ann", "Bob", "Max", "Cyd"]


def test_a_customer_stands_after_its_parent(tmp_path: Path) -> None:
    """The file names the subsidiary first; it is told after the company that it belongs to."""
    customers = read(write(tmp_path)).records.customers
    assert [(customer.key, customer.parent_key) for customer in customers] == [
        ("Parent", None),
        ("Child", "Parent"),
        ("Other", None),
    ]


def test_deals_carry_what_is_known_of_them(tmp_path: Path) -> None:
    """Won deals have their value, the others the list price in cents, marked; unknown days stay unknown."""
    won, lost, engaging, prospecting = read(write(tmp_path)).records.deals
    assert (won.product_key, won.amount, won.amount_estimated) == ("GTX Pro", 451_400, False)
    assert won.moves == (("engaging", date(2016, 10, 20)), ("won", date(2017, 3, 1)))
    assert (lost.amount, lost.amount_estimated, lost.closed_on) == (5_500, True, date(2017, 3, 9))
    assert (engaging.customer_key, engaging.amount, engaging.amount_estimated) == (None, 5_500, True)
    assert (prospecting.opened_on, prospecting.closed_on) == (None, None)
    assert prospecting.moves == (("prospecting", None),)


def test_aliases_are_counted(tmp_path: Path) -> None:
    """One row says GTXPro for GTX Pro."""
    assert read(write(tmp_path)).tables["opportunities"].aliased == {("product", "GTXPro"): 1}


QUOTED = '"D5","Ann","GTX Pro","Child","Won","2016-10-20","2017-03-01","4514"'


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + PIPELINE.encode(), id="byte order mark"),
        pytest.param(PIPELINE.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(PIPELINE.rstrip("\n"), id="no line end at the end"),
        pytest.param(PIPELINE + "\n\n  \n,,,,,,,\n", id="blank lines at the end"),
        pytest.param(PIPELINE.replace(",", " , "), id="spaces around values"),
        pytest.param(pipeline(WON, LOST, ENGAGING, QUOTED.replace("D5", "D4")), id="quotes"),
    ],
)
def test_spreadsheets_ways_of_writing_csv_are_read(tmp_path: Path, content: str | bytes) -> None:
    """The four deals are read whatever program wrote the file."""
    deals = read(write(tmp_path, sales_pipeline=content)).records.deals
    assert [deal.key for deal in deals] == ["D1", "D2", "D3", "D4"]


def test_a_quoted_field_may_hold_line_breaks(tmp_path: Path) -> None:
    """The rows after it keep the numbers of their lines in the file."""
    content = ACCOUNTS.replace("Kenya,Parent", '"Kenya,\nNairobi",Parent')
    records = read(write(tmp_path, accounts=content)).records
    assert next(one.location for one in records.customers if one.key == "Child") == "Kenya,\nNairobi"


def test_a_column_more_than_the_mapping_reads_is_no_fault(tmp_path: Path) -> None:
    """Columns that the mapping does not name may stand anywhere."""
    teams = "\n".join(f"x,{line}" for line in TEAMS.splitlines()).replace("x,sales", "region,sales")
    assert len(read(write(tmp_path, sales_teams=teams)).records.units) == 7


def test_a_file_without_rows_is_read(tmp_path: Path) -> None:
    """A pipeline of nothing but its header has no deals."""
    assert read(write(tmp_path, sales_pipeline=PIPELINE_HEADER)).records.deals == ()


def test_progress_comes_to_all_the_bytes(tmp_path: Path) -> None:
    """What is advanced sums to what was announced: the sizes of the four files."""
    write(tmp_path, sales_pipeline=pipeline(*(PROSPECTING.replace("D4", f"P{number}") for number in range(2_500))))
    announced, advanced = [], []

    class Counted:
        def begin(self, step: Step, total: int) -> None:
            announced.append(total)

        def advance(self, step: Step, count: int) -> None:
            advanced.append(count)

    read_folder(tmp_path, MAVEN, "maven", Counted())
    assert announced == [sum(advanced)] == [sum(path.stat().st_size for path in tmp_path.iterdir())]
    assert len(advanced) > 4


def test_deals_say_where_they_came_from(tmp_path: Path) -> None:
    """The column that a mapping names for it; a blank one says nothing, and 101 characters are too many."""
    assert MAVEN.opportunities is not None
    with_source = MAVEN.opportunities.model_copy(update={"source": Source("came_from")})
    mapping = MAVEN.model_copy(update={"opportunities": with_source})
    lines = [f"{PIPELINE_HEADER},came_from", f"{WON},Fair", f"{LOST},", f"{ENGAGING},{'x' * 101}"]

    def of(rows: list[str]) -> FolderContent:
        return read_folder(write(tmp_path, sales_pipeline="\n".join(rows)), mapping, "maven", Silent())

    assert [deal.source for deal in of(lines[:3]).records.deals] == ["Fair", None]
    with pytest.raises(ImportRefused, match="100 characters"):
        of(lines)
