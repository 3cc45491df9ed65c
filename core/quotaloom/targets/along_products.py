"""Decomposition of a unit's target along products: from one plan into the drafts of others. Gather, decide, apply."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from quotaloom.achievements.rollups import achieved_by_month
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.fiscal import FiscalCalendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.counting import counts_part_of
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.organizations.stored import LOCK as ORGANIZATION_LOCK
from quotaloom.platform.amounts import Rational
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.decomposing import ATTEMPTS, changed_alone, store_cells, tree_day_of
from quotaloom.targets.gathering import Gathered, gather, subtree, tree_of
from quotaloom.targets.permission import BELOW_ONLY, planning_right
from quotaloom.targets.plans import PlanFacts, draft_of, load_plan
from quotaloom.targets.product_splitting import Cells, ProductSplit, split_along_products
from quotaloom.targets.refusals import as_told_to
from quotaloom.targets.standing import refuse_submitted

MOST_PARTS: Final = 50
"""How many plans of products one call may split a plan into."""

MOST_UNITS: Final = 500
"""How many units one call may split along products."""

LARGEST_WEIGHT: Final = 1_000_000
WEIGHT_PLACES: Final = 6
"""Weights are from 0 to the largest, with so many decimal places."""


@dataclass(frozen=True, slots=True)
class ProductPart:
    """A plan of a metric of products, and what its products weigh; None in every part is last year's achievement."""

    plan_id: int
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AlongProductsRequest:
    """What to split: the cells of one unit of a plan, its draft's or else the published ones, into other plans' drafts.

    `levels` is how many levels below the unit are split as well, None for all.
    """

    plan_id: int
    unit_id: int
    parts: tuple[ProductPart, ...]
    levels: int | None = 0


@dataclass(frozen=True, slots=True)
class AlongProductsOutcome:
    """The cells of all parts, by the part's place and the unit's id, units from the top down."""

    split: ProductSplit
    units: tuple[int, ...]
    cells: Cells
    stored: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """What one attempt read: the plans, and what is split."""

    plans: tuple[PlanFacts, ...]
    split: ProductSplit
    units: tuple[int, ...]


async def decompose_along_products(
    work: Work, request: AlongProductsRequest, *, dry_run: bool = False
) -> AlongProductsOutcome:
    """Split a unit's cells along products, exactly, as `split_along_products` says; `dry_run` stores nothing.

    It shows what is stored, and needs a service to have `graph:read`. Planners do it who may set the unit's targets.
    Raises `InputError` BAD_PARTS, DUPLICATE_PLAN, BAD_WEIGHT, WEIGHTS_FOR_ALL, NO_DRAFT, OTHER_YEAR, OTHER_METRIC for a
    plan that is not of products of the base plan's metric, OVERLAPPING_PARTS where two count the same product,
    TOO_MANY_UNITS, BAD_LEVELS, SUBMITTED, what `split_along_products` raises, and `Conflict` where others keep changing
    the same cells.
    """
    if dry_run:
        work.viewer.require_to_read("a dry run")
    _check(request)
    for _ in range(ATTEMPTS):
        read = await _gather(work, request)
        # Large trees take seconds, in which others are served.
        try:
            cells = await asyncio.to_thread(split_along_products, read.split, request.unit_id)
        except InputError as error:
            raise as_told_to(work.viewer, error) from None
        outcome = AlongProductsOutcome(read.split, read.units, cells)
        if dry_run:
            return outcome
        if await _apply(work, request, read, outcome):
            told = cells if work.viewer.may_read else _changed(read.split, cells)
            return replace(outcome, cells=told, stored=True)
    raise Conflict("CONFLICT", "others keep changing the same cells; please try again")


