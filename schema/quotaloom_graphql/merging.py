"""Merging leads and customers that are the same."""

from __future__ import annotations

from typing import Any

import strawberry

from quotaloom.leads.merging import merge_leads
from quotaloom.leads.merging_customers import merge_customers
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Services
from quotaloom_graphql.customer_mutations import CustomerPayload
from quotaloom_graphql.funnel_mutations import EXPECTED
from quotaloom_graphql.lead_mutations import LeadPayload
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id


@strawberry.input(description="Leads that are the same: one is kept, the others are part of it.")
class MergeLeadsInput:
    """Leads to merge."""

    kept_id: strawberry.ID = strawberry.field(description="The lead that is kept.")
    merged_ids: list[strawberry.ID] = strawberry.field(description="Those that become part of it, 50 at the most.")
    reason: str | None = strawberry.field(default=None, description="Why; it is kept in the ledger of owners.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="Customers that are the same: one is kept, the others are part of it.")
class MergeCustomersInput:
    """Customers to merge."""

    kept_id: strawberry.ID = strawberry.field(description="The customer that is kept.")
    merged_ids: list[strawberry.ID] = strawberry.field(description="Those that become part of it, 50 at the most.")
    reason: str | None = strawberry.field(default=None, description="Why; it is kept in the ledger of owners.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


async def _merge_leads(work: Work, input: MergeLeadsInput, _: Services) -> dict[str, Any]:
    kept_id, merged_ids = _ids(input, "Lead")
    await merge_leads(work, kept_id, merged_ids, input.reason, input.expected_version)
    return {"lead_id": kept_id}


async def _merge_customers(work: Work, input: MergeCustomersInput, _: Services) -> dict[str, Any]:
    kept_id, merged_ids = _ids(input, "Customer")
    await merge_customers(work, kept_id, merged_ids, input.reason, input.expected_version)
    return {"customer_id": kept_id}


def _ids(input: MergeLeadsInput | MergeCustomersInput, type_name: str) -> tuple[int, list[int]]:
    merged = [decode_id(one, type_name, ("mergedIds", number)) for number, one in enumerate(input.merged_ids)]
    return decode_id(input.kept_id, type_name, ("keptId",)), merged


@strawberry.type
class MergingMutation:
    """Mutations that merge."""

    merge_leads: LeadPayload = mutation(
        _merge_leads, description="Let leads be part of another one, which takes over what it does not have."
    )
    merge_customers: CustomerPayload = mutation(
        _merge_customers,
        description="Let customers be part of another one, which has their deals, activities, leads and subsidiaries.",
    )
