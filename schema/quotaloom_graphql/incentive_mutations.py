"""Mutations of incentive rules, groups of members, and runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.incentives import groups, rules, runs
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.incentive_loaders import load_groups, load_rules, load_runs
from quotaloom_graphql.incentives import IncentiveRule, IncentiveRun, MemberGroup
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from strawberry_breadth import batch

EXPECTED = "The version you saw; refused where it has changed meanwhile."


@strawberry.input(description="What a rule says from a day on; what it said before stays for the days before.")
class SetIncentiveRuleInput:
    """A rule."""

    key: str = strawberry.field(description="The company's own name for the rule: a-z, 0-9, - and _.")
    policy: str = strawberry.field(description="The policy's full key, such as `incentives.tiers`.")
    parameters: JSON | None = strawberry.field(
        default=None, description="Its parameters; those of the policy's setting if not given."
    )
    title: str | None = strawberry.field(default=None, description="What people read; the policy's title if not given.")
    ordinal: int = strawberry.field(default=0, description="Its place: rules are asked by ordinal, then by key.")
    grain: Grain = strawberry.field(default=Grain.MONTH, description="In runs of which periods it counts.")
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="For whoever stands in or below this unit, or holds this position."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=None, description="For this group. Without a unit and a group: for the company."
    )
    valid_from: date | None = strawberry.field(default=None, description="First day; today if not given.")
    valid_to: date | None = strawberry.field(default=None, description="The day after the last; open if not given.")
    replace_later: bool = strawberry.field(
        default=False, description="Do away with what the rule says of the same scope from later days on."
    )


@strawberry.input(description="A rule's setting that is to end.")
class EndIncentiveRuleInput:
    """An ending."""

    id: strawberry.ID = strawberry.field(description="The setting.")
    on: date | None = strawberry.field(default=None, description="The first day without it; today if not given.")


@strawberry.input(description="A new group of members.")
class CreateMemberGroupInput:
    """A group."""

    key: str = strawberry.field(description="The company's own name for it: a-z, 0-9, - and _.")
    name: str = strawberry.field(description="Its name.")


@strawberry.input(description="What to change of a group; what is left out stays.")
class UpdateMemberGroupInput:
    """Changes of a group."""

    id: strawberry.ID = strawberry.field(description="The group.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    closed: bool | None = strawberry.field(default=None, description="True: it takes nobody in any more.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="Members to take into a group.")
class AddToMemberGroupInput:
    """Members and days."""

    group_id: strawberry.ID = strawberry.field(description="The group.")
    member_ids: list[strawberry.ID] = strawberry.field(description="1 to 1000 members, each once.")
    valid_from: date | None = strawberry.field(default=None, description="First day; today if not given.")
    valid_to: date | None = strawberry.field(default=None, description="The day after the last; open if not given.")


@strawberry.input(description="Members to take out of a group.")
class RemoveFromMemberGroupInput:
    """Members and the day."""

    group_id: strawberry.ID = strawberry.field(description="The group.")
    member_ids: list[strawberry.ID] = strawberry.field(description="1 to 1000 members, each once.")
    on: date | None = strawberry.field(default=None, description="The first day without them; today if not given.")


@strawberry.input(description="A period to be run.")
class StartIncentiveRunInput:
    """A run."""

    period: str = strawberry.field(description="The label of a period, such as `2017-06`.")
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only for those who stand below this unit; for all if not given."
    )


@strawberry.input(description="A run, to be computed again.")
class ComputeIncentiveRunInput:
    """A run."""

    id: strawberry.ID = strawberry.field(description="The run.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A run that was looked through.")
class ReviewIncentiveRunInput:
    """A run."""

    id: strawberry.ID = strawberry.field(description="The run.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A run to stand for.")
class ApproveIncentiveRunInput:
    """A run."""

    id: strawberry.ID = strawberry.field(description="The run.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A run that is paid.")
class PayIncentiveRunInput:
    """A run."""

    id: strawberry.ID = strawberry.field(description="The run.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A run that is to be a draft again.")
class ReturnIncentiveRunInput:
    """A run."""

    id: strawberry.ID = strawberry.field(description="The run.")
    reason: str = strawberry.field(description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A run to give up.")
class CancelIncentiveRunInput:
    """A run."""

    id: strawberry.ID = strawberry.field(description="The run.")
    reason: str | None = strawberry.field(default=None, description="Why.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The setting that was made or ended.")
class IncentiveRulePayload:
    """A rule, or what was wrong."""

    incentive_rule: IncentiveRule | None = batch(
        load_rules, key="rule_id", by="id", one=True, description="The setting; null where no day of it is left."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The group that was made or changed.")
class MemberGroupPayload:
    """A group, or what was wrong."""

    member_group: MemberGroup | None = batch(load_groups, key="group_id", by="id", one=True, description="The group.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The run that was started or changed.")
class IncentiveRunPayload:
    """A run, or what was wrong."""

    incentive_run: IncentiveRun | None = batch(load_runs, key="run_id", by="id", one=True, description="The run.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _set_rule(work: Work, input: SetIncentiveRuleInput, services: Services) -> dict[str, Any]:
    parameters: Any = input.parameters
    if parameters is not None and not isinstance(parameters, Mapping):
        raise InputError("INVALID_PARAMETERS", "parameters are an object of names and values", ("parameters",))
    change = rules.RuleChange(
        key=input.key,
        policy=input.policy,
        parameters=parameters,
        title=input.title,
        ordinal=input.ordinal,
        grain=input.grain,
        unit_id=optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",)),
        group_id=optional_id(input.group_id, "MemberGroup", ("groupId",)),
        valid_from=input.valid_from,
        valid_to=input.valid_to,
        replace_later=input.replace_later,
    )
    return {"rule_id": await rules.set_rule(work, services.policies, change)}


async def _end_rule(work: Work, input: EndIncentiveRuleInput, _: Services) -> dict[str, Any]:
    return {"rule_id": await rules.end_rule(work, decode_id(input.id, "IncentiveRule", ("id",)), input.on)}


async def _create_group(work: Work, input: CreateMemberGroupInput, _: Services) -> dict[str, Any]:
    return {"group_id": await groups.create_group(work, input.key, input.name)}


async def _update_group(work: Work, input: UpdateMemberGroupInput, _: Services) -> dict[str, Any]:
    group_id = decode_id(input.id, "MemberGroup", ("id",))
    await groups.update_group(
        work, group_id, name=input.name, closed=input.closed, expected_version=input.expected_version
    )
    return {"group_id": group_id}


def _members(given: list[strawberry.ID]) -> list[int]:
    return [decode_id(one, "Member", ("memberIds", place)) for place, one in enumerate(given)]


async def _add(work: Work, input: AddToMemberGroupInput, _: Services) -> dict[str, Any]:
    group_id = decode_id(input.group_id, "MemberGroup", ("groupId",))
    await groups.add_to_group(work, group_id, _members(input.member_ids), input.valid_from, input.valid_to)
    return {"group_id": group_id}


async def _remove(work: Work, input: RemoveFromMemberGroupInput, _: Services) -> dict[str, Any]:
    group_id = decode_id(input.group_id, "MemberGroup", ("groupId",))
    await groups.remove_from_group(work, group_id, _members(input.member_ids), input.on)
    return {"group_id": group_id}


async def _start(work: Work, input: StartIncentiveRunInput, services: Services) -> dict[str, Any]:
    unit_id = optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    return {"run_id": await runs.start_run(work, services.policies, input.period, unit_id)}


def _run(id: strawberry.ID) -> int:
    return decode_id(id, "IncentiveRun", ("id",))


async def _compute(work: Work, input: ComputeIncentiveRunInput, _: Services) -> dict[str, Any]:
    await runs.compute_again(work, _run(input.id), input.expected_version)
    return {"run_id": _run(input.id)}


async def _review(work: Work, input: ReviewIncentiveRunInput, _: Services) -> dict[str, Any]:
    await runs.review_run(work, _run(input.id), input.expected_version)
    return {"run_id": _run(input.id)}


async def _approve(work: Work, input: ApproveIncentiveRunInput, _: Services) -> dict[str, Any]:
    await runs.approve_run(work, _run(input.id), input.expected_version)
    return {"run_id": _run(input.id)}


async def _pay(work: Work, input: PayIncentiveRunInput, _: Services) -> dict[str, Any]:
    await runs.pay_run(work, _run(input.id), input.expected_version)
    return {"run_id": _run(input.id)}


async def _return(work: Work, input: ReturnIncentiveRunInput, _: Services) -> dict[str, Any]:
    await runs.return_run(work, _run(input.id), input.reason, input.expected_version)
    return {"run_id": _run(input.id)}


async def _cancel(work: Work, input: CancelIncentiveRunInput, _: Services) -> dict[str, Any]:
    await runs.cancel_run(work, _run(input.id), input.reason, input.expected_version)
    return {"run_id": _run(input.id)}


@strawberry.type
class IncentiveMutation:
    """Mutations of incentives."""

    set_incentive_rule: IncentiveRulePayload = mutation(_set_rule, description="Set a rule from a day on.")
    end_incentive_rule: IncentiveRulePayload = mutation(_end_rule, description="Let a rule's setting end.")
    create_member_group: MemberGroupPayload = mutation(_create_group, description="Make a group of members.")
    update_member_group: MemberGroupPayload = mutation(
        _update_group, description="Rename a group, close it, or open it again."
    )
    add_to_member_group: MemberGroupPayload = mutation(_add, description="Take members into a group.")
    remove_from_member_group: MemberGroupPayload = mutation(_remove, description="Take members out of a group.")
    start_incentive_run: IncentiveRunPayload = mutation(
        _start,
        weight=WHOLE_PLAN,
        description="Start the run of a period. A job computes it: it is `COMPUTING` until that is done.",
    )
    compute_incentive_run: IncentiveRunPayload = mutation(
        _compute, weight=WHOLE_PLAN, description="Compute a draft or a failed run again, as of now."
    )
    review_incentive_run: IncentiveRunPayload = mutation(
        _review, description="Say that a draft was looked through; members see their statements from then on."
    )
    approve_incentive_run: IncentiveRunPayload = mutation(
        _approve, description="Approve a reviewed run; an admin does, who neither started nor reviewed it."
    )
    pay_incentive_run: IncentiveRunPayload = mutation(
        _pay, description="Mark an approved run as paid, for good; an admin does, who did not approve it."
    )
    return_incentive_run: IncentiveRunPayload = mutation(
        _return, description="Make a reviewed or approved run a draft again."
    )
    cancel_incentive_run: IncentiveRunPayload = mutation(
        _cancel, description="Give up a run that is not approved; its period can be run again."
    )
