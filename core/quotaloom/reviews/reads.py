"""Forms, cycles and reviews for the graph: flat rows, one statement for any number of them.

What somebody has not handed in yet is his own: of a self score that is not handed in others see nothing, of a manager's
the member sees nothing, nor what is to be agreed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from asyncpg import Record

from quotaloom.organizations.sight import Sight
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom.reviews.filed import filed_reviews as filed_reviews
from quotaloom.reviews.people import admin_may, heads_above, judged_units, waits_for
from quotaloom.reviews.steps import Step

# What nobody has handed in yet is hidden: $2 is the member who asks, None for who is none.
_SCORING: Final = "(review.scored_at IS NULL AND review.member_id IS NOT DISTINCT FROM $2::bigint)"
_DRAFTED: Final = "(review.self_scored_at IS NULL AND review.member_id IS DISTINCT FROM $2::bigint)"

_REVIEW: Final = f"""
SELECT review.id, review.cycle_id, review.form_id, review.period, review.starts_on, review.ends_on, review.member_id,
    review.position_id, review.unit_id, review.step, review.due_on, review.escalated_on, review.self_scored_at,
    CASE WHEN {_DRAFTED} THEN NULL ELSE review.self_comment END AS self_comment,
    CASE WHEN review.scored_at IS NULL THEN NULL ELSE review.reviewer_id END AS reviewer_id,
    CASE WHEN review.scored_at IS NULL THEN NULL ELSE review.reviewer END AS reviewer,
    review.scored_at,
    CASE WHEN {_SCORING} THEN NULL ELSE review.manager_comment END AS manager_comment, review.appeal,
    review.score, review.grade, review.explanation::text AS explanation, review.stamp::text AS stamp, review.filed_at,
    review.version, cycle.form_version_id, made.layout::text AS layout,
    (made.layout #>> '{{steps,appeal,days}}')::int > 0 AS appeals
FROM review
JOIN review_cycle AS cycle ON cycle.company_id = review.company_id AND cycle.id = review.cycle_id
JOIN review_form_version AS made ON made.company_id = cycle.company_id AND made.id = cycle.form_version_id
WHERE review.company_id = $1 AND ($3::bool OR review.member_id = $2 OR review.position_id = ANY ($4::bigint[]))
"""  # noqa: S608 (constants)

_PARTS: Final = f"""
SELECT score.review_id, review.member_id, review.position_id, place.kind <> 'position' AS as_head, review.period,
    review.starts_on, review.ends_on,
    part.id, part.key, part.title, part.kind, part.weight, part.most, part.metric_id, metric.scale,
    CASE WHEN {_DRAFTED} THEN NULL ELSE score.self_score END AS self_score,
    CASE WHEN {_DRAFTED} THEN NULL ELSE score.self_comment END AS self_comment,
    CASE WHEN {_SCORING} THEN NULL ELSE score.manager_score END AS manager_score,
    CASE WHEN {_SCORING} THEN NULL ELSE score.manager_comment END AS manager_comment,
    score.achieved, score.target, score.assessment, score.stretch, score.points
FROM review_score AS score
JOIN review ON review.company_id = score.company_id AND review.id = score.review_id
JOIN org_unit AS place ON place.company_id = review.company_id AND place.id = review.position_id
JOIN review_part AS part ON part.company_id = score.company_id AND part.id = score.part_id
LEFT JOIN metric ON metric.company_id = part.company_id AND metric.id = part.metric_id
WHERE score.company_id = $1 AND score.review_id = ANY ($3::bigint[]) ORDER BY score.review_id, part.ordinal
"""  # noqa: S608 (constants)

_FOLLOW_UPS: Final = f"""
SELECT agreed.id, agreed.review_id, agreed.text, agreed.due_on, agreed.metric_id, agreed.objective_id,
    agreed.action_plan_id, agreed.state, agreed.note, agreed.settled_at, agreed.settled_by, agreed.version
FROM review_follow_up AS agreed
JOIN review ON review.company_id = agreed.company_id AND review.id = agreed.review_id
WHERE agreed.company_id = $1 AND NOT {_SCORING}
"""  # noqa: S608 (constants)

_FORM: Final = """
SELECT form.id, form.key, form.name, form.unit_id, form.grain, form.archived_at IS NOT NULL AS archived, form.version,
    made.id AS form_version_id
FROM review_form AS form
JOIN LATERAL (SELECT id FROM review_form_version AS made WHERE made.company_id = form.company_id
    AND made.form_id = form.id ORDER BY number DESC LIMIT 1) AS made ON true
WHERE form.company_id = $1
"""

_PREVIOUS: Final = """
SELECT DISTINCT ON (review.id) review.id, earlier.id AS previous_id FROM review
JOIN review AS earlier ON earlier.company_id = review.company_id AND earlier.member_id = review.member_id
    AND earlier.form_id = review.form_id AND earlier.ends_on <= review.starts_on AND earlier.step = 'filed'
WHERE review.company_id = $1 AND review.id = ANY ($2::bigint[]) ORDER BY review.id, earlier.ends_on DESC,
    earlier.id DESC
"""


# The first row is always there: it tells how many there are.
_PAGE: Final = """
SELECT * FROM (
    SELECT id, count(*) OVER () AS total, row_number() OVER (ORDER BY ends_on DESC, id) AS ordinal FROM review
    WHERE company_id = $1 AND ($3::bool OR member_id = $2 OR position_id = ANY ($4::bigint[]))
        AND ($5::bigint IS NULL OR cycle_id = $5) AND ($6::bigint IS NULL OR form_id = $6)
        AND ($7::text IS NULL OR period = $7) AND ($8::text IS NULL OR step = $8)
        AND ($9::bigint IS NULL OR member_id = $9) AND ($10::bigint[] IS NULL OR id = ANY ($10))
) AS listed WHERE ordinal = 1 OR (ordinal > $12 AND ordinal <= $12 + $11) ORDER BY ordinal
"""


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which reviews are wanted; None for any. `ids` after all else."""

    cycle_id: int | None = None
    form_id: int | None = None
    period: str | None = None
    step: Step | None = None
    member_id: int | None = None
    ids: Sequence[int] | None = None


def _seen(snapshot: Snapshot, sight: Sight) -> tuple[Any, ...]:
    return snapshot.company_id, sight.member_id, sight.everything, list(judged_units(sight))


async def reviews_by_id(snapshot: Snapshot, ids: Sequence[int], sight: Sight) -> list[Record]:
    """The reviews with these ids that the viewer may see, in no order."""
    return await snapshot.fetch(f"{_REVIEW} AND review.id = ANY ($5::bigint[])", *_seen(snapshot, sight), list(ids))


async def reviews_of_members(snapshot: Snapshot, member_ids: Sequence[int], sight: Sight) -> list[Record]:
    """The reviews of members that the viewer may see, the latest period first; `member_id` says whose."""
    return await snapshot.fetch(
        f"{_REVIEW} AND review.member_id = ANY ($5::bigint[]) ORDER BY review.ends_on DESC, review.id DESC",
        *_seen(snapshot, sight),
        list(member_ids),
    )


async def reviews_page(
    snapshot: Snapshot, sight: Sight, wanted: ReviewFilter, *, limit: int, offset: int
) -> tuple[list[Record], int]:
    """A page of the reviews that the viewer may see, the latest period first, and how many there are in all."""
    found = await snapshot.fetch(
        _PAGE,
        *_seen(snapshot, sight),
        wanted.cycle_id,
        wanted.form_id,
        wanted.period,
        None if wanted.step is None else wanted.step.value,
        wanted.member_id,
        None if wanted.ids is None else list(wanted.ids),
        limit,
        offset,
    )
    ids = [row["id"] for row in found if offset < row["ordinal"] <= offset + limit]
    rows = {row["id"]: row for row in await reviews_by_id(snapshot, ids, sight)} if ids else {}
    return [rows[id_] for id_ in ids], found[0]["total"] if found else 0


async def waiting_for(snapshot: Snapshot, sight: Sight, *, is_admin: bool, today: date) -> list[int]:
    """The numbers of the reviews that wait for the viewer himself: as the member, the manager, or who decides."""
    rows = await snapshot.fetch(
        "SELECT id, step, member_id, reviewer_id, escalated_on FROM review WHERE company_id = $1"
        " AND step IN ('self', 'manager', 'confirmation', 'decision', 'calibration')"
        " AND ($3::bool OR member_id = $2 OR position_id = ANY ($4::bigint[]))",
        *_seen(snapshot, sight),
    )
    headed = [row["id"] for row in rows if row["step"] in (Step.MANAGER, Step.DECISION)]
    heads = await heads_above(snapshot, headed, today)
    return [
        row["id"]
        for row in rows
        if (
            is_admin and (sight.member_id is None or admin_may(row, sight.member_id))
            if (people := waits_for(row, heads.get(row["id"], ()))) is None
            else sight.member_id in people
        )
    ]


async def parts_of_reviews(snapshot: Snapshot, review_ids: Sequence[int], viewer_id: int | None) -> list[Record]:
    """The parts of reviews, in the order of their forms, with what the viewer may see of the scores."""
    return await snapshot.fetch(_PARTS, snapshot.company_id, viewer_id, list(review_ids))


async def follow_ups_of(snapshot: Snapshot, review_ids: Sequence[int], viewer_id: int | None) -> list[Record]:
    """What was agreed on in reviews, in their order."""
    return await snapshot.fetch(
        f"{_FOLLOW_UPS} AND agreed.review_id = ANY ($3::bigint[]) ORDER BY agreed.review_id, agreed.ordinal",
        snapshot.company_id,
        viewer_id,
        list(review_ids),
    )


async def follow_ups_of_plans(snapshot: Snapshot, action_plan_ids: Sequence[int], sight: Sight) -> list[Record]:
    """What is done in action plans of what was agreed on, of reviews that the viewer may see."""
    return await snapshot.fetch(
        f"{_FOLLOW_UPS} AND ($3::bool OR review.member_id = $2 OR review.position_id = ANY ($4::bigint[]))"
        " AND agreed.action_plan_id = ANY ($5::bigint[]) ORDER BY agreed.action_plan_id, agreed.id",
        *_seen(snapshot, sight),
        list(action_plan_ids),
    )


async def action_plans_of(snapshot: Snapshot, review_ids: Sequence[int]) -> list[Record]:
    """The action plans of each review's member with days in its period, by their days: `review_id` and `id`."""
    return await snapshot.fetch(
        "SELECT review.id AS review_id, plan.id FROM review JOIN action_plan AS plan"
        " ON plan.company_id = review.company_id AND plan.member_id = review.member_id"
        " AND plan.starts_on < review.ends_on AND plan.ends_on > review.starts_on"
        " WHERE review.company_id = $1 AND review.id = ANY ($2::bigint[])"
        " ORDER BY review.id, plan.starts_on, plan.ends_on DESC, plan.id",
        snapshot.company_id,
        list(review_ids),
    )


async def steps_of(snapshot: Snapshot, review_ids: Sequence[int]) -> list[Record]:
    """What happened to reviews, the earliest first; `before` and `after` as JSON text."""
    return await snapshot.fetch(
        "SELECT id, review_id, at, actor, member_id, action, from_step, to_step, before::text AS before,"
        " after::text AS after, reason FROM review_step WHERE company_id = $1 AND review_id = ANY ($2::bigint[])"
        " ORDER BY review_id, id",
        snapshot.company_id,
        list(review_ids),
    )


async def previous_reviews(snapshot: Snapshot, review_ids: Sequence[int]) -> dict[int, int]:
    """The filed review of the same member and form that came before each, by number."""
    rows = await snapshot.fetch(_PREVIOUS, snapshot.company_id, list(review_ids))
    return {row["id"]: row["previous_id"] for row in rows}


async def all_forms(snapshot: Snapshot) -> list[Record]:
    """Every form in its latest version, in the order in which they were made."""
    return await snapshot.fetch(f"{_FORM} ORDER BY form.id", snapshot.company_id)


async def forms_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """The forms with these ids in their latest version, in no order."""
    return await snapshot.fetch(f"{_FORM} AND form.id = ANY ($2::bigint[])", snapshot.company_id, list(ids))


async def versions_by_id(snapshot: Snapshot, ids: Sequence[int]) -> list[Record]:
    """The versions of forms with these ids; `layout` as JSON text."""
    return await snapshot.fetch(
        "SELECT id, form_id, number, layout::text AS layout, reason, made_at, made_by FROM review_form_version"
        " WHERE company_id = $1 AND id = ANY ($2::bigint[])",
        snapshot.company_id,
        list(ids),
    )


async def versions_of_forms(snapshot: Snapshot, form_ids: Sequence[int]) -> list[Record]:
    """All versions of forms, the latest first."""
    return await snapshot.fetch(
        "SELECT id, form_id, number, layout::text AS layout, reason, made_at, made_by FROM review_form_version"
        " WHERE company_id = $1 AND form_id = ANY ($2::bigint[]) ORDER BY form_id, number DESC",
        snapshot.company_id,
        list(form_ids),
    )


async def parts_of_versions(snapshot: Snapshot, version_ids: Sequence[int]) -> list[Record]:
    """The parts of versions of forms, in their order."""
    return await snapshot.fetch(
        "SELECT id, form_version_id, key, title, kind, weight, most, metric_id FROM review_part WHERE company_id = $1"
        " AND form_version_id = ANY ($2::bigint[]) ORDER BY form_version_id, ordinal",
        snapshot.company_id,
        list(version_ids),
    )


async def cycles_by_id(snapshot: Snapshot, ids: Sequence[int] | None = None) -> list[Record]:
    """The cycles with these ids, or all, the latest period first."""
    return await snapshot.fetch(
        "SELECT id, form_id, form_version_id, unit_id, period, starts_on, ends_on, opened_on, opened_at, opened_by"
        " FROM review_cycle WHERE company_id = $1 AND ($2::bigint[] IS NULL OR id = ANY ($2))"
        " ORDER BY ends_on DESC, id DESC",
        snapshot.company_id,
        None if ids is None else list(ids),
    )


async def progress_of(snapshot: Snapshot, cycle_ids: Sequence[int], sight: Sight, today: date) -> list[Record]:
    """How many reviews of each cycle are at which step, of those that the viewer may see, and how many are late."""
    return await snapshot.fetch(
        "SELECT cycle_id, step, count(*) AS number, count(*) FILTER (WHERE due_on < $6) AS overdue FROM review"
        " WHERE company_id = $1 AND ($3::bool OR member_id = $2 OR position_id = ANY ($4::bigint[]))"
        " AND cycle_id = ANY ($5::bigint[]) GROUP BY cycle_id, step",
        *_seen(snapshot, sight),
        list(cycle_ids),
        today,
    )