def _check(request: AlongProductsRequest) -> None:
    if not 1 <= len(request.parts) <= MOST_PARTS:
        raise InputError("BAD_PARTS", f"name 1 to {MOST_PARTS} plans of products, not {len(request.parts)}", ("parts",))
    if request.levels is not None and request.levels < 0:
        raise InputError("BAD_LEVELS", "levels is 0 or more", ("levels",))
    seen = {request.plan_id}
    for place, part in enumerate(request.parts):
        if part.plan_id in seen:
            raise InputError("DUPLICATE_PLAN", "each plan is named once", ("parts", place, "planId"))
        seen.add(part.plan_id)
        if part.weight is not None and not _is_weight(part.weight):
            message = f"a weight lies between 0 and {LARGEST_WEIGHT}, with up to {WEIGHT_PLACES} decimal places"
            raise InputError("BAD_WEIGHT", message, ("parts", place, "weight"))
    if len({part.weight is None for part in request.parts}) > 1:
        message = "give every part a weight, or none for last year's achievement"
        raise InputError("WEIGHTS_FOR_ALL", message, ("parts",))


def _is_weight(weight: Decimal) -> bool:
    return weight.is_finite() and 0 <= weight <= LARGEST_WEIGHT and weight == round(weight, WEIGHT_PLACES)


async def _gather(work: Work, request: AlongProductsRequest) -> _Read:
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        if not (right.everywhere or right.sight.sees_unit(request.unit_id)):
            raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))
        plans = [await load_plan(snapshot, request.plan_id)]
        for place, part in enumerate(request.parts):
            plans.append(await load_plan(snapshot, part.plan_id, ("parts", place, "planId")))
        names = await _check_plans(snapshot, plans)
        calendar, day = fiscal_calendar(work.company), tree_day_of(plans[0], work.today)
        versions = [_version(plan, place) for place, plan in enumerate(plans)]
        base = await gather(snapshot, calendar, plans[0], versions[0], request.unit_id, day, request.levels)
        if not all(right.may_set(unit_id) for unit_id in base.units):
            raise AccessDenied(BELOW_ONLY)
        if len(base.units) > MOST_UNITS:
            message = f"{len(base.units)} units are too many at once: split up to {MOST_UNITS}, by fewer levels"
            raise InputError("TOO_MANY_UNITS", message, ("levels",))
        parts = [
            await gather(snapshot, calendar, plan, version, request.unit_id, day, request.levels)
            for plan, version in zip(plans[1:], versions[1:], strict=True)
        ]
        weights = await _weights(snapshot, calendar, request, base, parts)
    return _Read(tuple(plans), ProductSplit(base, tuple(parts), names, weights), tuple(base.units))


def _version(plan: PlanFacts, place: int) -> int:
    """The version that is read, of the base plan, or written, of the others."""
    if place:
        return draft_of(plan, ("parts", place - 1, "planId"))
    version = plan.published_id if plan.draft_id is None else plan.draft_id
    assert version is not None
    return version


async def _check_plans(snapshot: Snapshot, plans: Sequence[PlanFacts]) -> tuple[str, ...]:
    """The names of the metrics of the parts; raises where a part does not fit the base or overlaps another one."""
    rows = {row["id"]: row for row in await metrics_by_id(snapshot, [plan.metric_id for plan in plans])}
    base, own = plans[0], rows[plans[0].metric_id]
    counted: dict[int, str] = {}
    names = []
    for place, plan in enumerate(plans[1:]):
        path, metric = ("parts", place, "planId"), rows[plan.metric_id]
        if (plan.starts_on, plan.ends_on) != (base.starts_on, base.ends_on):
            raise InputError("OTHER_YEAR", f"{plan.name} is not of the same year as {base.name}", path)
        if not counts_part_of(metric, own):
            message = f"{metric['name']} does not count products of {own['name']}"
            raise InputError("OTHER_METRIC", message, path)
        products = metric["product_ids"]
        if twice := next((counted[product] for product in products if product in counted), None):
            message = f"{metric['name']} and {twice} count the same product: leave one of them out"
            raise InputError("OVERLAPPING_PARTS", message, path)
        counted |= dict.fromkeys(products, metric["name"])
        names.append(metric["name"])
    return tuple(names)


