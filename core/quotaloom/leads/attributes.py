"""Setting the attributes of units, members, customers, deals and leads: who may, and what he may refer to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from asyncpg import Record

from quotaloom.attributes.commands import Guard, set_attributes
from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.values import NewValue
from quotaloom.funnels.commands.customers import hold_customer
from quotaloom.funnels.opportunity_reads import opportunities_by_id
from quotaloom.funnels.reads import customers_by_id
from quotaloom.funnels.stored_deals import hold_deal
from quotaloom.leads.commands import hold_lead
from quotaloom.leads.permission import reach_of_positions
from quotaloom.leads.reads import leads_by_id
from quotaloom.leads.records import LeadStatus, StoredLead
from quotaloom.organizations.reads import members, units
from quotaloom.organizations.sight import Sight, load_sight
from quotaloom.organizations.stored import load_member, load_unit
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.access import Scope, Viewer
from quotaloom.platform.errors import InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom_sdk.attributes import Reference

_SOLD_TO: Final = frozenset({Subject.CUSTOMER, Subject.OPPORTUNITY, Subject.LEAD})
"""What only those who sell or read know."""


async def set_attributes_of(work: Work, on: Subject, id: int, values: Sequence[NewValue]) -> None:
    """Set attributes of a unit, member, customer, deal or lead; of a won or lost deal, and a converted lead, too.

    Units and members need an admin or a service with `organization:write`; the others whoever may change them. A
    reference names what the viewer may see. Raises `NotFound`, `AccessDenied`, `InputError` MERGED for a customer or
    lead that is part of another and WAITS_IN_POOL for a lead that is to be claimed first, and what `set_attributes`
    raises.
    """
    _require(work.viewer, on)
    known = await _known(work, {new.value for new in values if isinstance(new.value, Reference)})
    await set_attributes(work, on, id, values, _guard(work, on, id), known)


def _require(viewer: Viewer, on: Subject) -> None:
    doing = f"setting attributes of a {'deal' if on is Subject.OPPORTUNITY else on}"
    if on in {Subject.UNIT, Subject.MEMBER}:
        viewer.require(Scope.ORGANIZATION, doing)
    else:
        require_seller(viewer, doing)


def _guard(work: Work, on: Subject, id: int) -> Guard:
    async def guard(transaction: Transaction) -> object:
        match on:
            case Subject.UNIT:
                return await load_unit(transaction, id)
            case Subject.MEMBER:
                return await load_member(transaction, id)
            case Subject.CUSTOMER:
                return await hold_customer(transaction, work, id)
            case Subject.OPPORTUNITY:
                return await hold_deal(transaction, work, id, None)
            case Subject.LEAD:
                return await _hold_whole(transaction, work, id)

    return guard


async def _hold_whole(transaction: Transaction, work: Work, lead_id: int) -> StoredLead:
    lead = await hold_lead(transaction, work, lead_id)
    if lead.status is LeadStatus.MERGED:
        raise InputError("MERGED", "this lead is part of another one by now: name that one", ("id",))
    return lead


async def _known(work: Work, references: Iterable[Reference]) -> Collection[Reference]:
    """Those of the references that name something which the viewer may see, or may write by his scopes."""
    ids: dict[Subject, list[int]] = defaultdict(list)
    for reference in references:
        if reference.id.isascii() and reference.id.isdigit() and len(reference.id) < 19:
            ids[Subject(reference.to)].append(int(reference.id))
    if not ids:
        return frozenset()
    async with work.snapshot() as snapshot:
        sight = await load_sight(snapshot, work.viewer, work.company, work.today)
        found = [(to, row) for to, wanted in ids.items() for row in await _seen(snapshot, work, sight, to, wanted)]
    return frozenset(Reference(to.value, str(row["id"])) for to, row in found)


async def _seen(snapshot: Snapshot, work: Work, sight: Sight, to: Subject, ids: Sequence[int]) -> list[Record]:
    organizes = work.viewer.may(Scope.ORGANIZATION)
    selling = None if work.viewer.may(Scope.FUNNELS) else sight.units_with_figures
    if to in _SOLD_TO and selling is not None and sight.member_id is None:
        return []  # customers without a deal are everybody's, but not a service's that neither reads nor sells
    match to:
        case Subject.UNIT:
            return await units(snapshot, [id for id in ids if organizes or sight.names_unit(id)])
        case Subject.MEMBER:
            return await members(snapshot, [id for id in ids if organizes or sight.names_member(id)])
        case Subject.CUSTOMER:
            return await customers_by_id(snapshot, ids, selling)
        case Subject.OPPORTUNITY:
            return await opportunities_by_id(snapshot, ids, selling)
        case Subject.LEAD:
            reach = await reach_of_positions(snapshot, work.viewer, work.today, selling)
            return await leads_by_id(snapshot, ids, reach)
