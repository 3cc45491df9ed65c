"""Asking for simulations of incentive rules, and removing them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.incentives.simulated_rules import SimulatedChange
from quotaloom.incentives.simulations import SimulationRequest, remove_simulation, start_simulation
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.incentive_simulations import IncentiveSimulation, load_simulations
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from strawberry_breadth import batch


@strawberry.input(
    description="A rule that is added, or takes the place of the one with its key and scope; or is removed."
)
class SimulatedRuleInput:
    """A change."""

    key: str = strawberry.field(description="The key of the rule: a-z, 0-9, - and _.")
    policy: str | None = strawberry.field(
        default=None, description="The policy's full key; it need not be switched on. Not needed to remove the rule."
    )
    parameters: JSON | None = strawberry.field(
        default=None, description="Its parameters; those of the policy's setting, or its own, if not given."
    )
    title: str | None = strawberry.field(default=None, description="What people read.")
    ordinal: int | None = strawberry.field(
        default=None, description="Its place; as the rule in force has it, or 0, if not given."
    )
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="For whoever stands in or below this unit, or holds this position."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=None, description="For this group. Without a unit and a group: for the company."
    )
    remove: bool = strawberry.field(default=False, description="Leave the rule with this key and scope out.")


@strawberry.input(description="Rules to try on what has been.")
class SimulateIncentivesInput:
    """What is to be simulated."""

    changes: list[SimulatedRuleInput] = strawberry.field(
        description="1 to 50 rules that are other than in force; all others stay in force."
    )
    title: str | None = strawberry.field(default=None, description="What to call it; the periods if not given.")
    grain: Grain = strawberry.field(default=Grain.MONTH, description="Which periods, and the rules of which grain.")
    first: str | None = strawberry.field(
        default=None, description="The first period, such as `2017-01`; twelve up to the last if not given."
    )
    last: str | None = strawberry.field(
        default=None, description="The last, 24 at the most; the last one that is over if not given."
    )
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only those who stand below this unit at the end of a period; all if not given."
    )
    bounds: list[Decimal] | None = strawberry.field(
        default=None, description="Bounds of the histogram, ascending, 50 at the most; even ones if not given."
    )


@strawberry.input(description="A simulation that nobody needs any more.")
class RemoveIncentiveSimulationInput:
    """A simulation."""

    id: strawberry.ID = strawberry.field(description="The simulation; one under way ends.")


@strawberry.type(description="The simulation that was asked for.")
class IncentiveSimulationPayload:
    """A simulation, or what was wrong."""

    incentive_simulation: IncentiveSimulation | None = batch(
        load_simulations,
        key="simulation_id",
        by="id",
        one=True,
        description="The simulation; null once removed.",
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _simulate(work: Work, input: SimulateIncentivesInput, services: Services) -> dict[str, Any]:
    request = SimulationRequest(
        changes=[_change(one, place) for place, one in enumerate(input.changes)],
        title=input.title,
        grain=input.grain,
        first=input.first,
        last=input.last,
        unit_id=optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",)),
        bounds=input.bounds,
    )
    return {"simulation_id": await start_simulation(work, services.policies, request)}


def _change(given: SimulatedRuleInput, place: int) -> SimulatedChange:
    parameters: Any = given.parameters
    if parameters is not None and not isinstance(parameters, Mapping):
        path = ("changes", place, "parameters")
        raise InputError("INVALID_PARAMETERS", "parameters are an object of names and values", path)
    return SimulatedChange(
        key=given.key,
        policy=given.policy,
        parameters=parameters,
        title=given.title,
        ordinal=given.ordinal,
        unit_id=optional_id(given.org_unit_id, "OrgUnit", ("changes", place, "orgUnitId")),
        group_id=optional_id(given.group_id, "MemberGroup", ("changes", place, "groupId")),
        remove=given.remove,
    )


async def _remove(work: Work, input: RemoveIncentiveSimulationInput, _: Services) -> dict[str, Any]:
    simulation_id = decode_id(input.id, "IncentiveSimulation", ("id",))
    await remove_simulation(work, simulation_id)
    return {"simulation_id": simulation_id}


@strawberry.type
class IncentiveSimulationMutation:
    """Mutations of simulations."""

    simulate_incentives: IncentiveSimulationPayload = mutation(
        _simulate,
        weight=WHOLE_PLAN,
        description="See what other rules would have given, before they are set. A job computes it: it is `WAITING` and"
        " `COMPUTING` until that is done. Three at most are under way at a time.",
    )
    remove_incentive_simulation: IncentiveSimulationPayload = mutation(
        _remove, description="Remove a simulation; one under way ends."
    )
