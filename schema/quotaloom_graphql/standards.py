"""What stages ask of their deals, and how deals stand before it: standards, documents, decisions, reasons, versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.activities.kinds import ActivityKind
from quotaloom.funnels import close_reasons, reads
from quotaloom.funnels.approving import approvable
from quotaloom.funnels.stages import Mover, Outcome
from quotaloom.funnels.standards import DealField, Standard, StandardKind
from quotaloom.funnels.standings import Passage, unmet_on_the_way
from quotaloom.funnels.stored_stages import standards_of
from quotaloom.platform.unit_of_work import Record
from quotaloom_graphql.context import Info
from quotaloom_graphql.funnel_loaders import load_stages
from quotaloom_graphql.nodes import encode_id, optional_id
from quotaloom_graphql.organization_loaders import load_members
from quotaloom_graphql.organizations import Member
from strawberry_breadth import batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.funnels import Stage

strawberry.enum(
    Mover,
    name="StageMover",
    description="Who may move a deal on or back out of a stage: `HOLDER` is whoever works on it, `HEAD` a head above"
    " its position or an admin, `NOBODY` nobody.",
)
strawberry.enum(
    StandardKind,
    name="StandardKind",
    description="What a standard asks for: a field or attribute that is filled in, activities that were done, a"
    " document, or the approval of a head above the deal's position.",
)
strawberry.enum(
    DealField,
    name="DealField",
    description="What of a deal a standard may ask for. A product is one of the deal or of one of its lines.",
)

LazyStage = Annotated["Stage", strawberry.lazy("quotaloom_graphql.funnels")]
ToStage = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="A stage of the deal's version of its funnel; the next one if not given."),
]


async def load_standards(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The standards of stages, each stage's in order."""
    found = await standards_of(info.context.snapshot, keys)
    return [_standard(stage_id, one) for stage_id, standards in found.items() for one in standards]


def _standard(stage_id: int, standard: Standard) -> dict[str, Any]:
    counted = standard.kind is StandardKind.ACTIVITY
    return {
        "stage_id": stage_id,
        "kind": standard.kind,
        "field": standard.field,
        "attribute": standard.attribute,
        "activity": standard.activity,
        "at_least": standard.at_least if counted else None,
        "in_stage": standard.in_stage if counted else None,
        "document": standard.document,
    }


async def load_unmet_standards(
    deals: list[Mapping[str, Any]], info: Info, to_stage: ToStage = None
) -> list[list[dict[str, Any]] | None]:
    """What each deal lacks before it may go to a stage, or on to the next one."""
    stage_id = optional_id(to_stage, "Stage", ("toStage",))
    passages = [Passage(deal["id"], deal["stage_id"], stage_id) for deal in deals]
    company = (await info.context.work()).company
    return [
        None
        if unmet is None
        else [{"code": one.code, "message": one.message, "field": one.field, "stage_id": one.stage_id} for one in unmet]
        for unmet in await unmet_on_the_way(info.context.snapshot, company, passages)
    ]


async def load_deciding(keys: list[int], info: Info) -> list[bool]:
    """Whether the viewer may decide about the stage of each deal."""
    work = await info.context.work()
    may = await approvable(info.context.snapshot, work.viewer, keys, work.today)
    return [key in may for key in keys]


async def load_documents(keys: list[int], info: Info) -> list[Record]:
    """The documents of deals, in the order in which they were added."""
    return await reads.documents_of_opportunities(info.context.snapshot, keys)


async def load_decisions(keys: list[int], info: Info) -> list[Record]:
    """What managers decided about the stages of deals, the earliest first."""
    return await reads.decisions_of_opportunities(info.context.snapshot, keys)


async def load_close_reasons(keys: list[int], info: Info) -> list[Record]:
    """The reasons of funnels, archived ones too."""
    return await close_reasons.close_reasons_of(info.context.snapshot, keys)


async def load_close_reasons_by_id(keys: list[int], info: Info) -> list[Record]:
    """Reasons by number."""
    return await close_reasons.close_reasons_by_id(info.context.snapshot, keys)


async def load_versions(keys: list[int], info: Info) -> list[Record]:
    """The versions of funnels, the earliest first."""
    return await reads.versions_of_funnels(info.context.snapshot, keys)


