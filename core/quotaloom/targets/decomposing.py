"""Decomposition of a unit's target down the tree and along the months: gather, decide, apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import Period
from quotaloom.organizations.stored import LOCK as ORGANIZATION_LOCK
from quotaloom.platform.amounts import format_amount, half_up
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.policies.runner import AllocationOutcome, PolicyStamp, run_allocation
from quotaloom.policies.settings import SelectedPolicy, select_policy
from quotaloom.targets.apportionment import spread_over_months
from quotaloom.targets.decomposition import SplitRequest, split
from quotaloom.targets.gathering import KINDS, Gathered, GatheredUnit, gather, subtree, tree_of
from quotaloom.targets.permission import BELOW_ONLY, PlanningRight, planning_right
from quotaloom.targets.plans import PlanFacts, draft_of, load_plan
from quotaloom.targets.refusals import DecompositionRefused
from quotaloom_sdk import AllocationRequest, AllocationRule, Explanation, MonthFact, Need, UnitFact

ATTEMPTS = 5
"""How often a decomposition is computed afresh because somebody changed what it read."""

Months = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class YearPin:
    """A child's year that is fixed by the planner, in minor units of the plan's metric."""

    unit_id: int
    target: int


@dataclass(frozen=True, slots=True)
class DecomposeRequest:
    """What to decompose: the year of one unit of a plan's draft.

    Factors (`shares`, `over_assignment`) lie between 0 and 10 with 12 decimal places at the most.

    `totals` has the unit's year as `target`, `assessment` and `stretch`, in minor units; without it the unit's
    own cells are decomposed. `shares` gives assessment and stretch as a share of the target instead. `levels`
    is how far down: None for all, 0 for the unit's own months only. `over_assignment` is how much of its
    target each unit hands to its children: 1.1 is ten percent more than it has.
    """

    plan_id: int
    unit_id: int
    totals: Mapping[str, int]
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    policy: str | None = None
    levels: int | None = None
    over_assignment: Decimal = Decimal(1)
    year_pins: tuple[YearPin, ...] = ()


@dataclass(frozen=True, slots=True)
class DecomposedUnit:
    """The cells of one unit, one value per month of the plan, None where a line is not planned."""

    unit_id: int
    name: str
    parent_id: int | None
    depth: int
    target: Months
    assessment: Months
    stretch: Months


@dataclass(frozen=True, slots=True)
class DecompositionOutcome:
    """The full matrix, units in tree order, and why it is what it is: one explanation per unit that was split."""

    months: tuple[Period, ...]
    units: tuple[DecomposedUnit, ...]
    explanations: Mapping[int, Explanation]
    stamp: PolicyStamp
    stored: bool


async def decompose_target(
    work: Work, registry: PolicyRegistry, request: DecomposeRequest, *, dry_run: bool = False
) -> DecompositionOutcome:
    """Split a unit's year along the months and down the tree, exactly, by the weights of an allocation policy.

    Locked and pinned cells stay. Raises `DecompositionRefused`, naming unit and month, for what cannot be met,
    `Conflict` where others keep changing the same cells. With `dry_run` nothing is stored.
    """
    _check(request)
    for _ in range(ATTEMPTS):
        gathered, selected = await _gather(work, registry, request)
        outcome = _decide(gathered, selected, request, work)
        if dry_run:
            return outcome
        if await _apply(work, gathered, outcome):
            return replace(outcome, stored=True)
    raise Conflict("CONFLICT", "others keep changing the same cells; please try again")


def _check(request: DecomposeRequest) -> None:
    if request.totals and "target" not in request.totals:
        raise InputError("TARGET_MISSING", "give the target that assessment and stretch belong to", ("target",))
    for kind, share in request.shares.items():
        if kind in request.totals:
            raise InputError("GIVEN_TWICE", f"give {kind} as an amount or as a share, not both", (f"{kind}Share",))
        if not request.totals:
            raise InputError("TARGET_MISSING", "a share needs the target that it is a share of", ("target",))
        _check_factor(share, kind, 0, f"{kind}Share")
    _check_factor(request.over_assignment, "the over-assignment", Decimal("0.000001"), "overAssignment")
    if request.levels is not None and request.levels < 0:
        raise InputError("BAD_LEVELS", "levels is 0 or more", ("levels",))


def _check_factor(value: Decimal, what: str, least: Decimal | int, name: str) -> None:
    """A factor becomes an exact fraction; its digits are counted before that is built."""
    exponent = value.as_tuple().exponent
    if not value.is_finite() or not least <= value <= 10 or not isinstance(exponent, int) or exponent < -12:
        raise InputError(
            "BAD_FACTOR", f"{what} lies between {least} and 10, with 12 decimal places at the most", (name,)
        )


async def _gather(work: Work, registry: PolicyRegistry, request: DecomposeRequest) -> tuple[Gathered, SelectedPolicy]:
    async with work.snapshot() as snapshot:
        right = await planning_right(snapshot, work)
        _require_right(right, request)
        plan = await load_plan(snapshot, request.plan_id)
        draft_id = draft_of(plan)
        selected = await select_policy(snapshot, registry, AllocationRule, work.today, request.policy, ("policy",))
        needs_history = Need.HISTORY in selected.policy.definition.needs
        calendar = fiscal_calendar(work.company)
        tree_day = _tree_day(plan, work.today)
        gathered = await gather(snapshot, calendar, plan, draft_id, request.unit_id, tree_day, history=needs_history)
        _require_subtree(right, gathered, request.unit_id)
        return gathered, selected


def _require_right(right: PlanningRight, request: DecomposeRequest) -> None:
    """A head splits the cells his unit has; setting its totals is for whoever heads the unit above."""
    if not (right.everywhere or right.sight.sees_unit(request.unit_id)):
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))
    if not (right.may_set(request.unit_id) if request.totals else right.may_split(request.unit_id)):
        raise AccessDenied(BELOW_ONLY)


def _require_subtree(right: PlanningRight, gathered: Gathered, unit_id: int) -> None:
    """The tree of the plan's time may hold units that stand elsewhere today, and whose head is another."""
    for other in gathered.units:
        if other != unit_id and not right.may_set(other):
            raise AccessDenied(
                f"on {gathered.tree_day} there are units below this one that you do not head today; ask an admin"
            )


