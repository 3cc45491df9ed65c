"""Simulations of incentive rules: asked for, followed, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.incentives import simulations
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.enums import Grain
from quotaloom_graphql.field_costs import WHOLE_LIST
from quotaloom_graphql.incentive_enums import SimulationSide, SimulationStatus
from quotaloom_graphql.incentive_loaders import load_groups, load_rule_rights
from quotaloom_graphql.incentives import MemberGroup, ViewerCanOnIncentiveRule
from quotaloom_graphql.nodes import Node, NodeLoader, global_id
from quotaloom_graphql.organization_loaders import load_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

AMOUNTS = (
    *("now", "then", "paid", "carried_now", "carried_then", "advanced_now", "advanced_then"),
    *("from", "to", "p10", "p50", "p90"),
)


@strawberry.type(description="A rule as a simulation has it; nothing of it is set.")
class SimulatedRule:
    """A change."""

    key: str = strawberry.field(description="The rule's key.")
    remove: bool = strawberry.field(description="Whether the rule is left out.")
    policy: str | None = strawberry.field(description="The policy's full key; null for a rule that is left out.")
    parameters: JSON | None = strawberry.field(
        description="Its parameters, defaults included; null: those of the policy's setting, or its own."
    )
    title: str | None = strawberry.field(description="Its title; null: as the rule in force has it.")
    ordinal: int | None = strawberry.field(description="Its place; null: as the rule in force has it, or 0.")
    org_unit: OrgUnit | None = batch(
        load_units, key="unit_id", by="id", one=True, description="For whoever stands in or below it."
    )
    group: MemberGroup | None = batch(load_groups, key="group_id", by="id", one=True, description="For this group.")


@strawberry.type(description="What one period costs.")
class SimulatedPeriod:
    """A period."""

    period: str = strawberry.field(description="The period's label.")
    members: int = strawberry.field(description="How many have rules in it, on either side, or were paid.")
    now: Decimal = strawberry.field(description="What the rules in force give, as known today.")
    then: Decimal = strawberry.field(description="What the others would give.")
    difference: Decimal = strawberry.field(description="How much more the others would give.")
    paid: Decimal | None = strawberry.field(
        description="What was really paid, with corrections and what was carried then; null where nothing was."
    )
    carried_now: Decimal = strawberry.field(description="What floors carry into the next period, 0 or below.")
    carried_then: Decimal = strawberry.field(description="The same with the others.")
    advanced_now: Decimal = strawberry.field(description="What draws have paid in advance by its end.")
    advanced_then: Decimal = strawberry.field(description="The same with the others.")


@strawberry.type(description="A member for whom it would make one of the biggest differences.")
class SimulatedMember:
    """A winner or loser."""

    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="Who.")
    now: Decimal = strawberry.field(description="What the rules in force give, in all periods together.")
    then: Decimal = strawberry.field(description="What the others would give.")
    difference: Decimal = strawberry.field(description="How much more the others would give.")


@strawberry.type(description="How many members have a difference in a range.")
class SimulationBar:
    """A bar of the histogram."""

    from_: Decimal | None = strawberry.field(name="from", description="From this on; null: from anywhere on.")
    to: Decimal | None = strawberry.field(description="Up to this, and not it itself; null: without end.")
    members: int = strawberry.field(description="How many.")


@strawberry.type(description="By nearest rank: the sum that so many percent of the members do not exceed.")
class SimulationPercentiles:
    """Percentiles."""

    p10: Decimal | None = strawberry.field(description="The 10th; null where there is nobody.")
    p50: Decimal | None = strawberry.field(description="The 50th.")
    p90: Decimal | None = strawberry.field(description="The 90th.")


@strawberry.type(description="A policy that failed for a member, who is left out of all figures.")
class SimulationFailure:
    """A failure."""

    member: Member | None = batch(load_members, key="member_id", by="id", one=True, description="For whom.")
    period: str = strawberry.field(description="In which period.")
    side: SimulationSide = strawberry.field(description="By which rules.")
    text: str = strawberry.field(description="What failed, with rule, policy and plugin.")


@strawberry.type(description="What a simulation comes to. Sums of a member are over all periods.")
class SimulationResult:
    """A result."""

    currency: str = strawberry.field(description="ISO 4217 code.")
    now: Decimal = strawberry.field(description="What the rules in force give, in all.")
    then: Decimal = strawberry.field(description="What the others would give.")
    difference: Decimal = strawberry.field(description="How much more the others would cost.")
    periods: list[SimulatedPeriod] = strawberry.field(description="Period by period.")
    members: int = strawberry.field(description="How many members have rules in one of the periods, or were paid.")
    winners: int = strawberry.field(description="How many would get more.")
    losers: int = strawberry.field(description="How many would get less.")
    unchanged: int = strawberry.field(description="How many would get the same.")
    biggest_winners: list[SimulatedMember] = strawberry.field(description="Twenty at the most, the biggest first.")
    biggest_losers: list[SimulatedMember] = strawberry.field(description="Twenty at the most, the biggest first.")
    histogram: list[SimulationBar] = strawberry.field(description="How the differences of the members are spread.")
    percentiles_now: SimulationPercentiles = strawberry.field(description="Of what members get by the rules in force.")
    percentiles_then: SimulationPercentiles = strawberry.field(description="Of what they would get.")
    percentiles_difference: SimulationPercentiles = strawberry.field(description="Of the differences.")
    failures: list[SimulationFailure] = strawberry.field(description="Policies that failed.")
    moved_on: bool = strawberry.field(
        description="Whether ledger or structure changed while it was computed: figures of single members may differ by"
        " that. Each member is of one moment."
    )


@strawberry.type(description="How far the computing is.")
class SimulationProgress:
    """Progress."""

    done: int = strawberry.field(description="How many members are computed.")
    total: int = strawberry.field(description="How many there are; 0 until it is begun.")


@strawberry.type(
    description="What other rules would have given in past periods, beside what those in force give, computed in the"
    " same way. Nothing of it is set or paid; it is kept for 90 days, for whoever sees everything."
)
class IncentiveSimulation(Node):
    """A simulation."""

    id: strawberry.ID = global_id("IncentiveSimulation")
    title: str = strawberry.field(description="What people call it.")
    status: SimulationStatus = strawberry.field(description="Where it stands.")
    failure: str | None = strawberry.field(description="Why it failed.")
    grain: Grain = strawberry.field(description="How long its periods are.")
    starts_on: date = strawberry.field(description="The first day of the first.")
    ends_on: date = strawberry.field(description="The day after the last.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    created_by: str = strawberry.field(description="By whom.")
    finished_at: datetime | None = strawberry.field(description="When it was done or failed.")
    kept_until: datetime = strawberry.field(description="When it is deleted.")
    changes: list[SimulatedRule] = strawberry.field(description="What is other than in force.")
    progress: SimulationProgress = strawberry.field(description="How far it is.")
    result: SimulationResult | None = strawberry.field(description="What it comes to; null until it is done.")
    org_unit: OrgUnit | None = batch(
        load_units, key="unit_id", by="id", one=True, description="Below which its members stand; null for all."
    )
    viewer_can: ViewerCanOnIncentiveRule = batch(
        load_rule_rights, description="What you may do with it; `edit` is to remove it."
    )


async def simulations_page(info: Info, first: First = 50, after: After = None) -> dict[str, Any]:
    """Simulations, the latest first; for whoever sees everything."""
    offset, limit = window(first, after)
    if not (await info.context.sight()).everything:
        return page([], offset, 0)
    rows, total = await simulations.simulations_page(info.context.snapshot, offset, limit)
    return page([_shown(row) for row in rows], offset, total)


async def load_simulations(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Simulations by number; for whoever sees everything."""
    if not (await info.context.sight()).everything:
        return []
    return [_shown(row) for row in await simulations.simulations_by_id(info.context.snapshot, keys)]


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    progress = {"done": row["done"], "total": row["total"]}
    return {**row, "progress": progress, "result": None if row["result"] is None else _result(row["result"])}


