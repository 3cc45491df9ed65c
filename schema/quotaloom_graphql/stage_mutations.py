"""Mutations that change the stage of a deal, and what its stage asks for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.funnels.commands import stage_changes
from quotaloom.funnels.commands.approvals import decide_stage
from quotaloom.funnels.commands.documents import add_document, remove_document
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.deal_errors import told_at
from quotaloom_graphql.funnel_mutations import EXPECTED, ON_DAY, OpportunityPayload, currency_of, parsed_amount
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id

REASON_KEY = "The key of a reason of the funnel, where it has any for the outcome."


@strawberry.input(description="A deal that goes to another stage; into a won, lost or invalid stage it is closed.")
class MoveOpportunityInput:
    """A move."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    stage_id: strawberry.ID = strawberry.field(description="A stage of its funnel.")
    on: date | None = strawberry.field(default=None, description=ON_DAY)
    reason: str | None = strawberry.field(default=None, description="Why; it is kept with the move.")
    reason_key: str | None = strawberry.field(default=None, description=REASON_KEY)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A deal that is won; its revenue and one order are posted.")
class WinOpportunityInput:
    """A win."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    on: date | None = strawberry.field(default=None, description=ON_DAY)
    amount: Decimal | None = strawberry.field(
        default=None, description="What it was won for; the deal's amount if not given."
    )
    currency: str | None = strawberry.field(
        default=None, description="ISO 4217 code of `amount`; the deal's currency if not given."
    )
    reason: str | None = strawberry.field(default=None, description="Why; it is kept with the move.")
    reason_key: str | None = strawberry.field(default=None, description=REASON_KEY)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A deal that is lost.")
class LoseOpportunityInput:
    """A loss."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    stage_id: strawberry.ID | None = strawberry.field(
        default=None, description="A lost stage; the funnel's first if not given."
    )
    on: date | None = strawberry.field(default=None, description=ON_DAY)
    reason: str | None = strawberry.field(default=None, description="Why; it is kept with the deal.")
    reason_key: str | None = strawberry.field(default=None, description=REASON_KEY)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A deal that never was one, such as a test; it counts in no win rate.")
class InvalidateOpportunityInput:
    """An invalid deal."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    stage_id: strawberry.ID | None = strawberry.field(
        default=None, description="An invalid stage; the funnel's first if not given."
    )
    on: date | None = strawberry.field(default=None, description=ON_DAY)
    reason: str | None = strawberry.field(default=None, description="Why; it is kept with the deal.")
    reason_key: str | None = strawberry.field(default=None, description=REASON_KEY)
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A closed deal that is open again; what its win has posted is reversed.")
class ReopenOpportunityInput:
    """A reopening."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    stage_id: strawberry.ID | None = strawberry.field(
        default=None, description="An open stage; the one it was closed from if not given."
    )
    on: date | None = strawberry.field(default=None, description=ON_DAY)
    reason: str | None = strawberry.field(default=None, description="Why; it is kept with the move.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A decision about a deal in the stage that it is in.")
class DecideStageInput:
    """An approval or a refusal."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    approved: bool = strawberry.field(description="Whether it may leave the stage.")
    note: str | None = strawberry.field(default=None, description="Why; needed where it may not.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A document of a deal, which is kept elsewhere.")
class AddOpportunityDocumentInput:
    """A new document."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    name: str = strawberry.field(description="What it is; standards ask for it by this name.")
    url: str | None = strawberry.field(default=None, description="Where it is kept: https:// and so on.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A document that is taken away from its deal.")
