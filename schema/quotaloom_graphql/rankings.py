"""Rankings of units and members."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from quotaloom.organizations import reads
from quotaloom.organizations.pages import MemberFilter, UnitFilter, page_of_members, page_of_units
from quotaloom.platform.unit_of_work import Record
from quotaloom.targets.attainments import AttainmentQuestion, attainment_by_member, attainment_by_unit
from quotaloom.targets.rankings import RankedBy, ranked
from quotaloom_graphql.connections import After, Connection, First, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.enums import OrgUnitKind, Structure
from quotaloom_graphql.nodes import optional_id
from quotaloom_graphql.organization_loaders import load_members
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.questions import attainment_question, period_named
from quotaloom_graphql.roots import root_field
from quotaloom_graphql.targets import AsOf, Attainment, MetricKey, PeriodLabel, PlanId, StructureChoice
from strawberry_breadth import batch

EVERYBODY = 100_000

strawberry.enum(
    RankedBy, name="RankedBy", description="What decides the order: the attainment rate, or the amount achieved."
)


async def load_ranked_units(keys: list[int], info: Info) -> list[Record]:
    """The units of rows that the viewer may see, by name at least, whether he sees their figures elsewhere or not."""
    return await reads.units(info.context.snapshot, keys)


@strawberry.type(description="One row of a ranking; those with zero and those without a target are there as well.")
class RankingRow:
    """A place."""

    rank: int = strawberry.field(description="1 is best; equals share a rank.")
    org_unit: OrgUnit | None = batch(
        load_ranked_units, key="unit_id", by="id", one=True, description="The unit; null in a ranking of members."
    )
    member: Member | None = batch(
        load_members, key="member_id", by="id", one=True, description="The member; null in a ranking of units."
    )
    attainment: Attainment = strawberry.field(description="What the place rests on.")


async def resolve_rankings(
    info: Info,
    period: PeriodLabel,
    metric: MetricKey = "revenue",
    of: Annotated[
        OrgUnitKind | None, strawberry.argument(description="Rank units of this kind; members if null.")
    ] = OrgUnitKind.POSITION,
    by: Annotated[RankedBy, strawberry.argument(description="What decides the order.")] = RankedBy.RATE,
    under: Annotated[strawberry.ID | None, strawberry.argument(description="Only below this unit.")] = None,
    as_of: AsOf = None,
    structure: StructureChoice = Structure.AS_WAS,
    plan: PlanId = None,
    first: First = 100,
    after: After = None,
) -> dict[str, Any]:
    """Everybody is ranked; the viewer sees the rows that he may see."""
    context = info.context
    work, sight = await context.work(), await context.sight()
    offset, limit = window(first, after)
    span = await period_named(context, period)
    question = await attainment_question(context, [span], metric, structure=structure, as_of=as_of, plan=plan)
    unit_id = optional_id(under, "OrgUnit", ("under",))
    attainments = await (_of_members(info, question, unit_id) if of is None else _of_units(info, question, unit_id, of))
    rows = [
        {"unit_id": row.get("unit_id"), "member_id": row.get("member_id"), "rank": row["rank"], "attainment": row}
        for row in ranked(attainments, by, lower_is_better=question.lower_is_better)
        if work.company.members_see_rankings
        or (sight.sees_member(row["member_id"]) if of is None else sight.sees_unit(row["unit_id"]))
    ]
    return page(rows[offset : offset + limit], offset, len(rows))


async def _of_units(
    info: Info, question: AttainmentQuestion, under: int | None, kind: OrgUnitKind
) -> list[dict[str, Any]]:
    context = info.context
    wanted = UnitFilter(kinds=[kind.value], under=under, include_closed=True)
    found = await page_of_units(context.snapshot, question.day, wanted, "name", EVERYBODY)
    (period,) = question.periods
    ids = [
        row["id"]
        for row in found.rows
        if (row["opened_on"] is None or row["opened_on"] < period.ends_on)
        and (row["closed_on"] is None or row["closed_on"] > period.starts_on)
    ]
    currency = (await context.work()).company.currency
    return await attainment_by_unit(context.snapshot, await context.calendar(), currency, ids, question)


async def _of_members(info: Info, question: AttainmentQuestion, under: int | None) -> list[dict[str, Any]]:
    context = info.context
    wanted = MemberFilter(under=under, include_left=True)
    found = await page_of_members(context.snapshot, question.day, wanted, "name", EVERYBODY)
    (period,) = question.periods
    ids = [
        row["id"]
        for row in found.rows
        if (row["joined_on"] is None or row["joined_on"] < period.ends_on)
        and (row["left_on"] is None or row["left_on"] > period.starts_on)
    ]
    return await attainment_by_member(context.snapshot, await context.calendar(), ids, question)


@strawberry.type
class RankingQuery:
    """Root fields of rankings."""

    rankings: Connection[RankingRow] = root_field(
        resolve_rankings,
        description="Who stands where in a period, best first, those with zero included. You see the rows that you"
        " may see; ranks count everybody.",
    )
