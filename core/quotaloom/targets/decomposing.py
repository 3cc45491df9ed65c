"""Decomposition of a unit's target down the tree and along the months: gather, decide, apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.organizations.stored import LOCK as ORGANIZATION_LOCK
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.allocating import ask_for_weights
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.settings import select_policy, still_selected
from quotaloom.targets.allocation_requests import Inputs, allocation_request, read_inputs
from quotaloom.targets.deciding import (
    NO_RAMP,
    DecomposedUnit,
    DecomposeRequest,
    DecompositionOutcome,
    decide,
    units_to_split,
)
from quotaloom.targets.factors import check_factor
from quotaloom.targets.gathering import KINDS, Gathered, gather, subtree, tree_of
from quotaloom.targets.permission import BELOW_ONLY, PlanningRight, planning_right
from quotaloom.targets.plans import PlanFacts, load_plan, open_version
from quotaloom.targets.ramps import Factors, read_ramp
from quotaloom.targets.refusals import as_told_to
from quotaloom.targets.standing import refuse_submitted
from quotaloom_sdk import AllocationRule

ATTEMPTS = 5
"""How often a decomposition is computed afresh because somebody changed what it read."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What one attempt read, in one snapshot."""

    gathered: Gathered
    inputs: Inputs
    ramp: Mapping[int, Factors]
    selected: SelectedPolicy


async def decompose_target(
    work: Work, host: PolicyHost, request: DecomposeRequest, *, dry_run: bool = False
) -> DecompositionOutcome:
    """Split a unit's year along the months and down the tree, exactly, by the weights of an allocation policy.

    Locked and pinned cells stay. Raises `DecompositionRefused`, naming unit and month, for what cannot be met,
    `Conflict` where others keep changing the same cells. With `dry_run` nothing is stored; it shows what is, and needs
    a service to have `graph:read`. A service without is told only of the cells that it changed.
    """
    if dry_run:
        work.viewer.require_to_read("a dry run")
    _check(request)
    for _ in range(ATTEMPTS):
        read = await _gather(work, host, request)
        try:
            outcome = await _decide(work, host, read, request)
        except InputError as error:
            raise as_told_to(work.viewer, error) from None
        if dry_run:
            return outcome
        if await _apply(work, read, outcome, request):
            return replace(outcome if work.viewer.may_read else _changed(read.gathered, outcome), stored=True)
    raise Conflict("CONFLICT", "others keep changing the same cells; please try again")


def _check(request: DecomposeRequest) -> None:
    if request.totals and "target" not in request.totals:
        raise InputError("TARGET_MISSING", "give the target that assessment and stretch belong to", ("target",))
    for kind, share in request.shares.items():
        if kind in request.totals:
            raise InputError("GIVEN_TWICE", f"give {kind} as an amount or as a share, not both", (f"{kind}Share",))
        if not request.totals:
            raise InputError("TARGET_MISSING", "a share needs the target that it is a share of", ("target",))
        check_factor(share, kind, 0, f"{kind}Share")
    check_factor(request.over_assignment, "the over-assignment", Decimal("0.000001"), "overAssignment")
    if request.ramp is not None:
        request.ramp.check()
    if request.levels is not None and request.levels < 0:
        raise InputError("BAD_LEVELS", "levels is 0 or more", ("levels",))


async def _gather(work: Work, host: PolicyHost, request: DecomposeRequest) -> _Read:
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        _require_right(right, request)
        plan = await load_plan(snapshot, request.plan_id)
        draft_id = open_version(plan, request.scenario)
        selected = await select_policy(
            snapshot, host.registry, AllocationRule.kind, work.today, request.policy, ("policy",)
        )
        calendar = fiscal_calendar(work.company)
        tree_day = tree_day_of(plan, work.today)
        gathered = await gather(snapshot, calendar, plan, draft_id, request.unit_id, tree_day)
        require_subtree(right, gathered, request.unit_id)
        inputs = await read_inputs(snapshot, work, gathered, selected.policy.needs)
        ramp = NO_RAMP if request.ramp is None else await read_ramp(snapshot, calendar, gathered, request.ramp)
        return _Read(gathered, inputs, ramp, selected)


def _require_right(right: PlanningRight, request: DecomposeRequest) -> None:
    """A head splits the cells his unit has; setting its totals is for whoever heads the unit above."""
    if not (right.everywhere or right.sight.sees_unit(request.unit_id)):
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))
    if not (right.may_set(request.unit_id) if request.totals else right.may_split(request.unit_id)):
        raise AccessDenied(BELOW_ONLY)


def require_subtree(right: PlanningRight, gathered: Gathered, unit_id: int) -> None:
    """Raise `AccessDenied` unless the planner may set all units below `unit_id`.

    The tree of the plan's time may hold units that stand elsewhere today, and whose head is another.
    """
    for other in gathered.units:
        if other != unit_id and not right.may_set(other):
            raise AccessDenied(
                f"on {gathered.tree_day} there are units below this one that you do not head today; ask an admin"
            )


def tree_day_of(plan: PlanFacts, today: date) -> date:
    """The day whose tree is decomposed: today, or the nearest day of the plan."""
    return min(max(plan.starts_on, today), plan.ends_on.fromordinal(plan.ends_on.toordinal() - 1))


async def _decide(work: Work, host: PolicyHost, read: _Read, request: DecomposeRequest) -> DecompositionOutcome:
    """Everything that is computed, outside any transaction: first all weights, then all amounts."""
    asked = units_to_split(read.gathered, request.unit_id, request.levels)
    requests = [allocation_request(read.gathered, read.inputs, unit) for unit in asked]
    answers = await ask_for_weights(host, read.selected, requests, company_id=work.viewer.company_id)
    weights = {unit.id: answer for unit, answer in zip(asked, answers, strict=True)}
    return decide(read.gathered, weights, request, read.selected.stamp(), read.ramp)


