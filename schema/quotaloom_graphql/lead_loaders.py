"""Loaders of leads and customer levels: each takes all parents of a level, and shows what the viewer may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry

from quotaloom.leads import levels, reads
from quotaloom.leads.permission import LeadReach, lead_reach, reach_of_positions
from quotaloom.leads.records import LeadStatus
from quotaloom.ownership.owners import Owner
from quotaloom.platform.unit_of_work import Record
from quotaloom_graphql.context import Info, RequestContext

strawberry.enum(
    LeadStatus,
    name="LeadStatus",
    description="What became of a lead: it is open, became a customer or deal, will never buy, or is part of another.",
)


HIDEABLE = frozenset({"name", "organization", "phone", "email", "domain", "source", "note"})
"""The fields of a lead that a pool can hide while it waits."""


async def seen_leads(context: RequestContext) -> LeadReach:
    """The leads that the viewer may see: of the positions whose figures he sees, and those that wait in his pools."""

    async def load() -> LeadReach:
        work, sight = await context.work(), await context.sight()
        return await reach_of_positions(context.snapshot, work.viewer, work.today, sight.units_with_figures)

    return await context.once("seen_leads", load)


async def worked_leads(context: RequestContext) -> LeadReach:
    """The leads that the viewer may change."""

    async def load() -> LeadReach:
        work = await context.work()
        return await lead_reach(context.snapshot, work.viewer, work.today)

    return await context.once("worked_leads", load)


def lead_rows(rows: Sequence[Record]) -> list[dict[str, Any]]:
    """Leads as the viewer may see them: without what a pool hides of those that wait in it."""
    return [{**row, **{name: None for name in row["hidden"] if name in HIDEABLE}} for row in rows]


async def load_leads(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """Leads by number."""
    return lead_rows(await reads.leads_by_id(info.context.snapshot, keys, await seen_leads(info.context)))


async def load_customer_leads(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The leads that customers came of."""
    return lead_rows(await reads.leads_of_customers(info.context.snapshot, keys, await seen_leads(info.context)))


async def load_opportunity_leads(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The leads that deals came of."""
    return lead_rows(await reads.leads_of_opportunities(info.context.snapshot, keys, await seen_leads(info.context)))


async def load_merged_leads(keys: list[int], info: Info) -> list[dict[str, Any]]:
    """The leads that are part of others by now."""
    return lead_rows(await reads.leads_merged_into(info.context.snapshot, keys, await seen_leads(info.context)))


async def load_lead_rights(parents: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each lead, one answer for each."""
    reach = await worked_leads(info.context)
    return [
        {"edit": reach.works(Owner(parent["pool_id"], parent["member_id"], parent["position_id"]))}
        for parent in parents
    ]


async def load_levels(keys: list[int], info: Info) -> list[Record]:
    """Customer levels by number; everybody may see which there are."""
    return await levels.levels_by_id(info.context.snapshot, keys)
