"""Who decides on disputes: a head above whoever approved the run, or an admin; nobody decides his own.

Before a run is approved it is whoever reviewed it. Heads are those of today, and they decide on members whom they lead.
Whoever stands nowhere in the tree, or is no member, is below the head of the whole company alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from asyncpg import Record

from quotaloom.organizations.sight import Sight
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.unit_of_work import Snapshot, Transaction

_ABOVE = """
WITH place AS (
    SELECT company_id, member_id, position_id AS unit_id FROM holding
    WHERE member_id = ANY ($1::bigint[]) AND daterange(valid_from, valid_to) @> $2::date
    UNION SELECT company_id, member_id, unit_id FROM headship
    WHERE member_id = ANY ($1::bigint[]) AND daterange(valid_from, valid_to) @> $2::date
)
SELECT place.member_id AS of_id, head.member_id FROM place
JOIN unit_path AS path ON path.company_id = place.company_id AND path.unit_id = place.unit_id AND path.depth > 0
    AND path.valid_from <= $2 AND $2 < path.valid_to
JOIN headship AS head ON head.company_id = path.company_id AND head.unit_id = path.ancestor_id
    AND daterange(head.valid_from, head.valid_to) @> $2::date
WHERE head.member_id <> place.member_id
UNION SELECT own.of_id, head.member_id FROM unnest($1::bigint[]) AS own (of_id)
JOIN org_unit AS root ON root.kind = 'company'
JOIN headship AS head ON head.company_id = root.company_id AND head.unit_id = root.id
    AND daterange(head.valid_from, head.valid_to) @> $2::date
WHERE head.member_id <> own.of_id
"""

_ADMINS = "SELECT id FROM member WHERE role = 'admin' AND left_on IS NULL AND id <> $1 ORDER BY id"


@dataclass(frozen=True, slots=True)
class DisputeRights:
    """What a viewer may do with a dispute as it stands."""

    comment: bool
    decide: bool
    withdraw: bool


async def heads_above(
    source: Snapshot | Transaction, member_ids: Sequence[int], today: date
) -> dict[int, frozenset[int]]:
    """The members who head units above each of these members today; one statement."""
    found: dict[int, set[int]] = defaultdict(set)
    for row in await source.fetch(_ABOVE, list(member_ids), today):
        found[row["of_id"]].add(row["member_id"])
    return {member_id: frozenset(found.get(member_id, ())) for member_id in member_ids}


async def rights_on(
    source: Snapshot | Transaction,
    viewer: Viewer,
    sight: Sight,
    disputes: Sequence[Mapping[str, Any] | Record],
    today: date,
) -> list[DisputeRights]:
    """What the viewer may do with each dispute that he sees; `judge_id` is whoever approved or reviewed its run.

    0 stands for somebody who is no member, such as a service.
    """
    open_ids = sorted({one["judge_id"] for one in disputes if one["status"] == "open"})
    asks = viewer.role is Role.MEMBER and sight.member_id is not None and open_ids
    above = await heads_above(source, open_ids, today) if asks else {}
    return [_rights(viewer, sight, one, above) for one in disputes]


def _rights(
    viewer: Viewer,
    sight: Sight,
    dispute: Mapping[str, Any] | Record,
    above: Mapping[int, frozenset[int]],
) -> DisputeRights:
    if viewer.role not in (Role.ADMIN, Role.MEMBER):
        return DisputeRights(comment=False, decide=False, withdraw=False)
    open_, own = dispute["status"] == "open", viewer.member_id == dispute["member_id"]
    leads = viewer.member_id in above.get(dispute["judge_id"], ()) and sight.sees_member(dispute["member_id"])
    return DisputeRights(
        comment=own or viewer.is_admin or sight.sees_member(dispute["member_id"]),
        decide=open_ and not own and (viewer.is_admin or leads),
        withdraw=open_ and own,
    )


async def deciders_of(
    source: Snapshot | Transaction, dispute: Mapping[str, Any] | Record, today: date
) -> Sequence[int]:
    """The members to be asked for a decision: heads, and the admins where there is no such head."""
    member_id, judge_id = dispute["member_id"], dispute["judge_id"]
    above = await heads_above(source, sorted({member_id, judge_id}), today)
    heads = above[judge_id] & above[member_id]
    if heads:
        return sorted(heads)
    return [row["id"] for row in await source.fetch(_ADMINS, member_id)]
