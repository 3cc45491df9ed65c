"""Workbooks as openpyxl reads them, once it is known how much their parts would make of it.

What a part unpacks to is bounded before (`sheets`), but openpyxl keeps an object for each element of XML, and a file of
some kilobytes can hold millions of them. So each part is counted through before openpyxl sees it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO, Any, Final
from xml.parsers import expat
from zipfile import ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.reader.excel import ExcelReader

from quotaloom.platform.errors import InputError

MOST_ELEMENTS: Final = 5_000_000
"""Elements of XML in the parts that are read: a template of 100,000 rows has fewer."""

MOST_AT_ONCE: Final = 200_000
"""Elements that openpyxl holds together: those of one row or one text, and all of a part that has neither."""

MOST_WHOLE: Final = 4_000_000
"""Bytes of a part that openpyxl reads as a whole, such as the styles."""

_LET_GO: Final = frozenset({"row", "si"})
"""Elements that openpyxl lets go of once it has read them."""


def open_workbook(content: bytes, *, data_only: bool) -> Workbook:
    """The workbook, whose sheets are read as they are asked for; close it. With `data_only` formulas are their values.

    Raises `InputError` TOO_LARGE, BAD_FILE for a part that declares entities, and whatever openpyxl raises. Reading its
    sheets may raise the same.
    """
    reader = _Reader(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)
    reader.archive.close()
    reader.archive = _CountedArchive(io.BytesIO(content))
    reader.read()
    return reader.wb


class _Reader(ExcelReader):
    def read_chartsheet(self, sheet: Any, rel: Any) -> None:
        """Leave out what has no table, and would be read as a whole."""


class _CountedArchive(ZipFile):
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self._counted: set[str] = set()
        self._elements = 0

    def open(self, name: str | ZipInfo, mode: Any = "r", pwd: bytes | None = None, **options: Any) -> IO[bytes]:
        """A part, which is counted through the first time."""
        key = _name(name)
        if key not in self._counted:
            with super().open(name) as part:
                self._count(part)
            self._counted.add(key)
        return super().open(name, mode, pwd, **options)

    def read(self, name: str | ZipInfo, pwd: bytes | None = None) -> bytes:
        """A part as a whole."""
        if self.getinfo(_name(name)).file_size > MOST_WHOLE:
            raise _too_large()
        return super().read(name, pwd)

    def _count(self, part: IO[bytes]) -> None:
        at_once = 0

        def started(name: str, _: Mapping[str, str]) -> None:
            nonlocal at_once
            self._elements += 1
            at_once = 0 if name.rpartition(":")[2] in _LET_GO else at_once + 1
            if at_once > MOST_AT_ONCE or self._elements > MOST_ELEMENTS:
                raise _too_large()

        parser = expat.ParserCreate()
        parser.StartElementHandler = started
        parser.StartDoctypeDeclHandler = _refuse_entities
        parser.ParseFile(part)


def _name(part: str | ZipInfo) -> str:
    return part.filename if isinstance(part, ZipInfo) else part


def _refuse_entities(*_: object) -> None:
    raise InputError("BAD_FILE", "the workbook declares a document type, which no spreadsheet does", ("content",))


def _too_large() -> InputError:
    message = "the workbook holds far more than a table: copy the table into a new one, and import that"
    return InputError("TOO_LARGE", message, ("content",))
