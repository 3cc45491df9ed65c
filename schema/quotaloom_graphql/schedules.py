"""When members are away and when they work: what is shown of it, and the mutations that say so."""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from quotaloom.platform.work import Work
from quotaloom.pool.schedules import WorkingSpan, end_absence, note_absence, set_working_hours
from quotaloom_graphql.context import Services
from quotaloom_graphql.errors import UserError
from quotaloom_graphql.mutations import mutation
from quotaloom_graphql.nodes import decode_id, encode_id
from quotaloom_graphql.organization_loaders import load_named_members
from strawberry_breadth import batch, column

if TYPE_CHECKING:
    from quotaloom_graphql.organizations import Member


@strawberry.type(description="Days on which a member is away and is given nothing (缺勤).")
class Absence:
    """An absence."""

    id: strawberry.ID = column(
        lambda number: encode_id("Absence", number), of="id", description="Names it for `endAbsence`."
    )
    valid_from: date = strawberry.field(description="First day.")
    valid_to: date = strawberry.field(description="The day after the last: the member is back.")
    reason: str | None = strawberry.field(description="Why, if somebody said so.")


@strawberry.type(description="Working hours of a weekday, by the company's clock.")
class WorkingHours:
    """Some hours of a weekday."""

    weekday: int = strawberry.field(description="1 (Monday) to 7 (Sunday).")
    starts_at: time = strawberry.field(description="From this time of the day on.")
    ends_at: time | None = strawberry.field(description="Until this one; null is midnight.")


@strawberry.input(description="Days on which a member is away.")
class NoteAbsenceInput:
    """An absence to note."""

    member_id: strawberry.ID = strawberry.field(description="Who is away.")
    valid_from: date = strawberry.field(description="First day.")
    valid_to: date = strawberry.field(description="The day after the last: the member is back.")
    reason: str | None = strawberry.field(default=None, description="Why, in 2,000 characters at the most.")


@strawberry.input(description="An absence that ends sooner than noted.")
class EndAbsenceInput:
    """An absence to end."""

    absence_id: strawberry.ID = strawberry.field(description="The absence.")
    on: date = strawberry.field(description="The day on which the member is back; it is gone if it had not begun.")


@strawberry.input(description="Working hours of a weekday, by the company's clock.")
class WorkingHoursInput:
    """Some hours of a weekday."""

    weekday: int = strawberry.field(description="1 (Monday) to 7 (Sunday).")
    starts_at: time = strawberry.field(description="From this time of the day on, such as `09:00:00`.")
    ends_at: time | None = strawberry.field(default=None, description="Until this one; midnight if not given.")


@strawberry.input(description="When a member works in a week.")
class SetWorkingHoursInput:
    """The hours of a week."""

    member_id: strawberry.ID = strawberry.field(description="The member.")
    hours: list[WorkingHoursInput] = strawberry.field(
        description="All of them, in place of those before; none makes it the company's working days again."
    )


@strawberry.type(description="The member as it stands now.")
class SchedulePayload:
    """A member, or what was wrong."""

    member: Annotated[Member, strawberry.lazy("quotaloom_graphql.organizations")] | None = batch(
        load_named_members, key="member_id", by="id", one=True, description="The member."
    )
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was done.")


async def _note(work: Work, input: NoteAbsenceInput, _: Services) -> dict[str, Any]:
    member_id = decode_id(input.member_id, "Member", ("memberId",))
    await note_absence(work, member_id, input.valid_from, input.valid_to, input.reason)
    return {"member_id": member_id}


async def _end(work: Work, input: EndAbsenceInput, _: Services) -> dict[str, Any]:
    return {"member_id": await end_absence(work, decode_id(input.absence_id, "Absence", ("absenceId",)), input.on)}


async def _set(work: Work, input: SetWorkingHoursInput, _: Services) -> dict[str, Any]:
    member_id = decode_id(input.member_id, "Member", ("memberId",))
    spans = [WorkingSpan(one.weekday, one.starts_at, one.ends_at) for one in input.hours]
    await set_working_hours(work, member_id, spans)
    return {"member_id": member_id}


@strawberry.type
class ScheduleMutation:
    """Mutations of schedules."""

    note_absence: SchedulePayload = mutation(
        _note, description="Note that a member is away: himself, whoever heads him, or an admin."
    )
    end_absence: SchedulePayload = mutation(_end, description="Let an absence end sooner.")
    set_working_hours: SchedulePayload = mutation(
        _set, description="Set when a member works in a week: himself, whoever heads him, or an admin."
    )
