"""What-if: a member's statement so far, and with deals that are still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import strawberry

from quotaloom.achievements.entries import Draft
from quotaloom.achievements.splits import CreditKind
from quotaloom.incentives import what_if
from quotaloom.incentives.reads import rate_of
from quotaloom.incentives.statements import Line, Statement
from quotaloom.incentives.what_if import Answer, SupposedAmount, WhatIf
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount
from quotaloom.platform.errors import InputError
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import WHOLE_PLAN
from quotaloom_graphql.funnel_loaders import load_opportunities
from quotaloom_graphql.funnels import Opportunity
from quotaloom_graphql.incentives import StatementLine
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from strawberry_breadth import batch


@strawberry.input(description="An open deal that is supposed to be won.")
class SupposedDealInput:
    """A deal."""

    opportunity_id: strawberry.ID = strawberry.field(description="The deal, which you must be able to see.")
    amount: Decimal | None = strawberry.field(
        default=None, description="What it is won for, in its currency; what it is worth now if not given."
    )
    closed_on: date | None = strawberry.field(
        default=None, description="A day of the period under way, also one to come; today if not given."
    )


@strawberry.input(description="An amount that is supposed to be credited to the member himself, today.")
class SupposedAmountInput:
    """An amount."""

    metric: str = strawberry.field(description="The metric's key, such as `revenue`.")
    amount: Decimal = strawberry.field(
        description="With the metric's scale, in the company's currency; below 0 for what is given back."
    )


@strawberry.input(description="What is supposed to happen in the period under way.")
class AskWhatIfInput:
    """A question."""

    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose statement: your own if not given; heads ask for their members, admins for all."
    )
    grain: Grain = strawberry.field(default=Grain.MONTH, description="Of which period: rules are of one grain each.")
    deals: list[SupposedDealInput] = strawberry.field(default_factory=list, description="Deals, 50 at the most.")
    amounts: list[SupposedAmountInput] = strawberry.field(
        default_factory=list, description="Amounts besides, 20 at the most."
    )


@strawberry.type(description="A statement as it would be if its period ended now; nothing of it is stored.")
class SupposedStatement:
    """One side of a what-if."""

    total: Decimal = strawberry.field(description="What would be paid: `carriedIn` and all lines.")
    carried_in: Decimal = strawberry.field(description="What floors of earlier periods cut off, 0 or below.")
    carried_out: Decimal = strawberry.field(description="What floors cut off now.")
    advanced_before: Decimal = strawberry.field(description="What draws had paid in advance before.")
    advanced_after: Decimal = strawberry.field(description="What they would have paid in advance by its end.")
    lines: list[StatementLine] = strawberry.field(
        description="As in a statement. `entries` names those of the ledger; what is supposed has none yet."
    )


@strawberry.type(description="What a rule gives, and would give.")
class SupposedDifference:
    """A rule."""

    rule: str = strawberry.field(description="The rule's key.")
    before: Decimal = strawberry.field(description="What its lines come to.")
    after: Decimal = strawberry.field(description="What they would come to.")
    difference: Decimal = strawberry.field(description="How much more.")


@strawberry.type(description="Credit that somebody would have of a deal, by its shares or by the crediting rule.")
class SupposedCredit:
    """A credit."""

    metric: str = strawberry.field(description="The metric's key.")
    amount: Decimal = strawberry.field(description="How much, with the metric's scale.")
    overlay: bool = strawberry.field(description="Whether it comes on top of the direct credit.")
    business_date: date = strawberry.field(description="The close date.")
    opportunity: Opportunity | None = batch(
        load_opportunities, key="opportunity_id", by="id", one=True, description="Of which deal."
    )
    position: OrgUnit | None = batch(
        load_units, key="position_id", by="id", one=True, description="Which position; null where you do not see it."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="Who; null where you do not see him."
    )


@strawberry.type(description="A statement of the period under way so far, and as it would be.")
class WhatIfPayload:
    """An answer, or what was wrong."""

    period: str | None = strawberry.field(description="The label of the period.")
    currency: str | None = strawberry.field(description="ISO 4217 code.")
    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="Whose it is.")
    before: SupposedStatement | None = strawberry.field(
        description="By what the ledger has so far; null where no rule of the grain is for the member."
    )
    after: SupposedStatement | None = strawberry.field(description="With what is supposed.")
    difference: Decimal | None = strawberry.field(description="How much more would be paid.")
    by_rule: list[SupposedDifference] | None = strawberry.field(description="The same, rule by rule.")
    credits: list[SupposedCredit] | None = strawberry.field(
        description="What the deals would count for, each metric apart: for the member and for others."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where there is an answer.")


async def _ask(work: Work, input: AskWhatIfInput, services: Services) -> dict[str, Any]:
    member_id = optional_id(input.member_id, "Member", ("memberId",)) or work.viewer.member_id
    if member_id is None:
        raise InputError("MEMBER_MISSING", "name the member: you are none yourself", ("memberId",))
    asked = WhatIf(
        member_id,
        input.grain,
        [
            (decode_id(one.opportunity_id, "Opportunity", ("deals", place, "opportunityId")), one.amount, one.closed_on)
            for place, one in enumerate(input.deals)
        ],
        [SupposedAmount(one.metric, one.amount) for one in input.amounts],
    )
    return _answered(member_id, await what_if.ask_what_if(work, services.policies, asked))


def _answered(member_id: int, answer: Answer) -> dict[str, Any]:
    scale = currency_scale(answer.currency)
    totals = [0 if one is None else one.total for one in (answer.before, answer.after)]
    return {
        "member_id": member_id,
        "period": answer.period.label,
        "currency": answer.currency,
        "before": _statement(answer.before, scale),
        "after": _statement(answer.after, scale),
        "difference": format_amount(totals[1] - totals[0], scale),
        "by_rule": [
            {
                "rule": rule,
                "before": format_amount(before, scale),
                "after": format_amount(after, scale),
                "difference": format_amount(after - before, scale),
            }
            for rule, before, after in answer.rules()
        ],
        "credits": _credits(answer.credits, answer.metrics),
    }


def _statement(statement: Statement | None, scale: int) -> dict[str, Any] | None:
    if statement is None:
        return None
    sums = ("total", "carried_in", "carried_out", "advanced_before", "advanced_after")
    return {
        **{name: format_amount(getattr(statement, name), scale) for name in sums},
        "lines": [_line(line, scale) for line in statement.lines],
    }


def _line(line: Line, scale: int) -> dict[str, Any]:
    return {
        "rule_key": line.rule,
        "policy": line.policy,
        "line_key": line.key,
        "title": line.title,
        "amount": format_amount(line.amount, scale),
        "base": line.base,
        "rate": rate_of(line.rate),
        "explanation": line.explanation,
        "entry_ids": [number for number in line.entries if number > 0],
        "corrects_statement_id": line.corrects,
        "dispute_id": line.dispute,
    }


def _credits(credits: Sequence[Draft], metrics: Mapping[int, Any]) -> list[dict[str, Any]]:
    return [
        {
            "metric": metrics[one.metric_id]["key"],
            "amount": format_amount(one.amount, metrics[one.metric_id]["scale"]),
            "overlay": one.credit is CreditKind.OVERLAY,
            "business_date": one.business_date,
            "opportunity_id": one.opportunity_id,
            "position_id": one.position_id,
            "member_id": one.member_id,
        }
        for one in credits
    ]


@strawberry.type
class WhatIfMutation:
    """The mutation that asks what if; it writes nothing."""

    ask_what_if: WhatIfPayload = mutation(
        _ask,
        weight=WHOLE_PLAN,
        description="What a statement would come to if these deals were won in the period under way. Nothing is"
        " written: it is a mutation because the company's policies are asked.",
    )
