"""Files that cannot be imported: what is said of them, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotaloom.importing.bad_rows import BadRow, ImportRefused
from quotaloom.platform.errors import InputError
from tests.unit.importing.folders import (
    ACCOUNTS,
    ENGAGING,
    LOST,
    PIPELINE,
    PRODUCTS,
    PROSPECTING,
    TEAMS,
    WON,
    pipeline,
    read,
    refused,
    write,
)

D1 = "sales_pipeline.csv, line 2"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (WON.replace("2017-03-01", "03/01/2017"), f"{D1}, close_date: '03/01/2017' is no date such as 2017-03-14"),
        (WON.replace("2017-03-01", "2017-3-1"), f"{D1}, close_date: '2017-3-1' is no date such as 2017-03-14"),
        (WON.replace("2017-03-01", "2017-02-29"), f"{D1}, close_date: '2017-02-29' is no date such as 2017-03-14"),
        (WON.replace("2017-03-01", "2016-10-19"), f"{D1}, close_date: 2016-10-19 is before 2016-10-20, when the deal"),
        (WON.replace("2016", "1816"), f"{D1}, engage_date: 1816-10-20 is out of reach"),
        (WON.replace("4514", '"4,514"'), f"{D1}, close_value: '4,514' is no amount in USD such as 1234.50, without"),
        (WON.replace("4514", "4514.005"), f"{D1}, close_value: 4514.005 has more than the 2 decimal places"),
        (WON.replace("4514", "-1"), f"{D1}, close_value: '-1' is negative: an amount starts at 0"),
        (WON.replace("4514", "1e3"), f"{D1}, close_value: '1e3' is no amount in USD"),
        (WON.replace("4514", "9" * 18), f"{D1}, close_value: {'9' * 18} does not fit into 64 bits"),
        (WON.replace("4514", ""), f"{D1}, close_value: is blank: a deal in stage 'Won' has an amount"),
        (WON.replace("2017-03-01", ""), f"{D1}, close_date: is blank: a deal in stage 'Won' was closed on some day"),
        (
            f"{ENGAGING[:-1]}2017-03-01,",
            f"{D1}, close_date: is not blank: a deal in stage 'Engaging' is not closed yet",
        ),
        (WON.replace("Ann", "Zoe"), f"{D1}, sales_agent: 'Zoe' is no position of sales_teams.csv"),
        (WON.replace("Child", "Nobody"), f"{D1}, account: 'Nobody' is no customer of accounts.csv"),
        (WON.replace("GTXPro", "GTX"), f"{D1}, product: 'GTX' is no product of products.csv"),
        (
            WON.replace("Won", "Sold"),
            f"{D1}, deal_stage: 'Sold' is no stage: the stages are Prospecting, Engaging, Won",
        ),
        (WON.replace("D1", ""), f"{D1}, opportunity_id: is needed and is blank"),
        (WON.replace("D1", "D" * 101), f"{D1}, opportunity_id: a key has 1 to 100 characters"),
        (WON.replace("Ann", ""), f"{D1}, sales_agent: is needed and is blank"),
        (WON + ",more", f"{D1}: 9 columns, where the first line names 8"),
        (WON.rsplit(",", 1)[0], f"{D1}: 7 columns, where the first line names 8"),
        (WON.replace("Ann", '"Ann"x'), f"{D1}: the quotes do not match"),
        (WON.replace("Ann", "A\0nn"), f"{D1}: the row holds the character U+0000"),
    ],
)
def test_a_bad_deal_is_told_with_its_line_column_and_reason(tmp_path: Path, row: str, told: str) -> None:
    """Each fault is the one line that is told, and names what is allowed."""
    (line,) = refused(write(tmp_path, sales_pipeline=pipeline(row)))
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"sales_teams": TEAMS + "Ann,Max,West\n"},
            "sales_teams.csv, line 5, sales_agent: 'Ann' has a row already, on line 2",
        ),
        (
            {"sales_teams": TEAMS + "Dee,Mia,West\n"},
            "sales_teams.csv, line 5, manager: 'Team Mia' lies under 'West', on line 2 under 'East'",
        ),
        (
            {"sales_teams": TEAMS + "East,Mia,East\n"},
            "sales_teams.csv, line 5, sales_agent: 'East' is the key of a department and of a position",
        ),
        (
            {"sales_teams": TEAMS + "maven,Mia,East\n"},
            "sales_teams.csv, line 5, sales_agent: 'maven' is the key of a company and of a position",
        ),
        ({"sales_teams": TEAMS + "Dee,,East\n"}, "sales_teams.csv, line 5, manager: is needed and is blank"),
        (
            {"accounts": ACCOUNTS + "Other,x,y,\n"},
            "accounts.csv, line 5, account: 'Other' has a row already, on line 4",
        ),
        ({"accounts": ACCOUNTS + "New,x,y,Gone\n"}, "accounts.csv, line 5, subsidiary_of: 'Gone' is no customer of"),
        ({"accounts": ACCOUNTS + "Me,x,y,Me\n"}, "accounts.csv, line 5, subsidiary_of: 'Me' would belong to itself"),
        ({"accounts": ACCOUNTS + f"New,{'x' * 101},y,\n"}, "accounts.csv, line 5, sector: a text of at most 100"),
        (
            {"products": PRODUCTS + "GTX Pro,GTX,1\n"},
            "products.csv, line 4, product: 'GTX Pro' has a row already, on line 2",
        ),
        ({"products": PRODUCTS + "New,GTX,1 000\n"}, "products.csv, line 4, sales_price: '1 000' is no amount in USD"),
        (
            {"sales_pipeline": PIPELINE + WON},
            "sales_pipeline.csv, line 6, opportunity_id: 'D1' has a row already, on line 2",
        ),
    ],
)
def test_records_that_contradict_each_other_are_told(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    """A second row of one key, a unit in two places, and a customer of itself name both places."""
    (line,) = refused(write(tmp_path, **changed))
    assert line.startswith(told)


def test_a_circle_of_customers_is_told_of_each(tmp_path: Path) -> None:
    """Parent and Child belong to each other; whoever belongs to them is no fault of its own."""
    content = ACCOUNTS.replace("Parent,retail,Kenya,", "Parent,retail,Kenya,Child") + "Third,x,y,Child\n"
    told = refused(write(tmp_path, accounts=content))
    assert [line.split(":")[0] for line in told] == [f"accounts.csv, line {line}, subsidiary_of" for line in (2, 3)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, ": the file cannot be read: No such file or directory"),
        ("", ": the file is empty: its first line names the columns"),
        ("\n\n", ": the file is empty: its first line names the columns"),
        (PRODUCTS.replace("sales_price", "price"), ", line 1: no column 'sales_price': the columns are 'product', "),
        (PRODUCTS.replace("series", "product"), ", line 1: no column 'series'"),
        (PRODUCTS.replace("series", "series,series"), ", line 1: more than one column 'series'"),
        (PRODUCTS + 'New,"GTX,1\n', ", line 4: a quote is opened and not closed again"),
        (PRODUCTS.encode("utf-16"), ", line 1: byte 1 of line 1 (0xFF) is not UTF-8: save the file as CSV in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_even_when_bad_rows_are_skipped(
    tmp_path: Path, content: str | bytes | None, told: str
) -> None:
    """Nothing is guessed of a file that is missing, lacks a column or ends within a quote; no deal is blamed."""
    (line,) = refused(write(tmp_path, products=content), skip_bad=True)
    assert line.startswith(f"products.csv{told}")


def test_broken_utf_8_is_told_with_its_byte(tmp_path: Path) -> None:
    """`Müller` in Latin-1 on line 5: the ü is its second byte; in a quoted field the line within it counts."""
    content = ACCOUNTS.encode() + "Müller,x,y,\n".encode("latin-1") + 'N,"x\nMü",y,\n'.encode("latin-1")
    assert refused(write(tmp_path, accounts=content)) == [
        "accounts.csv, line 5: byte 2 of line 5 (0xFC) is not UTF-8",
        "accounts.csv, line 6: byte 2 of line 7 (0xFC) is not UTF-8",
    ]


def test_every_fault_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    """Two faults of one row and one of another file; deals that name a bad product are not blamed besides."""
    row = WON.replace("2017-03-01", "soon").replace("4514", "much")
    told = refused(write(tmp_path, products=PRODUCTS.replace("4821", "?"), sales_pipeline=pipeline(row, PROSPECTING)))
    assert [line.split(":")[0] for line in told] == [
        "products.csv, line 2, sales_price",
        f"{D1}, close_date",
        f"{D1}, close_value",
    ]


def test_what_names_a_skipped_row_is_skipped_with_it(tmp_path: Path) -> None:
    """Bob's row lacks a column, so his deal goes too, and says why; the others stay."""
    write(tmp_path, sales_teams=TEAMS.replace("Bob,Mia,East", "Bob,,East"))
    content = read(tmp_path, skip_bad=True)
    assert [deal.key for deal in content.records.deals] == ["D1", "D3", "D4"]
    assert [str(bad) for bad in content.bad_rows] == [
        "sales_teams.csv, line 3, manager: is needed and is blank",
        "sales_pipeline.csv, line 3, sales_agent: 'Bob' is left out itself: sales_teams.csv, line 3",
    ]
    assert content.bad_rows[1].content == LOST


def test_a_subsidiary_of_a_skipped_customer_is_skipped_with_it(tmp_path: Path) -> None:
    """Parent's row is bad; Child and the one below it are left out after it."""
    content = ACCOUNTS.replace("Parent,retail", f"Parent,{'x' * 101}") + "Third,x,y,Child\n"
    found = read(write(tmp_path, accounts=content, sales_pipeline=pipeline(LOST)), skip_bad=True)
    assert [customer.key for customer in found.records.customers] == ["Other"]
    assert [bad.line for bad in found.bad_rows] == [2, 3, 5]


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    """The message has the path that was given."""
    with pytest.raises(InputError, match="nowhere is no folder"):
        read(tmp_path / "nowhere")


def test_a_refusal_shows_twenty_faults_and_counts_the_rest() -> None:
    """Of 1,234 faults the message shows 20 and says that there are 1,214 more."""
    error = ImportRefused([BadRow("a.csv", line, None, "bad") for line in range(1, 1_235)])
    lines = error.message.splitlines()
    assert lines[0] == "the files have 1,234 faults; nothing of them was imported"
    assert (lines[1], lines[20], lines[21]) == ("a.csv, line 1: bad", "a.csv, line 20: bad", "… and 1,214 more")
    assert len(lines) == 22
