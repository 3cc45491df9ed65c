"""Merging customers that are the same: one is kept, the others are part of it, and their history stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, Final

from asyncpg import Record

from quotaloom.activities.facts import Subjects
from quotaloom.activities.protection import refresh_last_activity
from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.merging import take_over_attributes
from quotaloom.duplicates.normal_forms import likeness, region_of
from quotaloom.funnels.commands.customers import hold_customer
from quotaloom.funnels.new_customers import hold_customers
from quotaloom.leads.following import Following, follow
from quotaloom.leads.merging import check_merged
from quotaloom.ownership.ledger import Handing, hand_over, hold_records
from quotaloom.ownership.owners import NOBODY, Movement, RecordKind
from quotaloom.ownership.permission import require_seller
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

_FILLED: Final = ("sector", "location", "phone", "domain", "level_id", "contract_ends_on", "parent_id")

_FOLLOWING: Final = (
    Following("Opportunity", "opportunity", "customer_id"),
    Following("Activity", "activity", "customer_id"),
    Following("ActionItem", "action_item", "customer_id"),
    Following("Lead", "lead", "customer_id"),
    Following("Customer", "customer", "parent_id", "one.id <> $2 AND one.id <> ALL ($3)"),
    Following("Customer", "customer", "merged_into_id"),
)

_MERGED: Final = """
UPDATE customer SET merged_into_id = $2, parent_id = NULL, version = version + 1
WHERE company_id = $1 AND id = ANY ($3::bigint[])
"""

_KEPT: Final = """
UPDATE customer SET sector = $3, location = $4, phone = $5, domain = $6, level_id = $7, contract_ends_on = $8,
    parent_id = $9, compared_phone = $10, compared_domain = $11, version = version + 1
WHERE company_id = $1 AND id = $2
"""

_ABOVE: Final = """
WITH RECURSIVE above (id) AS (
    SELECT parent_id FROM customer WHERE company_id = $1 AND id = $2 AND parent_id IS NOT NULL
    UNION SELECT customer.parent_id FROM customer JOIN above ON customer.id = above.id
    WHERE customer.company_id = $1 AND customer.parent_id IS NOT NULL
) SELECT id FROM above WHERE id = ANY ($3::bigint[])
"""


_CIRCLING: Final = """
WITH RECURSIVE above (start, id) AS (
    SELECT id, parent_id FROM customer WHERE company_id = $1 AND id = ANY ($2::bigint[]) AND parent_id IS NOT NULL
    UNION SELECT above.start, customer.parent_id FROM customer JOIN above ON customer.id = above.id
    WHERE customer.company_id = $1 AND customer.parent_id IS NOT NULL
) SELECT DISTINCT start FROM above WHERE id = ANY ($3::bigint[])
"""


async def merge_customers(
    work: Work,
    kept_id: int,
    merged_ids: Sequence[int],
    reason: str | None = None,
    expected_version: int | None = None,
) -> None:
    """Let customers be part of another one, which is kept.

    Their deals, activities, items of action plans, leads and subsidiaries become those of the kept one, which takes
    over sector, location, phone, website, level, end of contract, parent and attributes where it has none, from the
    first that has it. The others stay as rows that name it, and are nobody's; the ledger of achievements is not
    rewritten. Needs an admin, a service with `funnels:write`, or somebody who may change all of them. Raises
    `NotFound`, `Conflict`, and `InputError` MERGED for those that are part of another, BELOW for a kept one that
    belongs to one of the others, and for none, too many or twice the same.
    """
    require_seller(work.viewer, "merging customers")
    text = checked_reason(reason)
    check_merged(kept_id, merged_ids)

    async def apply(transaction: Transaction) -> None:
        await transaction.lock("customers")
        await hold_customers(transaction, [one for one in (kept_id, *merged_ids) if 0 < one < 2**63])
        kept = await _held(transaction, work, kept_id, ("keptId",))
        others = [await _held(transaction, work, one, ("mergedIds", number)) for number, one in enumerate(merged_ids)]
        if expected_version not in (None, kept["version"]):
            raise Conflict("STALE", "this customer was changed meanwhile: read it again", ("expectedVersion",))
        ids = list(merged_ids)
        await _refuse_below(transaction, kept_id, ids)
        after = _filled(kept, others, await _circling(transaction, kept, others))
        await follow(transaction, _FOLLOWING, kept_id, ids)
        await transaction.execute(_MERGED, transaction.company_id, kept_id, ids)
        await take_over_attributes(transaction, Subject.CUSTOMER, kept_id, ids)
        await _store(transaction, work, kept, after)
        owned = await hold_records(transaction, RecordKind.CUSTOMER, ids)
        handings = [Handing(owned[one], NOBODY, Movement.MERGE, text) for one in ids]
        await hand_over(transaction, handings, work.today)
        await refresh_last_activity(transaction, Subjects(customer_id=kept_id))
        before = [dict(kept), *map(dict, others)]
        stored = {row["id"]: row for row in before}
        told = {"merged": ids, **after}
        transaction.record("customer.merge", "Customer", kept_id, before=before, after=told, reason=text)
        for one in ids:
            was = {**stored[one], "owner": asdict(owned[one].owner)}
            now = {"merged_into_id": kept_id, "parent_id": None, "owner": asdict(NOBODY)}
            transaction.record("customer.merge_into", "Customer", one, before=was, after=now, reason=text)
        transaction.publish("customer.merged", id=kept_id, merged=ids)

    await work.write(apply)


async def _held(transaction: Transaction, work: Work, customer_id: int, path: tuple[str | int, ...]) -> Record:
    try:
        return await hold_customer(transaction, work, customer_id)
    except InputError as error:
        raise type(error)(error.code, error.message, path) from None


async def _refuse_below(transaction: Transaction, kept_id: int, merged_ids: Sequence[int]) -> None:
    above = await transaction.fetch(_ABOVE, transaction.company_id, kept_id, list(merged_ids))
    if above:
        number = list(merged_ids).index(above[0]["id"])
        message = "the customer that is to be kept belongs to this one: keep this one instead"
        raise InputError("BELOW", message, ("mergedIds", number))


async def _circling(transaction: Transaction, kept: Record, others: Sequence[Record]) -> set[int]:
    """Customers that cannot be the kept one's parent: those that are merged, and parents that belong to one of them."""
    taken = [kept["id"], *(row["id"] for row in others)]
    parents = sorted({row["parent_id"] for row in others if row["parent_id"] is not None})
    rows = await transaction.fetch(_CIRCLING, transaction.company_id, parents, taken)
    return {*taken, *(row["start"] for row in rows)}


def _filled(kept: Record, others: Sequence[Record], no_parents: Collection[int]) -> dict[str, Any]:
    """What the kept one has afterwards: its own, or else that of the first that has it."""
    found = {}
    for name in _FILLED:
        values = [row[name] for row in (kept, *others) if row[name] is not None]
        if name == "parent_id":
            values = [value for value in values if value not in no_parents]
        found[name] = values[0] if values else None
    return found


async def _store(transaction: Transaction, work: Work, kept: Record, after: dict[str, Any]) -> None:
    region = region_of(work.company.time_zone)
    compared = likeness(kept["name"], after["phone"], after["domain"], None, region)
    values = [after[name] for name in _FILLED]
    await transaction.execute(_KEPT, transaction.company_id, kept["id"], *values, compared.phone, compared.domain)
