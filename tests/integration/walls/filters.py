"""Filters in the text of statements: found while these are sent, and taken away one at a time.

Which filters go by who asks, or by what he may see, shows in what they are given: a number that `marks` made known
again. What row-level security does not reach, the jobs, is told apart by the company: those filters are found by their
text.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import pytest

from quotaloom.platform.unit_of_work import Snapshot, Transaction
from tests.integration.walls.checks import shortened
from tests.integration.walls.marks import goes_by_sight, goes_by_viewer, mark

TRUE: Final = "true"
FALSE: Final = "false"
OPEN: Final = (TRUE,)
EITHER: Final = (TRUE, FALSE)
"""What stands in place of a filter: of what goes by who asks it depends whether it lets in or out."""

_CLAUSE: Final = re.compile(r"\(\$\d+(?:::[a-z]+(?:\[\])?)? (?:IS NULL )?OR\b")
_GIVEN: Final = re.compile(r"(?:\b\w+\.)?\bcompany_id = (\$\d+)(?:::bigint)?")
_JOINED: Final = re.compile(r"(?:\b\w+\.)?\bcompany_id = \w+\.company_id\b|\bcompany\.id = \w+\.company_id\b")
_OF_THE_COMPANY: Final = re.compile(r"headers->>'\w+' = \$1::bigint::text")
_WRITES: Final = re.compile(r"\b(INSERT|UPDATE|DELETE)\b")
_CHOOSES: Final = re.compile(r"\bWHEN [\w.]+ = $")
_BEFORE: Final = re.compile(r"\b(SET|SELECT|WHERE|ON|AND|OR|WHEN|FILTER)\b")


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: which function sends the statement, and the filter's text."""

    number: int
    function: str
    text: str
    among: int
    instead: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is called within its function; the same in every run, as long as it is not changed."""
        return shortened(" ".join(self.text.split())) + (f" ({self.among + 1})" if self.among else "")


@dataclass
class Filters:
    """The filters that were met so far, those that the last statements had, and which one is removed.

    `written` counts the rows that statements wrote.
    """

    met: dict[tuple[str, str, int], Filter] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    removed: tuple[int, str] | None = None
    written: int = 0

    @contextmanager
    def without(self, one: Filter, way: int) -> Iterator[None]:
        """Run the block without the filter."""
        self.removed = one.number, one.instead[way]
        try:
            yield
        finally:
            self.removed = None

    def sent(self, sql: str, arguments: Sequence[Any]) -> str:
        """The statement, without the filter that is removed."""
        function, seen, sent = _sender(), dict[str, int](), sql
        for start, end, instead in reversed(spans(sql, arguments)):
            text = sql[start:end]
            among = seen[text] = seen.get(text, -1) + 1
            met = self.met.get((function, text, among))
            if met is None:
                met = self.met[function, text, among] = Filter(len(self.met), function, text, among, instead)
            self.asked.add(met.number)
            if self.removed is not None and self.removed[0] == met.number:
                added = "OR true" if self.removed[1] == TRUE else "AND false"
                sent = f"{sql[:start]}({text} {added}){sql[end:]}"
        return sent


def without_companies(sql: str) -> str:
    """The statement without any filter by company; what it is given for one is looked at, and lets everything in."""
    return _JOINED.sub("true", _GIVEN.sub(r"(\1::bigint IS NOT NULL)", sql))


@contextmanager
def without_naming_companies(patch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Send all statements without any filter by company while the block runs; counts those that had one, by verb."""
    fetch, fetch_written, execute = Snapshot._fetch, Transaction.fetch, Transaction.execute
    removed = Counter[str]()

    def bare(sql: str) -> str:
        sent = without_companies(sql)
        if sent != sql:
            removed[sql.split(maxsplit=1)[0]] += 1
        return sent

    async def read(self: Snapshot, sql: str, arguments: Sequence[Any]) -> Any:
        return await fetch(self, bare(sql), arguments)

    async def read_to_write(self: Transaction, sql: str, *arguments: Any) -> Any:
        return await fetch_written(self, bare(sql), *arguments)

    async def write(self: Transaction, sql: str, *arguments: Any) -> str:
        return await execute(self, bare(sql), *arguments)

    with patch.context() as patched:
        patched.setattr(Snapshot, "_fetch", read)
        patched.setattr(Transaction, "fetch", read_to_write)
        patched.setattr(Transaction, "execute", write)
        yield removed


