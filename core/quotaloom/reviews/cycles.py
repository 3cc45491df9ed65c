"""Opening the reviews of a period, and filing them together where grades are limited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final

import orjson
from asyncpg import Record

from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.calendars.periods import ONE_DAY, Period
from quotaloom.platform.access import Scope
from quotaloom.platform.errors import Conflict, InputError, NotFound
from quotaloom.platform.unit_of_work import Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.registry import PolicyRegistry
from quotaloom.reviews.choosing import select_scorer
from quotaloom.reviews.forms import Layout, Peers, layout_of
from quotaloom.reviews.grading import Graded, beyond
from quotaloom.reviews.steps import Step, due_on, first_step
from quotaloom.reviews.stored import Move, hold_reviews, move, record_steps
from quotaloom.reviews.telling import tell

# Whoever held a position of the subtree on the last day of the period, and belongs to the company today. Who held
# several has one review, for the first of them.
_SEATS: Final = """
SELECT DISTINCT ON (holding.member_id) holding.member_id, holding.position_id, team.ancestor_id AS unit_id
FROM unit_path AS path
JOIN holding ON holding.company_id = path.company_id AND holding.position_id = path.unit_id
    AND daterange(holding.valid_from, holding.valid_to) @> $3::date
JOIN member ON member.company_id = holding.company_id AND member.id = holding.member_id
    AND (member.left_on IS NULL OR member.left_on > $4)
JOIN unit_path AS team ON team.company_id = path.company_id AND team.unit_id = holding.position_id AND team.depth = 1
    AND team.valid_from <= $3 AND $3 < team.valid_to
WHERE path.company_id = $1 AND path.ancestor_id = $2 AND path.valid_from <= $3 AND $3 < path.valid_to
    AND NOT EXISTS (SELECT FROM review WHERE review.company_id = $1 AND review.form_id = $5 AND review.period = $6
        AND review.member_id = holding.member_id)
ORDER BY holding.member_id, holding.position_id
"""

# Whoever headed a unit of the subtree on that day and held no position, for the highest, then the first in tree order:
# a unit's place among its siblings is text that sorts by ordinal, name and id. Peers are those under the unit above;
# nothing lies above the company itself.
_LEADERS: Final = """
SELECT DISTINCT ON (headship.member_id) headship.member_id, headship.unit_id AS position_id,
    coalesce(above.ancestor_id, headship.unit_id) AS unit_id
FROM unit_path AS path
JOIN headship ON headship.company_id = path.company_id AND headship.unit_id = path.unit_id
    AND daterange(headship.valid_from, headship.valid_to) @> $3::date
JOIN member ON member.company_id = headship.company_id AND member.id = headship.member_id
    AND (member.left_on IS NULL OR member.left_on > $4)
LEFT JOIN unit_path AS above ON above.company_id = path.company_id AND above.unit_id = path.unit_id AND above.depth = 1
    AND above.valid_from <= $3 AND $3 < above.valid_to
WHERE path.company_id = $1 AND path.ancestor_id = $2 AND path.valid_from <= $3 AND $3 < path.valid_to
    AND NOT EXISTS (SELECT FROM holding WHERE holding.company_id = $1 AND holding.member_id = headship.member_id
        AND daterange(holding.valid_from, holding.valid_to) @> $3::date)
    AND NOT EXISTS (SELECT FROM review WHERE review.company_id = $1 AND review.form_id = $5 AND review.period = $6
        AND review.member_id = headship.member_id)
ORDER BY headship.member_id, path.depth, (
    SELECT array_agg(lpad((placement.ordinal + 2147483648)::text, 10, '0') || unit.name || E'\\x01'
        || lpad(unit.id::text, 19, '0') ORDER BY up.depth DESC)
    FROM unit_path AS up
    JOIN placement ON placement.company_id = up.company_id AND placement.unit_id = up.ancestor_id
        AND daterange(placement.valid_from, placement.valid_to) @> $3::date
    JOIN org_unit AS unit ON unit.company_id = up.company_id AND unit.id = up.ancestor_id
    WHERE up.company_id = $1 AND up.unit_id = headship.unit_id AND up.valid_from <= $3 AND $3 < up.valid_to
) COLLATE "C"
"""

_OPENED: Final = """
INSERT INTO review (company_id, cycle_id, form_id, period, starts_on, ends_on, step, due_on, version, member_id,
    position_id, unit_id)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, 1, seat.* FROM unnest($9::bigint[], $10::bigint[], $11::bigint[]) AS seat