def _tree_day(plan: PlanFacts, today: date) -> date:
    """The day whose tree is decomposed: today, or the nearest day of the plan."""
    return min(max(plan.starts_on, today), plan.ends_on.fromordinal(plan.ends_on.toordinal() - 1))


def _decide(
    gathered: Gathered, selected: SelectedPolicy, request: DecomposeRequest, work: Work
) -> DecompositionOutcome:
    """Everything that is computed: pure, outside any transaction."""
    decider = _Decider(gathered, selected, request)
    decider.split_down(gathered.units[request.unit_id], 0)
    return DecompositionOutcome(
        gathered.months, tuple(decider.decided), decider.explanations, decider.stamp(), stored=False
    )


class _Decider:
    """Walks the tree from the top, each unit's cells being the margin of its children's."""

    def __init__(self, gathered: Gathered, selected: SelectedPolicy, request: DecomposeRequest) -> None:
        self.gathered = gathered
        self.selected = selected
        self.request = request
        self.year_pins = {pin.unit_id: pin.target for pin in request.year_pins}
        self.decided: list[DecomposedUnit] = []
        self.explanations: dict[int, Explanation] = {}
        self._stamp: PolicyStamp | None = None
        self._months = tuple(MonthFact(month.label, month.starts_on, month.ends_on) for month in gathered.months)

    def stamp(self) -> PolicyStamp:
        """The policy that decided."""
        assert self._stamp is not None
        return self._stamp

    def split_down(self, top: GatheredUnit, depth: int) -> None:
        outcome = self._weights(top)
        lines = self._top_lines(top, outcome)
        self._decide_unit(top, None, depth, lines, outcome)
        reached = {unit.unit_id for unit in self.decided[1:]}
        for index, pin in enumerate(self.request.year_pins):
            if pin.unit_id not in reached:
                raise InputError(
                    "PIN_OUTSIDE",
                    f"a pinned year belongs to a unit below {top.name}, within the levels that are split",
                    ("yearPins", index, "orgUnitId"),
                )

    def _decide_unit(
        self,
        unit: GatheredUnit,
        parent: GatheredUnit | None,
        depth: int,
        lines: Mapping[str, Months],
        outcome: AllocationOutcome | None = None,
    ) -> None:
        self.decided.append(
            DecomposedUnit(unit.id, unit.name, parent.id if parent else None, depth, *(lines[kind] for kind in KINDS))
        )
        if not unit.children or (self.request.levels is not None and depth >= self.request.levels):
            return
        outcome = outcome or self._weights(unit)
        self.explanations[unit.id] = outcome.explanation
        children = [self.gathered.units[child] for child in unit.children]
        split_lines = {kind: self._split(unit, children, kind, lines[kind], outcome) for kind in KINDS}
        for index, child in enumerate(children):
            self._decide_unit(child, unit, depth + 1, {kind: split_lines[kind][index] for kind in KINDS})

    def _weights(self, unit: GatheredUnit) -> AllocationOutcome:
        facts = [self._fact(self.gathered.units[child]) for child in unit.children]
        request: AllocationRequest[Any] = AllocationRequest(
            self._fact(unit), tuple(facts), self._months, self.gathered.metric_key, self.selected.parameters
        )
        outcome = run_allocation(self.selected.policy, request, self.selected.revision)
        self._stamp = outcome.stamp
        return outcome

    def _fact(self, unit: GatheredUnit) -> UnitFact:
        return UnitFact(str(unit.id), unit.name, unit.kind, unit.history)

    def _top_lines(self, unit: GatheredUnit, outcome: AllocationOutcome) -> dict[str, Months]:
        totals = dict(self.request.totals)
        for kind, share in self.request.shares.items():
            totals[kind] = half_up(totals["target"] * Fraction(share))
        lines: dict[str, Months] = {}
        for kind in KINDS:
            if totals:
                lines[kind] = self._spread(unit, kind, totals.get(kind), outcome)
            else:
                lines[kind] = unit.values[kind]
        if any(value is None for month, value in enumerate(lines["target"]) if month not in unit.shut):
            raise InputError(
                "NO_TARGET", f"{unit.name} has no target in every month of the plan; give its year", ("target",)
            )
        return lines

    def _spread(self, unit: GatheredUnit, kind: str, total: int | None, outcome: AllocationOutcome) -> Months:
        if total is None:
            return unit.values[kind]
        fixed = {index: _kept(unit, kind, index) or 0 for index in unit.fixed}
        try:
            spread = spread_over_months(total, outcome.months, fixed)
            return tuple(_kept(unit, kind, month) if month in fixed else part for month, part in enumerate(spread))
        except DecompositionRefused as error:
            raise self._named(error, [unit], unit, kind) from None

    def _split(
        self,
        unit: GatheredUnit,
        children: Sequence[GatheredUnit],
        kind: str,
        columns: Months,
        outcome: AllocationOutcome,
    ) -> list[Months]:
        if any(value is None for month, value in enumerate(columns) if month not in unit.shut):
            return [child.values[kind] for child in children]
        fixed = {
            (index, month): _kept(child, kind, month) or 0
            for index, child in enumerate(children)
            for month in child.fixed
        }
        pins = {
            index: self.year_pins[child.id]
            for index, child in enumerate(children)
            if kind == "target" and child.id in self.year_pins
        }
        request = SplitRequest(
            tuple(value or 0 for value in columns), outcome.matrix, Fraction(self.request.over_assignment), fixed, pins
        )
        try:
            return [
                tuple(_kept(child, kind, month) if month in child.fixed else cell for month, cell in enumerate(row))
                for child, row in zip(children, split(request), strict=True)
            ]
        except DecompositionRefused as error:
            raise self._named(error, children, unit, kind) from None

    def _named(
        self, error: DecompositionRefused, children: Sequence[GatheredUnit], unit: GatheredUnit, kind: str
    ) -> InputError:
        sentence = error.describe(
            lambda index: children[index].name,
            lambda index: self.gathered.months[index].label,
            lambda amount: format_amount(amount, self.gathered.metric_scale),
        )
        return InputError(error.code, f"{unit.name}, {kind}: {sentence}", error.path or (kind,))


