"""What the company's scorer is told of a review, and what it makes of it: figures of the moment of asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import orjson

from quotaloom.attributes.definitions import Subject
from quotaloom.attributes.reads import attributes_of
from quotaloom.calendars.company_calendar import CompanyCalendar, load_calendar
from quotaloom.calendars.periods import Period
from quotaloom.metrics.reads import metrics_by_id
from quotaloom.platform.amounts import half_up
from quotaloom.platform.errors import Conflict
from quotaloom.platform.unit_of_work import Record, Snapshot, Transaction
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.policies.scoring import ask_scorer
from quotaloom.policies.selected import SelectedPolicy
from quotaloom.policies.settings import still_selected
from quotaloom.reviews.choosing import select_scorer
from quotaloom.reviews.forms import PLACES, PartKind
from quotaloom.reviews.grading import grade_of
from quotaloom.reviews.measuring import measured, measured_lines
from quotaloom.reviews.stored import HeldReview
from quotaloom_sdk import (
    NO_ATTRIBUTES,
    Explanation,
    LineFact,
    MemberFact,
    Need,
    Parameters,
    PeriodFact,
    ReviewPart,
    ReviewRequest,
    ReviewResult,
)
from quotaloom_sdk.exactness import Share

MOST_EARLIER: Final = 24
"""How many earlier reviews a scorer is told of."""

_POSITIONS: Final = """
SELECT DISTINCT position_id FROM holding WHERE company_id = $1 AND member_id = $2
    AND daterange(valid_from, valid_to) && daterange($3, $4) ORDER BY position_id
"""

_EARLIER: Final = """
SELECT score FROM review WHERE company_id = $1 AND member_id = $2 AND form_id = $3 AND step = 'filed' AND ends_on <= $4
ORDER BY ends_on DESC, id DESC LIMIT $5
"""

_SCORED: Final = """
UPDATE review SET score = $3, grade = $4, explanation = $5::text::jsonb, stamp = $6::text::jsonb
WHERE company_id = $1 AND id = $2
"""

_POINTS: Final = """
UPDATE review_score SET points = told.points, achieved = told.achieved, target = told.target,
    assessment = told.assessment, stretch = told.stretch
