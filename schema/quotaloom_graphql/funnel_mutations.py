"""Mutations of deals; those of their stages are in `stage_mutations`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.achievements.splits import CreditKind
from quotaloom.funnels.commands.opportunities import create_opportunity, transfer_opportunity, update_opportunity
from quotaloom.funnels.deals import NewOpportunity
from quotaloom.funnels.forecasting import ForecastCategory
from quotaloom.funnels.opportunity_reads import opportunities_by_id
from quotaloom.funnels.splits import Split
from quotaloom.metrics.currencies import currency_scale, known_currency
from quotaloom.ownership.permission import worked_positions
from quotaloom.platform.amounts import parse_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.deal_lines import OpportunityLineInput, lines_given
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.funnel_loaders import load_opportunities
from quotaloom_graphql.funnels import Opportunity
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from strawberry_breadth import batch

EXPECTED = "The version you saw; refused where it has changed meanwhile."
ON_DAY = "The day on which it happened; today if not given."
CURRENCY = "ISO 4217 code; the company's currency if not given."


@strawberry.input(description="A share of the credit of a deal.")
class OpportunitySplitInput:
    """A split."""

    position_id: strawberry.ID = strawberry.field(description="Whose it is.")
    share: Decimal = strawberry.field(description="Above 0, up to 1, with up to eight places.")
    kind: CreditKind = strawberry.field(
        default=CreditKind.DIRECT, description="Direct shares make 1 together; overlay shares come on top."
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="The member credited; the position's holder if not given."
    )


@strawberry.input(description="A new deal.")
class CreateOpportunityInput:
    """A new opportunity."""

    funnel_id: strawberry.ID = strawberry.field(description="The funnel it is in.")
    position_id: strawberry.ID = strawberry.field(description="The position that works on it.")
    key: str | None = strawberry.field(default=None, description="Its own key; made up if not given.")
    name: str | None = strawberry.field(default=None, description="Its name; the customer's if not given.")
    stage_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="An open stage, the first if not given; behind one that asks for something it takes a head.",
    )
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="Whom it is with.")
    product_id: strawberry.ID | None = strawberry.field(default=None, description="What is sold.")
    amount: Decimal | None = strawberry.field(default=None, description="What it is worth, where known.")
    currency: str | None = strawberry.field(default=None, description=CURRENCY)
    amount_estimated: bool = strawberry.field(default=False, description="Nobody negotiated the amount yet.")
    opened_on: date | None = strawberry.field(default=None, description="When it was opened, where known.")
    expected_close_on: date | None = strawberry.field(default=None, description="When it is expected to close.")
    splits: list[OpportunitySplitInput] = strawberry.field(
        default_factory=list, description="Who shares its credit; the position has all of it if not given."
    )
    lines: list[OpportunityLineInput] = strawberry.field(
        default_factory=list, description="The products that it is about; their amounts make the deal's."
    )
    source: str | None = strawberry.field(default=None, description="Where it came from.")
    forecast: ForecastCategory = strawberry.field(default=ForecastCategory.PIPELINE, description="What you make of it.")
    competitors: list[str] = strawberry.field(
        default_factory=list, description="Who else would like to win it; 50 at the most."
    )
    next_step: str | None = strawberry.field(
        default=None, description="What is to be done next, in 500 characters at the most."
    )
    next_step_on: date | None = strawberry.field(default=None, description="When that is to be done.")


@strawberry.input(
    description="What to change of a deal; what is left out stays. Stage and position have mutations of their own."
)
class UpdateOpportunityInput:
    """Changes of an opportunity."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Its name.")
    customer_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Whom it is with.")
    product_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="What is sold.")
    amount: Decimal | None = strawberry.field(default=strawberry.UNSET, description="What it is worth.")
    currency: str | None = strawberry.field(
        default=None, description="ISO 4217 code, with the amount in it; the deal's currency if not given."
    )
    amount_estimated: bool | None = strawberry.field(default=None, description="Nobody negotiated the amount yet.")
    opened_on: date | None = strawberry.field(default=strawberry.UNSET, description="When it was opened.")
    expected_close_on: date | None = strawberry.field(
        default=strawberry.UNSET, description="When it is expected to close."
    )
    splits: list[OpportunitySplitInput] | None = strawberry.field(
        default=None, description="Who shares its credit; an empty list leaves all of it to the position."
    )
    lines: list[OpportunityLineInput] | None = strawberry.field(
        default=None, description="The products that it is about, all of them; their amounts make the deal's."
    )
    source: str | None = strawberry.field(default=strawberry.UNSET, description="Where it came from.")
    forecast: ForecastCategory | None = strawberry.field(default=None, description="What you make of it.")
    competitors: list[str] | None = strawberry.field(
        default=None, description="Who else would like to win it; 50 at the most."
    )
    next_step: str | None = strawberry.field(
        default=strawberry.UNSET, description="What is to be done next, in 500 characters at the most."
    )
    next_step_on: date | None = strawberry.field(default=strawberry.UNSET, description="When that is to be done.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="An open deal that another position takes over; it keeps its stage and its splits.")
class TransferOpportunityInput:
    """A transfer."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    position_id: strawberry.ID = strawberry.field(description="The position that takes it over.")
    reason: str | None = strawberry.field(default=None, description="Why; it is kept in the audit record.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The deal that was made or changed.")
class OpportunityPayload:
    """An opportunity, or what was wrong."""

    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="The deal."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create_opportunity(work: Work, input: CreateOpportunityInput, _: Services) -> dict[str, Any]:
    new = NewOpportunity(
        funnel_id=decode_id(input.funnel_id, "Funnel", ("funnelId",)),
        position_id=decode_id(input.position_id, "OrgUnit", ("positionId",)),
        key=input.key,
        name=input.name,
        stage_id=optional_id(input.stage_id, "Stage", ("stageId",)),
        customer_id=optional_id(input.customer_id, "Customer", ("customerId",)),
        product_id=optional_id(input.product_id, "Product", ("productId",)),
        amount=parsed_amount(input.amount, input.currency or work.company.currency),
        currency=input.currency,
        amount_estimated=input.amount_estimated,
        opened_on=input.opened_on,
        expected_close_on=input.expected_close_on,
        splits=_splits(input.splits),
        lines=lines_given(input.lines, input.currency or work.company.currency),
        competitors=tuple(input.competitors),
        next_step=input.next_step,
        next_step_on=input.next_step_on,
        source=input.source,
        forecast=input.forecast,
    )
    return {"opportunity_id": await create_opportunity(work, new)}


async def _update_opportunity(work: Work, input: UpdateOpportunityInput, _: Services) -> dict[str, Any]:
    opportunity_id = decode_id(input.id, "Opportunity", ("id",))
    changes = sent(input, "name", "opened_on", "expected_close_on", "next_step", "next_step_on", "source")
    for field, type_name, path in (("customer_id", "Customer", "customerId"), ("product_id", "Product", "productId")):
        for name, value in sent(input, field).items():
            changes[name] = optional_id(value, type_name, (path,))
    if input.amount is not strawberry.UNSET:
        currency = input.currency or await currency_of(work, opportunity_id)
        changes |= {"amount": parsed_amount(input.amount, currency), "currency": currency}
    elif input.currency is not None:
        if not any(line.amount is not None for line in input.lines or ()):
            raise InputError("AMOUNT_NEEDED", "a currency needs the amount in it", ("amount",))
        changes["currency"] = input.currency
    if input.amount_estimated is not None:
        changes["amount_estimated"] = input.amount_estimated
    if input.splits is not None:
        changes["splits"] = _splits(input.splits)
    if input.lines is not None:
        currency = str(changes.get("currency") or await currency_of(work, opportunity_id))
        changes["lines"] = lines_given(input.lines, currency)
    if input.forecast is not None:
        changes["forecast"] = input.forecast
    if input.competitors is not None:
        changes["competitors"] = tuple(input.competitors)
    await update_opportunity(work, opportunity_id, changes, input.expected_version)
    return {"opportunity_id": opportunity_id}


async def _transfer_opportunity(work: Work, input: TransferOpportunityInput, _: Services) -> dict[str, Any]:
    opportunity_id = decode_id(input.id, "Opportunity", ("id",))
    position_id = decode_id(input.position_id, "OrgUnit", ("positionId",))
    await transfer_opportunity(work, opportunity_id, position_id, input.reason, input.expected_version)
    return {"opportunity_id": opportunity_id}


@strawberry.type
class FunnelMutation:
    """Mutations of deals; how deals change their stages is in `stage_mutations`."""

    create_opportunity: OpportunityPayload = mutation(_create_opportunity, description="Open a deal.")
    update_opportunity: OpportunityPayload = mutation(
        _update_opportunity, description="Change a deal; what a win has posted stays until the deal is reopened."
    )
    transfer_opportunity: OpportunityPayload = mutation(
        _transfer_opportunity, description="Hand an open deal over to another position."
    )


def sent(input: Any, *names: str) -> dict[str, Any]:
    """The fields of an input that the caller sent, null included."""
    return {name: value for name in names if (value := getattr(input, name)) is not strawberry.UNSET}


def parsed_amount(amount: Decimal | None, currency: str) -> int | None:
    """The amount in minor units of its currency; raises `InputError`."""
    scale = currency_scale(known_currency(currency, ("currency",)))
    return None if amount is None else parse_amount(amount, scale, ("amount",))


async def currency_of(work: Work, opportunity_id: int) -> str:
    """The currency of a deal that the viewer may write; for any other, the company's: the command refuses it."""
    async with work.snapshot() as snapshot:
        worked = await worked_positions(snapshot, work.viewer, work.today)
        rows = await opportunities_by_id(snapshot, [opportunity_id], worked)
    return str(rows[0]["currency"]) if rows else work.company.currency


def _splits(splits: list[OpportunitySplitInput]) -> tuple[Split, ...]:
    return tuple(
        Split(
            position_id=decode_id(split.position_id, "OrgUnit", ("splits", number, "positionId")),
            share=split.share,
            kind=split.kind,
            member_id=optional_id(split.member_id, "Member", ("splits", number, "memberId")),
        )
        for number, split in enumerate(splits)
    )
