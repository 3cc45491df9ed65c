"""Planning, logging, completing, changing and cancelling activities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any, Final

from quotaloom.activities.counting import count_done, uncount
from quotaloom.activities.doers import doer, require_present, seat
from quotaloom.activities.facts import (
    ActivityState,
    Moment,
    NewActivity,
    Subjects,
    checked_particulars,
    done_moment,
    due_day,
)
from quotaloom.activities.protection import refresh_last_activity
from quotaloom.activities.reads import record_positions
from quotaloom.activities.rights import ActivityRights
from quotaloom.activities.storing import (
    ReadyActivity,
    StoredActivity,
    hold_activity,
    insert_activities,
    particulars_columns,
    tell_planned,
    update_activity,
)
from quotaloom.activities.subjects import hold_owners, hold_subjects
from quotaloom.organizations.sight import load_sight
from quotaloom.ownership.permission import require_seller, unknown, worked_positions
from quotaloom.platform.errors import Conflict, InputError
from quotaloom.platform.input_keys import InputKey
from quotaloom.platform.texts import checked_reason
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

TOLD: Final = frozenset({"matter", "place", "materials", "cost", "currency", "result"})
"""The fields of `Particulars`, which `change_activity` takes whatever the state, and `complete_activity` too."""


async def plan_activity(work: Work, new: NewActivity) -> int:
    """Plan something that is due; returns its id.

    Needs whoever works on the records that it is for: of positions that he holds or leads, an admin, or a service with
    `funnels:write`; a member plans for himself and for those below him. The same again under the same `request_key` of
    the same caller gives the first activity. Raises `NotFound`, `AccessDenied`, `InputError` (see `facts`, `subjects`
    and `doers`), and IDEMPOTENCY_KEY_REUSED for a key that named another one.
    """
    require_seller(work.viewer, "planning an activity")
    due_on = due_day(work, new.when)
    return await _enter(work, new, ActivityState.PLANNED, due_on, new.when.at)


async def log_activity(work: Work, new: NewActivity) -> int:
    """Enter what is done already, now or on an earlier business date; returns its id.

    A visit or call counts for the metric of that name (see `counting`), and what the holder of a record did protects
    it. Rights, keys and errors as for `plan_activity`.
    """
    require_seller(work.viewer, "logging an activity")
    done_on, done_at = done_moment(work, new.when)
    return await _enter(work, new, ActivityState.DONE, done_on, done_at)


async def _enter(work: Work, new: NewActivity, state: ActivityState, on: date, at: datetime | None) -> int:
    told = checked_particulars(new.particulars, work.company.currency)
    asked = asdict(replace(new, request_key=None)) | {"state": state}
    key = InputKey.of(work.viewer, new.request_key, asked)
    done = state is ActivityState.DONE

    async def apply(transaction: Transaction) -> int:
        earlier = None if key is None else await key.earlier(transaction, "activity")
        if earlier is not None:
            return earlier
        held = await hold_subjects(transaction, work, new.subjects)
        day = min(on, work.today)
        member_id = await doer(transaction, work, new.member_id, day)
        position_id = await seat(transaction, work, member_id, day, new.position_id, held.position_ids)
        ready = ReadyActivity(new.kind, state, held.subjects, member_id, position_id, told, request_key=key)
        ready = replace(ready, done_at=at, done_on=on) if done else replace(ready, due_at=at, due_on=on)
        inserted = await insert_activities(transaction, [ready])
        if not inserted:
            # The same request was answered by another transaction since we looked.
            answered = None if key is None else await key.earlier(transaction, "activity")
            assert answered is not None
            return answered
        await _settle(transaction, work, inserted[0], ready)
        return inserted[0]

    return await work.write(apply)


async def _settle(transaction: Transaction, work: Work, activity_id: int, ready: ReadyActivity) -> None:
    if ready.done_on is None:
        tell_planned(transaction, activity_id, ready)
        return
    held = (ready.member_id, ready.position_id)
    await count_done(transaction, work.company, activity_id, ready.kind, ready.subjects, held, ready.done_on)
    await refresh_last_activity(transaction, ready.subjects)
    transaction.record("activity.log", "Activity", activity_id, after=asdict(ready))
    transaction.publish("activity.done", id=activity_id)


async def complete_activity(
    work: Work,
    activity_id: int,
    when: Moment,
    changes: Mapping[str, Any] | None = None,
    expected_version: int | None = None,
) -> None:
    """Say that something planned is done, now or on an earlier business date; `changes` as for `change_activity`.

    It counts and protects as what is logged does. Needs the member himself, whoever leads his position or works on the
    record, an admin, or a service with `funnels:write`. Raises `NotFound`, `Conflict`, `InputError` NOT_PLANNED, and
    NOT_A_MEMBER where the member was not with the company that day.
    """
    require_seller(work.viewer, "completing an activity")
    done_on, done_at = done_moment(work, when)

    async def apply(transaction: Transaction) -> None:
        activity = await _hold(transaction, work, activity_id, expected_version)
        _require(activity, ActivityState.PLANNED)
        told = _changed(work, activity, changes or {})
        await require_present(transaction, activity.member_id, done_on, ("doneOn",))
        position_id = await _seat_again(transaction, work, activity, activity.member_id, done_on)
        columns = {"state": "done", "done_at": done_at, "done_on": done_on, "position_id": position_id, **told}
        await update_activity(transaction, activity.id, columns)
        held = (activity.member_id, position_id)
        await count_done(transaction, work.company, activity.id, activity.kind, activity.subjects, held, done_on)
        await refresh_last_activity(transaction, activity.subjects)
        transaction.record("activity.complete", "Activity", activity.id, before=asdict(activity), after=columns)
        transaction.publish("activity.done", id=activity.id)

    await work.write(apply)


async def change_activity(
    work: Work,
    activity_id: int,
    changes: Mapping[str, Any],
    due: Moment | None = None,
    member_id: int | None = None,
    expected_version: int | None = None,
) -> None:
    """Change what is told of an activity; `changes` holds fields of `Particulars`.

    When something is due, and who does it, changes while it is planned: what is done on another day, or by somebody
    else, is cancelled and logged again. Rights as for `complete_activity`, of what is done without those who merely
    work on the record. Raises `NotFound`, `Conflict`, `InputError` CANCELLED, NOT_PLANNED, UNKNOWN_FIELD.
    """
    require_seller(work.viewer, "changing an activity")
    due_on = None if due is None else due_day(work, due)

    async def apply(transaction: Transaction) -> None:
        activity = await _hold(transaction, work, activity_id, expected_version)
        if activity.state is ActivityState.CANCELLED:
            raise InputError("CANCELLED", "this activity was cancelled: enter a new one", ("id",))
        columns = _changed(work, activity, changes)
        if due is not None:
            _require(activity, ActivityState.PLANNED)
            columns |= {"due_at": due.at, "due_on": due_on}
        if member_id is not None:
            _require(activity, ActivityState.PLANNED)
            columns["member_id"] = await doer(transaction, work, member_id, work.today)
            columns["position_id"] = await _seat_again(transaction, work, activity, member_id, work.today)
        await update_activity(transaction, activity.id, columns)
        transaction.record("activity.change", "Activity", activity.id, before=asdict(activity), after=columns)
        transaction.publish("activity.changed", id=activity.id)

    await work.write(apply)


async def cancel_activity(
    work: Work, activity_id: int, reason: str | None = None, expected_version: int | None = None
) -> None:
    """Take back what is planned, or what was logged by mistake: what that counted is reversed, and protects no more.

    Rights as for `change_activity`. Raises `NotFound`, `Conflict`, `InputError` CANCELLED, NO_REASON for what is done.
    """
    require_seller(work.viewer, "cancelling an activity")
    why = checked_reason(reason)

    async def apply(transaction: Transaction) -> None:
        activity = await _hold(transaction, work, activity_id, expected_version)
        if activity.state is ActivityState.CANCELLED:
            raise InputError("CANCELLED", "this activity was cancelled before", ("id",))
        done = activity.state is ActivityState.DONE
        if done and why is None:
            raise InputError("NO_REASON", "say why what is done is taken back", ("reason",))
        await update_activity(transaction, activity.id, {"state": "cancelled"})
        if done:
            await uncount(transaction, work.company, activity.id)
            await refresh_last_activity(transaction, activity.subjects)
        transaction.record("activity.cancel", "Activity", activity.id, before=asdict(activity), reason=why)
        transaction.publish("activity.cancelled", id=activity.id)

    await work.write(apply)


async def _hold(transaction: Transaction, work: Work, activity_id: int, expected_version: int | None) -> StoredActivity:
    """The activity, held, and the owners of its records with it; raises `NotFound` where it is not his to change."""
    activity = await hold_activity(transaction, activity_id)
    subjects = Subjects() if activity is None else activity.subjects
    await hold_owners(transaction, subjects)
    sight = await load_sight(transaction, work.viewer, work.company, work.today)
    worked = await worked_positions(transaction, work.viewer, work.today)
    records = await record_positions(transaction, subjects)
    rights = ActivityRights(work.viewer, sight, worked)
    # Looked for to the end, so that what is not there takes as long as what is out of his sight.
    if activity is None or not rights.may_change(activity.state, activity.member_id, activity.position_id, records):
        raise unknown("activity", activity_id, ("id",))
    if expected_version not in (None, activity.version):
        raise Conflict("STALE", "this activity was changed meanwhile: read it again", ("expectedVersion",))
    return activity


async def _seat_again(
    transaction: Transaction, work: Work, activity: StoredActivity, member_id: int, day: date
) -> int | None:
    records = await record_positions(transaction, activity.subjects)
    return await seat(transaction, work, member_id, day, preferred=records, kept_id=activity.position_id)


def _changed(work: Work, activity: StoredActivity, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of the activity once `changes` are made, by column."""
    for name in changes.keys() - TOLD:
        raise InputError("UNKNOWN_FIELD", f"{name} cannot be changed; {', '.join(sorted(TOLD))} can", (name,))
    after = checked_particulars(replace(activity.particulars, **changes), work.company.currency)
    return particulars_columns(after)


def _require(activity: StoredActivity, state: ActivityState) -> None:
    if activity.state is not state:
        raise InputError("NOT_PLANNED", f"this activity is {activity.state}: that needs a planned one", ("id",))