RETURNING id
"""

_SCORES: Final = """
INSERT INTO review_score (company_id, review_id, part_id)
SELECT $1, review.id, part.id FROM unnest($2::bigint[]) AS review (id)
CROSS JOIN review_part AS part WHERE part.company_id = $1 AND part.form_version_id = $3
"""


async def open_cycle(
    work: Work, registry: PolicyRegistry, form_id: int, period: str, unit_id: int | None = None
) -> int:
    """Open the reviews of a period that is over, for all that the form is for or for a unit's subtree; the cycle's id.

    One review for each member who held a position there on the period's last day, or, holding none at all, headed a
    unit there: he is reviewed as its head. Opening the same cycle again adds who has none yet, on the version of the
    form that the cycle began with. Raises `NotFound`, `InputError` ARCHIVED,
    BAD_PERIOD, OTHER_GRAIN, PERIOD_RUNNING, OUTSIDE_FORM for a unit that the form is not for, NOBODY where a new cycle
    is empty, POLICY_OFF and POLICY_UNAVAILABLE where no scorer could be asked.
    """
    work.viewer.require(Scope.SETTINGS, "opening reviews")

    async def apply(transaction: Transaction) -> int:
        await transaction.lock("review cycles")
        form = await _form(transaction, form_id)
        chosen = _period(work, form, period)
        top = await _unit(transaction, form, unit_id, chosen.ends_on - ONE_DAY)
        cycle = await _cycle(transaction, work, registry, form, chosen, top)
        layout = layout_of(orjson.loads(cycle["layout"]))
        opened = await _open(transaction, work, cycle, layout)
        if not opened and cycle["fresh"]:
            day = chosen.ends_on - ONE_DAY
            message = f"nobody held a position or headed a unit there on {day} who has no such review yet"
            raise InputError("NOBODY", message, ("orgUnitId",) if unit_id is not None else ("period",))
        after = {"form": form_id, "period": chosen.label, "unit": top, "reviews": len(opened)}
        transaction.record("review_cycle.open", "ReviewCycle", cycle["id"], after=after)
        for review_id in opened:
            transaction.record("review.open", "Review", review_id, after={"cycle": cycle["id"]})
        transaction.publish("review_cycle.opened", id=cycle["id"], form=form_id, period=chosen.label)
        await tell(transaction, opened, work.today)
        return int(cycle["id"])

    return await work.write(apply)


async def _form(transaction: Transaction, form_id: int) -> Record:
    row = await transaction.fetch_one(
        "SELECT form.id, form.name, form.grain, form.unit_id, form.archived_at, made.id AS version_id, made.layout"
        " FROM review_form AS form JOIN review_form_version AS made ON made.company_id = form.company_id"
        " AND made.form_id = form.id WHERE form.company_id = $1 AND form.id = $2 ORDER BY made.number DESC LIMIT 1",
        transaction.company_id,
        form_id,
    )
    if row is None:
        raise NotFound("NOT_FOUND", "there is no such review form", ("formId",))
    if row["archived_at"] is not None:
        raise InputError("ARCHIVED", f"{row['name']} is archived; restore it first", ("formId",))
    return row


def _period(work: Work, form: Record, label: str) -> Period:
    try:
        period = fiscal_calendar(work.company).period(label)
    except InputError as error:
        raise error.at("period") from None
    if period.grain != form["grain"]:
        message = f"{form['name']} reviews a {form['grain']}; {label} is a {period.grain or 'range'}"
        raise InputError("OTHER_GRAIN", message, ("period",))
    if period.ends_on > work.today:
        message = f"{label} runs until {period.ends_on - ONE_DAY}; a review judges a period that is over"
        raise InputError("PERIOD_RUNNING", message, ("period",))
    return period


async def _unit(transaction: Transaction, form: Record, unit_id: int | None, day: date) -> int:
    """The unit whose subtree is reviewed: the one named, if the form is for it, else all that the form is for."""
    if unit_id is None and form["unit_id"] is not None:
        return int(form["unit_id"])
    row = await transaction.fetch_one(
        "SELECT unit.id, $3::bigint IS NULL OR EXISTS (SELECT FROM unit_path AS path"
        " WHERE path.company_id = unit.company_id AND path.unit_id = unit.id AND path.ancestor_id = $3"
        " AND path.valid_from <= $4 AND $4 < path.valid_to) AS inside"
        " FROM org_unit AS unit WHERE unit.company_id = $1"
        " AND CASE WHEN $2::bigint IS NULL THEN unit.kind = 'company' ELSE unit.id = $2 END",
        transaction.company_id,
        unit_id,
        form["unit_id"],
        day,
    )
    if row is None:
        raise NotFound("NOT_FOUND", "there is no such unit that you can see", ("orgUnitId",))
    if not row["inside"]:
        raise InputError("OUTSIDE_FORM", f"{form['name']} is not for this unit", ("orgUnitId",))
    return int(row["id"])


async def _cycle(
    transaction: Transaction, work: Work, registry: PolicyRegistry, form: Record, period: Period, unit_id: int
) -> Mapping[str, Any]:
    """The cycle, with its form's `layout`: the one that is open, or a `fresh` one with the scorer of today."""
    path = ("formId",)
    row = await transaction.fetch_one(
        "SELECT cycle.*, made.layout FROM review_cycle AS cycle JOIN review_form_version AS made"
        " ON made.company_id = cycle.company_id AND made.id = cycle.form_version_id"
        " WHERE cycle.company_id = $1 AND cycle.form_id = $2 AND cycle.period = $3 AND cycle.unit_id = $4",
        transaction.company_id,
        form["id"],
        period.label,
        unit_id,
    )
    if row is not None:
        layout = layout_of(orjson.loads(row["layout"]))
        await select_scorer(transaction, registry, layout, row["opened_on"], work.today, path, row["scorer"])
        return {**row, "fresh": False}
    layout = layout_of(orjson.loads(form["layout"]))
    scorer, _ = await select_scorer(transaction, registry, layout, work.today, work.today, path)
    row = await transaction.fetch_one(
        "INSERT INTO review_cycle (company_id, form_id, form_version_id, unit_id, period, starts_on, ends_on,"
        " scorer, opened_on, opened_at, opened_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *",
        transaction.company_id,
        form["id"],
        form["version_id"],
        unit_id,
        period.label,
        period.starts_on,
        period.ends_on,
        scorer.policy.key,
        work.today,
        transaction.now,
        transaction.writer.subject,
    )
    assert row is not None
    return {**row, "layout": form["layout"], "fresh": True}


