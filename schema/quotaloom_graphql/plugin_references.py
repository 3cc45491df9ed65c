"""What plugins are told of references in attributes: of those that lead to something that the viewer may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from quotaloom.attributes.definitions import Subject
from quotaloom.funnels.opportunity_reads import opportunities_by_id
from quotaloom.funnels.reads import customers_by_id
from quotaloom.leads.reads import leads_by_id
from quotaloom.organizations.sight import Sight
from quotaloom_graphql.context import RequestContext
from quotaloom_graphql.lead_loaders import seen_leads
from quotaloom_sdk import Attributes, CustomerFact, DealFact, MemberFact, UnitFact
from quotaloom_sdk.attributes import Reference

F = TypeVar("F", bound=UnitFact | MemberFact | CustomerFact | DealFact)

_ID: Final = frozenset({"id"})


async def without_unseen(context: RequestContext, sight: Sight, facts: Mapping[int, F]) -> dict[int, F]:
    """The facts, whose attributes refer to nothing that is out of sight: as if nobody had noted that.

    A statement for each kind of object that is referred to and is not known by sight; none for who sees everything.
    """
    named = _named(facts.values())
    if sight.everything or not named:
        return dict(facts)
    seen = {Reference(to.value, str(id)) for to, ids in named.items() for id in await _seen(context, sight, to, ids)}
    return {number: _sifted(fact, seen) for number, fact in facts.items()}


def _named(facts: Iterable[UnitFact | MemberFact | CustomerFact | DealFact]) -> dict[Subject, list[int]]:
    """The numbers of what is referred to, by what it is."""
    found: dict[Subject, list[int]] = defaultdict(list)
    for fact in facts:
        customer = fact.customer if isinstance(fact, DealFact) else None
        for one in (*fact.attributes, *(customer.attributes if customer else ())):
            if isinstance(one.value, Reference):
                found[Subject(one.value.to)].append(int(one.value.id))
    return found


async def _seen(context: RequestContext, sight: Sight, to: Subject, ids: list[int]) -> Iterable[int]:
    """Those of the objects that the viewer may see, as `node(id:)` finds them."""
    snapshot, units = context.snapshot, sight.units_with_figures
    if to is Subject.UNIT:
        return sight.named_units(ids)
    if to is Subject.MEMBER:
        return [id for id in ids if sight.names_member(id)]
    if to is Subject.CUSTOMER:
        rows = await customers_by_id(snapshot, ids, units, _ID)
    elif to is Subject.OPPORTUNITY:
        rows = await opportunities_by_id(snapshot, ids, units, _ID)
    else:
        rows = await leads_by_id(snapshot, ids, await seen_leads(context))
    return [row["id"] for row in rows]


def _sifted(fact: F, seen: set[Reference]) -> F:
    others: dict[str, Any] = {}
    if isinstance(fact, DealFact) and fact.customer is not None:
        others["customer"] = replace(fact.customer, attributes=_of(fact.customer.attributes, seen))
    return replace(fact, attributes=_of(fact.attributes, seen), **others)


def _of(attributes: Attributes, seen: set[Reference]) -> Attributes:
    return Attributes(tuple(one for one in attributes if not isinstance(one.value, Reference) or one.value in seen))
