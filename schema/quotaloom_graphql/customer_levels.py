"""Customer levels, and the mutations that define and order them."""

from __future__ import annotations

from typing import Any

import strawberry

from quotaloom.leads import levels
from quotaloom.leads.levels import NewLevel, define_level, order_levels, rename_level
from quotaloom.platform.unit_of_work import Record
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Info, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import READING
from quotaloom_graphql.lead_loaders import load_levels
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import Node, NodeLoader, decode_id, global_id
from quotaloom_graphql.rights import load_level_rights
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

EXPECTED = "The version you saw; refused where it has changed meanwhile."


@strawberry.type(description="What you may do with a customer level; the server checks again.")
class ViewerCanOnCustomerLevel:
    """Rights of the viewer on a level."""

    edit: bool = strawberry.field(description="Rename it, and put it elsewhere in the order.")


@strawberry.type(description="A class of customers and leads, such as A, B and C (客户级别); rules may differ by it.")
class CustomerLevel(Node):
    """A customer level."""

    id: strawberry.ID = global_id("CustomerLevel")
    key: str = strawberry.field(description="The company's own name for it, unique.")
    name: str = strawberry.field(description="Its name.")
    ordinal: int = strawberry.field(description="Its place in the order; 0 is the highest.")
    version: int = strawberry.field(description="Counts changes; for `expectedVersion`.")
    viewer_can: ViewerCanOnCustomerLevel = batch(load_level_rights, key="id", description="What you may do with it.")


@strawberry.input(description="A new customer level; it comes after those that are there.")
class DefineCustomerLevelInput:
    """A new level."""

    key: str = strawberry.field(description="The company's own name for it: a-z, 0-9, - and _.")
    name: str = strawberry.field(description="Its name.")


@strawberry.input(description="A new name for a customer level.")
class UpdateCustomerLevelInput:
    """A change of a level."""

    id: strawberry.ID = strawberry.field(description="The level.")
    name: str = strawberry.field(description="Its new name.")
    expected_version: int | None = strawberry.field(default=None, description=EXPECTED)


@strawberry.input(description="The customer levels in a new order.")
class OrderCustomerLevelsInput:
    """An order of levels."""

    ids: list[strawberry.ID] = strawberry.field(description="Every level once, the highest first.")


@strawberry.type(description="The customer level that was made or changed.")
class CustomerLevelPayload:
    """A level, or what was wrong."""

    level: CustomerLevel | None = batch(load_levels, key="level_id", by="id", one=True, description="The level.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _load_ordered(payloads: list[Any], info: Info) -> list[list[Record]]:
    found = await levels.all_levels(info.context.snapshot)
    return [found for _ in payloads]


@strawberry.type(description="The customer levels as they are now.")
class CustomerLevelsPayload:
    """The levels, or what was wrong."""

    levels: list[CustomerLevel] = batch(_load_ordered, description="Every customer level, the highest first.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _define(work: Work, input: DefineCustomerLevelInput, _: Services) -> dict[str, Any]:
    return {"level_id": await define_level(work, NewLevel(input.key, input.name))}


async def _update(work: Work, input: UpdateCustomerLevelInput, _: Services) -> dict[str, Any]:
    level_id = decode_id(input.id, "CustomerLevel", ("id",))
    await rename_level(work, level_id, input.name, input.expected_version)
    return {"level_id": level_id}


async def _order(work: Work, input: OrderCustomerLevelsInput, _: Services) -> dict[str, Any]:
    await order_levels(work, [decode_id(one, "CustomerLevel", ("ids", number)) for number, one in enumerate(input.ids)])
    return {}


async def resolve_levels(info: Info) -> list[Record]:
    """Every customer level, the highest first."""
    await info.context.work()
    return await levels.all_levels(info.context.snapshot)


NODE_LOADERS: dict[str, NodeLoader] = {"CustomerLevel": load_levels}
"""How `node(id:)` finds what this type names."""


@strawberry.type
class CustomerLevelQuery:
    """Root field of customer levels."""

    customer_levels: list[CustomerLevel] = root_field(
        resolve_levels, weight=READING, description="Every customer level, the highest first."
    )


@strawberry.type
class CustomerLevelMutation:
    """Mutations of customer levels."""

    define_customer_level: CustomerLevelPayload = mutation(_define, description="Define a customer level.")
    update_customer_level: CustomerLevelPayload = mutation(_update, description="Rename a customer level.")
    order_customer_levels: CustomerLevelsPayload = mutation(_order, description="Put the customer levels in order.")