async def _open(transaction: Transaction, work: Work, cycle: Mapping[str, Any], layout: Layout) -> list[int]:
    """Open a review for whoever has none; their numbers."""
    last_day = cycle["ends_on"] - ONE_DAY
    asked = (transaction.company_id, cycle["unit_id"], last_day, work.today, cycle["form_id"], cycle["period"])
    seats = [*await transaction.fetch(_SEATS, *asked), *await transaction.fetch(_LEADERS, *asked)]
    step = first_step(layout.rules)
    rows = await transaction.fetch(
        _OPENED,
        transaction.company_id,
        cycle["id"],
        cycle["form_id"],
        cycle["period"],
        cycle["starts_on"],
        cycle["ends_on"],
        step.value,
        due_on(step, layout.rules, work.today),
        [seat["member_id"] for seat in seats],
        [seat["position_id"] for seat in seats],
        [seat["unit_id"] for seat in seats],
    )
    ids = [row["id"] for row in rows]
    if ids:
        await transaction.execute(_SCORES, transaction.company_id, ids, cycle["form_version_id"])
        await record_steps(transaction, [(id_, "opened", None, step.value, None, None, None) for id_ in ids])
    return ids


def groups(reviews: Sequence[Mapping[str, Any] | Record], layout: Layout) -> dict[int, list[Graded]]:
    """Scored reviews as groups of peers, by unit, or all together as 0; by score, equal ones by member."""
    found: dict[int, list[Graded]] = defaultdict(list)
    for one in sorted(reviews, key=lambda one: (-one["score"], one["member_id"])):
        group = one["unit_id"] if layout.peers is Peers.UNIT else 0
        found[group].append(Graded(one["id"], one["score"], one["grade"]))
    return dict(found)


