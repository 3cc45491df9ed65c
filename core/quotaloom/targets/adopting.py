"""Taking commitments over into a draft, and summing them up to the top: gather, decide, apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.platform.amounts import LARGEST
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.targets.commitment_reads import amounts_by_month
from quotaloom.targets.decomposing import require_subtree, still_stands, tree_day_of
from quotaloom.targets.gathering import Gathered, GatheredUnit, gather
from quotaloom.targets.permission import BELOW_ONLY, planning_right
from quotaloom.targets.plans import load_plan, open_version
from quotaloom.targets.standing import refuse_submitted

ATTEMPTS = 5
"""How often it is computed afresh because somebody changed what it read."""

Months = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What to take over: the commitments of a unit and of those below it, `levels` down, all without.

    `roll_up` gives parents the sums of their children instead of what they committed to themselves. `pinned` fixes
    what is taken over, also where something was pinned before.
    """

    plan_id: int
    unit_id: int
    levels: int | None = None
    scenario: int | None = None
    pinned: bool = False
    roll_up: bool = False


@dataclass(frozen=True, slots=True)
class AdoptedCell:
    """A target that was taken over, in minor units."""

    unit_id: int
    month: int
    target: int


@dataclass(slots=True)
class Adopted:
    """The cells that change, and how many would have but are locked, pinned, planned by the day or not open."""

    cells: list[AdoptedCell] = field(default_factory=list)
    skipped: int = 0


async def adopt_commitments(work: Work, adoption: Adoption) -> Adopted:
    """Set targets of the draft, or of a scenario, to what was committed to. Assessment and stretch stay.

    Whoever may set the unit takes over its own commitment too, a head of it only those below. Raises `NotFound`,
    `AccessDenied`, `InputError` BAD_LEVELS, NO_COMMITMENTS, SUBMITTED, AMOUNT_TOO_LARGE, `Conflict` where others keep
    changing the same cells.
    """
    if adoption.levels is not None and adoption.levels < 0:
        raise InputError("BAD_LEVELS", "levels is 0 or more", ("levels",))
    for _ in range(ATTEMPTS):
        gathered, committed, sets_top = await _gather(work, adoption)
        adopted = decide(gathered, committed, adoption, sets_top=sets_top)
        if not adopted.cells or await _apply(work, gathered, adopted, adoption):
            return adopted
    raise Conflict("CONFLICT", "others keep changing the same cells; please try again")


async def _gather(work: Work, adoption: Adoption) -> tuple[Gathered, Mapping[int, Months], bool]:
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        if not (right.everywhere or right.sight.sees_unit(adoption.unit_id)):
            raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))
        if not right.may_split(adoption.unit_id):
            raise AccessDenied(BELOW_ONLY)
        plan = await load_plan(snapshot, adoption.plan_id)
        version = open_version(plan, adoption.scenario)
        day = tree_day_of(plan, work.today)
        gathered = await gather(snapshot, fiscal_calendar(work.company), plan, version, adoption.unit_id, day)
        require_subtree(right, gathered, adoption.unit_id)
        committed = await amounts_by_month(snapshot, plan.id, list(gathered.units), gathered.months)
        if not committed:
            name = gathered.units[adoption.unit_id].name
            raise InputError("NO_COMMITMENTS", f"nobody has committed to anything below {name} yet", ("orgUnitId",))
        return gathered, committed, right.may_set(adoption.unit_id)


def decide(gathered: Gathered, committed: Mapping[int, Months], adoption: Adoption, *, sets_top: bool) -> Adopted:
    """The cells that change. `committed` is by unit and month; the top unit's cells only where `sets_top`."""
    adopted = Adopted()
    nothing: Months = (None,) * len(gathered.months)

    def taken_over(unit: GatheredUnit, depth: int) -> Months:
        """What the unit aims for afterwards."""
        below = [taken_over(gathered.units[child], depth + 1) for child in unit.children]
        if (depth == 0 and not sets_top) or (adoption.levels is not None and depth > adoption.levels):
            return unit.values["target"]
        wanted = committed.get(unit.id, nothing)
        if adoption.roll_up and (adoption.levels is None or depth < adoption.levels):
            sums = [_sum(column) for column in zip(*below, strict=True)] if below else list(nothing)
            wanted = tuple(own if total is None else total for own, total in zip(wanted, sums, strict=True))
        return _set(unit, wanted, adoption, adopted)

    taken_over(gathered.units[adoption.unit_id], 0)
    return adopted


def _sum(parts: Sequence[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    total = sum(known)
    if total > LARGEST:
        raise InputError("AMOUNT_TOO_LARGE", "together that is more than a target can be", ("rollUp",))
    return total if known else None


def _set(unit: GatheredUnit, wanted: Months, adoption: Adoption, adopted: Adopted) -> Months:
    """The unit's targets once what is wanted of it is set, as far as its cells are open to that."""
    closed = unit.locked | unit.shut | unit.by_day
    targets = list(unit.values["target"])
    for month, amount in enumerate(wanted):
        is_pinned = month in unit.fixed - closed
        if amount is None or (amount == targets[month] and (is_pinned or not adoption.pinned)):
            continue
        if month in closed or (is_pinned and not adoption.pinned):
            adopted.skipped += amount != targets[month]
            continue
        targets[month] = amount
        adopted.cells.append(AdoptedCell(unit.id, month, amount))
    return tuple(targets)


async def _apply(work: Work, gathered: Gathered, adopted: Adopted, adoption: Adoption) -> bool:
    """Store what was decided if what was read still stands; says whether it did."""
    written = sorted({cell.unit_id for cell in adopted.cells})
    units = [adoption.unit_id, *(unit_id for unit_id in gathered.units if unit_id != adoption.unit_id)]

    async def apply(transaction: Transaction) -> bool:
        if not await still_stands(transaction, gathered, units, adoption.scenario):
            return False
        await refuse_submitted(transaction, gathered.draft_id, written, work.today, "orgUnitId")
        await _store(transaction, gathered, adopted.cells, pinned=adoption.pinned)
        after = {
            "version": gathered.draft_id,
            "unit": adoption.unit_id,
            "units": len(written),
            "cells": len(adopted.cells),
            "roll_up": adoption.roll_up,
        }
        transaction.record("targets.adopt", "Plan", gathered.plan_id, after=after)
        transaction.publish("targets.changed", plan=gathered.plan_id, units=written[:1000])
        return True

    return await work.write(apply)


async def _store(transaction: Transaction, gathered: Gathered, cells: Sequence[AdoptedCell], *, pinned: bool) -> None:
    await transaction.execute(
        "INSERT INTO target_cell AS c (company_id, plan_version_id, unit_id, starts_on, ends_on, target, locked,"
        " pinned, version) SELECT $1, $2, n.*, false, $7, 1"
        " FROM unnest($3::bigint[], $4::date[], $5::date[], $6::bigint[]) AS n"
        " ON CONFLICT (company_id, plan_version_id, unit_id, starts_on) DO UPDATE SET target = excluded.target,"
        " pinned = c.pinned OR excluded.pinned, version = c.version + 1",
        transaction.company_id,
        gathered.draft_id,
        [cell.unit_id for cell in cells],
        [gathered.months[cell.month].starts_on for cell in cells],
        [gathered.months[cell.month].ends_on for cell in cells],
        [cell.target for cell in cells],
        pinned,
    )
