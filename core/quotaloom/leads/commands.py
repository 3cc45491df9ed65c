"""Leads one by one: entering, changing, putting aside, taking up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from quotaloom.duplicates.finding import refuse_duplicate
from quotaloom.duplicates.normal_forms import checked_domain, region_of
from quotaloom.duplicates.rules import DuplicateSubject
from quotaloom.funnels.batches import without_row
from quotaloom.leads.permission import LeadReach, lead_reach
from quotaloom.leads.records import LeadStatus, NewLead, StoredLead, check_lead
from quotaloom.leads.storing import filled, hold_leads, insert_leads, lead_likeness, require_named
from quotaloom.ownership.holding_caps import require_caps_kept
from quotaloom.ownership.owners import RecordKind
from quotaloom.ownership.permission import require_seller, unknown
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.texts import checked_reason, checked_text
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

CHANGEABLE: Final = frozenset(
    {"name", "organization", "phone", "email", "website", "source", "note", "product_id", "level_id"}
)
"""The fields of `NewLead` that `update_lead` takes; whose a lead is changes by the movements of pools."""

_UPDATE = """
UPDATE lead SET name = $3, organization = $4, phone = $5, email = $6, domain = $7, source = $8, note = $9,
    product_id = $10, level_id = $11, compared_name = $12, compared_phone = $13, compared_domain = $14,
    version = version + 1
WHERE company_id = $1 AND id = $2
"""


async def create_lead(work: Work, lead: NewLead) -> int:
    """Enter a lead; returns its id.

    Needs an admin, a service with `funnels:write`, the holder of the position that is to hold it or whoever heads a
    unit above it today, or somebody of the pool in which it is to wait. Raises `NotFound` for ids that name nothing the
    viewer may name, `InputError` for bad values, a key that is taken, a pool that takes no leads, and DUPLICATE where
    the company refuses a second one.
    """
    require_seller(work.viewer, "entering a lead")
    check_lead(lead)

    async def apply(transaction: Transaction) -> int:
        _require_place(await lead_reach(transaction, work.viewer, work.today), lead)
        with without_row():
            inserted = await insert_leads(transaction, work.company, [lead])
        (lead_id,) = inserted.ids
        if not inserted.created[0]:
            raise InputError("KEY_TAKEN", f"the key {lead.key!r} is taken: choose another one", ("key",))
        compared = lead_likeness(lead, region_of(work.company.time_zone))
        await refuse_duplicate(transaction, DuplicateSubject.LEAD, compared, lead_id)
        return lead_id

    return await work.write(apply)


def _require_place(reach: LeadReach, lead: NewLead) -> None:
    """Raise `NotFound` for a position or pool that is not the viewer's to fill."""
    if lead.position_id is not None and reach.positions is not None and lead.position_id not in reach.positions:
        raise unknown("position", lead.position_id, ("positionId",))
    if lead.pool_id is not None and not reach.puts_into(lead.pool_id):
        raise unknown("pool", lead.pool_id, ("poolId",))


async def hold_lead(
    transaction: Transaction, work: Work, lead_id: int, expected_version: int | None = None
) -> StoredLead:
    """The lead, locked until the transaction ends.

    Raises `NotFound` where it does not exist or is out of the viewer's sight, `InputError` WAITS_IN_POOL where he may
    claim it and change nothing before, `Conflict` where it has another version than the one expected.
    """
    found = (await hold_leads(transaction, [lead_id])).get(lead_id)
    reach = await lead_reach(transaction, work.viewer, work.today)
    if found is None or not reach.sees(found[0].owner):
        raise unknown("lead", lead_id, ("id",))
    lead, _ = found
    if not reach.works(lead.owner):
        raise InputError("WAITS_IN_POOL", "this lead waits in a pool: claim it first", ("id",))
    if expected_version not in (None, lead.version):
        raise Conflict(
            "STALE",
            f"this lead has version {lead.version} by now, not {expected_version}: read it again",
            ("expectedVersion",),
        )
    return lead


