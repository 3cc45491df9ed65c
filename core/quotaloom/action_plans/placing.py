"""Where an action plan stands: whose it is and for which unit, which longer one it belongs to, and which it follows."""

from __future__ import annotations

from typing import Final

from quotaloom.action_plans.facts import GRAINS
from quotaloom.action_plans.rights import PlanRights
from quotaloom.action_plans.storing import StoredPlan, hold_plan, require_open, unknown_plan
from quotaloom.calendars.periods import Grain, Period
from quotaloom.ownership.permission import unknown
from quotaloom.platform.access import Role
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

_PRESENT: Final = """
SELECT name, daterange(joined_on, left_on) && daterange($3::date, $4::date) AS there
FROM member WHERE company_id = $1 AND id = $2
"""

# A position comes before a unit that he heads, what he had earlier before what he had later.
_UNITS: Final = """
SELECT unit_id FROM (
    SELECT position_id AS unit_id, 1 AS place, valid_from FROM holding
    WHERE company_id = $1 AND member_id = $2 AND daterange(valid_from, valid_to) && daterange($3::date, $4::date)
    UNION ALL SELECT unit_id, 2, valid_from FROM headship
    WHERE company_id = $1 AND member_id = $2 AND daterange(valid_from, valid_to) && daterange($3::date, $4::date)
) AS had ORDER BY place, valid_from NULLS FIRST, unit_id
"""


async def planner(transaction: Transaction, work: Work, rights: PlanRights, member_id: int | None, days: Period) -> int:
    """Whose plan it is: the member named, or the viewer himself.

    Raises `InputError` MEMBER_NEEDED for a viewer who is no member, NOT_A_MEMBER for who is not with the company on any
    of the days, `AccessDenied` for a member below the viewer, and `NotFound` for everybody else who is not he himself.
    """
    own = None if work.viewer.role is Role.SERVICE else work.viewer.member_id
    wanted = own if member_id is None else member_id
    if wanted is None:
        raise InputError("MEMBER_NEEDED", "name the member whose plan it is", ("memberId",))
    if not rights.edits(wanted):
        if rights.sight.sees_member(wanted):
            raise AccessDenied("an action plan is made by its member; plan activities for those below you instead")
        raise unknown("member", wanted, ("memberId",))
    row = await transaction.fetch_one(_PRESENT, transaction.company_id, wanted, days.starts_on, days.ends_on)
    if row is None:
        raise unknown("member", wanted, ("memberId",))
    if not row["there"]:
        message = f"{row['name']} is not with the company on any day of {days.label}"
        raise InputError("NOT_A_MEMBER", message, ("memberId",))
    return wanted


async def planned_unit(
    transaction: Transaction, member_id: int, days: Period, wanted_id: int | None, kept_id: int | None = None
) -> int | None:
    """The position that a member holds in these days, or the unit that he heads: that wanted, or kept, or his first.

    None where he has neither. Raises `InputError` NOT_HELD at `orgUnitId` for one that is wanted and not among them.
    """
    rows = await transaction.fetch(_UNITS, transaction.company_id, member_id, days.starts_on, days.ends_on)
    units = [row["unit_id"] for row in rows]
    if wanted_id is None:
        return kept_id if kept_id in units else next(iter(units), None)
    if wanted_id not in units:
        message = f"member {member_id} neither holds nor heads unit {wanted_id} on any day of {days.label}"
        raise InputError("NOT_HELD", message, ("orgUnitId",))
    return wanted_id


async def longer_plan(
    transaction: Transaction, rights: PlanRights, part_of_id: int | None, member_id: int, grain: Grain, days: Period
) -> StoredPlan | None:
    """The longer plan of the same member that a plan belongs to, held.

    Raises `NotFound`, `InputError` CLOSED, NOT_LONGER, OTHER_PERIOD where the two share no day.
    """
    if part_of_id is None:
        return None
    path = ("partOfId",)
    longer = await _held_of(transaction, rights, part_of_id, member_id, path)
    require_open(longer, path)
    if GRAINS.index(longer.grain) >= GRAINS.index(grain):
        message = f"a plan of a {grain} belongs to a longer one, and this one is of a {longer.grain}"
        raise InputError("NOT_LONGER", message, path)
    if longer.ends_on <= days.starts_on or days.ends_on <= longer.starts_on:
        message = f"{days.label} shares no day with the plan, which covers {longer.starts_on} up to {longer.ends_on}"
        raise InputError("OTHER_PERIOD", message, path)
    return longer


async def earlier_plan(
    transaction: Transaction, rights: PlanRights, follows_id: int | None, member_id: int, days: Period
) -> int | None:
    """The id of the earlier plan of the member that a plan follows; raises `NotFound`, `InputError` NOT_EARLIER."""
    if follows_id is None:
        return None
    earlier = await _held_of(transaction, rights, follows_id, member_id, ("followsId",))
    if earlier.starts_on >= days.starts_on:
        message = f"a plan follows one that begins before {days.starts_on}; this one begins on {earlier.starts_on}"
        raise InputError("NOT_EARLIER", message, ("followsId",))
    return earlier.id


async def taken_up(transaction: Transaction, review_id: int | None, member_id: int) -> int | None:
    """The id of a review of the member that a plan takes up; raises `NotFound` for what is no review of his."""
    if review_id is None:
        return None
    # Reviews are a concept above this one: what is needed of them is read.
    row = await transaction.fetch_one(
        "SELECT id FROM review WHERE company_id = $1 AND id = $2 AND member_id = $3",
        transaction.company_id,
        review_id,
        member_id,
    )
    if row is None:
        raise NotFound("UNKNOWN_REVIEW", "there is no such review of the member that you can see", ("reviewId",))
    return review_id


async def _held_of(
    transaction: Transaction, rights: PlanRights, plan_id: int, member_id: int, path: tuple[str, ...]
) -> StoredPlan:
    found = await hold_plan(transaction, rights, plan_id, path=path)
    if found.member_id != member_id:
        raise unknown_plan(path)
    return found
