"""Who may work on the records of a position."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quotaloom.platform.access import Role, Scope, Viewer
from quotaloom.platform.errors import InputError, NotFound, Path
from quotaloom.platform.unit_of_work import Snapshot, Transaction

_WORKED = """
SELECT position_id FROM holding
WHERE company_id = $1 AND member_id = $2 AND daterange(valid_from, valid_to) @> $3::date
UNION
SELECT path.unit_id FROM headship
JOIN unit_path AS path ON path.company_id = headship.company_id AND path.ancestor_id = headship.unit_id
JOIN org_unit ON org_unit.company_id = path.company_id AND org_unit.id = path.unit_id AND org_unit.kind = 'position'
WHERE headship.company_id = $1 AND headship.member_id = $2
    AND daterange(headship.valid_from, headship.valid_to) @> $3::date
    AND path.valid_from <= $3 AND $3 < path.valid_to
"""


def require_seller(viewer: Viewer, doing: str) -> None:
    """Raise `AccessDenied` for who could never do it: no member, no admin, no service with `funnels:write`."""
    if viewer.member_id is None or viewer.role is Role.SERVICE:
        viewer.require(Scope.FUNNELS, doing)


async def worked_positions(reader: Snapshot | Transaction, viewer: Viewer, today: date) -> Sequence[int] | None:
    """The ids of the positions whose records the viewer may write; None stands for all of the company.

    All are open to admins and to services with `funnels:write`; to a member those that he holds today and
    those below a unit that he heads today.
    """
    if viewer.may(Scope.FUNNELS):
        return None
    if viewer.member_id is None or viewer.role is Role.SERVICE:
        return ()
    rows = await reader.fetch(_WORKED, reader.company_id, viewer.member_id, today)
    return tuple(row["position_id"] for row in rows)


async def require_position(
    transaction: Transaction, viewer: Viewer, today: date, position_id: int, path: Path = ("positionId",)
) -> None:
    """Raise `NotFound` where the position does not exist or its records are not the viewer's to write."""
    worked = await worked_positions(transaction, viewer, today)
    if worked is not None and position_id not in worked:
        raise unknown("position", position_id, path)


def unknown(what: str, given: int | str, path: Path) -> InputError:
    """The answer for an id that names nothing the viewer may see."""
    return NotFound(f"UNKNOWN_{what.upper()}", f"there is no {what} {given}", path)
