"""Writing rows that were left out to a folder that can be mended and imported like the one that they come from."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable
from io import StringIO
from itertools import chain, count, groupby
from pathlib import Path

from quotaloom.importing.bad_rows import BadRow
from quotaloom.importing.tables import Table
from quotaloom.importing.workbook_files import stands_for
from quotaloom.platform.errors import InputError

ADDED = ("line", "reason")
"""The columns that precede those of the file; importing does not read them."""


def write_skipped(folder: Path, tables: Iterable[Table]) -> None:
    """Write one file per file of the mapping, with the columns of the original and the bad rows as they stand there.

    In the place of a workbook stands a CSV file. `line` and `reason` come before them. A byte that is not UTF-8 is
    written as `\\xfc`. A folder that holds just this already, because an import was broken off, stays as it is;
    nothing is ever overwritten. Raises `InputError` SKIPPED_ARE_THERE, CANNOT_WRITE.
    """
    contents = {stands_for(table.part.file): _content(table).encode() for table in tables}
    try:
        if folder.exists() or folder.is_symlink():
            _require_same(folder, contents)
            return
        folder.mkdir()
        for file, content in contents.items():
            with (folder / file).open("xb") as written:
                written.write(content)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}; name another folder for the skipped rows"
        raise InputError("CANNOT_WRITE", message, ("skipped",)) from None


def _require_same(folder: Path, contents: dict[str, bytes]) -> None:
    if any(not (folder / file).is_file() or (folder / file).read_bytes() != one for file, one in contents.items()):
        message = f"{folder} is there already: move it away, or name another folder for the skipped rows"
        raise InputError("SKIPPED_ARE_THERE", message, ("skipped",))


def _content(table: Table) -> str:
    lines = [_before(table, [_unused(name, table.header_names) for name in ADDED]) + table.header]
    for line, faults in groupby(sorted(table.bad, key=_line), _line):
        of_row = list(faults)
        lines.append(_before(table, [str(line), _reason(of_row)]) + of_row[0].content)
    return _readable("".join(f"{line}\n" for line in lines))


def _line(bad: BadRow) -> int:
    return bad.line or 0


def _reason(faults: Iterable[BadRow]) -> str:
    reasons = (bad.reason if bad.column is None else f"{bad.column}: {bad.reason}" for bad in faults)
    return "; ".join(dict.fromkeys(reasons))


def _before(table: Table, cells: list[str]) -> str:
    """Cells in front of a row, which stays as it is: with its number of columns and its quotes, right or wrong."""
    text = StringIO()
    csv.writer(text, delimiter=table.part.delimiter, lineterminator="\n").writerow(cells)
    return text.getvalue().removesuffix("\n") + table.part.delimiter


def _unused(name: str, taken: Collection[str]) -> str:
    return next(one for one in chain([name], (f"{name} {number}" for number in count(2))) if one not in taken)


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
