"""Where a report is downloaded: a path that carries its arguments, written by the graph and read by the server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from quotaloom.platform.errors import InputError
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.reports.ordering import SortBy
from quotaloom.reports.requests import ReportRequest, RowsOf
from quotaloom.targets.attainment import AttainmentStatus
from quotaloom_graphql.enums import OrgUnitKind, Structure
from quotaloom_graphql.nodes import decode_id, encode_id

E = TypeVar("E", bound=StrEnum)

NO_TARGET: Final = "NONE"
"""Stands for the status of those without a target."""


def report_files(
    report: str, loaded: Sequence[Mapping[str, Any]], format: FileFormat, columns: Sequence[StrEnum]
) -> list[dict[str, str]]:
    """Where each of these reports is as a file, as `ReportFile` shows it."""
    return [
        {"path": report_path(report, one["report"].request, format, columns), "media_type": format.media_type}
        for one in loaded
    ]


def report_path(report: str, request: ReportRequest, format: FileFormat, columns: Sequence[StrEnum]) -> str:
    """The path of a report's file; enums are written as in the graph, what has several values is there several times.

    A column to sort by is `RATE`, descending `-RATE`, of another metric than the first `RATE:orders`.
    """
    pairs = [*_pairs(report, request), *(("columns", column.name) for column in columns)]
    return f"/reports/{report}.{format}?{urlencode(pairs)}"


def _pairs(report: str, request: ReportRequest) -> Iterator[tuple[str, str]]:
    yield "period", request.period
    yield from (("metrics" if report == "attainment" else "metric", key) for key in request.metrics)
    yield "rows", request.rows.name
    if request.org_unit_id is not None:
        yield "orgUnit", encode_id("OrgUnit", request.org_unit_id)
    if request.direct_children:
        yield "directChildren", "true"
    yield from _chosen("kind", request.kinds, str.upper)
    yield from _chosen("level", request.levels, str)
    yield from _chosen("orgUnits", request.unit_ids, partial(encode_id, "OrgUnit"))
    yield from _chosen("members", request.member_ids, partial(encode_id, "Member"))
    yield from _chosen("status", request.statuses, lambda status: NO_TARGET if status is None else status.name)
    if request.structure == "as_is":
        yield "structure", Structure.AS_IS.name
    if request.as_of is not None:
        yield "asOf", request.as_of.isoformat()
    for by in request.sort:
        sign, metric = "-" if by.descending else "", "" if by.metric is None else f":{by.metric}"
        yield "sort", f"{sign}{by.column.upper()}{metric}"


def _chosen(name: str, values: Sequence[Any] | None, written: Callable[[Any], str]) -> Iterator[tuple[str, str]]:
    """What is chosen, a pair each; an empty one stands for a choice of nothing, which leaves no rows."""
    if values is not None:
        yield from ((name, written(value)) for value in values) if values else [(name, "")]


def request_of(query: Iterable[tuple[str, str]]) -> tuple[ReportRequest, list[str]]:
    """The request and the names of the columns that a path's query asks for.

    Raises `InputError` UNKNOWN_ARGUMENT, BAD_ARGUMENT and PERIOD_MISSING, `NotFound` for what is no id.
    """
    given: dict[str, list[str]] = {}
    for name, value in query:
        given.setdefault(name, []).append(value)
    for name in given:
        if name not in _READ and name != "columns":
            raise InputError("UNKNOWN_ARGUMENT", f"a report takes no {name[:60]!r}", (name[:60],))
    if "period" not in given:
        raise InputError("PERIOD_MISSING", "name a period, such as 2017-Q2", ("period",))
    facts: dict[str, Any] = {
        field: () if name in _CHOICES and given[name] == [""] else read(given[name], name)
        for name, (field, read) in _READ.items()
        if name in given
    }
    return ReportRequest(**facts), [name.lower() for name in given.get("columns", ())]


Reading = Callable[[list[str], str], Any]


def _last(values: list[str], _: str) -> str:
    return values[-1]


def _all(values: list[str], _: str) -> tuple[str, ...]:
    return tuple(values)


def _bad(name: str, value: str, allowed: str) -> InputError:
    return InputError("BAD_ARGUMENT", f"{value[:60]!r} is none of {allowed}", (name,))


def _one_of(kind: type[E], value: str, name: str) -> E:
    found = kind.__members__.get(value.upper())
    if found is None:
        raise _bad(name, value, ", ".join(kind.__members__))
    return found


def _rows(values: list[str], name: str) -> RowsOf:
    return _one_of(RowsOf, values[-1], name)


def _structure(values: list[str], name: str) -> str:
    return _one_of(Structure, values[-1], name).value


def _kinds(values: list[str], name: str) -> tuple[str, ...]:
    return tuple(_one_of(OrgUnitKind, value, name).value for value in values)


def _statuses(values: list[str], name: str) -> tuple[AttainmentStatus | None, ...]:
    return tuple(None if value.upper() == NO_TARGET else _one_of(AttainmentStatus, value, name) for value in values)


def _levels(values: list[str], name: str) -> tuple[int, ...]:
    for value in values:
        if not (value.isascii() and value.isdigit() and len(value) < 5):
            raise _bad(name, value, "0, 1, 2 and so on")
    return tuple(map(int, values))


def _yes(values: list[str], name: str) -> bool:
    if values[-1].lower() not in ("true", "false"):
        raise _bad(name, values[-1], "true, false")
    return values[-1].lower() == "true"


def _day(values: list[str], name: str) -> date:
    try:
        return date.fromisoformat(values[-1])
    except ValueError:
        raise _bad(name, values[-1], "the days, such as 2017-06-14") from None


def _ids(type_name: str) -> Reading:
    return lambda values, name: tuple(decode_id(value, type_name, (name,)) for value in values)


def _sort(values: list[str], _: str) -> tuple[SortBy, ...]:
    found = []
    for value in values:
        column, _, metric = value.removeprefix("-").partition(":")
        found.append(SortBy(column.lower(), value.startswith("-"), metric or None))
    return tuple(found)


_READ: Final[Mapping[str, tuple[str, Reading]]] = {
    "period": ("period", _last),
    "metric": ("metrics", _all),
    "metrics": ("metrics", _all),
    "rows": ("rows", _rows),
    "orgUnit": ("org_unit_id", lambda values, name: decode_id(values[-1], "OrgUnit", (name,))),
    "directChildren": ("direct_children", _yes),
    "kind": ("kinds", _kinds),
    "level": ("levels", _levels),
    "orgUnits": ("unit_ids", _ids("OrgUnit")),
    "members": ("member_ids", _ids("Member")),
    "status": ("statuses", _statuses),
    "structure": ("structure", _structure),
    "asOf": ("as_of", _day),
    "sort": ("sort", _sort),
}
"""How each argument is read, and what the request calls it."""

_CHOICES: Final = frozenset({"kind", "level", "orgUnits", "members", "status"})
"""The arguments that choose rows, which may choose nothing."""
