"""Root fields of the organization, the company and its plans."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import strawberry

from quotaloom.metrics.reads import all_rates
from quotaloom.organizations import reads
from quotaloom.organizations.pages import MemberFilter, UnitFilter, page_of_members, page_of_units
from quotaloom.platform.errors import InputError
from quotaloom.targets.plan_reads import all_plans
from quotaloom_graphql.companies import Company, Viewer, company_row
from quotaloom_graphql.connections import After, Connection, First, Text, page, window
from quotaloom_graphql.context import Info
from quotaloom_graphql.enums import MemberOrder, OrgUnitKind, OrgUnitOrder
from quotaloom_graphql.field_costs import READING, WHOLE_LIST
from quotaloom_graphql.metrics import ExchangeRate, Metric
from quotaloom_graphql.nodes import NodeLoader, decode_id, optional_id
from quotaloom_graphql.organization_loaders import load_members, load_named_members, load_units
from quotaloom_graphql.organizations import Member, OrgUnit
from quotaloom_graphql.plan_loaders import load_plans
from quotaloom_graphql.plans import Plan
from quotaloom_graphql.policies import Policy, policy_rows
from quotaloom_graphql.questions import metric_named, sees_drafts
from quotaloom_graphql.roots import root_field
from strawberry_breadth import asked


async def _viewer(info: Info) -> dict[str, Any]:
    viewer = (await info.context.work()).viewer
    return {
        "subject": viewer.subject,
        "role": viewer.role.value,
        "scopes": sorted(viewer.scopes),
        "member_id": viewer.member_id,
    }


async def _company(info: Info) -> dict[str, Any]:
    return await company_row(info)


async def _org_unit(
    info: Info,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
    key: Annotated[str | None, strawberry.argument(description="Or its key.")] = None,
) -> Any:
    if id is not None and key is None:
        rows = await load_units([decode_id(id, "OrgUnit", ("id",))], info)
        return rows[0] if rows else None
    if id is not None or key is None:
        raise InputError("ID_OR_KEY", "give the id or the key, one of them", ("id",))
    sight = await info.context.sight()
    found = await reads.unit_by_key(info.context.snapshot, key, asked(info))
    return found if found is not None and sight.names_unit(found["id"]) else None


async def _org_units(
    info: Info,
    first: First = 50,
    after: After = None,
    kind: Annotated[list[OrgUnitKind] | None, strawberry.argument(description="Only of these kinds.")] = None,
    text: Text = None,
    under: Annotated[strawberry.ID | None, strawberry.argument(description="Only below this unit.")] = None,
    on: Annotated[
        date | None, strawberry.argument(description="As the tree stood on this day; today if not given.")
    ] = None,
    include_closed: Annotated[bool, strawberry.argument(description="Those that are closed, too.")] = False,
    order_by: Annotated[OrgUnitOrder, strawberry.argument(description="In which order.")] = OrgUnitOrder.TREE,
) -> dict[str, Any]:
    context = info.context
    await context.work()
    offset, limit = window(first, after)
    wanted = UnitFilter(
        None if kind is None else [one.value for one in kind],
        text,
        optional_id(under, "OrgUnit", ("under",)),
        include_closed,
        (await context.sight()).units_with_names,
    )
    found = await page_of_units(context.snapshot, on or await context.today(), wanted, order_by.value, limit, offset)
    return page(found.rows, offset, found.total)


async def _member(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The member's id.")]) -> Any:
    await info.context.work()
    rows = await load_named_members([decode_id(id, "Member", ("id",))], info)
    return rows[0] if rows else None


async def _members(
    info: Info,
    first: First = 50,
    after: After = None,
    text: Text = None,
    under: Annotated[
        strawberry.ID | None, strawberry.argument(description="Only those who hold or head something below this unit.")
    ] = None,
    include_left: Annotated[
        bool,
        strawberry.argument(description="Those who left, too, and all whom one may see by name alone, left or not."),
    ] = False,
    order_by: Annotated[MemberOrder, strawberry.argument(description="In which order.")] = MemberOrder.NAME,
) -> dict[str, Any]:
    context = info.context
    await context.work()
    offset, limit = window(first, after)
    sight = await context.sight()
    unit_id = optional_id(under, "OrgUnit", ("under",))
    wanted = MemberFilter(
        text,
        under=unit_id,
        include_left=include_left,
        among=sight.members_with_names,
        below=sight.units_with_names,
        dated=sight.members_with_figures,
    )
    found = await page_of_members(context.snapshot, await context.today(), wanted, order_by.value, limit, offset)
    rows = {row["id"]: row for row in await load_members([row["id"] for row in found.rows], info)} if found.rows else {}
    return page([rows[row["id"]] for row in found.rows], offset, found.total)


async def _metrics(info: Info) -> list[Any]:
    return list((await info.context.metrics()).values())


async def _plans(
    info: Info,
    metric: Annotated[str | None, strawberry.argument(description="Only of the metric with this key.")] = None,
    fiscal_year: Annotated[int | None, strawberry.argument(description="Only of this fiscal year.")] = None,
) -> list[Any]:
    context = info.context
    await context.work()
    metric_id = None if metric is None else (await metric_named(context, metric))["id"]
    drafts = await sees_drafts(context)
    return list(await all_plans(context.snapshot, metric_id=metric_id, fiscal_year=fiscal_year, drafts=drafts))


async def _plan(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The plan's id.")]) -> Any:
    await info.context.work()
    rows = await load_plans([decode_id(id, "Plan", ("id",))], info)
    return rows[0] if rows else None


async def _policies(info: Info) -> list[dict[str, Any]]:
    await info.context.work()
    return await policy_rows(info)


async def _exchange_rates(info: Info) -> list[Any]:
    await info.context.work()
    return list(await all_rates(info.context.snapshot))


NODE_LOADERS: dict[str, NodeLoader] = {"OrgUnit": load_units, "Member": load_named_members, "Plan": load_plans}
"""How `node(id:)` finds what these types name."""


@strawberry.type
class OrganizationQuery:
    """Root fields."""

    viewer: Viewer = root_field(_viewer, weight=0, description="You, as the server knows you.", open_to_services=True)
    company: Company = root_field(_company, weight=0, description="Your company.")
    org_unit: OrgUnit | None = root_field(_org_unit, weight=READING, description="One unit of the tree.", asks=True)
    org_units: Connection[OrgUnit] = root_field(
        _org_units, weight=WHOLE_LIST, description="Units of the tree that you may see, page by page."
    )
    member: Member | None = root_field(_member, weight=READING, description="One member.")
    members: Connection[Member] = root_field(
        _members, weight=WHOLE_LIST, description="Members that you may see, page by page."
    )
    metrics: list[Metric] = root_field(_metrics, weight=READING, description="What is counted.")
    exchange_rates: list[ExchangeRate] = root_field(_exchange_rates, weight=READING, description="Every exchange rate.")
    plans: list[Plan] = root_field(
        _plans, weight=READING, description="Plans, the latest year first; drafts for those who plan."
    )
    plan: Plan | None = root_field(_plan, weight=READING, description="One plan.")
    policies: list[Policy] = root_field(
        _policies, weight=READING, description="Every installed policy, and your company's settings of it."
    )