async def load_version_stages(versions: list[Mapping[str, Any]], info: Info) -> list[list[Record]]:
    """The stages of each version, in order."""
    wanted = sorted({stage_id for version in versions for stage_id in version["stage_ids"]})
    found = {row["id"]: row for row in await load_stages(wanted, info)}
    return [[found[stage_id] for stage_id in version["stage_ids"]] for version in versions]


async def load_version_deals(versions: list[Mapping[str, Any]], info: Info) -> list[int]:
    """How many open deals that the viewer may see follow each version."""
    sight = await info.context.sight()
    funnel_ids = sorted({version["funnel_id"] for version in versions})
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for row in await reads.open_deals_by_version(info.context.snapshot, funnel_ids, sight.units_with_figures):
        counts[row["funnel_id"], row["version_number"]] = row["count"]
    return [counts[version["funnel_id"], version["number"]] for version in versions]


@strawberry.type(description="What must be true of a deal before it leaves a stage forwards (阶段标准).")
class StageStandard:
    """A standard."""

    kind: StandardKind = strawberry.field(description="What it asks for, and which of the others to read.")
    field: DealField | None = strawberry.field(description="What is to be filled in.")
    attribute: str | None = strawberry.field(description="Or the key of the attribute that is to be noted.")
    activity: ActivityKind | None = strawberry.field(description="What is to be done; null for any activity.")
    at_least: int | None = strawberry.field(description="How many activities.")
    in_stage: bool | None = strawberry.field(
        description="Whether those done since the deal came into its stage count alone."
    )
    document: str | None = strawberry.field(description="The name of the document, whatever its case.")


@strawberry.type(description="A standard that a deal does not meet yet.")
class UnmetStandard:
    """What is missing."""

    code: str = strawberry.field(description="A stable word, such as `AMOUNT_MISSING`; the refusal has the same.")
    message: str = strawberry.field(description="What to do about it.")
    field: str | None = strawberry.field(
        description="The field of `updateOpportunity` that is to be filled in, `attributes.` and a key, `activities`"
        " or `documents`; null for an approval."
    )
    stage: LazyStage = batch(
        load_stages, key="stage_id", by="id", one=True, description="The stage whose standard it is."
    )


@strawberry.type(description="What a manager decided about a deal in one of its stages.")
class StageDecision:
    """An approval or a refusal."""

    approved: bool = strawberry.field(description="Whether it may leave the stage.")
    note: str | None = strawberry.field(description="What he said to it.")
    decided_on: date = strawberry.field(description="The business date.")
    at: datetime = strawberry.field(description="When.")
    actor: str = strawberry.field(description="Who.")
    stage: LazyStage = batch(load_stages, key="stage_id", by="id", one=True, description="The stage.")
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="The member who decided, if it was one."
    )


@strawberry.type(description="A document of a deal, which is kept elsewhere.")
class OpportunityDocument:
    """A document."""

    id: strawberry.ID = column(
        lambda number: encode_id("OpportunityDocument", number),
        of="id",
        description="Names it for `removeOpportunityDocument`.",
    )
    name: str = strawberry.field(description="What it is; standards ask for it by this name.")
    url: str | None = strawberry.field(description="Where it is kept.")
    at: datetime = strawberry.field(description="When it was added.")
    actor: str = strawberry.field(description="Who added it.")


@strawberry.type(description="A reason with which deals of a funnel are closed.")
class CloseReason:
    """A reason."""

    key: str = strawberry.field(description="Its name for machines, unique for the outcome.")
    name: str = strawberry.field(description="Its name for people.")
    outcome: Outcome = strawberry.field(description="Of which deals it is.")
    archived: bool = strawberry.field(description="It stays where it was named, and is taken no more.")


@strawberry.type(description="The stages of a funnel as they were laid out at one time.")
class FunnelVersion:
    """A version."""

    number: int = strawberry.field(description="Counts from 1.")
    at: datetime = strawberry.field(description="When it was laid out.")
    actor: str = strawberry.field(description="Who laid it out.")
    reason: str | None = strawberry.field(description="Why.")
    stages: list[LazyStage] = batch(load_version_stages, description="Its stages, in order.")
    open_deals: int = batch(load_version_deals, description="How many open deals that you may see follow it.")