def _changed(gathered: Gathered, outcome: DecompositionOutcome) -> DecompositionOutcome:
    """The cells that became others, and None for those that did not; without reasons, which tell what is stored."""
    units = []
    for unit in outcome.units:
        before = gathered.units[unit.unit_id].values
        target = changed_alone(before["target"], unit.target)
        assessment = changed_alone(before["assessment"], unit.assessment)
        stretch = changed_alone(before["stretch"], unit.stretch)
        units.append(replace(unit, target=target, assessment=assessment, stretch=stretch))
    return replace(outcome, units=tuple(units), explanations={})


def changed_alone(before: Sequence[int | None], after: Sequence[int | None]) -> tuple[int | None, ...]:
    """Of each month what it has now, None where that is what it had before."""
    return tuple(None if new == old else new for old, new in zip(before, after, strict=True))


async def _apply(work: Work, read: _Read, outcome: DecompositionOutcome, request: DecomposeRequest) -> bool:
    """Store the matrix if what was read still stands; says whether it did."""
    gathered = read.gathered
    units = [unit.unit_id for unit in outcome.units]
    rows = [row for unit in outcome.units for row in _rows(unit, gathered)]

    async def apply(transaction: Transaction) -> bool:
        if not await still_selected(transaction, read.selected, work.today, request.policy):
            return False
        if not await still_stands(transaction, gathered, units, request.scenario):
            return False
        await refuse_submitted(transaction, gathered.draft_id, units, work.today, "orgUnitId")
        await store_cells(transaction, gathered.draft_id, rows)
        await _explain(transaction, gathered, outcome)
        after = {
            "version": gathered.draft_id,
            "unit": units[0],
            "units": len(units),
            "cells": len(rows),
            "policy": outcome.stamp.to_json(),
        }
        if request.ramp is not None:
            after["ramp"] = {"steps": request.ramp.steps, "transfers": request.ramp.transfers}
        transaction.record("targets.decompose", "Plan", gathered.plan_id, after=after)
        transaction.publish("targets.changed", plan=gathered.plan_id, units=units[:1000])
        return True

    return await work.write(apply)


def _rows(unit: DecomposedUnit, gathered: Gathered) -> list[tuple[Any, ...]]:
    of_unit = gathered.units[unit.unit_id]
    left = of_unit.locked | of_unit.shut | of_unit.by_day
    return [
        (unit.unit_id, month.starts_on, month.ends_on, unit.target[index], unit.assessment[index], unit.stretch[index])
        for index, month in enumerate(gathered.months)
        if index not in left
    ]


async def still_stands(transaction: Transaction, gathered: Gathered, units: list[int], scenario: int | None) -> bool:
    """Hold the plan and the tree, and say whether both, and the cells of `units`, are as they were gathered.

    The first of `units` is the one whose subtree was gathered.
    """
    await transaction.lock(ORGANIZATION_LOCK, shared=True)
    await transaction.lock(f"plan:{gathered.plan_id}")
    plan = await load_plan(transaction, gathered.plan_id)
    if plan.open_id(scenario) != gathered.draft_id:
        return False
    if tree_of(await subtree(transaction, units[0], gathered.tree_day, plan)) != gathered.tree:
        return False
    rows = await transaction.fetch(
        "SELECT id, version FROM target_cell WHERE plan_version_id = $1 AND unit_id = ANY($2) ORDER BY id FOR UPDATE",
        gathered.draft_id,
        units,
    )
    seen = {cell: number for unit in units for cell, number in gathered.units[unit].versions.items()}
    return {row["id"]: row["version"] for row in rows} == seen


async def store_cells(transaction: Transaction, draft_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write cells of a draft: the unit's id, first day and the day after the last, target, assessment, stretch."""
    await transaction.execute(
        "CREATE TEMPORARY TABLE new_cell (unit_id bigint, starts_on date, ends_on date, target bigint,"
        " assessment bigint, stretch bigint) ON COMMIT DROP"
    )
    await transaction.copy("new_cell", ("unit_id", "starts_on", "ends_on", *KINDS), rows)
    await transaction.execute(
        "INSERT INTO target_cell AS c (company_id, plan_version_id, unit_id, starts_on, ends_on, target, assessment,"
        " stretch, locked, pinned, version) SELECT $1, $2, n.*, false, false, 1 FROM new_cell AS n"
        " ON CONFLICT (company_id, plan_version_id, unit_id, starts_on) DO UPDATE SET target = excluded.target,"
        " assessment = excluded.assessment, stretch = excluded.stretch, version = c.version + 1",
        transaction.company_id,
        draft_id,
    )
    await transaction.execute("DROP TABLE new_cell")


async def _explain(transaction: Transaction, gathered: Gathered, outcome: DecompositionOutcome) -> None:
    stamp = outcome.stamp
    await transaction.execute(
        "INSERT INTO decomposition (company_id, plan_version_id, unit_id, at, actor, policy, plugin_version,"
        " setting_revision, parameters, explanation) SELECT $1, $2, n.unit_id, $3, $4, $5, $6, $7,"
        " $8::text::jsonb, n.explanation::jsonb FROM unnest($9::bigint[], $10::text[]) AS n (unit_id, explanation)",
        transaction.company_id,
        gathered.draft_id,
        transaction.now,
        transaction.writer.subject,
        stamp.policy,
        stamp.plugin_version or "",
        stamp.setting_revision,
        orjson.dumps(dict(stamp.parameters)).decode(),
        list(outcome.explanations),
        [orjson.dumps(explanation.to_json()).decode() for explanation in outcome.explanations.values()],
    )