Span = tuple[int, int, tuple[str, ...]]
"""Where a filter begins and ends, and what can stand in its place."""


def spans(sql: str, arguments: Sequence[Any]) -> list[Span]:
    """Where a statement has filters that go by who asks or what he may see.

    None is within another, but for what chooses between two of them (`CASE WHEN member_id = $2 THEN …`).
    """
    by_sight, by_viewer = (
        tuple(place for place, one in enumerate(arguments, 1) if goes_by(one))
        for goes_by in (goes_by_sight, goes_by_viewer)
    )
    return _spans(sql, by_sight, by_viewer)


@cache
def _spans(sql: str, by_sight: tuple[int, ...], by_viewer: tuple[int, ...]) -> list[Span]:
    """The same, by the places of such arguments; statements are few."""
    found: list[Span] = [(*match.span(), OPEN) for match in _OF_THE_COMPANY.finditer(sql)]
    for places, instead in ((by_sight, OPEN), (by_viewer, EITHER)):
        for place in places:
            for match in re.finditer(rf"\${place}\b", sql):
                chooses = bool(_CHOOSES.search(sql, 0, match.start()))
                if chooses or not any(start <= match.start() < end for start, end, _ in found):
                    span = _span_around(sql, match.start(), place, alone=chooses)
                    if span is not None:
                        found = [one for one in found if chooses or not span[0] <= one[0] < span[1]]
                        found.append((*span, instead))
    return sorted(found)


def _span_around(sql: str, position: int, place: int, *, alone: bool) -> tuple[int, int] | None:
    """The alternatives that a parameter is part of, or else the comparison with it; None where it is written."""
    for match in () if alone else _CLAUSE.finditer(sql):
        end = _closing(sql, match.start())
        if match.start() < position < end:
            return match.start(), end
    given = rf"\${place}(?:::bigint)?\b"
    compared = re.compile(
        rf"[\w.]+ = ANY ?\(\s*\${place}(?:::bigint\[\])?\s*(?:\|\| ARRAY\([^)]*\))?\s*\)"
        rf"|[\w.]+ (?:=|<>|IS (?:NOT )?DISTINCT FROM) {given}"
    )
    for match in compared.finditer(sql):
        if match.start() < position < match.end():
            return None if _is_assigned(sql, match.start()) else match.span()
    return None


def _is_assigned(sql: str, position: int) -> bool:
    """Whether what looks like a comparison is a new value of a column."""
    words = _BEFORE.findall(sql, 0, position)
    return bool(words) and words[-1] == "SET"


def _closing(sql: str, start: int) -> int:
    depth = 0
    for place in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[place], 0)
        if depth == 0:
            return place + 1
    raise ValueError(f"a parenthesis is open: {sql[start:]}")


def _sender() -> str:
    """The function that sends a statement."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename.endswith(("/platform/unit_of_work.py", __file__)):
        frame = frame.f_back
    return f"{frame.f_globals['__name__']}.{frame.f_code.co_qualname.replace('.<locals>', '')}"


@contextmanager
def watched(patch: pytest.MonkeyPatch) -> Iterator[Filters]:
    """Watch the filters of all statements while the block runs, with marks on everybody and in his sight."""
    filters = Filters()
    fetch, fetch_written, execute = Snapshot.fetch, Transaction.fetch, Transaction.execute

    async def read(self: Snapshot, sql: str, *arguments: Any) -> Any:
        return await fetch(self, filters.sent(sql, arguments), *arguments)

    async def read_to_write(self: Transaction, sql: str, *arguments: Any) -> Any:
        rows = await fetch_written(self, filters.sent(sql, arguments), *arguments)
        filters.written += len(rows) if _WRITES.search(sql) else 0
        return rows

    async def write(self: Transaction, sql: str, *arguments: Any) -> str:
        tag = await execute(self, filters.sent(sql, arguments), *arguments)
        filters.written += int(tag.split()[-1]) if _WRITES.match(tag) else 0
        return tag

    with patch.context() as patched:
        patched.setattr(Snapshot, "fetch", read)
        patched.setattr(Transaction, "fetch", read_to_write)
        patched.setattr(Transaction, "execute", write)
        mark(patched)
        yield filters
