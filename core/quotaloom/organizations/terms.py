"""Who holds a position and who leads a unit, for date ranges: one a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from quotaloom.organizations.spans import Span, refuse_unknown_day
from quotaloom.organizations.stored import (
    LOCK,
    StoredMember,
    StoredUnit,
    load_members,
    load_units,
    row_of_many,
    the_member,
    the_unit,
)
from quotaloom.platform.errors import InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction


@dataclass(frozen=True, slots=True)
class TermKind:
    """The table of holdings or that of headships, and the words for them."""

    table: str
    unit_column: str
    unit_path: str
    object_type: str
    verb: str
    unit_kinds: tuple[str, ...]


HOLDING = TermKind("holding", "position_id", "positionId", "Holding", "holds", ("position",))
HEADSHIP = TermKind("headship", "unit_id", "orgUnitId", "Headship", "heads", ("company", "department", "team"))


@dataclass(frozen=True, slots=True)
class NewTerm:
    """A member to hold a position, or to head a unit, on [valid_from, valid_to).

    `valid_from` None is the unit's first day or the member's, whichever is later, or the beginning; `valid_to`
    None is an open end.
    """

    unit_id: int
    member_id: int
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A stored range, or one about to be (without an id)."""

    id: int | None
    unit_id: int
    member_id: int
    member_name: str
    span: Span


async def appoint(
    transaction: Transaction, kind: TermKind, rows: Sequence[NewTerm], *, replace: bool = False
) -> list[int]:
    """Enter holders or heads; returns the ids of their ranges, in order.

    With `replace`, whoever was entered before and is there on a range's first day ends on that day. Raises
    `InputError`, with the row's number first in the path: BAD_PERIOD (a day out of reach), BAD_RANGE, WRONG_KIND,
    NOT_OPEN, NOT_A_MEMBER (before joining or past leaving), OVERLAP (naming the other and the days); `NotFound` for
    the unit or the member.
    """
    await transaction.lock(LOCK)
    units = await load_units(transaction, {row.unit_id for row in rows})
    members = await load_members(transaction, {row.member_id for row in rows})
    entered: dict[int, list[Term]] = {unit_id: [] for unit_id in units}
    for term in await _stored(transaction, kind, "unit", list(units)):
        entered[term.unit_id].append(term)
    terms, ended = [], []
    for index, row in enumerate(rows):
        with row_of_many(index):
            term = _checked(kind, row, units, members)
            others = [other for other in entered[row.unit_id] if other.span.overlaps(term.span)]
            _refuse_overlap(kind, units[row.unit_id], term, others, replace)
        ended += [(other, term.span.start) for other in others]
        entered[row.unit_id] = [other for other in entered[row.unit_id] if other not in others] + [term]
        terms.append(term)
    for other, on in ended:
        await end_terms(transaction, kind, [other], on)
    return await _insert(transaction, kind, terms)


def _checked(kind: TermKind, row: NewTerm, units: dict[int, StoredUnit], members: dict[int, StoredMember]) -> Term:
    unit = the_unit(units, row.unit_id, (kind.unit_path,))
    member = the_member(members, row.member_id, ("memberId",))
    if unit.kind not in kind.unit_kinds:
        raise InputError("WRONG_KIND", _wrong_kind(kind, unit), (kind.unit_path,))
    refuse_unknown_day(row.valid_from, "validFrom")
    refuse_unknown_day(row.valid_to, "validTo")
    start = row.valid_from or max(unit.open.start, member.there.start)
    span = Span(start, row.valid_to or date.max)
    if span.start >= span.end:
        message = f"the range starts on {start} and must end later, not on {span.end}"
        raise InputError("BAD_RANGE", message, ("validTo",))
    if not span.within(unit.open):
        raise InputError(
            "NOT_OPEN",
            f"{unit.name} is open {unit.open}, not on every day {span}: keep within its days",
            ("validFrom",) if span.start < unit.open.start else ("validTo",),
        )
    if not span.within(member.there):
        raise InputError(
            "NOT_A_MEMBER",
            f"{member.name} belongs to the company {member.there}, not on every day {span}: keep within those days",
            ("validFrom",) if span.start < member.there.start else ("validTo",),
        )
    return Term(None, unit.id, member.id, member.name, span)


def _wrong_kind(kind: TermKind, unit: StoredUnit) -> str:
    if kind is HOLDING:
        return f"{unit.name} is a {unit.kind}: only positions have holders; appoint its head instead"
    return f"{unit.name} is a position: companies, departments and teams have heads; appoint its holder instead"


def _refuse_overlap(kind: TermKind, unit: StoredUnit, term: Term, others: Sequence[Term], replace: bool) -> None:
    for other in others:
        later = other.span.start > term.span.start
        if replace and not later and other.id is not None:
            continue
        advice = "end that first, choose other days" + ("" if replace else ", or replace the other")
        if later:
            advice = f"let the new range end on {other.span.start}, or end that one first"
        message = f"{other.member_name} {kind.verb} {unit.name} {other.span}: {advice}"
        raise InputError("OVERLAP", message, ("validFrom",))


