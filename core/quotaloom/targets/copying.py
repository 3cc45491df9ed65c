"""Copying a plan into another fiscal year, times a factor: gather, decide, apply."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period, date_range
from quotaloom.organizations.naming import checked_name
from quotaloom.organizations.stored import LOCK as ORGANIZATION_LOCK
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.decomposing import tree_day_of
from quotaloom.targets.factors import check_factor
from quotaloom.targets.gathering import KINDS, open_in, subtree, tree_of
from quotaloom.targets.plans import PlanFacts, add_plan, load_plan, version_numbered
from quotaloom.targets.refusals import DecompositionRefused
from quotaloom.targets.scaling import Months, UnitCells, scaled

ATTEMPTS = 5
"""How often a copy is computed afresh because somebody changed what it read."""


@dataclass(frozen=True, slots=True)
class PlanCopy:
    """What to copy: a version of a plan (the published one or else the draft), into a fiscal year (the next)."""

    plan_id: int
    name: str
    factor: Decimal = Decimal(1)
    fiscal_year: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class CopiedPlan:
    """The new plan's id, and the units whose cells were left out because they are not open in its year."""

    plan_id: int
    left_out: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What was read: the cells of `version_id`, whose marks tell whether they still stand, and the tree of `year`."""

    plan: PlanFacts
    version_id: int
    marks: Record
    year: Period
    months: tuple[Period, ...]
    tree: list[Record]
    left_out: Mapping[int, int | None]
    cells: Mapping[int, Mapping[str, Months]]


async def copy_plan(work: Work, wanted: PlanCopy) -> CopiedPlan:
    """A new plan of the same metric, whose draft has the cells of a version × the factor, as `scaled` says.

    Months are matched by their place in the year, whatever their length. Locks and pins are not copied, and what was
    stored by the day comes over by the month. Units that are not open in a month of the new year get nothing there,
    and their siblings share it. Admins only. Raises `NotFound`, `InputError` BAD_FACTOR, EMPTY_PLAN,
    AMOUNT_TOO_LARGE, and `Conflict` where others keep changing the cells.
    """
    work.viewer.require(Scope.TARGETS, "copying a plan")
    name = checked_name(wanted.name)
    check_factor(wanted.factor, "the factor", 0, "factor")
    for _ in range(ATTEMPTS):
        async with work.snapshot() as snapshot:
            gathered = await _gather(snapshot, work, wanted)
        rows = _rows(gathered, Fraction(wanted.factor))
        plan_id = await _apply(work, gathered, rows, name, wanted)
        if plan_id is not None:
            return CopiedPlan(plan_id, tuple(gathered.left_out))
    raise Conflict("CONFLICT", "others keep changing the same cells; please try again")


async def _gather(snapshot: Snapshot, work: Work, wanted: PlanCopy) -> _Gathered:
    calendar = fiscal_calendar(work.company)
    plan = await load_plan(snapshot, wanted.plan_id)
    version = await _version(snapshot, plan, wanted.version)
    try:
        number = plan.fiscal_year + 1 if wanted.fiscal_year is None else wanted.fiscal_year
        year, months = calendar.year(number), calendar.months(number)
    except InputError as error:
        raise error.at("fiscalYear") from None
    cells = await snapshot.fetch(
        "SELECT unit_id, starts_on, ends_on, target, assessment, stretch FROM target_cell WHERE plan_version_id = $1"
        " AND num_nonnulls(target, assessment, stretch) > 0 ORDER BY unit_id, starts_on",
        version,
    )
    if not cells:
        raise InputError("EMPTY_PLAN", f"{plan.name} has no target in that version to copy", ("planId",))
    by_unit = _by_month(calendar.months_of(date_range(plan.starts_on, plan.ends_on)), cells)
    tree = await _tree(snapshot, year, plan, work)
    left_out = await _last_parents(snapshot, sorted(set(by_unit) - {row["id"] for row in tree}))
    return _Gathered(plan, version, await _marks(snapshot, version), year, months, tree, left_out, by_unit)


async def _version(snapshot: Snapshot, plan: PlanFacts, number: int | None) -> int:
    if number is None:
        version = plan.published_id or plan.draft_id
        assert version is not None, "a plan has a draft until a version is published"
        return version
    found = await version_numbered(snapshot, plan.id, number)
    if found is None:
        raise NotFound("NOT_FOUND", f"{plan.name} has no version {number}", ("version",))
    return found[0]


async def _marks(source: Snapshot | Transaction, version_id: int) -> Record:
    """What changes whenever a cell of the version does: each change raises the version of a cell."""
    row = await source.fetch_one(
        "SELECT count(*) AS cells, sum(version) AS changes FROM target_cell WHERE plan_version_id = $1", version_id
    )
    assert row is not None
    return row


async def _tree(source: Snapshot | Transaction, year: Period, plan: PlanFacts, work: Work) -> list[Record]:
    root = await source.fetch_one("SELECT id FROM org_unit WHERE kind = 'company'")
    assert root is not None
    of_year = replace(plan, starts_on=year.starts_on, ends_on=year.ends_on)
    return await subtree(source, root["id"], tree_day_of(of_year, work.today), of_year)


async def _last_parents(snapshot: Snapshot, unit_ids: Sequence[int]) -> dict[int, int | None]:
    rows = await snapshot.fetch(
        "SELECT DISTINCT ON (unit_id) unit_id, parent_id FROM placement WHERE unit_id = ANY($1::bigint[])"
        " ORDER BY unit_id, valid_from DESC NULLS LAST",
        list(unit_ids),
    )
    parents = {row["unit_id"]: row["parent_id"] for row in rows}
    return {unit_id: parents.get(unit_id) for unit_id in unit_ids}


def _by_month(months: Sequence[Period], cells: Sequence[Record]) -> dict[int, dict[str, Months]]:
    """Values by unit, line and month; what is stored by the day is summed up."""
    found: dict[int, dict[str, list[int | None]]] = defaultdict(lambda: {kind: [None] * len(months) for kind in KINDS})
    starts = [month.starts_on for month in months]
    for cell in cells:
        place = bisect_right(starts, cell["starts_on"]) - 1
        for kind in KINDS:
            if cell[kind] is not None:
                of_kind = found[cell["unit_id"]][kind]
                of_kind[place] = (of_kind[place] or 0) + cell[kind]
    return {unit_id: {kind: tuple(of_one[kind]) for kind in KINDS} for unit_id, of_one in found.items()}


def _rows(gathered: _Gathered, factor: Fraction) -> list[tuple[object, ...]]:
    """The new cells, ready to be stored."""
    new = {kind: _new(gathered, kind, factor) for kind in KINDS}
    return [
        (row["id"], month.starts_on, month.ends_on, *values)
        for row in gathered.tree
        for index, month in enumerate(gathered.months)
        for values in [[new[kind][row["id"]][index] for kind in KINDS]]
        if any(value is not None for value in values)
    ]


def _new(gathered: _Gathered, kind: str, factor: Fraction) -> Mapping[int, Months]:
    """One line of all units."""
    nothing: Months = (None,) * len(gathered.months)
    old = {unit_id: lines[kind] for unit_id, lines in gathered.cells.items()}
    if all(months == nothing for months in old.values()):
        return {row["id"]: nothing for row in gathered.tree}
    units = [
        UnitCells(row["id"], row["parent_id"], old.get(row["id"], nothing), _open(row, gathered.months))
        for row in gathered.tree
    ]
    shut = (False,) * len(gathered.months)
    units += [UnitCells(unit_id, parent, old[unit_id], shut) for unit_id, parent in gathered.left_out.items()]
    try:
        return scaled(units, factor)
    except DecompositionRefused as error:
        raise InputError(error.code, f"times the factor, {error.message}", ("factor",)) from None


def _open(row: Record, months: Sequence[Period]) -> tuple[bool, ...]:
    opened_on, closed_on = row["opened_on"], row["closed_on"]
    return tuple(open_in(opened_on, closed_on, month.starts_on, month.ends_on) for month in months)


async def _apply(
    work: Work, gathered: _Gathered, rows: Sequence[tuple[object, ...]], name: str, wanted: PlanCopy
) -> int | None:
    """Store the new plan if what was read still stands; None where it does not."""

    async def apply(transaction: Transaction) -> int | None:
        await transaction.lock(ORGANIZATION_LOCK, shared=True)
        await transaction.lock(f"plan:{wanted.plan_id}")
        if await _marks(transaction, gathered.version_id) != gathered.marks:
            return None
        if tree_of(await _tree(transaction, gathered.year, gathered.plan, work)) != tree_of(gathered.tree):
            return None
        year = gathered.year
        plan_id, draft = await add_plan(transaction, name, gathered.plan.metric_id, int(year.label), year)
        await transaction.execute(
            "INSERT INTO target_cell (company_id, plan_version_id, unit_id, starts_on, ends_on, target, assessment,"
            " stretch, locked, pinned, version) SELECT $1, $2, n.*, false, false, 1 FROM unnest($3::bigint[],"
            " $4::date[], $5::date[], $6::bigint[], $7::bigint[], $8::bigint[]) AS n",
            transaction.company_id,
            draft,
            *([row[column] for row in rows] for column in range(6)),
        )
        after = {"plan": wanted.plan_id, "version": gathered.version_id, "factor": str(wanted.factor)}
        transaction.record("plan.copy", "Plan", plan_id, after={**after, "cells": len(rows)})
        return plan_id

    return await work.write(apply)
