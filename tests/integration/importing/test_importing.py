"""Importing small folders: what is stored, what stays as it is, and what is refused with nothing changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from quotaloom.importing.bad_rows import ImportRefused
from quotaloom.importing.progress import Step
from quotaloom.organizations.commands.companies import company_id_of
from quotaloom.organizations.commands.members import leave
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from tests.founding import found
from tests.integration.importing.companies import NOW, contents, imported, load, rows
from tests.unit.importing.folders import (
    ACCOUNTS,
    ENGAGING,
    LOST,
    PIPELINE,
    PIPELINE_HEADER,
    PROSPECTING,
    TEAMS,
    WON,
    pipeline,
    write,
)


async def test_a_company_that_does_not_exist_is_founded(database: Database, tmp_path: Path) -> None:
    """It has the mapping's currency, an admin, the tree of the team list, and its won deal in the ledger."""
    summary = await load(database, write(tmp_path))
    stored = await contents(work := await imported(database))
    assert (summary.founded, work.company.currency, work.company.name) == (True, "USD", "Maven")
    assert ("admin", "Admin", "admin") in stored["members"]
    assert ("Team Mia", "Mia", None, None) in stored["heads"]
    assert ("Ann", "Ann", None, None) in stored["holders"]
    assert [(entry[1], entry[5]) for entry in stored["entries"]] == [
        *(("new_customers", 1), ("orders", 1), ("revenue", 451_400)),
    ]
    assert [(kind, created) for kind, _, created, *_ in summary.rows] == [
        *(("departments", "2"), ("teams", "2"), ("positions", "3"), ("members", "5"), ("customers", "3")),
        *(("products", "2"), ("funnels", "1"), ("opportunities", "4"), ("achievements", "2")),
    ]