async def _weights(
    snapshot: Snapshot,
    calendar: FiscalCalendar,
    request: AlongProductsRequest,
    base: Gathered,
    parts: Sequence[Gathered],
) -> tuple[tuple[Rational, ...], ...]:
    """Per part and month: as given, or what the unit achieved in the same months of last year, as it is composed now.

    A month in which it achieved nothing of any part counts like last year as a whole; where refunds outweigh it is 0.
    """
    if request.parts[0].weight is not None:
        return tuple((part.weight or 0,) * len(base.months) for part in request.parts)
    before = [calendar.year_before(month) for month in base.months]
    rows = [await _achieved(snapshot, request.unit_id, part, before) for part in parts]
    years = [sum(row) for row in rows]
    sold = [any(month) for month in zip(*rows, strict=True)]
    return tuple(
        tuple(amount if sold[month] else year for month, amount in enumerate(row))
        for row, year in zip(rows, years, strict=True)
    )


async def _achieved(snapshot: Snapshot, unit_id: int, part: Gathered, months: Sequence[Period]) -> list[int]:
    found = await achieved_by_month(snapshot, [unit_id], part.counting, months, part.tree_day)
    return [max(0, amount) for amount in found[unit_id]]


def _changed(split: ProductSplit, cells: Cells) -> Cells:
    """The cells that became others, and None for those that did not: what is stored is not told to who may not read."""
    return {
        (place, unit_id): {
            kind: changed_alone(split.unit(place, unit_id).values[kind], months) for kind, months in lines.items()
        }
        for (place, unit_id), lines in cells.items()
    }


async def _apply(work: Work, request: AlongProductsRequest, read: _Read, outcome: AlongProductsOutcome) -> bool:
    """Store the cells if what was read still stands; says whether it did."""

    async def apply(transaction: Transaction) -> bool:
        if not await _still_stands(transaction, read, request.unit_id):
            return False
        for place, part in enumerate(read.split.parts):
            await refuse_submitted(transaction, part.draft_id, read.units, work.today, "orgUnitId")
            rows = [row for unit_id in read.units for row in _rows(outcome, place, unit_id)]
            if rows:
                await store_cells(transaction, part.draft_id, rows)
            after: dict[str, Any] = {"version": part.draft_id, "of": read.split.base.draft_id, "unit": request.unit_id}
            after |= {"units": len(read.units), "cells": len(rows), "weights": read.split.weights[place]}
            transaction.record("targets.decompose_along_products", "Plan", part.plan_id, after=after)
            transaction.publish("targets.changed", plan=part.plan_id, units=list(read.units))
        return True

    return await work.write(apply)


def _rows(outcome: AlongProductsOutcome, place: int, unit_id: int) -> list[tuple[Any, ...]]:
    """The cells of a unit that change: those that stay, and those without any value, are left out."""
    stored, lines = outcome.split.unit(place, unit_id), outcome.cells[place, unit_id]
    left = stored.locked | stored.shut | stored.by_day
    found = []
    for index, month in enumerate(outcome.split.base.months):
        values = [lines[kind][index] for kind in lines]
        if index not in left and any(value is not None for value in values):
            found.append((unit_id, month.starts_on, month.ends_on, *values))
    return found


async def _still_stands(transaction: Transaction, read: _Read, unit_id: int) -> bool:
    await transaction.lock(ORGANIZATION_LOCK, shared=True)
    for plan_id in sorted(plan.id for plan in read.plans):
        await transaction.lock(f"plan:{plan_id}")
    base = read.split.base
    for plan, gathered in zip(read.plans, (base, *read.split.parts), strict=True):
        if await load_plan(transaction, plan.id) != plan:
            return False
        rows = await transaction.fetch(
            "SELECT id, version FROM target_cell WHERE plan_version_id = $1 AND unit_id = ANY($2) ORDER BY id"
            " FOR UPDATE",
            gathered.draft_id,
            list(read.units),
        )
        seen = {cell: number for unit in gathered.units.values() for cell, number in unit.versions.items()}
        if {row["id"]: row["version"] for row in rows} != seen:
            return False
    return tree_of(await subtree(transaction, unit_id, base.tree_day, read.plans[0])) == base.tree
