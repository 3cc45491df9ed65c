"""What mutations of plans are given, and what the domain makes of it."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import InputError
from quotaloom.targets.cells import CellChange
from quotaloom.targets.deciding import DecomposeRequest, YearPin
from quotaloom.targets.gathering import KINDS
from quotaloom.targets.ramps import STANDARD_STEPS, Ramp
from quotaloom_graphql.nodes import decode_id


@strawberry.input(description="A new plan.")
class CreatePlanInput:
    """A new plan."""

    name: str = strawberry.field(description="Its name.")
    metric_id: strawberry.ID = strawberry.field(description="What is counted.")
    fiscal_year: int = strawberry.field(description="The fiscal year, named after the calendar year it starts in.")


@strawberry.input(description="What one cell of a draft shall hold; a value left out stays, null clears it.")
class TargetCellInput:
    """A cell."""

    org_unit_id: strawberry.ID = strawberry.field(description="The unit.")
    month: str = strawberry.field(
        description="A month of the plan by its label, such as `2017-06`, or a day of one that is planned by the day."
    )
    target: Decimal | None = strawberry.field(default=strawberry.UNSET, description="What is aimed for.")
    assessment: Decimal | None = strawberry.field(default=strawberry.UNSET, description="What is assessed against.")
    stretch: Decimal | None = strawberry.field(default=strawberry.UNSET, description="Above the target.")
    pinned: bool | None = strawberry.field(default=None, description="Fix it, so that a decomposition leaves it alone.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version you saw, 0 for none; a cell that changed meanwhile is refused."
    )


@strawberry.input(description="Cells of a plan's draft to set, all or none.")
class SetTargetCellsInput:
    """Cells."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    cells: list[TargetCellInput] = strawberry.field(description="Up to 5,000 cells.")
    scenario: int | None = strawberry.field(
        default=None, description="The number of a scenario to work on instead of the draft."
    )


@strawberry.input(description="Cells of a plan's draft to close to editing, or to open again.")
class LockTargetCellsInput:
    """Cells to lock."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    org_unit_ids: list[strawberry.ID] = strawberry.field(description="The units.")
    period: str = strawberry.field(description="Their months within this period.")
    locked: bool = strawberry.field(default=True, description="False opens them again.")
    scenario: int | None = strawberry.field(
        default=None, description="The number of a scenario to work on instead of the draft."
    )


@strawberry.input(description="Months to plan by the day, or as a whole again.")
class PlanByDayInput:
    """Months to turn."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    org_unit_ids: list[strawberry.ID] = strawberry.field(description="The units.")
    period: str = strawberry.field(description="Their months within this period; up to 1,000 months of units.")
    by_day: bool = strawberry.field(default=True, description="False sums the days up to months again.")
    scenario: int | None = strawberry.field(
        default=None, description="The number of a scenario to work on instead of the draft."
    )


@strawberry.input(description="A child's year that the planner fixes.")
class YearPinInput:
    """A pinned year."""

    org_unit_id: strawberry.ID = strawberry.field(description="The unit.")
    target: Decimal = strawberry.field(description="Its target for the plan's year.")


@strawberry.input(description="Less for new holders, and the more for their siblings, in their first months.")
class RampInput:
    """A ramp."""

    steps: list[Decimal] = strawberry.field(
        default_factory=lambda: list(STANDARD_STEPS),
        description="Shares of his first, second, third … month: 0.25 is 25%. After the last he counts whole.",
    )
    transfers: bool = strawberry.field(
        default=False, description="Also for members who come from another position of the company."
    )


