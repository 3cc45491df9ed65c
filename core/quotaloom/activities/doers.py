"""Who does an activity, and for which position."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quotaloom.organizations.sight import load_sight
from quotaloom.ownership.permission import unknown, worked_positions
from quotaloom.platform.access import Role, Scope
from quotaloom.platform.errors import InputError, Path
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work

_POSITIONS = """
SELECT position_id FROM holding WHERE company_id = $1 AND member_id = $2
    AND daterange(valid_from, valid_to) @> $3::date AND ($4::bigint[] IS NULL OR position_id = ANY ($4))
ORDER BY array_position($5::bigint[], position_id) NULLS LAST, position_id
"""


async def doer(
    transaction: Transaction, work: Work, member_id: int | None, day: date, path: Path = ("memberId",)
) -> int:
    """Who does it: the member named, or the viewer himself.

    A member names himself and those below him; admins and services with `funnels:write` name anybody. Raises
    `NotFound` for everybody else, `InputError` MEMBER_NEEDED for a viewer who is no member, NOT_A_MEMBER for who is
    not with the company on `day`.
    """
    viewer = work.viewer
    own = None if viewer.role is Role.SERVICE else viewer.member_id
    wanted = own if member_id is None else member_id
    if wanted is None:
        raise InputError("MEMBER_NEEDED", "name the member who does it", path)
    if wanted != own and not viewer.may(Scope.FUNNELS):
        sight = await load_sight(transaction, viewer, work.company, work.today)
        if not sight.sees_member(wanted):
            raise unknown("member", wanted, path)
    await require_present(transaction, wanted, day, path)
    return wanted


async def require_present(transaction: Transaction, member_id: int, day: date, path: Path) -> None:
    """Raise `NotFound` where there is no such member, `InputError` NOT_A_MEMBER where he is elsewhere on that day."""
    row = await transaction.fetch_one(
        "SELECT name, daterange(joined_on, left_on) @> $3::date AS there FROM member WHERE company_id = $1 AND id = $2",
        transaction.company_id,
        member_id,
        day,
    )
    if row is None:
        raise unknown("member", member_id, path)
    if not row["there"]:
        raise InputError("NOT_A_MEMBER", f"{row['name']} is not with the company on {day}", path)


async def seat(
    transaction: Transaction,
    work: Work,
    member_id: int,
    day: date,
    wanted_id: int | None = None,
    preferred: Sequence[int] = (),
    kept_id: int | None = None,
) -> int | None:
    """The position that a member holds on a day for what he does: that wanted or kept, or the first of those preferred.

    None where he holds none; of a member below him the viewer takes those positions only that he leads, and the one
    that is kept. Raises `InputError` NOT_HELD at `positionId` for one wanted that is not among them.
    """
    own = member_id == work.viewer.member_id and work.viewer.role is not Role.SERVICE
    led = None if own else await worked_positions(transaction, work.viewer, work.today)
    kept = [] if kept_id is None else [kept_id]
    allowed = None if led is None else [*led, *kept]
    rows = await transaction.fetch(_POSITIONS, transaction.company_id, member_id, day, allowed, [*kept, *preferred])
    held = [row["position_id"] for row in rows]
    if wanted_id is None:
        return held[0] if held else None
    if wanted_id not in held:
        message = f"member {member_id} does not hold position {wanted_id} on {day}"
        raise InputError("NOT_HELD", message, ("positionId",))
    return wanted_id
