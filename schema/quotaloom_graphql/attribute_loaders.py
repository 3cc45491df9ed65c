"""Loaders of attributes: each takes all parents of a level, and shows what the viewer may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import strawberry

from quotaloom.attributes import reads
from quotaloom.attributes.definitions import Subject
from quotaloom.organizations.sight import Sight
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Record
from quotaloom_graphql.context import Info
from quotaloom_graphql.funnel_loaders import load_customers, load_opportunities
from quotaloom_graphql.lead_loaders import load_leads
from quotaloom_graphql.nodes import TYPENAME, NodeLoader
from quotaloom_graphql.organization_loaders import load_named_members, load_units
from quotaloom_sdk import AttributeKind

strawberry.enum(AttributeKind, name="AttributeKind", description="What the values of an attribute are.")
strawberry.enum(Subject, name="AttributeSubject", description="What an attribute is on, or what a reference names.")

MOST_KEYS: Final = 200
"""How many keys one field may name. No setting: an object has no more attributes that are not archived."""

Keys = Annotated[
    list[str] | None,
    strawberry.argument(description="Only the attributes with these keys, 200 at the most; all if not given."),
]
Loader = Callable[..., Awaitable[list[Any]]]

OBJECTS: Final[dict[Subject, tuple[str, NodeLoader]]] = {
    Subject.UNIT: ("OrgUnit", load_units),
    Subject.MEMBER: ("Member", load_named_members),
    Subject.CUSTOMER: ("Customer", load_customers),
    Subject.OPPORTUNITY: ("Opportunity", load_opportunities),
    Subject.LEAD: ("Lead", load_leads),
}
"""The types that have attributes and that references name, and how `node(id:)` finds them."""


async def load_definitions(ids: list[int], info: Info) -> list[Record]:
    """Attributes by number; everybody may see what the company notes."""
    return await reads.definitions_by_id(info.context.snapshot, ids)


async def load_choices(ids: list[int], info: Info) -> list[Record]:
    """The choices of attributes, in order."""
    return await reads.choices_of(info.context.snapshot, ids)


async def load_objects(parents: list[Any], info: Info) -> list[dict[str, Any] | None]:
    """What each parent names by `refers_to` and `reference_id`; None for nothing, and for what the viewer may not see.

    One read for each type that is named, whatever the number of parents.
    """
    wanted: defaultdict[str, set[int]] = defaultdict(set)
    for parent in parents:
        if parent["reference_id"] is not None:
            wanted[parent["refers_to"]].add(parent["reference_id"])
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for subject, ids in wanted.items():
        type_name, load = OBJECTS[Subject(subject)]
        for row in await load(sorted(ids), info):
            found[subject, row["id"]] = {**row, TYPENAME: type_name}
    return [found.get((parent["refers_to"], parent["reference_id"])) for parent in parents]


def _attributes(on: Subject, sees: Callable[[Sight, int], bool] | None = None) -> Loader:
    """The values of the attributes of objects, of those whose figures the viewer may see."""

    async def load(ids: list[int], info: Info, keys: Keys = None) -> list[dict[str, Any]]:
        if keys is not None and len(keys) > MOST_KEYS:
            raise InputError("TOO_MANY", f"name {MOST_KEYS} keys at most, not {len(keys)}", ("keys",))
        if sees is not None:
            sight = await info.context.sight()
            ids = [id for id in ids if sees(sight, id)]
        rows = await reads.values_of(info.context.snapshot, on, ids, keys) if ids else []
        return [{**row, "choice": _choice(row)} for row in rows]

    return load


def _choice(row: Record) -> dict[str, Any] | None:
    if row["choice_key"] is None:
        return None
    return {name: row[f"choice_{name}"] for name in ("key", "label", "retired")}


load_unit_attributes = _attributes(Subject.UNIT, Sight.sees_unit)
load_member_attributes = _attributes(Subject.MEMBER, Sight.sees_member)
# Whoever comes to a customer, a deal or a lead sees what is noted of it.
load_customer_attributes = _attributes(Subject.CUSTOMER)
load_opportunity_attributes = _attributes(Subject.OPPORTUNITY)
load_lead_attributes = _attributes(Subject.LEAD)
