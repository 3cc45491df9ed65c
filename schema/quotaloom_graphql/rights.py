"""What the viewer may do, for showing or hiding buttons; every command checks it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from quotaloom.platform.access import Role, Scope
from quotaloom_graphql.context import Info
from quotaloom_graphql.funnel_loaders import positions_worked

RightsLoader = Callable[[list[Any], Info], Awaitable[list[dict[str, bool]]]]


@strawberry.type(description="What you may do that is no matter of one object; the server checks again.")
class ViewerCan:
    """Rights of creating."""

    create_companies: bool = strawberry.field(description="Found companies; operators only.")
    create_org_units: bool = strawberry.field(description="Add units to the tree.")
    create_members: bool = strawberry.field(description="Enter members.")
    create_plans: bool = strawberry.field(description="Make plans.")
    create_funnels: bool = strawberry.field(description="Lay out funnels, revise them, and set their reasons.")
    create_customers: bool = strawberry.field(description="Enter customers.")
    create_leads: bool = strawberry.field(description="Enter leads.")
    create_pools: bool = strawberry.field(description="Lay out pools, and rules of all pools.")
    create_opportunities: bool = strawberry.field(
        description="Open deals: of every position for admins, else of those you hold or lead."
    )
    post_achievements: bool = strawberry.field(description="Post orders and payments of other systems.")
    change_settings: bool = strawberry.field(
        description="Define metrics, scores, products, attributes and review forms, set exchange rates, see to failed"
        " jobs."
    )
    create_action_plans: bool = strawberry.field(
        description="Make action plans: your own as a member, anybody's as an admin."
    )
    pay_incentives: bool = strawberry.field(
        description="Set and simulate incentive rules, make groups of members, start runs, and set budgets."
    )
    let_in: bool = strawberry.field(
        description="Make keys for other systems, and link members to sign-ins elsewhere; admins only."
    )
    read_audit_log: bool = strawberry.field(description="Read the audit log; admins only.")
    be_notified: bool = strawberry.field(description="Have notifications, and mark them as read; members only.")


async def load_viewer_rights(parents: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do that is no matter of one object."""
    viewer, positions = (await info.context.work()).viewer, await positions_worked(info.context)
    sells = positions is None or bool(positions)
    rights = {
        "create_companies": viewer.role is Role.OPERATOR,
        "create_org_units": viewer.may(Scope.ORGANIZATION),
        "create_members": viewer.may(Scope.ORGANIZATION),
        "create_plans": viewer.may(Scope.TARGETS),
        "create_funnels": viewer.may(Scope.FUNNELS),
        "create_pools": viewer.may(Scope.POOL),
        "create_customers": sells,
        "create_leads": sells,
        "create_opportunities": sells,
        "post_achievements": viewer.may(Scope.ACHIEVEMENTS),
        "change_settings": viewer.may(Scope.SETTINGS),
        "create_action_plans": viewer.may(Scope.FUNNELS)
        or (viewer.member_id is not None and viewer.role is not Role.SERVICE),
        "pay_incentives": viewer.may(Scope.INCENTIVES),
        "let_in": viewer.is_admin,
        "read_audit_log": viewer.is_admin,
        "be_notified": viewer.member_id is not None,
    }
    return [rights for _ in parents]


def _by_scope(right: str, scope: Scope) -> RightsLoader:
    """One right that is the same for every object: that of admins, and of services with a scope."""

    async def load(keys: list[Any], info: Info) -> list[dict[str, bool]]:
        may = (await info.context.work()).viewer.may(scope)
        return [{right: may} for _ in keys]

    return load


load_company_rights = _by_scope("edit", Scope.SETTINGS)
load_metric_rights = _by_scope("edit", Scope.SETTINGS)
load_product_rights = _by_scope("edit", Scope.SETTINGS)
load_score_rights = _by_scope("edit", Scope.SETTINGS)
load_policy_rights = _by_scope("switch", Scope.SETTINGS)
load_attribute_rights = _by_scope("edit", Scope.SETTINGS)
load_level_rights = _by_scope("edit", Scope.SETTINGS)
load_duplicate_rights = _by_scope("edit", Scope.SETTINGS)
load_review_form_rights = _by_scope("edit", Scope.SETTINGS)
load_review_cycle_rights = _by_scope("file", Scope.SETTINGS)


async def load_achievement_rights(entries: list[Any], info: Info) -> list[dict[str, bool]]:
    """What the viewer may do with each entry; nobody reverses a reversal."""
    may = (await info.context.work()).viewer.may(Scope.ACHIEVEMENTS)
    return [{"reverse": may and entry["reverses_id"] is None} for entry in entries]