async def test_of_two_imports_at_once_one_founds_the_company(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Both have read their files before there is a company; one founds it, both end, and everything is there once."""
    other = Database(database_url)
    await other.connect()
    both = await asyncio.gather(load(database, write(tmp_path)), load(other, tmp_path))
    await other.close()
    assert sorted(summary.founded for summary in both) == [False, True]
    together = await contents(await imported(database))
    assert len(together["entries"]) == 3
    before = together
    assert not (await load(database, tmp_path)).founded
    assert await contents(await imported(database)) == before


async def test_the_same_import_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    """No row, no audit entry and no event is new; the summary says that all of it was there."""
    await load(database, write(tmp_path))
    before = await contents(await imported(database))
    again = await load(database, tmp_path)
    assert await contents(await imported(database)) == before
    assert not again.founded
    assert {one.created for one in again.kinds} == {0}
    assert all(one.already_there == one.read for one in again.kinds)


async def test_rows_are_added_to_what_is_there(database: Database, tmp_path: Path) -> None:
    """A new agent and a new deal come in; a deal that reads otherwise by now stays as it is stored."""
    await load(database, write(tmp_path))
    teams = TEAMS + "Dee,Max,West\n"
    deals = pipeline(WON.replace("4514", "9999"), LOST, ENGAGING, PROSPECTING, WON.replace("D1,Ann", "D5,Dee"))
    summary = await load(database, write(tmp_path, sales_teams=teams, sales_pipeline=deals))
    assert {one.kind: one.created for one in summary.kinds if one.created} == {
        "positions": 1,
        "members": 1,
        "opportunities": 1,
        "achievements": 2,
    }
    amounts = await rows(await imported(database), "SELECT key, amount FROM opportunity WHERE wins = 1 ORDER BY key")
    assert [tuple(row) for row in amounts] == [("D1", 451_400), ("D5", 451_400)]


async def test_a_holder_who_was_changed_since_stays(database: Database, tmp_path: Path) -> None:
    """Bob took over Ann's position in 2018; the file, which still names Ann, does not put her back."""
    await load(database, write(tmp_path))
    work = await imported(database)
    ((position, member),) = await rows(
        work, "SELECT (SELECT id FROM org_unit WHERE key = 'Ann'), (SELECT id FROM member WHERE key = 'Bob')"
    )
    await appoint_holder(work, position, member, NOW.date(), replace=True)
    before = await contents(work)
    await load(database, tmp_path)
    assert await contents(work) == before


async def test_a_bad_row_keeps_everything_out(database: Database, tmp_path: Path) -> None:
    """One amount with a separator: not even the company is founded."""
    write(tmp_path, sales_pipeline=PIPELINE + WON.replace("D1", "D5").replace("4514", '"4,514"'))
    with pytest.raises(ImportRefused, match="line 6, close_value: '4,514' is no amount"):
        await load(database, tmp_path)
    assert await company_id_of(database, "maven") is None


async def test_bad_rows_that_are_skipped_are_mended_and_imported_later(database: Database, tmp_path: Path) -> None:
    """Bob without a manager, a customer, and the deals of both: mended in their folder, they complete the company.

    Beside them that folder names Ann, Mia's team, Parent, Other and the products, which it does not hold.
    """
    await load(database, write(folder(tmp_path / "whole")), "whole")
    dirty = write(
        folder(tmp_path / "dirty"),
        sales_teams=TEAMS.replace("Bob,Mia", "Bob,"),
        accounts=ACCOUNTS.replace("Child,retail", f"Child,{'x' * 101}"),
        sales_pipeline=PIPELINE.replace("2016-11-01", "soon"),
    )
    left_out = tmp_path / "left-out"
    first = await load(database, dirty, skip_bad=True, skipped=left_out)
    assert {one.kind: one.skipped for one in first.kinds if one.skipped} == {
        "positions": 1,  # Bob
        "customers": 1,  # Child
        "opportunities": 2,  # D1, of Child, and D2, of Bob and with no date
    }
    mend(left_out / "sales_teams.csv", "Bob,,", "Bob,Mia,")
    mend(left_out / "accounts.csv", f"Child,{'x' * 101}", "Child,retail")
    mend(left_out / "sales_pipeline.csv", "Lost,soon", "Lost,2016-11-01")
    again = await load(database, left_out)
    assert {one.kind: one.created for one in again.kinds if one.created} == {
        "positions": 1,
        "members": 1,
        "customers": 1,
        "opportunities": 2,
        "achievements": 2,  # revenue and order of D1
    }
    completed = await contents(await imported(database))
    whole = await contents(await imported(database, "whole"))
    for kind in ("members", "holders", "heads", "customers", "products", "opportunities", "moves", "balances"):
        assert completed[kind] == whole[kind]


async def test_skipped_rows_overwrite_nothing(database: Database, tmp_path: Path) -> None:
    """A folder that is there is refused before anything is stored."""
    write(tmp_path, sales_pipeline=PIPELINE + "x")
    with pytest.raises(InputError, match="is there already"):
        await load(database, tmp_path, skip_bad=True, skipped=tmp_path)
    assert (tmp_path / "sales_pipeline.csv").read_text() == PIPELINE + "x"
    assert await company_id_of(database, "maven") is None


async def test_skipped_rows_that_cannot_be_written_keep_everything_out(database: Database, tmp_path: Path) -> None:
    """They are written before anything is stored."""
    write(tmp_path, sales_pipeline=PIPELINE + "x")
    with pytest.raises(InputError, match="cannot be written"):
        await load(database, tmp_path, skip_bad=True, skipped=tmp_path / "missing" / "skipped")
    assert await company_id_of(database, "maven") is None


async def test_an_import_without_its_bad_rows_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    """The same command completes an import that was broken off: the folder of bad rows is the same, and stays."""
    write(tmp_path, sales_pipeline=PIPELINE + "x")
    for created in (4, 0):
        summary = await load(database, tmp_path, skip_bad=True, skipped=tmp_path / "skipped")
        assert summary.created("opportunities") == created


def folder(path: Path) -> Path:
    """A new folder."""
    path.mkdir()
    return path


def mend(path: Path, wrong: str, right: str) -> None:
    """Put one text right in a file."""
    text = path.read_text()
    assert text.count(wrong) == 1
    path.write_text(text.replace(wrong, right))


async def test_a_company_of_another_currency_is_refused(database: Database, tmp_path: Path) -> None:
    """The company counts in yuan, the files are in dollars; nothing is added to it."""
    work = await found(database)
    with pytest.raises(InputError) as refused:
        await load(database, write(tmp_path), "acme")
    assert (refused.value.code, refused.value.path) == ("OTHER_CURRENCY", ("company",))
    assert refused.value.message.startswith("'acme' counts in CNY, the files are in USD")
    assert await rows(work, "SELECT 1 FROM member") == []


async def test_a_key_that_is_no_company_key_is_refused(database: Database, tmp_path: Path) -> None:
    """The message says what a key is made of."""
    with pytest.raises(InputError, match="'Maven Inc' is no key: use a-z, 0-9 and -"):
        await load(database, write(tmp_path), "Maven Inc")


async def test_a_win_that_nobody_can_be_credited_for_is_refused_before_anything_is_written(
    database: Database, tmp_path: Path
) -> None:
    """Ann left at the end of 2017: a deal of her position won on 2018-01-05 has nobody, the one of 2017 has her."""
    await load(database, write(tmp_path))
    work = await imported(database)
    ((ann,),) = await rows(work, "SELECT id FROM member WHERE key = 'Ann'")
    await leave(work, ann, NOW.date().replace(day=1))
    before = await contents(work)
    late = WON.replace("D1", "D6").replace("2017-03-01", "2018-01-05")
    write(tmp_path, sales_pipeline=pipeline(WON.replace("D1", "D5"), late))
    with pytest.raises(ImportRefused) as refused:
        await load(database, tmp_path)
    assert [str(bad) for bad in refused.value.bad_rows] == [
        "sales_pipeline.csv, line 3: nobody held Ann on 2018-01-05, when the deal was won: enter who did"
    ]
    assert await contents(work) == before


async def test_a_unit_of_another_kind_is_refused(database: Database, tmp_path: Path) -> None:
    """East is a department of the company and would be a position of the file."""
    await load(database, write(tmp_path))
    teams = TEAMS.replace("East", "North") + "East,Max,West\n"
    with pytest.raises(ImportRefused, match="line 5: 'East' is a position here, but a department in the company"):
        await load(database, write(tmp_path, sales_teams=teams, sales_pipeline=PIPELINE_HEADER))


async def test_progress_comes_to_all_the_rows(database: Database, tmp_path: Path) -> None:
    """5 members, 7 units, 3 customers, 2 products and 4 deals are 21 rows, in batches of two and the rest."""
    told: list[tuple[Step, int]] = []

    class Told:
        def begin(self, step: Step, total: int) -> None:
            told.append((step, -total))

        def advance(self, step: Step, count: int) -> None:
            told.append((step, count))

    await load(database, write(tmp_path), progress=Told(), batch_size=2)
    assert [count for step, count in told if step is Step.WRITE] == [-21, 12, 2, 1, 2, 2, 2]
