"""Mutations of objectives, and of what is attached to them."""

from __future__ import annotations

from typing import Any

import strawberry

from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom.strategy.commands import archive_objective, create_objective, update_objective
from quotaloom.strategy.objectives import NewObjective, ObjectiveLevel
from quotaloom.targets.plan_objectives import attach_plan
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from quotaloom_graphql.objective_loaders import load_objectives
from quotaloom_graphql.objectives import Objective
from quotaloom_graphql.plans import PlanPayload
from strawberry_breadth import batch

EXPECTED = "The version you saw; refused where it has changed meanwhile."


@strawberry.input(description="A new objective.")
class CreateObjectiveInput:
    """A new objective."""

    fiscal_year: int = strawberry.field(description="The fiscal year, named after the calendar year it starts in.")
    level: ObjectiveLevel = strawberry.field(description="The company's, a business's or a function's.")
    name: str = strawberry.field(description="Its name.")
    owner_id: strawberry.ID = strawberry.field(description="The member who answers for it.")
    parent_id: strawberry.ID | None = strawberry.field(
        default=None, description="The objective of the level above that it serves; none for a corporate one."
    )
    description: str | None = strawberry.field(
        default=None, description="What is meant by it, 2000 characters at most."
    )
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="The unit that pursues it; none for the whole company."
    )


@strawberry.input(description="What to change of an objective; what is left out stays. Level and year stay.")
class UpdateObjectiveInput:
    """Changes of an objective."""

    id: strawberry.ID = strawberry.field(description="The objective.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    owner_id: strawberry.ID | None = strawberry.field(default=None, description="The member who answers for it now.")
    parent_id: strawberry.ID | None = strawberry.field(default=None, description="The objective that it serves now.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="What is meant by it; null clears it."
    )
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The unit that pursues it; null for the whole company."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An objective to put away, or to restore.")
class ArchiveObjectiveInput:
    """An archiving."""

    id: strawberry.ID = strawberry.field(description="The objective.")
    archived: bool = strawberry.field(default=True, description="False restores it.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A plan, and the objective that it serves.")
class AttachPlanInput:
    """An attachment."""

    plan_id: strawberry.ID = strawberry.field(description="The plan.")
    objective_id: strawberry.ID | None = strawberry.field(
        description="The objective, which is of the plan's fiscal year; null detaches the plan."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The objective that was made or changed.")
class ObjectivePayload:
    """An objective, or what was wrong."""

    objective: Objective | None = batch(
        load_objectives, key="objective_id", by="id", one=True, description="The objective."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create_objective(work: Work, input: CreateObjectiveInput, _: Services) -> dict[str, Any]:
    new = NewObjective(
        fiscal_year=input.fiscal_year,
        level=input.level,
        name=input.name,
        owner_id=decode_id(input.owner_id, "Member", ("ownerId",)),
        parent_id=optional_id(input.parent_id, "Objective", ("parentId",)),
        description=input.description,
        unit_id=optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",)),
    )
    return {"objective_id": await create_objective(work, new)}


async def _update_objective(work: Work, input: UpdateObjectiveInput, _: Services) -> dict[str, Any]:
    objective_id = decode_id(input.id, "Objective", ("id",))
    changes: dict[str, Any] = {}
    if input.name is not None:
        changes["name"] = input.name
    if input.owner_id is not None:
        changes["owner_id"] = decode_id(input.owner_id, "Member", ("ownerId",))
    if input.parent_id is not None:
        changes["parent_id"] = decode_id(input.parent_id, "Objective", ("parentId",))
    if input.description is not strawberry.UNSET:
        changes["description"] = input.description
    if input.org_unit_id is not strawberry.UNSET:
        changes["unit_id"] = optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    if not changes:
        raise InputError("NOTHING_TO_CHANGE", "name what shall change of the objective")
    await update_objective(work, objective_id, changes, input.expected_version)
    return {"objective_id": objective_id}


async def _archive_objective(work: Work, input: ArchiveObjectiveInput, _: Services) -> dict[str, Any]:
    objective_id = decode_id(input.id, "Objective", ("id",))
    await archive_objective(work, objective_id, archived=input.archived, expected_version=input.expected_version)
    return {"objective_id": objective_id}


async def _attach_plan(work: Work, input: AttachPlanInput, _: Services) -> dict[str, Any]:
    plan_id = decode_id(input.plan_id, "Plan", ("planId",))
    objective_id = optional_id(input.objective_id, "Objective", ("objectiveId",))
    await attach_plan(work, plan_id, objective_id, input.expected_version)
    return {"plan_id": plan_id}


@strawberry.type
class ObjectiveMutation:
    """Mutations of objectives."""

    create_objective: ObjectivePayload = mutation(_create_objective, description="Set an objective of a fiscal year.")
    update_objective: ObjectivePayload = mutation(
        _update_objective, description="Change an objective, or let it serve another one."
    )
    archive_objective: ObjectivePayload = mutation(
        _archive_objective, description="Put an objective away that no other one serves, or restore it."
    )
    attach_plan: PlanPayload = mutation(
        _attach_plan, description="Attach a plan to the objective that it serves, or detach it."
    )