class RemoveOpportunityDocumentInput:
    """A document that goes."""

    id: strawberry.ID = strawberry.field(description="The document.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


async def _move_opportunity(work: Work, input: MoveOpportunityInput, services: Services) -> dict[str, Any]:
    opportunity_id = decode_id(input.id, "Opportunity", ("id",))
    stage_id = decode_id(input.stage_id, "Stage", ("stageId",))
    with told_at(input):
        await stage_changes.move_opportunity(
            work,
            services.policies,
            opportunity_id,
            stage_id,
            input.on,
            input.reason,
            input.expected_version,
            input.reason_key,
        )
    return {"opportunity_id": opportunity_id}


async def _win_opportunity(work: Work, input: WinOpportunityInput, services: Services) -> dict[str, Any]:
    opportunity_id = decode_id(input.id, "Opportunity", ("id",))
    amount, currency = None, input.currency
    if input.amount is not None:
        currency = currency or await currency_of(work, opportunity_id)
        amount = parsed_amount(input.amount, currency)
    with told_at(input):
        await stage_changes.win_opportunity(
            work,
            services.policies,
            opportunity_id,
            input.on,
            amount,
            currency,
            input.reason,
            input.expected_version,
            input.reason_key,
        )
    return {"opportunity_id": opportunity_id}


async def _lose_opportunity(work: Work, input: LoseOpportunityInput, _: Services) -> dict[str, Any]:
    return await _drop(stage_changes.lose_opportunity, work, input)


async def _invalidate_opportunity(work: Work, input: InvalidateOpportunityInput, _: Services) -> dict[str, Any]:
    return await _drop(stage_changes.invalidate_opportunity, work, input)


async def _drop(
    close: Callable[..., Awaitable[None]], work: Work, input: LoseOpportunityInput | InvalidateOpportunityInput
) -> dict[str, Any]:
    opportunity_id = decode_id(input.id, "Opportunity", ("id",))
    stage_id = optional_id(input.stage_id, "Stage", ("stageId",))
    await close(work, opportunity_id, input.on, input.reason, stage_id, input.expected_version, input.reason_key)
    return {"opportunity_id": opportunity_id}


async def _reopen_opportunity(work: Work, input: ReopenOpportunityInput, _: Services) -> dict[str, Any]:
    opportunity_id = decode_id(input.id, "Opportunity", ("id",))
    stage_id = optional_id(input.stage_id, "Stage", ("stageId",))
    await stage_changes.reopen_opportunity(
        work, opportunity_id, stage_id, input.on, input.reason, input.expected_version
    )
    return {"opportunity_id": opportunity_id}


async def _decide_stage(work: Work, input: DecideStageInput, _: Services) -> dict[str, Any]:
    opportunity_id = decode_id(input.id, "Opportunity", ("id",))
    await decide_stage(
        work, opportunity_id, approved=input.approved, note=input.note, expected_version=input.expected_version
    )
    return {"opportunity_id": opportunity_id}


async def _add_document(work: Work, input: AddOpportunityDocumentInput, _: Services) -> dict[str, Any]:
    opportunity_id = decode_id(input.id, "Opportunity", ("id",))
    await add_document(work, opportunity_id, input.name, input.url, input.expected_version)
    return {"opportunity_id": opportunity_id}


async def _remove_document(work: Work, input: RemoveOpportunityDocumentInput, _: Services) -> dict[str, Any]:
    document_id = decode_id(input.id, "OpportunityDocument", ("id",))
    return {"opportunity_id": await remove_document(work, document_id, input.expected_version)}


@strawberry.type
class StageMutation:
    """Mutations of stages; every change is kept."""

    move_opportunity: OpportunityPayload = mutation(
        _move_opportunity,
        description="Put an open deal into another stage of its version of its funnel. What it lacks for that is told"
        " all at once.",
    )
    win_opportunity: OpportunityPayload = mutation(
        _win_opportunity, description="Win an open deal; posts its revenue and one order to the ledger."
    )
    lose_opportunity: OpportunityPayload = mutation(_lose_opportunity, description="Lose an open deal.")
    invalidate_opportunity: OpportunityPayload = mutation(
        _invalidate_opportunity, description="Close an open deal that never was one; it counts in no win rate."
    )
    reopen_opportunity: OpportunityPayload = mutation(
        _reopen_opportunity, description="Open a closed deal again; reverses what its win has posted."
    )
    decide_stage: OpportunityPayload = mutation(
        _decide_stage,
        description="Approve, or refuse, that an open deal leaves its stage; for heads above, and admins.",
    )
    add_opportunity_document: OpportunityPayload = mutation(
        _add_document, description="Note a document of a deal and where it is kept."
    )
    remove_opportunity_document: OpportunityPayload = mutation(
        _remove_document, description="Take a document away from its deal."
    )