def _result(stored: Mapping[str, Any]) -> dict[str, Any]:
    scale = currency_scale(stored["currency"])
    now, then = (sum(month[side] for month in stored["months"]) for side in ("now", "then"))
    lists = ("biggest_winners", "biggest_losers", "histogram")
    percentiles = {f"percentiles_{of}": _amounts(one, scale) for of, one in stored["percentiles"].items()}
    return {
        **stored,
        **_compared({"now": now, "then": then}, scale),
        "periods": _rows(stored["months"], scale),
        **{name: _rows(stored[name], scale) for name in lists},
        **percentiles,
    }


def _rows(rows: Sequence[Mapping[str, Any]], scale: int) -> list[dict[str, Any]]:
    return [_compared(row, scale) if "now" in row else _amounts(row, scale) for row in rows]


def _compared(row: Mapping[str, Any], scale: int) -> dict[str, Any]:
    return {**_amounts(row, scale), "difference": format_amount(row["then"] - row["now"], scale)}


def _amounts(row: Mapping[str, Any], scale: int) -> dict[str, Any]:
    """A row with its amounts as the API writes them."""
    amounts = {name: value for name, value in row.items() if name in AMOUNTS}
    shown = {name: None if value is None else format_amount(value, scale) for name, value in amounts.items()}
    return {**row, **shown, "from_": shown.get("from")}


@strawberry.type
class IncentiveSimulationQuery:
    """The root field of simulations."""

    incentive_simulations: Connection[IncentiveSimulation] = root_field(
        simulations_page,
        weight=WHOLE_LIST,
        description="Simulations, the latest first: a page; for whoever sees everything.",
    )


NODE_LOADERS: dict[str, NodeLoader] = {"IncentiveSimulation": load_simulations}
"""How `node(id:)` finds what these types name."""
