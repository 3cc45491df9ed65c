"""Merging leads that are the same: one is kept, the others are part of it, and their history stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

from quotaloom.activities.facts import Subjects
from quotaloom.activities.protection import refresh_last_activity
from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.merging import take_over_attributes
from quotaloom.leads.commands import as_given, store_lead
from quotaloom.leads.following import Following, follow
from quotaloom.leads.permission import lead_reach
from quotaloom.leads.records import LeadStatus, StoredLead
from quotaloom.leads.storing import hold_leads
from quotaloom.ownership.ledger import Handing, hand_over
from quotaloom.ownership.owners import NOBODY, Movement, OwnedRecord
from quotaloom.ownership.permission import require_seller, unknown
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

MOST_MERGED: Final = 50
"""How many may be merged into one at once."""

_FILLED: Final = ("organization", "phone", "email", "website", "source", "note", "product_id", "level_id")

_FOLLOWING: Final = (Following("Activity", "activity", "lead_id"), Following("ActionItem", "action_item", "lead_id"))

_EARLIER: Final = Following("Lead", "lead", "merged_into_id")

_MERGED: Final = """
UPDATE lead SET status = 'merged', invalid_reason = NULL, merged_into_id = $2, version = version + 1
WHERE company_id = $1 AND id = ANY ($3::bigint[])
"""


async def merge_leads(
    work: Work,
    kept_id: int,
    merged_ids: Sequence[int],
    reason: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Let leads be part of another one, which is kept.

    The kept one takes over what it does not have: organization, phone, mail, website, source, note, product, level and
    attributes, from the first that has it; and all activities. The others stay as they were, as `merged`, and are
    nobody's; what they became is theirs still. Needs an admin, a service with `funnels:write`, or somebody who may
    change all of them. Raises `NotFound`, `Conflict`, and `InputError` for a kept lead that is invalid or part of
    another, merged ones that are, converted ones where the kept one is open, and for none, too many or twice the same.
    """
    require_seller(work.viewer, "merging leads")
    text = checked_reason(reason)
    check_merged(kept_id, merged_ids)

    async def apply(transaction: Transaction) -> None:
        found = await hold_leads(transaction, [kept_id, *merged_ids])
        await _require_worked(transaction, work, kept_id, merged_ids, found)
        kept, others = found[kept_id][0], [found[one] for one in merged_ids]
        if expected_version not in (None, kept.version):
            raise Conflict("STALE", "this lead was changed meanwhile: read it again", ("expectedVersion",))
        _check_status(kept, [lead for lead, _ in others])
        await _fill(transaction, work, kept, [lead for lead, _ in others])
        ids = list(merged_ids)
        await follow(transaction, (*_FOLLOWING, _EARLIER), kept_id, ids)
        await transaction.execute(_MERGED, transaction.company_id, kept_id, ids)
        await take_over_attributes(transaction, Subject.LEAD, kept_id, ids)
        handings = [Handing(owned, NOBODY, Movement.MERGE, text) for _, owned in others]
        await hand_over(transaction, handings, work.today)
        await refresh_last_activity(transaction, Subjects(lead_id=kept_id))
        before = [asdict(lead) for lead, _ in others]
        transaction.record("lead.merge", "Lead", kept_id, before=before, after={"merged": ids}, reason=text)
        for told in before:
            after = {"status": LeadStatus.MERGED, "merged_into_id": kept_id, "owner": asdict(NOBODY)}
            transaction.record("lead.merge_into", "Lead", told["id"], before=told, after=after, reason=text)
        transaction.publish("lead.merged", id=kept_id, merged=ids)

    await work.write(apply)


def check_merged(kept_id: int, merged_ids: Sequence[int]) -> None:
    """Raise `InputError` for none, for too many, and where the same is named twice."""
    if not 1 <= len(merged_ids) <= MOST_MERGED:
        raise InputError("BAD_COUNT", f"name 1 to {MOST_MERGED} that are to be part of the one kept", ("mergedIds",))
    for number, one in enumerate(merged_ids):
        if one == kept_id or one in merged_ids[:number]:
            raise InputError(
                "TWICE", "each is named once, and the one kept is none of the others", ("mergedIds", number)
            )


async def _require_worked(
    transaction: Transaction,
    work: Work,
    kept_id: int,
    merged_ids: Sequence[int],
    found: dict[int, tuple[StoredLead, OwnedRecord]],
) -> None:
    reach = await lead_reach(transaction, work.viewer, work.today)
    paths = [("keptId",), *(("mergedIds", number) for number in range(len(merged_ids)))]
    for lead_id, path in zip((kept_id, *merged_ids), paths, strict=True):
        if lead_id not in found or not reach.works(found[lead_id][0].owner):
            raise unknown("lead", lead_id, path)


def _check_status(kept: StoredLead, others: Sequence[StoredLead]) -> None:
    if kept.status not in (LeadStatus.OPEN, LeadStatus.CONVERTED):
        raise InputError("NOT_OPEN", f"the lead that is to be kept is {kept.status}", ("keptId",))
    for number, lead in enumerate(others):
        if lead.status is LeadStatus.MERGED:
            raise InputError("MERGED", "this lead is part of another one already", ("mergedIds", number))
        if lead.status is LeadStatus.CONVERTED and kept.status is LeadStatus.OPEN:
            message = "this lead is converted: keep it, and merge the open one into it"
            raise InputError("CONVERTED", message, ("mergedIds", number))


async def _fill(transaction: Transaction, work: Work, kept: StoredLead, others: Sequence[StoredLead]) -> None:
    """What the kept one does not have it takes from the first that has it."""
    given = as_given(kept)
    after = given
    for lead in map(as_given, others):
        missing = [name for name in _FILLED if getattr(after, name) is None]
        after = replace(after, **{name: getattr(lead, name) for name in missing})
    if after != given:
        await store_lead(transaction, work, kept.id, after)
        transaction.record("lead.update", "Lead", kept.id, before=asdict(given), after=asdict(after))
