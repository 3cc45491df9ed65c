"""What items name: the records that they are for, the activities that fulfil them, the items that they refine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from asyncpg import Record

from quotaloom.achievements.posting_facts import storable
from quotaloom.action_plans.facts import NO_SUBJECTS, NewItem
from quotaloom.action_plans.storing import unknown_item
from quotaloom.activities.facts import Subjects
from quotaloom.activities.subjects import hold_owners, hold_subjects, named_records
from quotaloom.ownership.permission import unknown
from quotaloom.platform.errors import InputError, NotFound, Path
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

# Held, so that of two who link the same activity at once the second sees what the first has done.
_ACTIVITIES: Final = """
SELECT id, kind, state, lead_id, customer_id, opportunity_id FROM activity
WHERE company_id = $1 AND id = ANY ($2::bigint[]) AND member_id = $3 ORDER BY id FOR NO KEY UPDATE
"""

_TAKEN: Final = """
SELECT activity_id FROM action_item
WHERE company_id = $1 AND activity_id = ANY ($2::bigint[]) AND id IS DISTINCT FROM $3::bigint
"""

_ABOVE: Final = """
WITH RECURSIVE above (id) AS (
    SELECT $2::bigint WHERE $2 IS NOT NULL
    UNION SELECT plan.part_of_id FROM above JOIN action_plan AS plan ON plan.company_id = $1 AND plan.id = above.id
    WHERE plan.part_of_id IS NOT NULL
) SELECT item.id, item.state FROM action_item AS item JOIN above ON above.id = item.action_plan_id
WHERE item.company_id = $1 AND item.id = ANY ($3::bigint[])
"""


async def known_subjects(
    transaction: Transaction, work: Work, given: Sequence[tuple[Subjects, Path]]
) -> list[Subjects]:
    """What items are for, each with the customer of its deal; whose the records are does not change any more.

    Raises `NotFound` for a record that the viewer does not work on; an item may be for none.
    """
    await hold_owners(transaction, *(subjects for subjects, _ in given))
    found: dict[Subjects, Subjects] = {NO_SUBJECTS: NO_SUBJECTS}
    for subjects, path in given:
        if subjects not in found:
            try:
                found[subjects] = (await hold_subjects(transaction, work, subjects)).subjects
            except InputError as error:
                raise error.at(*path) from None
    return [found[subjects] for subjects, _ in given]


async def still_known(transaction: Transaction, work: Work, given: Sequence[Subjects]) -> list[Subjects]:
    """The same for what is copied, without the records that the viewer works on no more."""
    await hold_owners(transaction, *given)
    found: dict[Subjects, Subjects] = {NO_SUBJECTS: NO_SUBJECTS}
    for subjects in given:
        if subjects not in found:
            found[subjects] = await _known_part(transaction, work, subjects)
    return [found[subjects] for subjects in given]


async def _known_part(transaction: Transaction, work: Work, subjects: Subjects) -> Subjects:
    """The whole, or else the deal with its customer, the customer or the lead alone."""
    for part in (
        subjects,
        Subjects(opportunity_id=subjects.opportunity_id),
        Subjects(customer_id=subjects.customer_id),
        Subjects(lead_id=subjects.lead_id),
    ):
        if part != NO_SUBJECTS:
            try:
                return (await hold_subjects(transaction, work, part)).subjects
            except NotFound:
                continue
    return NO_SUBJECTS


async def linked(
    transaction: Transaction,
    work: Work,
    member_id: int,
    part_of_id: int | None,
    items: Sequence[NewItem],
    paths: Sequence[Path],
) -> list[NewItem]:
    """The items of a plan of `member_id` that belongs to the plan `part_of_id`, with what they name made sure of.

    Raises, each at its item's path, `NotFound` for a record that the viewer does not work on and for what is no
    activity of the member or no item of a longer plan that this one belongs to, and `InputError` as `check_activities`
    does and CANCELLED for an item above that is.
    """
    subjects = await known_subjects(
        transaction, work, [(one.subjects, path) for one, path in zip(items, paths, strict=True)]
    )
    found = [replace(item, subjects=known) for item, known in zip(items, subjects, strict=True)]
    await check_activities(transaction, member_id, found, paths)
    await check_refined(transaction, part_of_id, found, paths)
    return found


async def check_activities(
    transaction: Transaction,
    member_id: int,
    items: Sequence[NewItem],
    paths: Sequence[Path],
    item_id: int | None = None,
) -> None:
    """Hold the activities that items name; `item_id` is the item, where it is stored already.

    Raises `NotFound`, and `InputError` CANCELLED, OTHER_KIND, OTHER_RECORD for an activity that is not for what the
    item is for, ALREADY_LINKED for one that fulfils another item.
    """
    ids = storable(item.activity_id for item in items if item.activity_id is not None)
    if not ids and all(item.activity_id is None for item in items):
        return
    rows = await transaction.fetch(_ACTIVITIES, transaction.company_id, ids, member_id)
    found = {row["id"]: row for row in rows}
    taken = {row["activity_id"] for row in await transaction.fetch(_TAKEN, transaction.company_id, ids, item_id)}
    for item, path in zip(items, paths, strict=True):
        if item.activity_id is None:
            continue
        place = (*path, "activityId")
        if item.activity_id not in found:
            raise unknown("activity", item.activity_id, place)
        _check_activity(item, found[item.activity_id], place)
        if item.activity_id in taken:
            raise InputError("ALREADY_LINKED", "this activity fulfils another item", place)
        taken.add(item.activity_id)


def _check_activity(item: NewItem, activity: Record, path: Path) -> None:
    if activity["state"] == "cancelled":
        raise InputError("CANCELLED", "this activity was cancelled", path)
    if activity["kind"] != item.kind:
        message = f"this activity is a {activity['kind']}, and the item is a {item.kind}"
        raise InputError("OTHER_KIND", message, path)
    if any(activity[f"{kind}_id"] != record_id for kind, record_id in named_records(item.subjects)):
        raise InputError("OTHER_RECORD", "this activity is not for what the item is for", path)


async def check_refined(
    transaction: Transaction, part_of_id: int | None, items: Sequence[NewItem], paths: Sequence[Path]
) -> None:
    """Raise `NotFound` for an item that is of no longer plan above, and `InputError` CANCELLED for a cancelled one."""
    ids = [item.refines_id for item in items if item.refines_id is not None]
    if not ids:
        return
    above = await refinable(transaction, part_of_id, ids)
    for item, path in zip(items, paths, strict=True):
        if item.refines_id is None:
            continue
        place = (*path, "refinesId")
        if item.refines_id not in above:
            error = unknown_item(place)
            message = f"{error.message}, in a longer plan that this one belongs to"
            raise NotFound(error.code, message, place)
        if above[item.refines_id] == "cancelled":
            raise InputError("CANCELLED", "the item that it shall refine was cancelled", place)


async def refinable(transaction: Transaction, part_of_id: int | None, item_ids: Sequence[int]) -> dict[int, str]:
    """Those of the items that are of this plan or a longer one that it belongs to, and how they stand."""
    rows = await transaction.fetch(_ABOVE, transaction.company_id, part_of_id, storable(item_ids))
    return {row["id"]: row["state"] for row in rows}
