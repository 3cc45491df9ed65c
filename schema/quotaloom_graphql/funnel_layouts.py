"""Mutations that lay out funnels: their stages with standards, their versions, and the reasons for closing deals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels.commands.close_reasons import NewCloseReason, set_close_reasons
from quotaloom.funnels.commands.funnels import create_funnel, move_deals_to_latest, revise_funnel
from quotaloom.funnels.stages import Mover, NewFunnel, NewStage, Outcome
from quotaloom.funnels.standards import DealField, Standard, StandardKind
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.funnel_loaders import load_funnels
from quotaloom_graphql.funnel_mutations import EXPECTED
from quotaloom_graphql.funnels import Funnel
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from strawberry_breadth import batch


@strawberry.input(description="What must be true of a deal before it leaves a stage forwards.")
class StageStandardInput:
    """A standard; `kind` says which of the other fields go with it."""

    kind: StandardKind = strawberry.field(description="What it asks for.")
    field: DealField | None = strawberry.field(default=None, description="`FIELD`: what is to be filled in,")
    attribute: str | None = strawberry.field(default=None, description="or the key of an attribute of deals.")
    activity: ActivityKind | None = strawberry.field(
        default=None, description="`ACTIVITY`: what is to be done; any activity if not given."
    )
    at_least: int = strawberry.field(default=1, description="`ACTIVITY`: how many.")
    in_stage: bool = strawberry.field(
        default=True, description="`ACTIVITY`: only those done since the deal came into its stage count."
    )
    document: str | None = strawberry.field(default=None, description="`DOCUMENT`: its name.")


@strawberry.input(description="A step of a funnel. All but the first four are of open stages.")
class NewStageInput:
    """A new stage."""

    key: str = strawberry.field(description="Its name for machines: a-z, 0-9, - and _; it keeps its outcome for good.")
    name: str = strawberry.field(description="Its name.")
    outcome: Outcome = strawberry.field(default=Outcome.OPEN, description="Open, won, lost or invalid.")
    win_probability: Decimal = strawberry.field(
        description="0 to 1 with up to four places; 1 for won, 0 for lost and invalid."
    )
    age_limit_days: int | None = strawberry.field(
        default=None, description="After so many days in it a deal is too old."
    )
    forward: Mover = strawberry.field(default=Mover.HOLDER, description="Who may move a deal on out of it.")
    backward: Mover = strawberry.field(default=Mover.HOLDER, description="Who may move a deal back out of it.")
    skipping: bool = strawberry.field(default=True, description="Whether a deal may jump over the next stage.")
    standards: list[StageStandardInput] = strawberry.field(
        default_factory=list, description="What a deal must meet before it is moved on, in order."
    )


@strawberry.input(description="A new funnel, with at least one open stage, one won stage and at least one lost.")
class CreateFunnelInput:
    """A new funnel."""

    key: str = strawberry.field(description="The company's own name for it: a-z, 0-9, - and _.")
    name: str = strawberry.field(description="Its name.")
    stages: list[NewStageInput] = strawberry.field(description="Its stages, in order.")
    org_unit_id: strawberry.ID | None = strawberry.field(
        default=None, description="The unit whose positions use it; all of the company do if not given."
    )


@strawberry.input(description="The stages of a funnel, laid out anew; deals under way stay on their version.")
class ReviseFunnelInput:
    """The next version of a funnel."""

    id: strawberry.ID = strawberry.field(description="The funnel.")
    stages: list[NewStageInput] = strawberry.field(description="All its stages, in order.")
    reason: str | None = strawberry.field(default=None, description="Why; it is kept with the version.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="Into which stage the deals of another go.")
class StageMappingInput:
    """One stage of an older version, and one of the latest."""

    of: str = strawberry.field(description="The key of the stage that they are in.")
    to: str = strawberry.field(description="The key of an open stage of the latest version.")


@strawberry.input(description="Open deals of older versions of a funnel that shall follow the latest.")
class MoveDealsToLatestInput:
    """A move of many deals."""

    id: strawberry.ID = strawberry.field(description="The funnel.")
    stages: list[StageMappingInput] = strawberry.field(
        default_factory=list, description="Where deals go that do not stay in the stage of the same key."
    )
    reason: str | None = strawberry.field(default=None, description="Why; it is kept with the moves.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A reason with which deals are closed.")
class NewCloseReasonInput:
    """A reason."""

    key: str = strawberry.field(description="Its name for machines: a-z, 0-9, - and _.")
    name: str = strawberry.field(description="Its name for people.")


@strawberry.input(description="The reasons with which deals of one outcome are closed; those left out are archived.")
class SetCloseReasonsInput:
    """The reasons of an outcome."""

    id: strawberry.ID = strawberry.field(description="The funnel.")
    outcome: Outcome = strawberry.field(description="Won, lost or invalid.")
    reasons: list[NewCloseReasonInput] = strawberry.field(
        description="In order; with none, closing a deal so needs no reason."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The funnel that was made or changed.")
class FunnelPayload:
    """A funnel, or what was wrong."""

    funnel: Funnel | None = batch(load_funnels, key="funnel_id", by="id", one=True, description="The funnel.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The funnel whose deals follow its latest version now.")
class MoveDealsPayload:
    """How many deals were moved, or what was wrong."""

    funnel: Funnel | None = batch(load_funnels, key="funnel_id", by="id", one=True, description="The funnel.")
    moved: int | None = strawberry.field(description="How many deals were moved.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create_funnel(work: Work, input: CreateFunnelInput, _: Services) -> dict[str, Any]:
    unit_id = optional_id(input.org_unit_id, "OrgUnit", ("orgUnitId",))
    return {"funnel_id": await create_funnel(work, NewFunnel(input.key, input.name, _stages(input.stages), unit_id))}


async def _revise_funnel(work: Work, input: ReviseFunnelInput, _: Services) -> dict[str, Any]:
    funnel_id = decode_id(input.id, "Funnel", ("id",))
    await revise_funnel(work, funnel_id, _stages(input.stages), input.reason, input.expected_version)
    return {"funnel_id": funnel_id}


async def _move_deals_to_latest(work: Work, input: MoveDealsToLatestInput, _: Services) -> dict[str, Any]:
    funnel_id = decode_id(input.id, "Funnel", ("id",))
    mapping: dict[str, str] = {}
    for number, one in enumerate(input.stages):
        if one.of in mapping:
            raise InputError("DUPLICATE_KEY", f"say once where deals of {one.of[:80]!r} go", ("stages", number, "of"))
        mapping[one.of] = one.to
    moved = await move_deals_to_latest(work, funnel_id, mapping, input.reason, input.expected_version)
    return {"funnel_id": funnel_id, "moved": moved}


async def _set_close_reasons(work: Work, input: SetCloseReasonsInput, _: Services) -> dict[str, Any]:
    funnel_id = decode_id(input.id, "Funnel", ("id",))
    reasons = [NewCloseReason(one.key, one.name) for one in input.reasons]
    await set_close_reasons(work, funnel_id, input.outcome, reasons, input.expected_version)
    return {"funnel_id": funnel_id}


@strawberry.type
class FunnelLayoutMutation:
    """Mutations of funnels."""

    create_funnel: FunnelPayload = mutation(_create_funnel, description="Lay out a funnel with its stages.")
    revise_funnel: FunnelPayload = mutation(
        _revise_funnel,
        description="Lay the stages of a funnel out anew, as its next version, which new deals follow; deals under way"
        " stay on theirs.",
    )
    move_deals_to_latest: MoveDealsPayload = mutation(
        _move_deals_to_latest,
        weight=WHOLE_PLAN,
        description="Move the open deals of older versions of a funnel into its latest; every move is kept.",
    )
    set_close_reasons: FunnelPayload = mutation(
        _set_close_reasons, description="Say for which reasons deals of a funnel are won, lost or invalid."
    )


def _stages(stages: list[NewStageInput]) -> tuple[NewStage, ...]:
    return tuple(
        NewStage(
            key=stage.key,
            name=stage.name,
            outcome=stage.outcome,
            win_probability=stage.win_probability,
            age_limit_days=stage.age_limit_days,
            forward=stage.forward,
            backward=stage.backward,
            skipping=stage.skipping,
            standards=tuple(_standard(standard) for standard in stage.standards),
        )
        for stage in stages
    )


def _standard(given: StageStandardInput) -> Standard:
    return Standard(
        kind=given.kind,
        field=given.field,
        attribute=given.attribute,
        activity=given.activity,
        at_least=given.at_least,
        in_stage=given.in_stage,
        document=given.document,
    )
