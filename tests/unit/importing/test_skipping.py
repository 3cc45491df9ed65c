"""Rows that are left out: how they are written, and that nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotaloom.importing.skipping import write_skipped
from quotaloom.importing.stored_keys import StoredKeys
from quotaloom.platform.errors import InputError
from tests.unit.importing.folders import (
    ACCOUNTS,
    PIPELINE,
    PIPELINE_HEADER,
    PRODUCTS,
    TEAMS,
    WON,
    pipeline,
    read,
    refused,
    write,
)


def skipped(folder: Path) -> dict[str, str]:
    """What is written of the folder, file by file."""
    target = folder / "skipped"
    write_skipped(target, read(folder, skip_bad=True).tables.values())
    return {path.name: path.read_bytes().decode() for path in target.iterdir()}


def test_each_file_gets_its_bad_rows_as_they_stand(tmp_path: Path) -> None:
    """One row with two faults, one with a column too many, one that names neither: line and reason come before it."""
    bad = [
        WON.replace("D1", "D5").replace("2017-03-01", "soon").replace("4514", '"4,514"'),
        WON.replace("D1", "D6") + ",more",
    ]
    found = skipped(write(tmp_path, sales_pipeline=PIPELINE + "\n".join(bad)))
    day = "close_date: 'soon' is no date such as 2017-03-14"
    amount = "close_value: '4,514' is no amount in USD such as 1234.50, without separators between thousands"
    assert found["sales_pipeline.csv"].splitlines() == [
        f"line,reason,{PIPELINE_HEADER}",
        f'6,"{day}; {amount}",{bad[0]}',
        f'7,"9 columns, where the first line names 8",{bad[1]}',
    ]


def test_a_file_without_bad_rows_is_written_with_its_columns(tmp_path: Path) -> None:
    """So the folder has all files that the mapping reads."""
    found = skipped(write(tmp_path, sales_pipeline=PIPELINE + "x"))
    assert sorted(found) == ["accounts.csv", "products.csv", "sales_pipeline.csv", "sales_teams.csv"]
    assert found["sales_teams.csv"] == "line,reason,sales_agent,manager,regional_office\n"


def test_a_byte_that_is_not_utf_8_is_written_as_its_code(tmp_path: Path) -> None:
    """`Müller` in Latin-1 has the byte 0xFC."""
    found = skipped(write(tmp_path, accounts=ACCOUNTS.encode() + "Müller,x,y,".encode("latin-1")))
    assert found["accounts.csv"].endswith("\n5,byte 2 of line 5 (0xFC) is not UTF-8,M\\xfcller,x,y,\n")


def test_what_is_left_out_is_bad_for_the_same_reason_again(tmp_path: Path) -> None:
    """Broken quotes, a line break within quotes and a missing column are read again as they were."""
    bad = [WON.replace("Ann", '"Ann"n'), WON.replace("4514", '"45\n14"'), "D7,Ann"]
    write(tmp_path, sales_pipeline=pipeline(*bad))
    before = refused(tmp_path)
    skipped(tmp_path)
    stored = StoredKeys(frozenset({"Ann"}), frozenset({"Child"}), {"GTX Pro": 1})
    after = [str(one) for one in read(tmp_path / "skipped", skip_bad=True, stored=stored).bad_rows]
    assert [line.split(":")[0] for line in before] == [line.split(":")[0] for line in after]
    assert (len(after), after[2]) == (3, "sales_pipeline.csv, line 5: 4 columns, where the first line names 10")


def test_columns_that_are_called_so_already_are_kept(tmp_path: Path) -> None:
    """Rows that are left out of a folder of rows that were left out get columns of other names."""
    write(tmp_path, sales_teams="line,reason,sales_agent,manager,regional_office\n9,why,Ann,,East\n")
    assert skipped(tmp_path)["sales_teams.csv"].splitlines() == [
        "line 2,reason 2,line,reason,sales_agent,manager,regional_office",
        "2,manager: is needed and is blank,9,why,Ann,,East",
    ]


def test_deals_may_name_what_is_stored(tmp_path: Path) -> None:
    """Files without rows: Ann, Child and GTX Pro are stored; a lost deal gets the stored list price of 48.21."""
    teams, accounts, products = (text.splitlines()[0] for text in (TEAMS, ACCOUNTS, PRODUCTS))
    deals = pipeline(WON.replace("Won", "Lost").replace("4514", "0"))
    write(tmp_path, sales_teams=teams, accounts=accounts, products=products, sales_pipeline=deals)
    stored = StoredKeys(frozenset({"Ann"}), frozenset({"Child"}), {"GTX Pro": 48_21})
    (deal,) = read(tmp_path, stored=stored).records.deals
    assert (deal.amount, deal.amount_estimated) == (48_21, True)


def test_a_folder_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    """The rows in it may have been mended; one that holds just what would be written stays as it is."""
    write(tmp_path, sales_pipeline=PIPELINE + "x")
    first = skipped(tmp_path)
    assert skipped(tmp_path) == first
    mended = tmp_path / "skipped" / "sales_pipeline.csv"
    mended.write_text("mended")
    with pytest.raises(InputError, match="skipped is there already: move it away, or name another folder") as caught:
        skipped(tmp_path)
    assert (caught.value.path, mended.read_text()) == (("skipped",), "mended")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """The message says to name another one."""
    with pytest.raises(InputError, match="name another folder for the skipped rows"):
        write_skipped(tmp_path / "missing" / "skipped", [])
