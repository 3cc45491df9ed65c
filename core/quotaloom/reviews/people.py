"""Whose turn it is at a review: by today's tree and today's heads, as everywhere.

The manager of a member is whoever heads the nearest unit above the position that he is reviewed for, or above the unit
that he is reviewed as the head of, himself left out: nobody scores himself as his manager. Where nobody heads a unit
above, admins stand in.
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
from quotaloom.reviews.steps import ENDED, Step

Heads = tuple[int, ...]
"""Members who head the units above what a review is for, the nearest first, each once."""

_HEADS = """
SELECT review.id, head.member_id FROM review
JOIN unit_path AS path ON path.company_id = review.company_id AND path.unit_id = review.position_id AND path.depth > 0
    AND path.valid_from <= $3 AND $3 < path.valid_to
JOIN headship AS head ON head.company_id = path.company_id AND head.unit_id = path.ancestor_id
    AND daterange(head.valid_from, head.valid_to) @> $3::date
WHERE review.company_id = $1 AND review.id = ANY ($2::bigint[]) AND head.member_id <> review.member_id
ORDER BY review.id, path.depth
"""


@dataclass(frozen=True, slots=True)
class Rights:
    """What a viewer may do with a review as it stands."""

    score_self: bool = False
    score: bool = False
    confirm: bool = False
    appeal: bool = False
    decide: bool = False
    calibrate: bool = False
    cancel: bool = False
    settle: bool = False
    plan_follow_ups: bool = False


NONE = Rights()


async def heads_above(source: Snapshot | Transaction, review_ids: Sequence[int], today: date) -> dict[int, Heads]:
    """The heads above each review's position or headed unit on a day, its member left out; one statement."""
    found: dict[int, list[int]] = defaultdict(list)
    for row in await source.fetch(_HEADS, source.company_id, list(review_ids), today):
        if row["member_id"] not in found[row["id"]]:
            found[row["id"]].append(row["member_id"])
    return {review_id: tuple(found.get(review_id, ())) for review_id in review_ids}


def scorers(review: Mapping[str, Any] | Record, heads: Heads) -> Heads:
    """The heads who may score: the nearest; all of them once the manager's time has passed."""
    return heads if review["escalated_on"] is not None else heads[:1]


def deciders(review: Mapping[str, Any] | Record, heads: Heads) -> Heads:
    """The heads who decide on an appeal: those above whoever scored, or above the manager where an admin did."""
    above = heads.index(review["reviewer_id"]) if review["reviewer_id"] in heads else 0
    return heads[above + 1 :]


def waits_for(review: Mapping[str, Any] | Record, heads: Heads) -> Heads | None:
    """The members whose turn it is; None for admins, nobody where it has ended. An appeal is a right and no turn."""
    step = Step(review["step"])
    if step in (Step.SELF, Step.CONFIRMATION):
        return (review["member_id"],)
    if step is Step.MANAGER:
        return scorers(review, heads) or None
    if step is Step.DECISION:
        return deciders(review, heads) or None
    return None if step is Step.CALIBRATION else ()


def admin_may(review: Mapping[str, Any] | Record, admin_id: int) -> bool:
    """Whether that admin may do what waits for admins: nobody judges himself, or decides on scores that he gave."""
    deciding = review["step"] == Step.DECISION and review["reviewer_id"] == admin_id
    return bool(review["member_id"] != admin_id) and not deciding


def rights_on(review: Mapping[str, Any] | Record, heads: Heads, viewer: Viewer) -> Rights:
    """What the viewer may do with the review now; only people judge people, so a service may nothing.

    `appeals` of the review says whether its form knows appeals.
    """
    if viewer.role not in (Role.ADMIN, Role.MEMBER):
        return NONE
    step = Step(review["step"])
    if viewer.member_id is not None and viewer.member_id == review["member_id"]:
        confirming = step is Step.CONFIRMATION
        appealing = review["appeals"] and (confirming or step is Step.APPEAL)
        told = review["scored_at"] is not None
        return Rights(score_self=step is Step.SELF, confirm=confirming, appeal=appealing, plan_follow_ups=told)
    admin, own_score = viewer.is_admin, scored_by(viewer, review)
    # What is still a draft of the manager's is nothing that was agreed on.
    agreed = review["scored_at"] is not None and (admin or viewer.member_id in heads)
    return Rights(
        score=step is Step.MANAGER and (admin or viewer.member_id in scorers(review, heads)),
        decide=step is Step.DECISION and not own_score and (admin or viewer.member_id in deciders(review, heads)),
        calibrate=step is Step.CALIBRATION and admin,
        cancel=step not in ENDED and admin,
        settle=agreed,
        plan_follow_ups=agreed,
    )


def scored_by(viewer: Viewer, review: Mapping[str, Any] | Record) -> bool:
    """Whether the viewer himself gave the manager's scores."""
    if viewer.member_id is not None:
        return bool(review["reviewer_id"] == viewer.member_id)
    return review["reviewer_id"] is None and review["reviewer"] == viewer.subject


def judged_units(sight: Sight) -> frozenset[int]:
    """The positions and headed units whose reviews a head may see: all that he leads from above.

    Whoever heads a unit after somebody else does not see how that one was judged, but for who sees everything.
    """
    return sight.led_unit_ids - sight.top_unit_ids


def sees(sight: Sight, review: Mapping[str, Any] | Record) -> bool:
    """Whether a viewer may see the review: admins all, heads those of what they lead from above, a member his own."""
    return (
        sight.everything
        or review["position_id"] in judged_units(sight)
        or (sight.member_id is not None and review["member_id"] == sight.member_id)
    )
