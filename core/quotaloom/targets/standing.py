"""Submissions that stand close the cells below their units to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from asyncpg import Record

from quotaloom.platform.access import Viewer
from quotaloom.platform.errors import AccessDenied, InputError
from quotaloom.platform.unit_of_work import Snapshot, Transaction

STANDING: Final = ("submitted", "approved")
"""The states in which a submission closes cells."""

_SUBMITTED = """
SELECT s.unit_id, head.name, s.status FROM submission s
JOIN org_unit AS head ON head.company_id = s.company_id AND head.id = s.unit_id
WHERE s.plan_version_id = $1 AND s.status IN ('submitted', 'approved') ORDER BY s.id
"""

# A unit that opens later stands where it opens.
_BELOW = """
SELECT path.unit_id, path.ancestor_id FROM unit_path AS path
WHERE path.ancestor_id = ANY($1::bigint[]) AND path.unit_id = ANY($2::bigint[]) AND path.depth > 0
    AND daterange(path.valid_from, path.valid_to) @> (SELECT greatest($3::date, own.opened_on) FROM org_unit AS own
        WHERE own.company_id = path.company_id AND own.id = path.unit_id)
"""


async def refuse_submitted(
    source: Snapshot | Transaction, draft_id: int, unit_ids: Sequence[int], today: date, place: str
) -> None:
    """Raise `InputError` SUBMITTED where the cells of a unit belong to a submission that stands.

    The error is at the place of the first such unit in `unit_ids`: `(place, index)`, or `(place,)` for one unit.
    """
    standing = {row["unit_id"]: row for row in await source.fetch(_SUBMITTED, draft_id)}
    rows = await source.fetch(_BELOW, list(standing), list(unit_ids), today) if standing else []
    if not rows:
        return
    by_unit = {row["unit_id"]: standing[row["ancestor_id"]] for row in rows}
    index, unit_id = next((index, one) for index, one in enumerate(unit_ids) if one in by_unit)
    row = by_unit[unit_id]
    raise InputError(
        "SUBMITTED",
        f"what lies below {row['name']} is {row['status']}; it can be changed once that is returned or withdrawn",
        (place, index) if place == "cells" else (place,),
    )


async def require_approval(transaction: Transaction, viewer: Viewer, draft_id: int) -> None:
    """Raise `InputError` NOT_APPROVED unless the submission of the whole tree is approved.

    Raises `AccessDenied` for whoever submitted it: nobody publishes his own plan.
    """
    row = await transaction.fetch_one(
        "SELECT s.status, s.submitter_id, s.submitted_by FROM submission s JOIN org_unit u"
        " ON u.company_id = s.company_id AND u.id = s.unit_id AND u.kind = 'company'"
        " WHERE s.plan_version_id = $1 AND s.status IN ('submitted', 'approved')",
        draft_id,
    )
    if row is None or row["status"] != "approved":
        found = "nobody has submitted it" if row is None else "nobody has approved its submission"
        raise InputError(
            "NOT_APPROVED",
            f"the targets of the whole company need approval before they are published, and {found} yet",
            ("planId",),
        )
    if submitted_by(viewer, row):
        raise AccessDenied("nobody publishes the plan that he submitted; another admin does")


def submitted_by(viewer: Viewer, submission: Record) -> bool:
    """Whether the viewer himself submitted it."""
    if viewer.member_id is not None:
        return bool(submission["submitter_id"] == viewer.member_id)
    return submission["submitter_id"] is None and submission["submitted_by"] == viewer.subject