async def end_term(transaction: Transaction, kind: TermKind, term_id: int, on: date) -> Term:
    """Let a range end on `on`, its first day without the member; a range that would have no day is withdrawn.

    Returns the range as it was before. Raises `NotFound`, and `InputError` BAD_RANGE for a day before the range or
    after its end.
    """
    await transaction.lock(LOCK)
    found = await _stored(transaction, kind, "id", [term_id] if 0 < term_id < 2**63 else [])
    if not found:
        raise NotFound("NOT_FOUND", f"there is no {kind.table} with this id", ("id",))
    span = found[0].span
    refuse_unknown_day(on, "on")
    if on < span.start:
        raise InputError("BAD_RANGE", f"the {kind.table} begins on {span.start} only: end it later", ("on",))
    if on > span.end:
        raise InputError("BAD_RANGE", f"the {kind.table} has ended on {span.end} already", ("on",))
    await end_terms(transaction, kind, found, on)
    return found[0]


async def end_terms_of_unit(transaction: Transaction, kind: TermKind, unit_id: int, on: date) -> None:
    """Let everybody who holds or heads the unit on `on` or later end on that day."""
    await end_terms(transaction, kind, await _stored(transaction, kind, "unit", [unit_id]), on)


async def end_terms_of_member(transaction: Transaction, kind: TermKind, member_id: int, on: date) -> None:
    """Let every range of the member that reaches `on` or later end on that day."""
    await end_terms(transaction, kind, await _stored(transaction, kind, "member", [member_id]), on)


async def end_terms(transaction: Transaction, kind: TermKind, terms: Iterable[Term], on: date) -> None:
    """Cut the ranges that reach past `on`; those that would only begin then are withdrawn, the audit keeps them."""
    for term in terms:
        if term.span.end <= on:
            continue
        kept = term.span.start < on
        if kept:
            sql = f"UPDATE {kind.table} SET valid_to = $2 WHERE id = $1"  # noqa: S608 (a constant table name)
            await transaction.execute(sql, term.id, on)
        else:
            await transaction.execute(f"DELETE FROM {kind.table} WHERE id = $1", term.id)  # noqa: S608 (likewise)
        transaction.record(
            f"{kind.table}.{'end' if kept else 'withdraw'}",
            kind.object_type,
            term.id,
            before=_told(kind, term, term.span),
            after=_told(kind, term, Span(term.span.start, on)) if kept else None,
        )
        transaction.publish(f"{kind.table}.ended", id=term.id, on=on)


async def _stored(transaction: Transaction, kind: TermKind, by: str, ids: Sequence[int]) -> list[Term]:
    column = {"unit": kind.unit_column, "member": "member_id", "id": "id"}[by]
    rows = await transaction.fetch(
        f"SELECT t.id, t.{kind.unit_column} AS unit_id, t.member_id, m.name, t.valid_from, t.valid_to"  # noqa: S608
        f" FROM {kind.table} t JOIN member m ON m.company_id = t.company_id AND m.id = t.member_id"  # (constants)
        f" WHERE t.{column} = ANY($1::bigint[]) ORDER BY t.valid_from NULLS FIRST, t.id",
        ids,
    )
    return [
        Term(row["id"], row["unit_id"], row["member_id"], row["name"], Span.of(row["valid_from"], row["valid_to"]))
        for row in rows
    ]


async def _insert(transaction: Transaction, kind: TermKind, terms: Sequence[Term]) -> list[int]:
    rows = await transaction.fetch(
        f"INSERT INTO {kind.table} (company_id, {kind.unit_column}, member_id, valid_from, valid_to)"  # noqa: S608
        " SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::date[], $5::date[])"  # (constant names)
        f" RETURNING id, {kind.unit_column} AS unit_id, valid_from",
        transaction.company_id,
        [term.unit_id for term in terms],
        [term.member_id for term in terms],
        [term.span.valid_from for term in terms],
        [term.span.valid_to for term in terms],
    )
    id_of = {(row["unit_id"], row["valid_from"]): row["id"] for row in rows}
    ids = [id_of[term.unit_id, term.span.valid_from] for term in terms]
    for term_id, term in zip(ids, terms, strict=True):
        transaction.record(f"{kind.table}.create", kind.object_type, term_id, after=_told(kind, term, term.span))
        transaction.publish(f"{kind.table}.created", id=term_id)
    return ids


def _told(kind: TermKind, term: Term, span: Span) -> dict[str, object]:
    return {
        kind.unit_column: term.unit_id,
        "member_id": term.member_id,
        "valid_from": span.valid_from,
        "valid_to": span.valid_to,
    }
