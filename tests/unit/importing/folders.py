"""Small folders of files as the mapping `maven-crm-sales` reads them."""

from __future__ import annotations

from pathlib import Path

from quotaloom.importing.bad_rows import BadRow, ImportRefused
from quotaloom.importing.mapping_files import load_mapping
from quotaloom.importing.progress import Silent
from quotaloom.importing.reading import NOTHING_STORED, FolderContent, read_folder
from quotaloom.importing.stored_keys import StoredKeys

MAVEN = load_mapping("maven-crm-sales")

TEAMS = "sales_agent,manager,regional_office\nAnn,Mia,East\nBob,Mia,East\nCyd,Max,West\n"
ACCOUNTS = """account,sector,office_location,subsidiary_of
Child,retail,Kenya,Parent
Parent,retail,Kenya,
Other,medical,Italy,
"""
PRODUCTS = "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n"
PIPELINE_HEADER = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
WON = "D1,Ann,GTXPro,Child,Won,2016-10-20,2017-03-01,4514"
LOST = "D2,Bob,MG Special,Other,Lost,2016-11-01,2017-03-09,0"
ENGAGING = "D3,Cyd,MG Special,,Engaging,2017-02-01,,"
PROSPECTING = "D4,Cyd,GTX Pro,Other,Prospecting,,,"
PIPELINE = "\n".join([PIPELINE_HEADER, WON, LOST, ENGAGING, PROSPECTING, ""])

GOOD = {
    "sales_teams.csv": TEAMS,
    "accounts.csv": ACCOUNTS,
    "products.csv": PRODUCTS,
    "sales_pipeline.csv": PIPELINE,
}


def write(folder: Path, **changed: str | bytes | None) -> Path:
    """The good files, some of them (named without `.csv`) with other content, or left out (None)."""
    for name, content in {**GOOD, **{f"{name}.csv": content for name, content in changed.items()}}.items():
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def pipeline(*rows: str) -> str:
    """A pipeline file of these rows."""
    return "\n".join([PIPELINE_HEADER, *rows, ""])


def read(folder: Path, *, skip_bad: bool = False, stored: StoredKeys = NOTHING_STORED) -> FolderContent:
    """What the folder holds."""
    return read_folder(folder, MAVEN, "maven", Silent(), skip_bad=skip_bad, stored=stored)


def refused(folder: Path, *, skip_bad: bool = False) -> list[str]:
    """What is wrong with the folder, as it is shown."""
    return [str(bad) for bad in faults(folder, skip_bad=skip_bad)]


def faults(folder: Path, *, skip_bad: bool = False) -> tuple[BadRow, ...]:
    """What is wrong with the folder."""
    try:
        read(folder, skip_bad=skip_bad)
    except ImportRefused as error:
        return error.bad_rows
    raise AssertionError("the folder was not refused")