@strawberry.input(description="A unit's year to split along the months and down the tree.")
class DecomposeTargetInput:
    """A decomposition."""

    plan_id: strawberry.ID = strawberry.field(description="The plan; its draft is written.")
    org_unit_id: strawberry.ID = strawberry.field(description="The unit whose year is split.")
    target: Decimal | None = strawberry.field(
        default=None, description="The unit's target for the year; without it the unit's own cells are split."
    )
    assessment: Decimal | None = strawberry.field(default=None, description="The unit's assessment for the year.")
    stretch: Decimal | None = strawberry.field(default=None, description="The unit's stretch for the year.")
    assessment_share: Decimal | None = strawberry.field(
        default=None, description="Or the assessment as a share of the target: 0.8 is 80%."
    )
    stretch_share: Decimal | None = strawberry.field(
        default=None, description="Or the stretch as a share of the target."
    )
    policy: str | None = strawberry.field(
        default=None, description="The allocation policy, such as `allocation.even`; by default the company's first."
    )
    levels: int | None = strawberry.field(default=None, description="How many levels down; all if not given.")
    over_assignment: Decimal = strawberry.field(
        default=Decimal(1),
        description="How much of its target each unit hands to its children: 1.1 is ten percent more than it has.",
    )
    year_pins: list[YearPinInput] = strawberry.field(default_factory=list, description="Units whose year is fixed.")
    ramp: RampInput | None = strawberry.field(
        default=None, description="Multiply the weights of new holders by these shares; `{}` is 25, 50, 75, 100%."
    )
    dry_run: bool = strawberry.field(default=False, description="Answer with the full matrix and store nothing.")
    scenario: int | None = strawberry.field(
        default=None, description="The number of a scenario to work on instead of the draft."
    )


@strawberry.input(description="A plan whose draft becomes the one in force.")
class PublishPlanInput:
    """A plan to publish."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")


@strawberry.input(description="A published plan of which a new draft is opened.")
class RevisePlanInput:
    """A plan to revise."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    reason: str = strawberry.field(description="Why; it is kept with the version.")


@strawberry.input(description="A published plan that is revised no more.")
class ClosePlanInput:
    """A plan to close."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")


@strawberry.input(description="A closed plan to open for revisions again.")
class ReopenPlanInput:
    """A plan to reopen."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    reason: str = strawberry.field(description="Why.")


def cell_change(cell: TargetCellInput, index: int, scale: int) -> CellChange:
    """One cell to set; amounts have the places of the metric. Raises `InputError` at `("cells", index)`."""
    path = ("cells", index)
    values: dict[str, int | None] = {}
    for kind in KINDS:
        given = getattr(cell, kind)
        if given is not strawberry.UNSET:
            values[kind] = None if given is None else parse_amount(given, scale, (*path, kind))
    unit_id = decode_id(cell.org_unit_id, "OrgUnit", (*path, "orgUnitId"))
    return CellChange(unit_id, cell.month, values, cell.pinned, cell.expected_version)


def decompose_request(input: DecomposeTargetInput, plan_id: int, scale: int) -> DecomposeRequest:
    """What to decompose; amounts have the places of the metric. Raises `InputError`."""
    totals = {
        kind: parse_amount(given, scale, (kind,)) for kind in KINDS if (given := getattr(input, kind)) is not None
    }
    for kind, amount in totals.items():
        if amount < 0:
            raise InputError("NEGATIVE_AMOUNT", "a target value is 0 or more", (kind,))
    shares = {
        kind: share
        for kind, share in (("assessment", input.assessment_share), ("stretch", input.stretch_share))
        if share is not None
    }
    return DecomposeRequest(
        plan_id=plan_id,
        unit_id=decode_id(input.org_unit_id, "OrgUnit", ("orgUnitId",)),
        totals=totals,
        shares=shares,
        policy=input.policy,
        levels=input.levels,
        over_assignment=input.over_assignment,
        year_pins=tuple(_pin(pin, index, scale) for index, pin in enumerate(input.year_pins)),
        ramp=None if input.ramp is None else Ramp(tuple(input.ramp.steps), input.ramp.transfers),
        scenario=input.scenario,
    )


def _pin(pin: YearPinInput, index: int, scale: int) -> YearPin:
    unit_id = decode_id(pin.org_unit_id, "OrgUnit", ("yearPins", index, "orgUnitId"))
    return YearPin(unit_id, parse_amount(pin.target, scale, ("yearPins", index, "target")))
