"""What keeps targets from being SMART: cells without a value, an owner, or a source of measurement.

A plan aims for the months in which any of its units has a target. Each unit that has one in any of them needs one in
each of them in which it is open, and an assessment value wherever it has a target, if it has any. Each cell needs an
owner: a position somebody who holds it on a day of the month, a department or team a head; the company's own cells
are the admins'. A cell is of a month and of a plan, and so always has a period and a metric; the metric has to say
what it is measured by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from asyncpg import Record

from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.metrics.measuring import measured_by
from quotaloom.organizations.naming import listed
from quotaloom.organizations.spans import Span
from quotaloom.platform.errors import InputError
from quotaloom.platform.refusals import raise_all
from quotaloom.platform.unit_of_work import Snapshot, Transaction

MOST_TOLD: Final = 50
"""How many findings a refusal to publish tells one by one."""


class Lack(StrEnum):
    """What is missing, the gravest first."""

    SOURCE = "source"
    TARGET = "target"
    ASSESSMENT = "assessment"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class SmartFinding:
    """What a plan's unit lacks, in which months (by their labels, in order); the metric's source is of no unit."""

    lacks: Lack
    message: str
    unit_id: int | None = None
    months: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Some findings of one version, and how many there are in all."""

    findings: tuple[SmartFinding, ...] = ()
    total: int = 0


NO_FINDINGS = FindingPage()

_Found = tuple[Lack, Record, list[Period]]

_PERIODS = """
SELECT v.id AS version_id, m.name, counted.key, coalesce(m.measured_by, counted.measured_by) AS measured_by,
    c.starts_on
FROM plan_version v
JOIN plan p ON p.company_id = v.company_id AND p.id = v.plan_id
JOIN metric m ON m.company_id = p.company_id AND m.id = p.metric_id
JOIN metric counted ON counted.company_id = m.company_id AND counted.id = coalesce(m.of_metric_id, m.id)
LEFT JOIN LATERAL (SELECT DISTINCT starts_on FROM target_cell WHERE company_id = v.company_id
    AND plan_version_id = v.id AND target IS NOT NULL) AS c ON true
WHERE v.id = ANY($1::bigint[])
"""

# Days are told of those units alone that do not have as many as there are.
_UNITS = """
SELECT c.*, u.name, u.kind, u.opened_on, u.closed_on FROM (
    SELECT plan_version_id, unit_id, count(target) AS targets, count(assessment) AS assessments,
        CASE WHEN count(target) <> ($2::bigint[])[array_position($1::bigint[], plan_version_id)]
            THEN array_agg(starts_on) FILTER (WHERE target IS NOT NULL) END AS aimed_on,
        CASE WHEN count(assessment) > 0 AND count(assessment) FILTER (WHERE target IS NOT NULL) <> count(target)
            THEN array_agg(starts_on) FILTER (WHERE assessment IS NOT NULL) END AS assessed_on
    FROM target_cell WHERE plan_version_id = ANY($1::bigint[]) AND ($3::bigint[] IS NULL OR unit_id = ANY($3))
    GROUP BY plan_version_id, unit_id HAVING count(target) > 0
) AS c JOIN org_unit u ON u.id = c.unit_id
"""

_OWNERS = """
SELECT position_id AS unit_id, valid_from, valid_to FROM holding WHERE position_id = ANY($1::bigint[])
    AND (valid_from IS NULL OR valid_from < $3) AND (valid_to IS NULL OR valid_to > $2)
UNION ALL SELECT unit_id, valid_from, valid_to FROM headship WHERE unit_id = ANY($1::bigint[])
    AND (valid_from IS NULL OR valid_from < $3) AND (valid_to IS NULL OR valid_to > $2)
"""


@dataclass(slots=True)
class _Version:
    """A version as it is looked at: its months in order, how many days its cells start on, its metric if unmeasured."""

    months: list[Period]
    starts: int
    unmeasured: str | None


async def smart_findings(
    source: Snapshot | Transaction,
    calendar: FiscalCalendar,
    version_ids: Sequence[int],
    *,
    owners: bool,
    unit_ids: Collection[int] | None = None,
    first: int = MOST_TOLD,
    offset: int = 0,
) -> dict[int, FindingPage]:
    """What keeps versions of plans from being SMART: up to `first` findings of each from `offset` on, by version.

    `owners` says whether cells need any; with `unit_ids` only these units are looked at. The gravest come first, then
    by the unit's name. Three statements, however many versions and cells there are.
    """
    versions = _versions(await source.fetch(_PERIODS, list(version_ids)), calendar)
    units = await source.fetch(
        _UNITS, list(versions), [one.starts for one in versions.values()], None if unit_ids is None else list(unit_ids)
    )
    terms = await _owners(source, versions, units) if owners else None
    by_version: dict[int, list[Record]] = defaultdict(list)
    for unit in sorted(units, key=lambda unit: (unit["name"], unit["unit_id"])):
        by_version[unit["plan_version_id"]].append(unit)
    return {
        version_id: _page(version, by_version[version_id], terms, calendar, slice(offset, offset + first))
        for version_id, version in versions.items()
    }


async def refuse_unless_smart(
    transaction: Transaction, calendar: FiscalCalendar, version_id: int, *, owners: bool
) -> None:
    """Raise `InputError` NOT_SMART for each finding of a version, all at once; beyond `MOST_TOLD` their number."""
    page = (await smart_findings(transaction, calendar, [version_id], owners=owners)).get(version_id, NO_FINDINGS)
    told = [finding.message for finding in page.findings]
    if page.total > len(told):
        told.append(
            f"{page.total - len(told)} more findings, {page.total} in all: `plan {{ smartFindings }}` lists them"
        )
    raise_all([InputError("NOT_SMART", message, ("planId",)) for message in told])


