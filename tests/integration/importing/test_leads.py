"""Importing leads: whose they are, and into which pools they go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quotaloom.duplicates.rules import Compared, DuplicateAction, DuplicateSubject, Rule, set_duplicate_rule
from quotaloom.importing.bad_rows import ImportRefused
from quotaloom.importing.importer import import_folder
from quotaloom.importing.mapping import ImportMapping
from quotaloom.importing.mapping_files import read_mapping
from quotaloom.importing.summary import ImportSummary
from quotaloom.leads.levels import NewLevel, define_level
from quotaloom.platform.database import Database
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from tests.integration.importing.companies import NOW, imported, policies, rows
from tests.integration.ownership.replaying import replayed

MAPPING = """
title = "Leads"
company = { name = "Acme", currency = "CNY" }
[[pools]]
key = "west"
name = "West"
kinds = ["lead"]
units = ["West"]
[team_list]
file = "seats.csv"
position = { key = "seat", holder = { key = "holder" } }
[[team_list.levels]]
kind = "team"
key = "team"
[leads]
file = "leads.csv"
key = "no"
name = "name"
organization = "firm"
phone = "phone"
email = "mail"
website = "site"
source = "from"
note = "note"
level = "level"
created_on = "day"
position = "seat"
pool = "pool"
waits_in = "west"
"""

SEATS = "team,seat,holder\nWest,ann,Ann\nWest,empty,\n"

HEADER = "no,name,firm,phone,mail,site,from,note,level,day,seat,pool\n"

GOOD = (
    "1,Ada,Globex,138 0013 8000,ada@globex.com,www.globex.com,fair,hot,,2017-05-04,ann,\n"
    "2,Ben,,,,,,,,,,west\n"
    "3,,,,,,,,,,,\n"
    "4,Eva,,,,,,,,,ann,west\n"
)


def folder(path: Path, leads: str, name: str = "files") -> Path:
    """A folder with the seats and these leads."""
    made = path / name
    made.mkdir()
    (made / "seats.csv").write_text(SEATS, encoding="utf-8")
    (made / "leads.csv").write_text(HEADER + leads, encoding="utf-8")
    return made


def mapping(text: str = MAPPING) -> ImportMapping:
    """The mapping of the tests."""
    return read_mapping(text.encode(), "tests")


async def load(database: Database, files: Path, text: str = MAPPING, **options: Any) -> ImportSummary:
    """Import the folder at `NOW`."""
    return await import_folder(database, policies(), files, mapping(text), "acme", now=NOW, **options)


async def test_leads_are_held_or_wait_as_their_rows_say(database: Database, tmp_path: Path) -> None:
    """Of four leads Ann holds two, one of them of the pool, which is made for the west; the others wait in it."""
    files = folder(tmp_path, GOOD)
    summary = await load(database, files)
    assert (summary.created("leads"), summary.created("pools")) == (4, 1)
    work = await imported(database, "acme")
    owners = await replayed(work)
    found = await rows(
        work,
        "SELECT lead.key, lead.name, pool.key AS pool, member.key AS member FROM lead"
        " JOIN ownership ON lead_id = lead.id LEFT JOIN pool ON pool.id = pool_id"
        " LEFT JOIN member ON member.id = member_id ORDER BY lead.key",
    )
    assert [tuple(row) for row in found] == [
        ("1", "Ada", None, "Ann"),
        ("2", "Ben", "west", None),
        ("3", "3", "west", None),
        ("4", "Eva", "west", "Ann"),
    ]
    assert len(owners) == 4
    first = await rows(work, "SELECT organization, phone, email, domain, source, note FROM lead WHERE key = '1'")
    assert tuple(first[0]) == ("Globex", "138 0013 8000", "ada@globex.com", "globex.com", "fair", "hot")
    (members,) = await rows(work, "SELECT org_unit.key FROM pool_member JOIN org_unit ON org_unit.id = unit_id")
    assert tuple(members) == ("West",)
    again = await load(database, files)
    assert (again.created("leads"), again.created("pools")) == (0, 0)
    assert await replayed(work) == owners


async def test_bad_leads_are_told_with_their_fields(database: Database, tmp_path: Path) -> None:
    """Unknown seats, pools and levels, and what is no mail address, website or day; nothing is written."""
    bad = ("1,Ada,,,nobody,,,,,,zoe,", "2,Ben,,,,no site,,,A,,,", "3,Eva,,,,,,,,soon,,east", "1,,,,,,,,,,,", "")
    files = folder(tmp_path, "\n".join(bad))
    with pytest.raises(ImportRefused) as caught:
        await load(database, files)
    assert [(bad.line, bad.column) for bad in caught.value.bad_rows] == [
        (2, "seat"),
        (2, "mail"),
        (3, "level"),
        (3, "site"),
        (4, "pool"),
        (4, "day"),
        (5, "no"),
    ]
    assert "'east' is no open pool for leads: there are west" in str(caught.value)
    assert "'A' is no customer level of the company: it has none" in str(caught.value)


async def test_levels_of_the_company_are_known(database: Database, tmp_path: Path) -> None:
    """A lead of level A, once the company has that level."""
    await load(database, folder(tmp_path, ""))
    work = await imported(database, "acme")
    level = await define_level(work, NewLevel("a", "A"))
    await load(database, folder(tmp_path, "1,Ada,,,,,,,a,,ann,\n", "more"))
    (row,) = await rows(work, "SELECT level_id FROM lead")
    assert row["level_id"] == level


async def cap(work: Work, count: int) -> None:
    """Nobody may hold more than so many leads."""

    async def apply(transaction: Transaction) -> None:
        await transaction.execute(
            "INSERT INTO pool_rule (company_id, key, name, kind, parameters, paused, archived, version)"
            " VALUES ($1, 'cap', 'Cap', 'holding_cap', $2::text::jsonb, false, false, 1)",
            transaction.company_id,
            f'{{"count": {count}, "kinds": ["LEAD"]}}',
        )

    await work.write(apply)


async def test_holding_caps_bind_imports(database: Database, tmp_path: Path) -> None:
    """Ann may hold two leads: a third is refused with its line, and its batch is not written; others may wait."""
    await load(database, folder(tmp_path, ""))
    work = await imported(database, "acme")
    await cap(work, 2)
    await load(database, folder(tmp_path, "1,Ada,,,,,,,,,ann,\n", "first"))
    second = "2,Ben,,,,,,,,,ann,\n3,Eva,,,,,,,,,,\n"
    with pytest.raises(ImportRefused, match=r"leads.csv, line 4: Cap \(cap\): 2 of 2 are held already"):
        await load(database, folder(tmp_path, second + "4,Cyd,,,,,,,,,ann,\n", "too many"))
    assert len(await rows(work, "SELECT FROM lead")) == 1
    await load(database, folder(tmp_path, second, "second"))
    assert len(await rows(work, "SELECT FROM lead")) == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (MAPPING.replace('waits_in = "west"', 'waits_in = "east"'), "UNKNOWN_POOL"),
        (MAPPING.replace('kinds = ["lead"]', 'kinds = ["customer"]'), "UNKNOWN_POOL"),
        (MAPPING.replace('key = "west"', 'key = "W est"'), "BAD_KEY"),
        (MAPPING.replace('units = ["West"]', 'units = ["East"]'), "UNKNOWN_UNIT"),
    ],
)
async def test_pools_that_cannot_be_are_refused(database: Database, tmp_path: Path, text: str, code: str) -> None:
    """One that is not there, one that takes no leads, a key that is none, a unit that is none."""
    with pytest.raises(InputError) as caught:
        await load(database, folder(tmp_path, GOOD), text)
    assert caught.value.code == code


TWINS = "1,Ada,,138 0013 8000,,,,,,,ann,\n2,Ben,,+8613800138000,,,,,,,ann,\n3,Eva,,,,,,,,,ann,\n"


async def test_duplicates_are_told_row_by_row(database: Database, tmp_path: Path) -> None:
    """Of three leads the second has the first one's number; of two more one has Eva's name. All are imported."""
    chinese = MAPPING.replace('currency = "CNY"', 'currency = "CNY", time_zone = "Asia/Shanghai"')
    summary = await load(database, folder(tmp_path, TWINS), chinese)
    assert [str(one) for one in summary.duplicates] == ["leads.csv, line 3, phone: has the same phone number as line 2"]
    more = folder(tmp_path, TWINS + "4,ＥＶＡ,,,,,,,,,ann,\n5,Cyd,,,,,,,,,ann,\n", "more")
    again = await load(database, more, chinese)
    assert [str(one) for one in again.duplicates] == [
        "leads.csv, line 5, name: has the same name as lead '3', which is there already"
    ]
    assert "has the same name as lead '3'" in str(again)
    assert again.created("leads") == 2


async def test_duplicates_that_the_company_refuses_are_bad_rows(database: Database, tmp_path: Path) -> None:
    """Nothing is imported; with bad rows left out, the others are, and the duplicates can be mended."""
    chinese = MAPPING.replace('currency = "CNY"', 'currency = "CNY", time_zone = "Asia/Shanghai"')
    await load(database, folder(tmp_path, ""), chinese)
    work = await imported(database, "acme")
    await set_duplicate_rule(work, Rule(DuplicateSubject.LEAD, (Compared.PHONE,), DuplicateAction.REFUSE))
    twins = folder(tmp_path, TWINS, "twins")
    with pytest.raises(ImportRefused, match=r"leads\.csv, line 3, phone: has the same phone number as line 2"):
        await load(database, twins, chinese)
    assert await rows(work, "SELECT FROM lead") == []
    summary = await load(database, twins, chinese, skip_bad=True, skipped=tmp_path / "skipped")
    assert (summary.created("leads"), len(summary.bad_rows)) == (2, 1)
    skipped = (tmp_path / "skipped" / "leads.csv").read_text(encoding="utf-8").splitlines()
    assert skipped[1] == "3,phone: has the same phone number as line 2,2,Ben,,+8613800138000,,,,,,,ann,"