FROM unnest($3::bigint[], $4::numeric[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[])
    AS told (part_id, points, achieved, target, assessment, stretch)
WHERE review_score.company_id = $1 AND review_score.review_id = $2 AND review_score.part_id = told.part_id
"""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a scorer made of a review, rounded for show, and what it was told and asked by."""

    score: Decimal
    grade: str | None
    points: Mapping[int, Decimal]
    lines: Mapping[int, LineFact]
    explanation: Explanation
    selected: SelectedPolicy
    on: date


def period_of(row: Record | Mapping[str, Any]) -> Period:
    """The period of a review or cycle: the days that it had when it was opened."""
    return Period(row["period"], None, row["starts_on"], row["ends_on"])


@dataclass(frozen=True, slots=True)
class Question:
    """What a scorer is asked about a review, everything read."""

    held: HeldReview
    part_ids: Sequence[int]
    lines: Mapping[int, LineFact]
    request: ReviewRequest[Any]
    selected: SelectedPolicy
    on: date


async def read_question(
    snapshot: Snapshot, work: Work, host: PolicyHost, held: HeldReview, parts: Sequence[Mapping[str, Any]]
) -> Question:
    """What the form's scorer is to be asked, or the company's that was chosen when the cycle was opened.

    `parts` have what was given. Raises `InputError` POLICY_OFF, POLICY_UNAVAILABLE.
    """
    opened_on = held.row["opened_on"]
    selected, on = await select_scorer(
        snapshot, host.registry, held.layout, opened_on, work.today, ("id",), held.row["scorer"]
    )
    calendar = await load_calendar(snapshot, work.company)
    lines = await _lines(snapshot, calendar, held, parts)
    request = await _request(snapshot, calendar, held, parts, lines, selected.policy.needs)
    return Question(held, [part["id"] for part in parts], lines, request, selected, on)


async def ask(host: PolicyHost, question: Question) -> Scored:
    """The scorer's answer, outside any transaction. Raises `PolicyFailed`."""
    company_id = question.held.row["company_id"]
    outcome = await ask_scorer(host, question.selected, question.request, company_id=company_id)
    result = outcome.result
    score = _rounded(result.score)
    return Scored(
        score=score,
        grade=grade_of(score, question.held.layout.grades),
        points={id_: _rounded(one.score) for id_, one in zip(question.part_ids, result.parts, strict=True)},
        lines=question.lines,
        explanation=_explained(result),
        selected=question.selected,
        on=question.on,
    )


async def _lines(
    snapshot: Snapshot, calendar: CompanyCalendar, held: HeldReview, parts: Sequence[Mapping[str, Any]]
) -> dict[int, LineFact]:
    """The line of each quantitative part, by the part's id."""
    wanted = {part["id"]: part["metric_id"] for part in parts if part["kind"] == PartKind.QUANTITATIVE}
    whom, period = measured(held.row), period_of(held.row)
    found = {}
    for metric in await metrics_by_id(snapshot, sorted(set(wanted.values()))):
        found[metric["id"]] = (await measured_lines(snapshot, calendar, metric, [whom], period))[whom]
    return {part_id: found[metric_id] for part_id, metric_id in wanted.items()}


async def _request(
    snapshot: Snapshot,
    calendar: CompanyCalendar,
    held: HeldReview,
    parts: Sequence[Mapping[str, Any]],
    lines: Mapping[int, LineFact],
    needs: frozenset[Need],
) -> ReviewRequest[Any]:
    row, company_id = held.row, snapshot.company_id
    member, starts_on, ends_on = row["member_id"], row["starts_on"], row["ends_on"]
    positions = await snapshot.fetch(_POSITIONS, company_id, member, starts_on, ends_on)
    earlier = []
    if Need.HISTORY in needs:
        earlier = await snapshot.fetch(_EARLIER, company_id, member, row["form_id"], starts_on, MOST_EARLIER)
    noted = await attributes_of(snapshot, Subject.MEMBER, [member]) if Need.ATTRIBUTES in needs else {}
    lower = await _lower_is_better(snapshot, parts)
    workdays = calendar.working.count(starts_on, ends_on) if Need.CALENDAR in needs else None
    return ReviewRequest(
        member=MemberFact(
            str(member),
            row["member_name"],
            tuple(str(one["position_id"]) for one in positions),
            noted.get(member, NO_ATTRIBUTES),
        ),
        period=PeriodFact(row["period"], starts_on, ends_on, workdays),
        form_key=row["form_key"],
        parts=tuple(_fact(part, lines.get(part["id"]), lower, row["self_scored_at"] is not None) for part in parts),
        most=held.layout.most,
        parameters=Parameters(),
        earlier=tuple(one["score"] for one in earlier),
    )


async def _lower_is_better(snapshot: Snapshot, parts: Sequence[Mapping[str, Any]]) -> frozenset[int]:
    ids = [part["metric_id"] for part in parts if part["metric_id"] is not None]
    return frozenset(row["id"] for row in await metrics_by_id(snapshot, ids) if row["lower_is_better"])


def _fact(
    part: Mapping[str, Any], line: LineFact | None, lower_is_better: frozenset[int], handed_in: bool
) -> ReviewPart:
    """A part as the scorer is told of it; a self score that was not handed in is none."""
    return ReviewPart(
        key=part["key"],
        title=part["title"],
        kind=part["kind"],
        weight=part["weight"],
        most=part["most"],
        self_score=part["self_score"] if handed_in else None,
        manager_score=part["manager_score"],
        line=line,
        lower_is_better=part["metric_id"] in lower_is_better,
    )


def _rounded(score: Share) -> Decimal:
    """A score with two decimal places, half up."""
    return Decimal(half_up(Fraction(score) * 10**PLACES)).scaleb(-PLACES)


def _explained(result: ReviewResult) -> Explanation:
    """The scorer's explanation of the whole; where it has no items, those of the parts are its items."""
    if result.explanation.items:
        return result.explanation
    return replace(result.explanation, items=tuple(part.explanation for part in result.parts))


async def store_scored(transaction: Transaction, held: HeldReview, scored: Scored) -> None:
    """Store what the scorer answered.

    Raises `Conflict` POLICY_CHANGED where another setting of it counts by now.
    """
    if not await still_selected(transaction, scored.selected, scored.on, scored.selected.policy.key):
        message = "the company's review scorer was set otherwise meanwhile; please send this again"
        raise Conflict("POLICY_CHANGED", message, ("id",))
    await transaction.execute(
        _SCORED,
        transaction.company_id,
        held.id,
        scored.score,
        scored.grade,
        orjson.dumps(scored.explanation.to_json()).decode(),
        orjson.dumps(scored.selected.stamp().to_json()).decode(),
    )
    ids = list(scored.points)
    lines = [scored.lines.get(part_id) for part_id in ids]
    await transaction.execute(
        _POINTS,
        transaction.company_id,
        held.id,
        ids,
        [scored.points[part_id] for part_id in ids],
        *([None if line is None else getattr(line, name) for line in lines] for name in _FIGURES),
    )


_FIGURES: Final = ("achieved", "target", "assessment", "stretch")
