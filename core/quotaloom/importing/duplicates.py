"""Rows that are the same as others, or as what the company has: told of, or refused, as the company wants it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from quotaloom.duplicates.finding import PLACES, SAME, Duplicate, duplicates_of, repeated
from quotaloom.duplicates.normal_forms import Likeness, likeness, region_of
from quotaloom.duplicates.rules import Compared, DuplicateSubject, Rule, duplicate_rule
from quotaloom.funnels.commands.customers import customer_likeness
from quotaloom.importing.bad_rows import BadRow
from quotaloom.importing.mapping import CustomersPart, ImportMapping, LeadsPart, Source
from quotaloom.importing.reading import FolderContent
from quotaloom.importing.tables import RefusedLine
from quotaloom.platform.unit_of_work import Snapshot


@dataclass
class ImportDuplicates:
    """Rows that are the same as others: those that are only told of, and those refused, by the part and their line."""

    told: list[BadRow] = field(default_factory=list)
    refused: dict[str, dict[int, RefusedLine]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Row:
    key: str
    line: int
    compared: Likeness


async def find_duplicates(
    snapshot: Snapshot | None, time_zone: str, mapping: ImportMapping, content: FolderContent
) -> ImportDuplicates:
    """Compare the rows that are new with each other, and with what the company has (None: it is yet to be founded).

    A row whose key is stored is nothing new, and not looked at.
    """
    found = ImportDuplicates()
    parts = (
        ("customers", DuplicateSubject.CUSTOMER, mapping.customers),
        ("leads", DuplicateSubject.LEAD, mapping.leads),
    )
    for name, subject, part in parts:
        if part is not None:
            rule = Rule(subject) if snapshot is None else await duplicate_rule(snapshot, subject)
            rows = list(_rows(name, content, region_of(time_zone)))
            if snapshot is not None:
                rows = await _new(snapshot, subject, rows)
            await _compare(snapshot, rule, name, part, rows, found)
    return found


def _rows(name: str, content: FolderContent, region: str | None) -> Iterator[_Row]:
    if name == "customers":
        lines = content.tables["customers"].lines
        for customer in content.records.customers:
            key = str(customer.key)
            yield _Row(key, lines[key], customer_likeness(customer, region))
    else:
        for lead in content.records.leads:
            yield _Row(lead.key, lead.line, likeness(lead.name, lead.phone, lead.website, lead.email, region))


async def _new(snapshot: Snapshot, subject: DuplicateSubject, rows: Sequence[_Row]) -> list[_Row]:
    stored = await snapshot.fetch(
        f"SELECT key FROM {subject.value} WHERE company_id = $1 AND key = ANY ($2::text[])",  # noqa: S608 (constants)
        snapshot.company_id,
        [row.key for row in rows],
    )
    known = {row["key"] for row in stored}
    return [row for row in rows if row.key not in known]


async def _compare(
    snapshot: Snapshot | None,
    rule: Rule,
    name: str,
    part: CustomersPart | LeadsPart,
    rows: Sequence[_Row],
    found: ImportDuplicates,
) -> None:
    given = [row.compared for row in rows]
    stored: list[list[Duplicate]] = [[] for _ in rows]
    if snapshot is not None:
        stored = await duplicates_of(snapshot, rule, given)
    keys = {} if snapshot is None else await _keys(snapshot, rule.subject, stored)
    earlier = {number: (first, compared) for number, first, compared in repeated(rule, given)}
    for number, row in enumerate(rows):
        if stored[number]:
            one = stored[number][0]
            compared, like = one.compared[0], f"{rule.subject} {keys[one.id]!r}, which is there already"
        elif number in earlier:
            first, compared = earlier[number]
            like = f"line {rows[first].line}"
        else:
            continue
        source, reason = _source(part, compared), f"has {SAME[compared].replace('this', 'the same')} as {like}"
        if rule.refuses:
            found.refused.setdefault(name, {})[row.line] = RefusedLine(source, reason)
        else:
            found.told.append(BadRow(part.file, row.line, source.columns[0], reason))


def _source(part: CustomersPart | LeadsPart, compared: Compared) -> Source:
    named: Source | None = getattr(part, PLACES[compared])
    return named or (part.email if isinstance(part, LeadsPart) and compared is Compared.DOMAIN else None) or part.key


async def _keys(
    snapshot: Snapshot, subject: DuplicateSubject, stored: Sequence[Sequence[Duplicate]]
) -> Mapping[int, str]:
    ids = sorted({of_row[0].id for of_row in stored if of_row})
    rows = await snapshot.fetch(
        f"SELECT id, key FROM {subject.value} WHERE company_id = $1 AND id = ANY ($2::bigint[])",  # noqa: S608
        snapshot.company_id,
        ids,
    )
    return {row["id"]: row["key"] for row in rows}
