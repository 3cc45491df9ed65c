"""Duplicates: what is taken for the same, and what is the same as something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry

from quotaloom.duplicates import rules
from quotaloom.duplicates.finding import Duplicate, duplicates_of
from quotaloom.duplicates.normal_forms import Likeness, likeness, region_of
from quotaloom.duplicates.rules import (
    Compared,
    DuplicateAction,
    DuplicateSubject,
    Rule,
    duplicate_rule,
    set_duplicate_rule,
)
from quotaloom.duplicates.stored import likenesses
from quotaloom.leads import reads
from quotaloom.ownership.owners import Owner
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.work import Work
from quotaloom_graphql.context import Info, RequestContext, Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.field_costs import LOOKING_UP, READING
from quotaloom_graphql.funnel_loaders import load_customers, seen_customers
from quotaloom_graphql.lead_loaders import load_leads, seen_leads, worked_leads
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.rights import load_duplicate_rights
from quotaloom_graphql.roots import root_field
from strawberry_breadth import batch

if TYPE_CHECKING:
    from quotaloom_graphql.funnels import Customer
    from quotaloom_graphql.leads import Lead

strawberry.enum(DuplicateSubject, name="DuplicateSubject", description="What is compared with its like.")
strawberry.enum(Compared, name="Compared", description="By what two are taken for the same.")
strawberry.enum(DuplicateAction, name="DuplicateAction", description="What becomes of a second one.")


@strawberry.type(description="What you may do with the rules of duplicates; the server checks again.")
class ViewerCanOnDuplicateRule:
    """Rights of the viewer on a rule."""

    edit: bool = strawberry.field(description="Say what counts as a duplicate.")


@strawberry.type(description="By which fields two leads, or two customers, are taken for the same (查重规则).")
class DuplicateRule:
    """A rule."""

    subject: DuplicateSubject = strawberry.field(description="What it is about.")
    compared: list[Compared] = strawberry.field(description="Any one of these is enough; none for no field.")
    action: DuplicateAction = strawberry.field(description="What becomes of a second one.")
    free_mail: list[str] = strawberry.field(description="Domains that do not count: anybody can have an address there.")
    viewer_can: ViewerCanOnDuplicateRule = batch(load_duplicate_rights, key="subject", description="What you may do.")


@strawberry.type(description="Somebody who is the same as what was given, by some fields.")
class PossibleDuplicate:
    """A duplicate."""

    compared: list[Compared] = strawberry.field(description="What is the same.")
    lead: Annotated[Lead, strawberry.lazy("quotaloom_graphql.leads")] | None = batch(
        load_leads, key="lead_id", by="id", one=True, description="The lead, where you may see it."
    )
    customer: Annotated[Customer, strawberry.lazy("quotaloom_graphql.funnels")] | None = batch(
        load_customers, key="customer_id", by="id", one=True, description="The customer, where you may see it."
    )


@strawberry.input(description="What counts as a duplicate.")
class SetDuplicateRuleInput:
    """A rule."""

    subject: DuplicateSubject = strawberry.field(description="Leads or customers.")
    compared: list[Compared] = strawberry.field(description="Any one of these is enough; none for no field.")
    action: DuplicateAction = strawberry.field(description="What becomes of a second one.")
    free_mail: list[str] | None = strawberry.field(
        default=None, description="Domains that do not count; if not given, those that are known everywhere."
    )


async def _load_payload_rules(payloads: list[Any], info: Info) -> list[dict[str, Any] | None]:
    """The rule that each payload names by its subject."""
    return [
        None
        if payload["subject"] is None
        else _row(await duplicate_rule(info.context.snapshot, DuplicateSubject(payload["subject"])))
        for payload in payloads
    ]


@strawberry.type(description="The rule as it is now.")
class DuplicateRulePayload:
    """A rule, or what was wrong."""

    duplicate_rule: DuplicateRule | None = batch(_load_payload_rules, description="The rule.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


def _row(rule: Rule) -> dict[str, Any]:
    return {
        "subject": rule.subject,
        "compared": list(rule.compared),
        "action": rule.action,
        "free_mail": sorted(rule.uncounted),
    }


async def _set_rule(work: Work, input: SetDuplicateRuleInput, _: Services) -> dict[str, Any]:
    free_mail = None if input.free_mail is None else tuple(input.free_mail)
    await set_duplicate_rule(work, Rule(input.subject, tuple(input.compared), input.action, free_mail))
    return {"subject": input.subject}


async def resolve_rules(info: Info) -> list[dict[str, Any]]:
    """The rule for leads, and the one for customers."""
    await info.context.work()
    return [_row(await rules.duplicate_rule(info.context.snapshot, subject)) for subject in DuplicateSubject]


async def resolve_possible_duplicates(
    info: Info,
    subject: Annotated[DuplicateSubject, strawberry.argument(description="Leads or customers.")],
    name: Annotated[str | None, strawberry.argument(description="The name that is to be entered.")] = None,
    phone: Annotated[str | None, strawberry.argument(description="The phone number.")] = None,
    email: Annotated[str | None, strawberry.argument(description="The mail address.")] = None,
    website: Annotated[str | None, strawberry.argument(description="The website, or just the domain.")] = None,
) -> list[dict[str, Any]]:
    """Those that are the same as what is to be entered, for whoever may enter it."""
    work = await info.context.work()
    require_seller(work.viewer, "looking for duplicates")
    for text in (name, phone, email, website):
        info.context.snapshot.searched(text)
    given = likeness(name or "", phone, website, email, region_of(work.company.time_zone))
    (found,) = await _found(info.context, subject, [given])
    return found


async def _found(
    context: RequestContext, subject: DuplicateSubject, given: Sequence[Likeness], own: Sequence[int | None] = (None,)
) -> list[list[dict[str, Any]]]:
    """What is the same as each of those given, but for itself."""
    rule = await context.once(("duplicate_rule", subject), lambda: duplicate_rule(context.snapshot, subject))
    found = await duplicates_of(context.snapshot, rule, given)
    ids = {one.id for of_one in found for one in of_one}
    veils = await _veils(context, subject, sorted(ids)) if ids else {}
    return [
        _told(subject, [one for one in of_one if one.id != itself], veils)
        for of_one, itself in zip(found, own, strict=True)
    ]


_COMPARED_OF: Final[Mapping[Compared, frozenset[str]]] = {
    Compared.NAME: frozenset({"name"}),
    Compared.PHONE: frozenset({"phone"}),
    Compared.DOMAIN: frozenset({"domain", "email"}),
}
"""Out of which fields of a lead that is taken by which it is compared."""


async def _veils(context: RequestContext, subject: DuplicateSubject, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The records that the viewer may see, each with the fields of it that a pool hides from him."""
    if subject is DuplicateSubject.CUSTOMER:
        customers = await seen_customers(context, list(ids), frozenset({"id"}))
        return {row["id"]: frozenset() for row in customers}
    leads = await reads.leads_by_id(context.snapshot, ids, await seen_leads(context))
    return {row["id"]: frozenset(row["hidden"]) for row in leads}