async def versions_to_check(snapshot: Snapshot, plan_ids: Sequence[int]) -> dict[int, int]:
    """The version of each plan that is looked at: its draft, or the published one where there is none."""
    rows = await snapshot.fetch(
        "SELECT DISTINCT ON (plan_id) plan_id, id FROM plan_version WHERE plan_id = ANY($1::bigint[])"
        " AND status IN ('draft', 'published') ORDER BY plan_id, status = 'draft' DESC, id DESC",
        list(plan_ids),
    )
    return {row["plan_id"]: row["id"] for row in rows}


def _versions(rows: Sequence[Record], calendar: FiscalCalendar) -> dict[int, _Version]:
    found: dict[int, _Version] = {}
    starts: dict[int, set[date]] = defaultdict(set)
    for row in rows:
        unmeasured = row["name"] if measured_by(row["key"], row["measured_by"]) is None else None
        found.setdefault(row["version_id"], _Version([], 0, unmeasured))
        if row["starts_on"] is not None:
            starts[row["version_id"]].add(row["starts_on"])
    for version_id, days in starts.items():
        months = {calendar.containing(day, Grain.MONTH) for day in days}
        found[version_id].months = sorted(months, key=lambda month: month.starts_on)
        found[version_id].starts = len(days)
    return found


async def _owners(
    source: Snapshot | Transaction, versions: Mapping[int, _Version], units: Sequence[Record]
) -> dict[int, list[Span]]:
    """When the units have a holder or a head, as far as that matters."""
    months = [month for version in versions.values() for month in version.months]
    if not months:
        return {}
    found: dict[int, list[Span]] = defaultdict(list)
    rows = await source.fetch(
        _OWNERS,
        [unit["unit_id"] for unit in units],
        min(month.starts_on for month in months),
        max(month.ends_on for month in months),
    )
    for row in rows:
        found[row["unit_id"]].append(Span.of(row["valid_from"], row["valid_to"]))
    return found


def _page(
    version: _Version,
    units: Sequence[Record],
    owners: Mapping[int, Sequence[Span]] | None,
    calendar: FiscalCalendar,
    wanted: slice,
) -> FindingPage:
    lacking: dict[Lack, list[tuple[Record, list[Period]]]] = {lack: [] for lack in Lack}
    for unit in units:
        for lack, months in _lacking(unit, version.months, owners, calendar):
            if months:
                lacking[lack].append((unit, months))
    found: list[str | _Found] = [] if version.unmeasured is None else [version.unmeasured]
    found += [(lack, unit, months) for lack, of_units in lacking.items() for unit, months in of_units]
    told = (_finding(*one) if isinstance(one, tuple) else _unmeasured(one) for one in found[wanted])
    return FindingPage(tuple(told), len(found))


def _lacking(
    unit: Record, months: Sequence[Period], owners: Mapping[int, Sequence[Span]] | None, calendar: FiscalCalendar
) -> Iterator[tuple[Lack, list[Period]]]:
    """What a unit lacks in which of the plan's months."""
    aimed = list(months)
    if unit["aimed_on"] is not None:
        with_target = _months_of(unit["aimed_on"], calendar)
        aimed = [month for month in months if month in with_target]
        missing = [month for month in months if month not in with_target and _is_open(unit, month)]
        yield Lack.TARGET, missing
    if unit["assessed_on"] is not None:
        assessed = _months_of(unit["assessed_on"], calendar)
        yield Lack.ASSESSMENT, [month for month in aimed if month not in assessed]
    if owners is not None and unit["kind"] != "company":
        spans = owners.get(unit["unit_id"], ())
        yield Lack.OWNER, [] if _own_all(spans, aimed) else [month for month in aimed if not _is_owned(spans, month)]


def _months_of(days: Sequence[date], calendar: FiscalCalendar) -> set[Period]:
    return {calendar.containing(day, Grain.MONTH) for day in days}


def _is_open(unit: Record, month: Period) -> bool:
    return Span.of(unit["opened_on"], unit["closed_on"]).overlaps(_days(month))


def _own_all(spans: Sequence[Span], months: Sequence[Period]) -> bool:
    """Whether one owner has all the months, as most have: that is quickly said."""
    return any(span.start <= months[0].starts_on and months[-1].ends_on <= span.end for span in spans)


def _is_owned(spans: Sequence[Span], month: Period) -> bool:
    return any(span.overlaps(_days(month)) for span in spans)


def _days(month: Period) -> Span:
    return Span(month.starts_on, month.ends_on)


def _unmeasured(metric: str) -> SmartFinding:
    return SmartFinding(Lack.SOURCE, f"{metric} has no source of measurement: say what it is measured by")


def _finding(lack: Lack, unit: Record, months: Sequence[Period]) -> SmartFinding:
    labels = tuple(month.label for month in months)
    return SmartFinding(lack, _sentence(lack, unit, listed(labels)), unit["unit_id"], labels)


def _sentence(lack: Lack, unit: Record, months: str) -> str:
    name = unit["name"]
    if lack is Lack.OWNER:
        does = "holds" if unit["kind"] == "position" else "heads"
        return f"nobody {does} {name} in {months}: appoint somebody, or clear the targets"
    what = "target" if lack is Lack.TARGET else "assessment value"
    return f"{name} has no {what} in {months}, though it has some in other months of the plan"
