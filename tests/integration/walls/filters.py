"""Filters in the text of statements: found while these are sent, and taken away one at a time.

Which filters go by what somebody may see shows in what they are given. Here everybody's sight has a number more in each
of its sets, which no row has; a filter that is given the number goes by the sight. What row-level security does not
reach, the jobs, is told apart by the company: those filters are found by their text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest

from quotaloom.leads import permission as lead_permission
from quotaloom.organizations import sight
from quotaloom.organizations.sight import Sight
from quotaloom.ownership.permission import worked_positions
from quotaloom.ownership.pool_people import pools_of_member
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.pool import permission as pool_permission
from tests.integration.walls.checks import shortened

MARK: Final = -1_000_003
"""A number that no row has."""

_CLAUSE: Final = re.compile(r"\(\$\d+(?:::[a-z]+(?:\[\])?)? (?:IS NULL )?OR\b")
_GIVEN: Final = re.compile(r"(?:\b\w+\.)?\bcompany_id = (\$\d+)(?:::bigint)?")
_JOINED: Final = re.compile(r"(?:\b\w+\.)?\bcompany_id = \w+\.company_id\b|\bcompany\.id = \w+\.company_id\b")
_OF_THE_COMPANY: Final = re.compile(r"headers->>'\w+' = \$1::bigint::text")


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter: which function sends the statement, and the filter's text."""

    number: int
    function: str
    text: str
    among: int
    instead: tuple[str, ...] = ("true",)

    @property
    def name(self) -> str:
        """What it is called within its function; the same in every run, as long as it is not changed."""
        return shortened(" ".join(self.text.split())) + (f" ({self.among + 1})" if self.among else "")


@dataclass
class Filters:
    """The filters that were met so far, those that the last statements had, and which one is removed."""

    met: dict[tuple[str, str, int], Filter] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    removed: int | None = None

    @contextmanager
    def without(self, one: Filter, _way: int) -> Iterator[None]:
        """Run the block without the filter."""
        self.removed = one.number
        try:
            yield
        finally:
            self.removed = None

    def sent(self, sql: str, arguments: Sequence[Any]) -> str:
        """The statement, without the filter that is removed."""
        function, seen = _sender(), dict[str, int]()
        for start, end in reversed(spans(sql, arguments)):
            text = sql[start:end]
            among = seen[text] = seen.get(text, -1) + 1
            met = self.met.get((function, text, among))
            if met is None:
                met = self.met[function, text, among] = Filter(len(self.met), function, text, among)
            self.asked.add(met.number)
            if self.removed == met.number:
                sql = f"{sql[:start]}({text} OR true){sql[end:]}"
        return sql


def without_companies(sql: str) -> str:
    """The statement without any filter by company; what it is given for one is looked at, and lets everything in."""
    return _JOINED.sub("true", _GIVEN.sub(r"(\1::bigint IS NOT NULL)", sql))


def spans(sql: str, arguments: Sequence[Any]) -> list[tuple[int, int]]:
    """Where a statement has filters that go by what somebody may see, none within another."""
    found = [match.span() for match in _OF_THE_COMPANY.finditer(sql)]
    marked = [
        place for place, one in enumerate(arguments, 1) if isinstance(one, list | tuple | frozenset) and MARK in one
    ]
    for place in marked:
        for match in re.finditer(rf"\${place}\b", sql):
            if not any(start <= match.start() < end for start, end in found):
                span = _span_around(sql, match.start(), place)
                if span is not None:
                    found = [one for one in found if not span[0] <= one[0] < span[1]]
                    found.append(span)
    return sorted(found)


def _span_around(sql: str, position: int, place: int) -> tuple[int, int] | None:
    """The alternatives that a parameter is part of, or else the comparison with it."""
    for match in _CLAUSE.finditer(sql):
        end = _closing(sql, match.start())
        if match.start() < position < end:
            return match.start(), end
    compared = re.compile(rf"[\w.]+ = ANY ?\(\s*\${place}(?:::bigint\[\])?\s*\)")
    return next((match.span() for match in compared.finditer(sql) if match.start() < position < match.end()), None)


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
    """Watch the filters of all statements while the block runs, with a mark in everybody's sight."""
    filters = Filters()
    fetch, fetch_written = Snapshot.fetch, Transaction.fetch

    async def read(self: Snapshot, sql: str, *arguments: Any) -> Any:
        return await fetch(self, filters.sent(sql, arguments), *arguments)

    async def read_to_write(self: Transaction, sql: str, *arguments: Any) -> Any:
        return await fetch_written(self, filters.sent(sql, arguments), *arguments)

    with patch.context() as patched:
        patched.setattr(Snapshot, "fetch", read)
        patched.setattr(Transaction, "fetch", read_to_write)
        _mark(patched)
        yield filters


def _mark(patch: pytest.MonkeyPatch) -> None:
    """Put the mark into all sights, and into the pools and positions that are open to somebody."""
    made, pools, worked = sight._sight, pools_of_member, worked_positions

    def marked(*given: Any) -> Sight:
        one, mark = made(*given), frozenset((MARK,))
        sets = ("unit_ids", "named_unit_ids", "member_ids", "named_member_ids", "led_unit_ids", "held_unit_ids")
        return replace(one, **{name: getattr(one, name) | mark for name in sets})

    async def marked_pools(*given: Any) -> Any:
        found = await pools(*given)
        return replace(found, administered=found.administered | {MARK}, joined=found.joined | {MARK})

    async def marked_positions(*given: Any) -> Any:
        found = await worked(*given)
        return found if found is None else (*found, MARK)

    patch.setattr(sight, "_sight", marked)
    for module in (lead_permission, pool_permission):
        patch.setattr(module, "pools_of_member", marked_pools)
        patch.setattr(module, "worked_positions", marked_positions)
