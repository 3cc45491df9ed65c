"""Plans, and the mutations that set, decompose, publish and revise their targets."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.metrics.reads import metrics_by_id
from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.platform.access import Scope
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.platform.work import Work
from quotaloom.targets.cells import lock_target_cells, set_target_cells
from quotaloom.targets.day_cells import plan_by_day
from quotaloom.targets.deciding import DecompositionOutcome
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.gathering import KINDS
from quotaloom.targets.permission import planner_sight, refuse_hidden
from quotaloom.targets.plans import close_plan, create_plan, load_plan, publish_plan, reopen_plan, revise_plan
from quotaloom_graphql.comment_loaders import load_plan_comments
from quotaloom_graphql.connections import Connection
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.decompositions import Decomposition, load_decompositions
from quotaloom_graphql.enums import PlanStatus
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN, together
from quotaloom_graphql.focuses import Focus, load_plan_focuses
from quotaloom_graphql.metrics import Metric, load_metrics
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, decode_id, global_id
from quotaloom_graphql.objective_loaders import load_objectives
from quotaloom_graphql.objectives import Objective
from quotaloom_graphql.organization_loaders import load_units
from quotaloom_graphql.organizations import OrgUnit
from quotaloom_graphql.plan_inputs import (
    ClosePlanInput,
    CreatePlanInput,
    DecomposeTargetInput,
    LockTargetCellsInput,
    PlanByDayInput,
    PublishPlanInput,
    ReopenPlanInput,
    RevisePlanInput,
    SetTargetCellsInput,
    cell_change,
    decompose_request,
)
from quotaloom_graphql.plan_loaders import all_known, load_plans
from quotaloom_graphql.smart import SmartFinding, load_smart_findings
from quotaloom_graphql.submissions import TargetSubmission, load_submissions_of_versions
from quotaloom_graphql.version_changes import (
    CellChange,
    UnitChange,
    load_cell_changes,
    load_unit_changes,
)
from quotaloom_graphql.version_comparisons import ComparedUnit, load_comparison
from quotaloom_graphql.version_loaders import load_versions
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.comments import CellComment


async def load_plan_rights(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """What the viewer may do with each plan."""
    viewer, sight = (await info.context.work()).viewer, await info.context.sight()
    planner = viewer.may(Scope.TARGETS)
    return [
        {
            "plan_id": key,
            "plan": planner or bool(sight.headed_unit_ids),
            "publish": planner,
            "lock": planner,
            "attach": planner,
        }
        for key in keys
    ]


@strawberry.type(
    description="One version of a plan: the draft, a scenario, the published one, or one that was published before."
)
class PlanVersion:
    """A version."""

    number: int = strawberry.field(description="Counts from 1.")
    status: PlanStatus = strawberry.field(description="Draft, submitted, approved, scenario, published or superseded.")
    name: str | None = strawberry.field(description="What a scenario is called; an adopted one keeps it.")
    base_number: int | None = strawberry.field(description="The version that it began as a copy of; null for none.")
    reason: str | None = strawberry.field(description="Why a revision was made, or a scenario adopted.")
    created_at: datetime = strawberry.field(description="When it was opened.")
    created_by: str = strawberry.field(description="Who opened it.")
    published_at: datetime | None = strawberry.field(description="When it was published.")
    decompositions: list[Decomposition] = batch(
        load_decompositions, key="id", by="plan_version_id", description="How its units were split, the latest last."
    )
    submissions: list[TargetSubmission] = batch(
        load_submissions_of_versions,
        key="id",
        by="plan_version_id",
        description="What was handed in of it, in branches that you lead; the latest first.",
    )
    changes: Connection[CellChange] | None = batch(
        load_cell_changes,
        description="The cells that differ from those of the version it was made from, or of another one, of units"
        " whose figures you may see. Null where you may not see what it was made from.",
        directives=[together(20_000)],
    )
    unit_changes: Connection[UnitChange] | None = batch(
        load_unit_changes, description="The same changes, summed up by unit.", directives=[together(20_000)]
    )


@strawberry.type(description="What you may do with a plan; the server checks again.")
class ViewerCanOnPlan:
    """Rights of the viewer on a plan."""

    plan: bool = strawberry.field(description="Set and decompose targets of a draft, where the unit allows it.")
    publish: bool = strawberry.field(
        description="Publish and revise it, close it and open it again; add, adopt and drop scenarios; call for"
        " commitments."
    )
    lock: bool = strawberry.field(description="Close its cells to editing, and open them again.")
    attach: bool = strawberry.field(description="Attach it to the objective that it serves, and set its focuses.")


@strawberry.type(description="A set of target cells for a fiscal year and metric, with versions (目标方案).")
class Plan(Node):
    """A plan."""

    id: strawberry.ID = global_id("Plan")
    name: str = strawberry.field(description="Its name.")
    fiscal_year: int = strawberry.field(description="The fiscal year, named after the calendar year it starts in.")
    starts_on: date = strawberry.field(description="First day of its months.")
    ends_on: date = strawberry.field(description="The day after the last.")
    status: PlanStatus = strawberry.field(description="Published once a version is, until it is closed.")
    closed_at: datetime | None = strawberry.field(description="When it was closed; null while it may be revised.")
    closed_by: str | None = strawberry.field(description="Who closed it.")
    commitments_until: date | None = strawberry.field(
        description="The last day on which holders of positions may commit to figures; null where it calls for none."
    )
    version: int = strawberry.field(
        description="Counts changes of the plan itself, not of its cells; for `expectedVersion`."
    )
    objective: Objective | None = batch(
        load_objectives, key="objective_id", by="id", one=True, description="The objective that it serves."
    )
    focuses: list[Focus] = batch(
        load_plan_focuses, key="id", by="on_id", description="What its quarters are about, in their order."
    )
    metric: Metric = batch(load_metrics, key="metric_id", by="id", one=True, description="What is counted.")
    versions: list[PlanVersion] = batch(
        load_versions, key="id", by="plan_id", description="Its versions, the first first."
    )
    smart_findings: Connection[SmartFinding] | None = batch(
        load_smart_findings,
        key="id",
        by="plan_id",
        one=True,
        description="What keeps its draft from being published, the gravest first, page by page; without a draft,"
        " of what is published. Heads see what lies below the units that they head, members nothing.",
        directives=[together(20_000)],
    )
    comparison: Connection[ComparedUnit] | None = batch(
        load_comparison,
        description="Two or more of its versions side by side, by unit and period, each with the difference to the"
        " first.",
        directives=[together(20_000)],
    )
    comments: Connection[Annotated[CellComment, strawberry.lazy("quotaloom_graphql.comments")]] = batch(
        load_plan_comments, description="What was said of its cells, the latest first, as far as you may read it."
    )
    viewer_can: ViewerCanOnPlan = batch(
        load_plan_rights, key="id", by="plan_id", one=True, description="What you may do with it."
    )


@strawberry.type(description="The plan that was made or changed.")
class PlanPayload:
    """A plan, or what was wrong."""

    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="The plan.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The cells of one unit: one value per month.")
class DecomposedUnit:
    """A row of the matrix."""

    depth: int = strawberry.field(description="Levels below the unit that was decomposed.")
    name: str = strawberry.field(description="The unit's name.")
    target: list[Decimal | None] = strawberry.field(
        description="Target per month; to a service without `graph:read` only what changed."
    )
    assessment: list[Decimal | None] = strawberry.field(description="Assessment per month.")
    stretch: list[Decimal | None] = strawberry.field(description="Stretch per month.")
    year_target: Decimal | None = strawberry.field(description="The sum of its targets.")
    explanation: JSON | None = strawberry.field(
        description="Why its children got what they got; null for a leaf, and for a service without `graph:read`."
    )
    org_unit: OrgUnit | None = batch(load_units, key="unit_id", by="id", one=True, description="The unit.")


async def _load_decomposed(payloads: list[Any], info: Info) -> list[Any]:
    """The matrix of each payload."""
    sight = await info.context.sight()
    return [all_known(sight, payload["units"]) for payload in payloads]


@strawberry.type(description="The matrix that a decomposition made.")
class DecomposeTargetPayload:
    """The matrix, or what was wrong."""

    stored: bool | None = strawberry.field(description="False for a dry run.")
    months: list[str] | None = strawberry.field(description="The labels of the columns.")
    units: list[DecomposedUnit] | None = batch(_load_decomposed, description="One row per unit, in tree order.")
    policy: str | None = strawberry.field(description="The policy that decided.")
    plan: Plan | None = batch(load_plans, key="plan_id", by="id", one=True, description="The plan.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create_plan(work: Work, input: CreatePlanInput, _: Services) -> dict[str, Any]:
    metric_id = decode_id(input.metric_id, "Metric", ("metricId",))
    return {"plan_id": await create_plan(work, input.name, metric_id, input.fiscal_year)}


async def _set_target_cells(work: Work, input: SetTargetCellsInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    scale = await _scale_for_planning(work, plan_id)
    changes = [cell_change(cell, index, scale) for index, cell in enumerate(input.cells)]
    await set_target_cells(work, plan_id, changes, input.scenario)
    return {"plan_id": plan_id}


async def _lock_target_cells(work: Work, input: LockTargetCellsInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    units = [decode_id(unit, "OrgUnit", ("orgUnitIds", n)) for n, unit in enumerate(input.org_unit_ids)]
    await lock_target_cells(work, plan_id, units, input.period, input.locked, input.scenario)
    return {"plan_id": plan_id}


async def _plan_by_day(work: Work, input: PlanByDayInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    units = [decode_id(unit, "OrgUnit", ("orgUnitIds", n)) for n, unit in enumerate(input.org_unit_ids)]
    await plan_by_day(work, plan_id, units, input.period, by_day=input.by_day, scenario=input.scenario)
    return {"plan_id": plan_id}


async def _decompose_target(work: Work, input: DecomposeTargetInput, services: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    scale = await _scale_for_planning(work, plan_id)
    request = decompose_request(input, plan_id, scale)
    outcome = await decompose_target(work, services.policies, request, dry_run=input.dry_run)
    return {"plan_id": plan_id, **_matrix(outcome, scale)}


async def _publish_plan(work: Work, input: PublishPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    await publish_plan(work, plan_id)
    return {"plan_id": plan_id}


async def _revise_plan(work: Work, input: RevisePlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    await revise_plan(work, plan_id, input.reason)
    return {"plan_id": plan_id}


async def _close_plan(work: Work, input: ClosePlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    await close_plan(work, plan_id)
    return {"plan_id": plan_id}


async def _reopen_plan(work: Work, input: ReopenPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    await reopen_plan(work, plan_id, input.reason)
    return {"plan_id": plan_id}


@strawberry.type
class PlanMutation:
    """Mutations of plans and targets."""

    create_plan: PlanPayload = mutation(
        _create_plan, description="Make a plan of a metric and fiscal year, with an empty draft."
    )
    set_target_cells: PlanPayload = mutation(
        _set_target_cells, description="Set cells of a plan's draft: admins, and heads for the units below theirs."
    )
    lock_target_cells: PlanPayload = mutation(
        _lock_target_cells, description="Close cells of a plan's draft to editing, or open them again."
    )
    plan_by_day: PlanPayload = mutation(
        _plan_by_day, description="Plan months by the day, spread over working days, or as a whole again."
    )
    decompose_target: DecomposeTargetPayload = mutation(
        _decompose_target,
        weight=WHOLE_PLAN,
        description="Split a unit's year down the tree and along the months with exact margins, by an allocation"
        " policy.",
    )
    publish_plan: PlanPayload = mutation(
        _publish_plan, weight=WHOLE_PLAN, description="Put a plan's draft in force; the version before it is kept."
    )
    revise_plan: PlanPayload = mutation(
        _revise_plan, description="Open a new draft of a published plan, with its cells and a reason."
    )
    close_plan: PlanPayload = mutation(
        _close_plan, description="Close a published plan: it stays in force for reports and is revised no more."
    )
    reopen_plan: PlanPayload = mutation(
        _reopen_plan, description="Open a closed plan for revisions again, with a reason."
    )


async def scale_of(work: Work, plan_id: int) -> int:
    """The decimal places of the amounts of a plan; raises `NotFound` for one that the viewer does not see."""
    async with work.snapshot() as snapshot:
        return await _scale(snapshot, await load_sight(snapshot, work.viewer, work.company, work.today), plan_id)


async def _scale_for_planning(work: Work, plan_id: int) -> int:
    """The same for whoever plans; raises `AccessDenied` for others, whatever the id."""
    async with work.snapshot() as snapshot:
        return await _scale(snapshot, await planner_sight(snapshot, work), plan_id)


async def _scale(snapshot: Snapshot, sight: Sight, plan_id: int) -> int:
    plan = await load_plan(snapshot, plan_id)
    refuse_hidden(sight, plan)
    (metric,) = await metrics_by_id(snapshot, [plan.metric_id])
    scale: int = metric["scale"]
    return scale


def _matrix(outcome: DecompositionOutcome, scale: int) -> dict[str, Any]:
    return {
        "stored": outcome.stored,
        "months": [month.label for month in outcome.months],
        "policy": outcome.stamp.policy,
        "units": [
            {
                "unit_id": unit.unit_id,
                "name": unit.name,
                "depth": unit.depth,
                **{kind: [_text(value, scale) for value in getattr(unit, kind)] for kind in KINDS},
                "year_target": _text(sum(value or 0 for value in unit.target), scale),
                "explanation": explanation.to_json()
                if (explanation := outcome.explanations.get(unit.unit_id)) is not None
                else None,
            }
            for unit in outcome.units
        ],
    }


def _text(amount: int | None, scale: int) -> str | None:
    return None if amount is None else format_amount(amount, scale)
