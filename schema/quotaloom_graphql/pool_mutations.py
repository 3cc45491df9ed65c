"""Mutations of pools and their rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.work import Work
from quotaloom.pool.commands import close_pool, create_pool, update_pool
from quotaloom.pool.pools import HideableField, NewPool
from quotaloom.pool.rule_commands import NewRule, archive_rule, create_rule, pause_rule, update_rule
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, optional_id
from quotaloom_graphql.pool_loaders import load_pools, load_rules_by_id
from quotaloom_graphql.pools import Pool, PoolRule
from strawberry_breadth import batch

EXPECTED = "The version you saw; refused where it has changed meanwhile."

PARAMETERS = (
    "What it says. Protection: `{days, activityDays, maxDays}`. Recycling: `{when, remindDays, recycleWon}`, where"
    " `when` is `{any: […]}`, `{all: […]}` or one of `{noFollowUp: {days}}`, `{noOpportunity: {days}}`,"
    " `{notWon: {days}}`, `{stuckInStage: {days, stages}}` and `{contractEnded: {days}}`. Cooldown: `{days}`. Claim"
    " limit: `{count, window}` with `DAY`, `WEEK` or `MONTH`. Holding cap: `{count, countWon, kinds}`."
)


@strawberry.input(description="A new pool.")
class CreatePoolInput:
    """A new pool."""

    key: str = strawberry.field(description="The company's own name for it: a-z, 0-9, - and _.")
    name: str = strawberry.field(description="Its name.")
    kinds: list[RecordKind] = strawberry.field(description="What it takes.")
    priority: int = strawberry.field(default=0, description="Pools of a higher one come first.")
    hidden_fields: list[HideableField] = strawberry.field(
        default_factory=list, description="What its members do not see of a record while it waits."
    )
    org_unit_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Units whose people may claim from it."
    )
    member_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description="Members who may.")
    admin_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description="Members who look after it.")
    hands_out: bool = strawberry.field(
        default=False, description="Whether it gives what enters it to its people by itself, as its policies say."
    )


@strawberry.input(description="What to change of a pool; what is left out stays. Lists are replaced whole.")
class UpdatePoolInput:
    """Changes of a pool."""

    id: strawberry.ID = strawberry.field(description="The pool.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    kinds: list[RecordKind] | None = strawberry.field(default=None, description="What it takes.")
    priority: int | None = strawberry.field(default=None, description="Pools of a higher one come first.")
    hidden_fields: list[HideableField] | None = strawberry.field(
        default=None, description="What its members do not see of a record while it waits."
    )
    org_unit_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Units whose people may claim from it."
    )
    member_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Members who may.")
    admin_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Members who look after it.")
    hands_out: bool | None = strawberry.field(
        default=None, description="Whether it gives what enters it to its people by itself, as its policies say."
    )
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A pool to close, or to open again. Nothing waits in one that is closed.")
class ClosePoolInput:
    """A closing."""

    id: strawberry.ID = strawberry.field(description="The pool.")
    closed: bool = strawberry.field(default=True, description="False opens it again.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A new rule; it binds at once.")
class CreatePoolRuleInput:
    """A new rule."""

    key: str = strawberry.field(description="The company's own name for it: a-z, 0-9, - and _.")
    name: str = strawberry.field(description="Its name, which refusals tell.")
    kind: RuleKind = strawberry.field(description="What it is about.")
    parameters: JSON = strawberry.field(description=PARAMETERS)
    pool_id: strawberry.ID | None = strawberry.field(default=None, description="The pool; all pools if not given.")
    level_id: strawberry.ID | None = strawberry.field(
        default=None, description="The customer level; all customers if not given."
    )


@strawberry.input(description="What to change of a rule; what is left out stays.")
class UpdatePoolRuleInput:
    """Changes of a rule."""

    id: strawberry.ID = strawberry.field(description="The rule.")
    name: str | None = strawberry.field(default=None, description="Its new name.")
    parameters: JSON | None = strawberry.field(default=None, description="What it says now, as in `createPoolRule`.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A rule that is to rest, or to start again. Its clocks go on meanwhile.")
class PausePoolRuleInput:
    """A pause."""

    id: strawberry.ID = strawberry.field(description="The rule.")
    paused: bool = strawberry.field(default=True, description="False starts it again.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="A rule to put away, or to restore.")
class ArchivePoolRuleInput:
    """An archiving."""

    id: strawberry.ID = strawberry.field(description="The rule.")
    archived: bool = strawberry.field(default=True, description="False restores it.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.type(description="The pool that was made or changed.")
class PoolPayload:
    """A pool, or what was wrong."""

    pool: Pool | None = batch(load_pools, key="pool_id", by="id", one=True, description="The pool.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


@strawberry.type(description="The rule that was made or changed.")
class PoolRulePayload:
    """A rule, or what was wrong."""

    pool_rule: PoolRule | None = batch(load_rules_by_id, key="rule_id", by="id", one=True, description="The rule.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _create_pool(work: Work, input: CreatePoolInput, _: Services) -> dict[str, Any]:
    new = NewPool(
        key=input.key,
        name=input.name,
        kinds=input.kinds,
        priority=input.priority,
        hidden_fields=input.hidden_fields,
        unit_ids=_ids(input.org_unit_ids, "OrgUnit", "orgUnitIds"),
        member_ids=_ids(input.member_ids, "Member", "memberIds"),
        admin_ids=_ids(input.admin_ids, "Member", "adminIds"),
        hands_out=input.hands_out,
    )
    return {"pool_id": await create_pool(work, new)}


async def _update_pool(work: Work, input: UpdatePoolInput, _: Services) -> dict[str, Any]:
    pool_id = decode_id(input.id, "Pool", ("id",))
    plain = ("name", "kinds", "priority", "hidden_fields", "hands_out")
    changes = {name: getattr(input, name) for name in plain if getattr(input, name) is not None}
    people = (
        ("unit_ids", input.org_unit_ids, "OrgUnit", "orgUnitIds"),
        ("member_ids", input.member_ids, "Member", "memberIds"),
        ("admin_ids", input.admin_ids, "Member", "adminIds"),
    )
    for name, given, type_name, field in people:
        if given is not None:
            changes[name] = _ids(given, type_name, field)
    await update_pool(work, pool_id, changes, input.expected_version)
    return {"pool_id": pool_id}


async def _close_pool(work: Work, input: ClosePoolInput, _: Services) -> dict[str, Any]:
    pool_id = decode_id(input.id, "Pool", ("id",))
    await close_pool(work, pool_id, closed=input.closed, expected_version=input.expected_version)
    return {"pool_id": pool_id}


async def _create_rule(work: Work, input: CreatePoolRuleInput, _: Services) -> dict[str, Any]:
    new = NewRule(
        key=input.key,
        name=input.name,
        kind=input.kind,
        parameters=cast(dict[str, Any], input.parameters),
        pool_id=optional_id(input.pool_id, "Pool", ("poolId",)),
        level_id=optional_id(input.level_id, "CustomerLevel", ("levelId",)),
    )
    return {"rule_id": await create_rule(work, new)}


async def _update_rule(work: Work, input: UpdatePoolRuleInput, _: Services) -> dict[str, Any]:
    rule_id = decode_id(input.id, "PoolRule", ("id",))
    given = {"name": input.name, "parameters": input.parameters}
    changes = {name: value for name, value in given.items() if value is not None}
    await update_rule(work, rule_id, changes, input.expected_version)
    return {"rule_id": rule_id}


async def _pause_rule(work: Work, input: PausePoolRuleInput, _: Services) -> dict[str, Any]:
    rule_id = decode_id(input.id, "PoolRule", ("id",))
    await pause_rule(work, rule_id, paused=input.paused, expected_version=input.expected_version)
    return {"rule_id": rule_id}


async def _archive_rule(work: Work, input: ArchivePoolRuleInput, _: Services) -> dict[str, Any]:
    rule_id = decode_id(input.id, "PoolRule", ("id",))
    await archive_rule(work, rule_id, archived=input.archived, expected_version=input.expected_version)
    return {"rule_id": rule_id}


def _ids(given: Sequence[str], type_name: str, field: str) -> tuple[int, ...]:
    return tuple(decode_id(one, type_name, (field, number)) for number, one in enumerate(given))


@strawberry.type
class PoolMutation:
    """Mutations of pools and rules."""

    create_pool: PoolPayload = mutation(_create_pool, description="Lay out a pool.")
    update_pool: PoolPayload = mutation(_update_pool, description="Change a pool, its members or its admins.")
    close_pool: PoolPayload = mutation(
        _close_pool, description="Close a pool in which nothing waits, or open it again."
    )
    create_pool_rule: PoolRulePayload = mutation(_create_rule, description="Lay down a rule of a pool, or of all.")
    update_pool_rule: PoolRulePayload = mutation(_update_rule, description="Change what a rule says.")
    pause_pool_rule: PoolRulePayload = mutation(_pause_rule, description="Let a rule rest, or start it again.")
    archive_pool_rule: PoolRulePayload = mutation(_archive_rule, description="Put a rule away, or restore it.")
