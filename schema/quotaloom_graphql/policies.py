"""What policies there are, which of them the company uses, and the mutation that switches them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from quotaloom.platform.work import Work
from quotaloom.policies.registry import PolicyRegistry, RegisteredPolicy, plugin_of
from quotaloom.policies.settings import PolicyChange, history_of, settings_of, switch_policy, why_unavailable
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.policy_health import PolicyHealth, load_health
from quotaloom_graphql.rights import load_policy_rights
from strawberry_breadth import batch

Setting = Mapping[str, Any]


async def _all_settings(info: Info) -> list[dict[str, Any]]:
    return await info.context.once("policy settings", lambda: settings_of(info.context.snapshot, None))


async def load_settings(keys: list[str], info: Info) -> list[dict[str, Any]]:
    """The company's settings of policies, the earliest first; for whoever may see everything."""
    if not (await info.context.sight()).everything:
        return []
    registry = info.context.services.policies.registry
    return [
        {**row, "unavailable_reason": why_unavailable(registry, row["policy"], row["plugin_version"])}
        for row in await _all_settings(info)
        if row["policy"] in keys
    ]


async def load_history(keys: list[str], info: Info) -> list[dict[str, Any]]:
    """Every change of the settings of policies, the latest first; for whoever may see everything."""
    if not (await info.context.sight()).everything:
        return []
    return await history_of(info.context.snapshot, keys)


async def load_policies(keys: list[str], info: Info) -> list[dict[str, Any]]:
    """Policies by their full key."""
    rows = await policy_rows(info)
    return [row for row in rows if row["key"] in keys]


async def policy_rows(info: Info) -> list[dict[str, Any]]:
    """Every installed policy; for whoever may see everything, also those that are gone and have settings."""
    registry = info.context.services.policies.registry
    today = await info.context.today()
    settings = await _all_settings(info)
    in_force = {row["policy"]: row for row in settings if _covers(row, today)}
    rows = [_row(registry, policy, in_force.get(policy.key)) for policy in registry]
    if (await info.context.sight()).everything:
        gone = {row["policy"]: row for row in settings if row["policy"] not in registry}
        rows += [_gone(registry, in_force.get(key, row), in_force.get(key)) for key, row in gone.items()]
    return rows


def _covers(row: Setting, day: date) -> bool:
    return bool(row["valid_from"] <= day and (row["valid_to"] is None or row["valid_to"] > day))


def _row(registry: PolicyRegistry, policy: RegisteredPolicy, setting: Setting | None) -> dict[str, Any]:
    reason = None if setting is None else why_unavailable(registry, policy.key, setting["plugin_version"])
    return {
        "key": policy.key,
        "kind": policy.kind,
        "title": policy.descriptor.title,
        "description": policy.descriptor.description,
        "plugin": policy.plugin.name,
        "version": policy.plugin.version,
        "needs": sorted(need.value for need in policy.needs),
        "parameters_schema": policy.parameters_schema,
        "ui_hints": policy.descriptor.ui_hints,
        "active": setting is not None and setting["active"],
        "essential": policy.essential,
        "installed": True,
        "unavailable_reason": reason,
    }


def _gone(registry: PolicyRegistry, setting: Setting, in_force: Setting | None) -> dict[str, Any]:
    key = setting["policy"]
    return {
        "key": key,
        "kind": setting["kind"],
        "title": key,
        "description": "This policy is not there any more. Its settings and its results stay readable.",
        "plugin": plugin_of(key),
        "version": None,
        "needs": [],
        "parameters_schema": {},
        "ui_hints": {},
        "active": in_force is not None and in_force["active"],
        "essential": False,
        "installed": False,
        "unavailable_reason": registry.why_missing(key),
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
    plugin_version: str = strawberry.field(description="The version of the plugin that it was set with.")
    unavailable_reason: str | None = strawberry.field(
        description="Why the policy cannot be asked with this setting; null where it can."
    )
    changed_at: datetime = strawberry.field(description="When it was set.")
    changed_by: str = strawberry.field(description="Who set it.")


@strawberry.type(description="One change of a company's settings of a policy.")
class PolicyChangeRecord:
    """A change."""

    at: datetime = strawberry.field(description="When it was made.")
    actor: str = strawberry.field(description="Who made it.")
    before: JSON = strawberry.field(description="The settings that it touched, as they were.")
    after: JSON = strawberry.field(description="The setting that it made.")


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
    version: str | None = strawberry.field(description="The version of that plugin that is installed.")
    needs: list[str] = strawberry.field(description="The inputs that it is given, such as `history`.")
    parameters_schema: JSON = strawberry.field(description="JSON Schema of its parameters: enough for a form.")
    ui_hints: JSON = strawberry.field(
        description="How each parameter is best entered, by its name: `widget`, `unit`, `group`, `order`, …"
    )
    active: bool = strawberry.field(description="Whether your company has it switched on today.")
    essential: bool = strawberry.field(description="Whether it cannot be switched off.")
    installed: bool = strawberry.field(
        description="False for one that was removed from this installation and still has settings."
    )
    unavailable_reason: str | None = strawberry.field(
        description="Why it cannot be asked though it is set: its plugin is gone, put aside, or has another major"
        " version. Nothing is decided in its place until an admin switches it again, or off. Null where it can."
    )
    health: PolicyHealth = batch(
        load_health, description="Whether its plugin answers, as the serving process that you asked knows it."
    )
    settings: list[PolicySetting] = batch(
        load_settings,
        key="key",
        by="policy",
        description="Your company's settings of it, the earliest first; for whoever sees everything.",
    )
    history: list[PolicyChangeRecord] = batch(
        load_history,
        key="key",
        by="policy",
        description="Who changed those settings, the latest first; for whoever sees everything.",
    )
    viewer_can: ViewerCanOnPolicy = batch(load_policy_rights, key="key", description="What you may do with it.")


@strawberry.input(description="A policy to switch on or off from a day on; earlier days keep what they had.")
class SwitchPolicyInput:
    """A switch."""

    policy: str = strawberry.field(description="Its full key, such as `allocation.last_year`.")
    active: bool = strawberry.field(description="On or off.")
    parameters: JSON | None = strawberry.field(
        default=None, description="An object that fits `parametersSchema`; what was set before, if not given."
    )
    ordinal: int | None = strawberry.field(
        default=None,
        description="Its place among policies of its kind: the first is used. As before, or 0, if not given.",
    )
    valid_from: date | None = strawberry.field(default=None, description="First day; today if not given.")
    valid_to: date | None = strawberry.field(default=None, description="The day after the last; open if not given.")
    replace_later: bool = strawberry.field(
        default=False, description="Do away with settings that begin later; without it they stand in the way."
    )


@strawberry.type(description="The policy after the switch.")
class PolicyPayload:
    """A policy, or what was wrong."""

    policy: Policy | None = batch(load_policies, key="policy_key", by="key", one=True, description="The policy.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _switch_policy(work: Work, input: SwitchPolicyInput, services: Services) -> dict[str, Any]:
    given: Any = input.parameters
    days = (input.valid_from, input.valid_to, input.replace_later)
    change = PolicyChange(input.policy, input.active, given, input.ordinal, *days)
    await switch_policy(work, services.policies, change)
    return {"policy_key": input.policy}


@strawberry.type
class PolicyMutation:
    """Mutations of policy settings."""

    switch_policy: PolicyPayload = mutation(
        _switch_policy, description="Switch a policy on or off for your company, with parameters."
    )