def _kept(unit: GatheredUnit, kind: str, month: int) -> int | None:
    """What a fixed cell holds; nothing where the unit is not open."""
    return None if month in unit.shut else unit.values[kind][month]


async def _apply(work: Work, gathered: Gathered, outcome: DecompositionOutcome) -> bool:
    """Store the matrix if what was read still stands; says whether it did."""
    units = [unit.unit_id for unit in outcome.units]
    rows = [row for unit in outcome.units for row in _rows(unit, gathered)]

    async def apply(transaction: Transaction) -> bool:
        if not await _still_stands(transaction, gathered, units):
            return False
        await _store(transaction, gathered.draft_id, rows)
        await _explain(transaction, gathered, outcome)
        after = {"unit": units[0], "units": len(units), "cells": len(rows), "policy": outcome.stamp.to_json()}
        transaction.record("targets.decompose", "Plan", gathered.plan_id, after=after)
        transaction.publish("targets.changed", plan=gathered.plan_id, units=units[:1000])
        return True

    return await work.write(apply)


def _rows(unit: DecomposedUnit, gathered: Gathered) -> list[tuple[Any, ...]]:
    of_unit = gathered.units[unit.unit_id]
    left = of_unit.locked | of_unit.shut
    return [
        (unit.unit_id, month.starts_on, month.ends_on, unit.target[index], unit.assessment[index], unit.stretch[index])
        for index, month in enumerate(gathered.months)
        if index not in left
    ]


async def _still_stands(transaction: Transaction, gathered: Gathered, units: list[int]) -> bool:
    await transaction.lock(ORGANIZATION_LOCK, shared=True)
    await transaction.lock(f"plan:{gathered.plan_id}")
    plan = await load_plan(transaction, gathered.plan_id)
    if plan.draft_id != gathered.draft_id:
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


async def _store(transaction: Transaction, draft_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    await transaction.execute(
        "INSERT INTO target_cell AS c (company_id, plan_version_id, unit_id, starts_on, ends_on, target, assessment,"
        " stretch, locked, pinned, version) SELECT $1, $2, n.*, false, false, 1"
        " FROM unnest($3::bigint[], $4::date[], $5::date[], $6::bigint[], $7::bigint[], $8::bigint[]) AS n"
        " ON CONFLICT (company_id, plan_version_id, unit_id, starts_on) DO UPDATE SET target = excluded.target,"
        " assessment = excluded.assessment, stretch = excluded.stretch, version = c.version + 1",
        transaction.company_id,
        draft_id,
        *(list(column) for column in zip(*rows, strict=True)),
    )


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
