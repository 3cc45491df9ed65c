"""What policies are installed, which the company uses, and the mutation that switches them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.platform.work import Work
from quotaloom.policies.registry import RegisteredPolicy
from quotaloom.policies.settings import PolicyChange, settings_of, switch_policy
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.rights import load_policy_rights
from strawberry_breadth import batch


async def load_settings(keys: list[str], info: Info) -> list[dict[str, Any]]:
    """The company's settings of policies, the earliest first; for whoever may see everything."""
    if not (await info.context.sight()).everything:
        return []
    return await settings_of(info.context.snapshot, keys)


async def load_policies(keys: list[str], info: Info) -> list[dict[str, Any]]:
    """Policies by their full key."""
    rows = await policy_rows(info)
    return [row for row in rows if row["key"] in keys]


async def policy_rows(info: Info) -> list[dict[str, Any]]:
    """Every installed policy, and whether the company has it switched on today."""
    today = await info.context.today()
    active = {
        row["policy"]
        for row in await settings_of(info.context.snapshot, None)
        if row["active"] and row["valid_from"] <= today and (row["valid_to"] is None or row["valid_to"] > today)
    }
    return [_row(policy, policy.key in active) for policy in info.context.services.policies]


def _row(policy: RegisteredPolicy[Any], active: bool) -> dict[str, Any]:
    return {
        "key": policy.key,
        "kind": policy.definition.kind,
        "title": policy.definition.title,
        "description": policy.definition.description,
        "plugin": policy.plugin.name,
        "version": policy.plugin.version,
        "parameters_schema": policy.parameters_schema,
        "active": active,
    }


@strawberry.type(description="A company's setting of a policy for a range of days.")
class PolicySetting:
    """A setting."""

    revision: int = strawberry.field(description="Counts the company's changes of this policy.")
    active: bool = strawberry.field(description="On or off.")
    parameters: JSON = strawberry.field(description="The parameters, validated by the policy.")
    ordinal: int = strawberry.field(description="Its place among policies of its kind.")
    valid_from: date = strawberry.field(description="First day.")
    valid_to: date | None = strawberry.field(description="The day after the last; null where it is open.")
    changed_at: datetime = strawberry.field(description="When it was set.")
    changed_by: str = strawberry.field(description="Who set it.")


@strawberry.type(description="What you may do with a policy; the server checks again.")
class ViewerCanOnPolicy:
    """Rights of the viewer on a policy."""

    switch: bool = strawberry.field(description="Switch it on or off for your company, with parameters.")


@strawberry.type(description="One rule that a plugin contributes (策略), switched on and parameterized per company.")
class Policy:
    """A policy."""

    key: str = strawberry.field(description="Its full key, such as `allocation.even`.")
    kind: str = strawberry.field(description="What it decides, such as `allocation`.")
    title: str = strawberry.field(description="Its name for people.")
    description: str = strawberry.field(description="What it does.")
    plugin: str = strawberry.field(description="The plugin that it comes from.")
    version: str | None = strawberry.field(description="The version of that plugin.")
    parameters_schema: JSON = strawberry.field(description="JSON Schema of its parameters: enough for a form.")
    active: bool = strawberry.field(description="Whether your company has it switched on today.")
    settings: list[PolicySetting] = batch(
        load_settings,
        key="key",
        by="policy",
        description="Your company's settings of it, the earliest first; for whoever sees everything.",
    )
    viewer_can: ViewerCanOnPolicy = batch(load_policy_rights, key="key", description="What you may do with it.")


@strawberry.input(description="A policy to switch on or off from a day on; earlier days keep what they had.")
class SwitchPolicyInput:
    """A switch."""

    policy: str = strawberry.field(description="Its full key, such as `allocation.last_year`.")
    active: bool = strawberry.field(description="On or off.")
    parameters: JSON | None = strawberry.field(default=None, description="An object that fits `parametersSchema`.")
    ordinal: int = strawberry.field(default=0, description="Its place among policies of its kind; the first is used.")
    valid_from: date | None = strawberry.field(default=None, description="First day; today if not given.")
    valid_to: date | None = strawberry.field(default=None, description="The day after the last; open if not given.")


@strawberry.type(description="The policy after the switch.")
class PolicyPayload:
    """A policy, or what was wrong."""

    policy: Policy | None = batch(load_policies, key="policy_key", by="key", one=True, description="The policy.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _switch_policy(work: Work, input: SwitchPolicyInput, services: Services) -> dict[str, Any]:
    parameters: Any = {} if input.parameters is None else input.parameters
    change = PolicyChange(input.policy, input.active, parameters, input.ordinal, input.valid_from, input.valid_to)
    await switch_policy(work, services.policies, change)
    return {"policy_key": input.policy}


@strawberry.type
class PolicyMutation:
    """Mutations of policy settings."""

    switch_policy: PolicyPayload = mutation(
        _switch_policy, description="Switch a policy on or off for your company, with parameters."
    )