async def update_lead(
    work: Work, lead_id: int, changes: Mapping[str, Any], expected_version: int | None = None
) -> None:
    """Change a lead; `changes` holds fields of `NewLead` named in `CHANGEABLE`.

    Needs an admin, a service with `funnels:write`, its holder or whoever heads a unit above his position today, or who
    looks after its pool. Raises `NotFound`, `Conflict`, and `InputError` for bad values and for a lead that is
    converted, invalid or merged.
    """
    require_seller(work.viewer, "changing a lead")
    for name in changes.keys() - CHANGEABLE:
        raise InputError("UNKNOWN_FIELD", f"{name} cannot be changed; {', '.join(sorted(CHANGEABLE))} can", (name,))

    async def apply(transaction: Transaction) -> None:
        stored = await hold_lead(transaction, work, lead_id, expected_version)
        stored.require_open()
        before = as_given(stored)
        after = replace(before, **changes)
        check_lead(after)
        await require_named(transaction, after)
        await store_lead(transaction, work, stored.id, after)
        transaction.record("lead.update", "Lead", stored.id, before=asdict(before), after=asdict(after))
        transaction.publish("lead.updated", id=stored.id)

    await work.write(apply)


def as_given(lead: StoredLead) -> NewLead:
    """The lead as it would be entered."""
    return NewLead(
        name=lead.name,
        position_id=lead.owner.position_id,
        pool_id=lead.owner.pool_id,
        key=lead.key,
        organization=lead.organization,
        phone=lead.phone,
        email=lead.email,
        website=lead.domain,
        source=lead.source,
        note=lead.note,
        product_id=lead.product_id,
        level_id=lead.level_id,
        created_on=lead.created_on,
    )


async def store_lead(transaction: Transaction, work: Work, lead_id: int, lead: NewLead) -> None:
    """Write what `update_lead` may change of a lead, as it is given."""
    compared = lead_likeness(lead, region_of(work.company.time_zone))
    await transaction.execute(
        _UPDATE,
        transaction.company_id,
        lead_id,
        lead.name.strip(),
        filled(lead.organization),
        filled(lead.phone),
        filled(lead.email),
        checked_domain(lead.website, ("website",)),
        filled(lead.source),
        checked_text(lead.note, ("note",)),
        lead.product_id,
        lead.level_id,
        compared.name,
        compared.phone,
        compared.domain,
    )


async def mark_lead_invalid(work: Work, lead_id: int, reason: str, expected_version: int | None = None) -> None:
    """Put an open lead aside that will never buy, and say why. Access and errors as for `update_lead`."""
    require_seller(work.viewer, "putting a lead aside")
    text = checked_reason(reason)
    if text is None:
        raise InputError("REASON_NEEDED", "say why the lead is invalid", ("reason",))

    async def apply(transaction: Transaction) -> None:
        lead = await hold_lead(transaction, work, lead_id, expected_version)
        lead.require_open()
        await _change_status(transaction, lead, LeadStatus.INVALID, text)
        transaction.publish("lead.invalid", id=lead.id)

    await work.write(apply)


async def reopen_lead(work: Work, lead_id: int, reason: str | None = None, expected_version: int | None = None) -> None:
    """Take up an invalid lead again. Access as for `update_lead`.

    Raises `NotFound`, `Conflict`, and `InputError` NOT_INVALID for a lead that was not put aside, HOLDING_CAP where its
    holder has too many by now.
    """
    require_seller(work.viewer, "reopening a lead")
    text = checked_reason(reason)

    async def apply(transaction: Transaction) -> None:
        lead = await hold_lead(transaction, work, lead_id, expected_version)
        if lead.status is not LeadStatus.INVALID:
            raise InputError("NOT_INVALID", f"this lead is {lead.status}: only invalid ones are reopened", ("id",))
        await _change_status(transaction, lead, LeadStatus.OPEN, text)
        await require_caps_kept(transaction, RecordKind.LEAD, {lead.id: ("id",)})
        transaction.publish("lead.reopened", id=lead.id)

    await work.write(apply)


async def _change_status(transaction: Transaction, lead: StoredLead, status: LeadStatus, reason: str | None) -> None:
    await transaction.execute(
        "UPDATE lead SET status = $3, invalid_reason = $4, version = version + 1 WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        lead.id,
        status.value,
        reason if status is LeadStatus.INVALID else None,
    )
    action = "lead.invalidate" if status is LeadStatus.INVALID else "lead.reopen"
    before, after = {"status": lead.status}, {"status": status}
    transaction.record(action, "Lead", lead.id, before=before, after=after, reason=reason)