def _told(
    subject: DuplicateSubject, found: Sequence[Duplicate], veils: Mapping[int, frozenset[str]]
) -> list[dict[str, Any]]:
    """What the viewer is told: of all that he may not see, once by which fields there is such a one, not how many."""
    seen: list[dict[str, Any]] = []
    unseen: dict[tuple[Compared, ...], None] = {}
    for one in found:
        veil = veils.get(one.id)
        open_to_him = () if veil is None else tuple(by for by in one.compared if not _COMPARED_OF[by] & veil)
        if open_to_him:
            seen.append(_duplicate(subject, one.id, open_to_him))
        if len(open_to_him) < len(one.compared):
            unseen[tuple(by for by in one.compared if by not in open_to_him)] = None
    return [*seen, *(_duplicate(subject, None, compared) for compared in unseen)]


def _duplicate(subject: DuplicateSubject, record_id: int | None, compared: Sequence[Compared]) -> dict[str, Any]:
    ids = {"lead_id": None, "customer_id": None, f"{subject.value}_id": record_id}
    return {"compared": list(compared), **ids}


async def load_customer_duplicates(keys: list[int], info: Info) -> list[list[dict[str, Any]]]:
    """The customers that are the same as each of these, by the company's rule."""
    return await _same_as(info.context, DuplicateSubject.CUSTOMER, keys, keys)


async def load_lead_duplicates(parents: list[Any], info: Info) -> list[list[dict[str, Any]]]:
    """The leads that are the same as each of those that the viewer works on: a pool may hide what is compared."""
    reach = await worked_leads(info.context)
    worked = [
        parent["id"]
        for parent in parents
        if reach.works(Owner(parent["pool_id"], parent["member_id"], parent["position_id"]))
    ]
    return await _same_as(info.context, DuplicateSubject.LEAD, worked, [parent["id"] for parent in parents])


async def _same_as(
    context: RequestContext, subject: DuplicateSubject, compared: Sequence[int], ids: Sequence[int]
) -> list[list[dict[str, Any]]]:
    """What is the same as each of these, for those that are to be compared."""
    known = await likenesses(context.snapshot, subject, compared)
    return await _found(context, subject, [known.get(one, Likeness()) for one in ids], ids)


@strawberry.type
class DuplicateQuery:
    """Root fields of duplicates."""

    duplicate_rules: list[DuplicateRule] = root_field(
        resolve_rules,
        weight=READING,
        description="What counts as a duplicate: the rule for leads, and the one for customers.",
    )
    possible_duplicates: list[PossibleDuplicate] = root_field(
        resolve_possible_duplicates,
        weight=LOOKING_UP,
        description="Those that are the same as what is to be entered, by the company's rule; of each field up to"
        " ten. Those that you may not see are told of once, however many they are.",
    )


@strawberry.type
class DuplicateMutation:
    """Mutations of duplicates."""

    set_duplicate_rule: DuplicateRulePayload = mutation(_set_rule, description="Say what counts as a duplicate.")
