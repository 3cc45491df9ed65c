"""What all files for spreadsheets have in common: their kinds, safe texts, exact numbers, and a thread to work in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from enum import StrEnum
from typing import Final, TypeVar

from quotaloom.platform.time_limits import operation_time

T = TypeVar("T")

EXACT_DIGITS: Final = 15
"""Digits that a number in a spreadsheet keeps; an amount of more is written as text."""

BOM: Final = "\ufeff"
"""Begins a CSV file, so that spreadsheets know that it is in UTF-8."""

_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

_SPREADSHEETS: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spreadsheets")
"""Files are read and written one at a time: they take time and memory that requests want too."""


class FileFormat(StrEnum):
    """What kind of file."""

    CSV = "csv"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        """What the file is called where it is sent."""
        if self is FileFormat.CSV:
            return "text/csv; charset=utf-8"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def guarded(text: str) -> str:
    """Text that no spreadsheet runs as a formula when it opens a CSV file."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_DANGEROUS) else text


async def aside(work: Callable[[], T]) -> T:
    """The result of reading or writing a file, which keeps nobody else from being answered.

    Raises `LimitExceeded` where the time of the operation is over before it is our turn, or when the work is through;
    nothing interrupts it in between, but for what looks at the time itself.
    """
    time = operation_time()
    left = None if time is None else time.begin()
    writing = _SPREADSHEETS.submit(copy_context().run, work)
    through = asyncio.wrap_future(writing)
    try:
        await asyncio.wait({through}, timeout=left)
    except asyncio.CancelledError:
        through.cancel()
        raise
    if time is not None and not through.done() and writing.cancel():
        raise time.over()
    result = await through
    if time is not None:
        time.begin()
    return result