async def file_cycle(work: Work, cycle_id: int) -> None:
    """File all reviews of a cycle together, once none is under way and no group gets more of a grade than it may.

    Admins do it. Raises `NotFound`, `Conflict` UNDER_WAY, `InputError` TOO_MANY, NOTHING_TO_FILE.
    """
    work.viewer.require(Scope.SETTINGS, "filing the reviews of a cycle")

    async def apply(transaction: Transaction) -> None:
        rows = await _hold_cycle(transaction, cycle_id)
        if not any(row["step"] == Step.CALIBRATION for row in rows):
            raise InputError("NOTHING_TO_FILE", "no review of this cycle waits to be filed", ("id",))
        under_way = sum(row["step"] not in (Step.CALIBRATION, Step.FILED) for row in rows)
        if under_way:
            message = f"{under_way} reviews of this cycle are under way; grades are limited among all of a group"
            raise Conflict("UNDER_WAY", message, ("id",))
        layout = layout_of(orjson.loads(rows[0]["layout"]))
        waiting = [row for row in rows if row["step"] == Step.CALIBRATION]
        for group in groups(rows, layout).values():
            _refuse_too_many(group, layout, {row["id"] for row in waiting})
        after = [{"score": str(row["score"]), "grade": row["grade"]} for row in waiting]
        moves = [Move(row, layout, "filed", Step.FILED, after=told) for row, told in zip(waiting, after, strict=True)]
        await move(transaction, work, moves)
        transaction.record("review_cycle.file", "ReviewCycle", cycle_id, after={"reviews": len(moves)})
        transaction.publish("review_cycle.filed", id=cycle_id)

    await work.write(apply)


async def _hold_cycle(transaction: Transaction, cycle_id: int) -> list[Record]:
    """The reviews of a cycle that were not cancelled, locked."""
    found = await transaction.fetch(
        "SELECT review.id FROM review_cycle AS cycle LEFT JOIN review ON review.company_id = cycle.company_id"
        " AND review.cycle_id = cycle.id AND review.step <> 'cancelled' WHERE cycle.company_id = $1 AND cycle.id = $2",
        transaction.company_id,
        cycle_id,
    )
    if not found:
        raise NotFound("NOT_FOUND", "there is no such review cycle", ("id",))
    ids = [row["id"] for row in found if row["id"] is not None]
    return [row for row in await hold_reviews(transaction, ids) if row["step"] != Step.CANCELLED]


def _refuse_too_many(group: Sequence[Graded], layout: Layout, waiting: Collection[int]) -> None:
    """Refuse to file more of a grade than may have it; `waiting` are those whose grades can still be changed.

    Among more peers a grade may have fewer places than among those who were filed before: that keeps nobody back who
    has a lower one.
    """
    place = {grade.name: number for number, grade in enumerate(layout.grades)}
    best = min((place[one.grade] for one in group if one.id in waiting), default=len(place))
    found = [one for one in beyond(group, layout.grades) if place[one.grade] >= best]
    if found:
        names = ", ".join(f"{one.grade} or better: {one.taken} where {one.most} may" for one in found)
        message = f"more have a grade than may among {len(group)} peers ({names}); calibrate some of them first"
        raise InputError("TOO_MANY", message, ("id",))


async def reviews_to_calibrate(snapshot: Snapshot, cycle_ids: Sequence[int]) -> list[Record]:
    """The scored reviews of cycles that wait for calibration or are filed, with their form's `layout`."""
    return await snapshot.fetch(
        "SELECT review.id, review.cycle_id, review.unit_id, review.member_id, review.score, review.grade, made.layout"
        " FROM review JOIN review_cycle AS cycle ON cycle.company_id = review.company_id AND cycle.id = review.cycle_id"
        " JOIN review_form_version AS made ON made.company_id = cycle.company_id AND made.id = cycle.form_version_id"
        " WHERE review.company_id = $1 AND review.cycle_id = ANY ($2::bigint[])"
        " AND review.step IN ('calibration', 'filed') ORDER BY review.cycle_id, review.id",
        snapshot.company_id,
        list(cycle_ids),
    )
