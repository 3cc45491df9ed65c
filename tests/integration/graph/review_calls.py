"""Calls of the mutations of reviews: those that are not refused, and those that are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.integration.graph.asking import gid
from tests.integration.graph.worlds import NOTHING, World

LONG: Final = "x" * 3000
STALE: Final[dict[str, Any]] = {"expectedVersion": 99}
PART: Final[dict[str, Any]] = {"key": "team", "title": "Teamwork", "weight": "1", "most": "10"}
SCORES: Final[list[dict[str, Any]]] = [{"part": "team", "score": "8", "comment": "She helps"}]

VALID_REVIEWS: Final[Mapping[str, Callable[[World], dict[str, Any]]]] = {
    "createReviewForm": lambda w: {"key": "yearly", "name": "Yearly", "grain": "YEAR", "parts": [PART]},
    "reviseReviewForm": lambda w: {"id": w["review form"], "name": "Each month", "parts": [PART], "reason": "Simpler"},
    "openReviewCycle": lambda w: {"formId": w["review form"], "period": "2026-04", "orgUnitId": w.unit("east")},
    "scoreOwnReview": lambda w: {"id": w["ann review"], "scores": SCORES},
    "scoreReview": lambda w: {"id": w["bob review"], "scores": SCORES, "followUps": [{"text": "Call more"}]},
    "confirmReview": lambda w: {"id": w["eve review"]},
    "appealReview": lambda w: {"id": w["cem review"], "reason": "I did more"},
    "decideReviewAppeal": lambda w: {"id": w["ann ranked"], "granted": True, "reason": "So it is", "scores": SCORES},
    "calibrateReview": lambda w: {"id": w["bob ranked"], "grade": "B", "reason": "Among his peers"},
    "cancelReview": lambda w: {"id": w["wu ranked"], "reason": "Was away"},
    "fileReviewCycle": lambda w: {"id": w["cycle to file"]},
    "planReviewFollowUp": lambda w: {"id": w["ann follow-up"], "actionPlanId": w["action plan"]},
    "settleReviewFollowUp": lambda w: {"id": w["follow-up"], "done": True},
    "archiveReviewForm": lambda w: {"id": w["review form"]},
}
"""The input of each, by the mutation's name."""


def _contents() -> list[dict[str, Any]]:
    """What no form may ask for."""
    parts = (
        *({"key": "A B"}, {"title": ""}, {"weight": "0.5"}, {"weight": "-1"}, {"weight": "0.0000001"}, {"most": "0"}),
        *({"metric": "smiles"}, {"most": "1.001"}, {"title": LONG}),
    )
    grades = (
        *([{"name": "A", "fromScore": "1"}], [{"name": "A", "fromScore": "0"}] * 2, [{"name": "", "fromScore": "0"}]),
        [{"name": "A", "fromScore": "0", "share": "0.2"}],
        [{"name": "A", "fromScore": "80", "share": "1.2"}, {"name": "B", "fromScore": "0"}],
        [{"name": "A", "fromScore": "101"}, {"name": "B", "fromScore": "0"}],
    )
    steps = (
        *({"selfScore": {"days": -1}}, {"managerScore": {"days": 0}}, {"appeal": {"days": 367}}),
        {"decision": {"days": 5, "remindDays": -1}},
    )
    return [
        *({"parts": []}, {"parts": [PART] * 2}, {"parts": [{**PART, "weight": "0.025"}] * 41}),
        *({"parts": [{**PART, **one}]} for one in parts),
        *({"grades": one} for one in grades),
        *({"steps": one} for one in steps),
        *({"most": "0"}, {"scorer": "no.such"}, {"scorer": "allocation.even"}),
    ]


def _scores() -> list[dict[str, Any]]:
    """What nobody may give."""
    return [
        *({"scores": [{**SCORES[0], **one}]} for one in ({"score": "11"}, {"score": "0.001"}, {"comment": LONG})),
        *({"scores": [{"part": "sold", "score": "1"}]}, {"scores": [{"part": "zeal"}]}, {"scores": SCORES * 2}),
    ]


def unknown(type_name: str, field: str = "id") -> dict[str, str]:
    """An id that names nothing."""
    return {field: gid(type_name, NOTHING)}


BAD_REVIEWS: Final[Mapping[str, Callable[[World], list[dict[str, Any]]]]] = {
    "createReviewForm": lambda w: [
        *({"key": ""}, {"key": "monthly"}, {"name": ""}, {"grain": "WEEK"}, unknown("OrgUnit", "orgUnitId")),
        *_contents(),
    ],
    "reviseReviewForm": lambda w: [
        *({"name": ""}, {"name": None, "parts": None}, {"reason": LONG}, unknown("ReviewForm"), STALE),
        *_contents(),
    ],
    "archiveReviewForm": lambda w: [unknown("ReviewForm"), STALE],
    "openReviewCycle": lambda w: [
        *({"period": "soon"}, {"period": "2026-06"}, {"period": "2026-Q1"}, {"period": "2026-05-01/2026-06-01"}),
        {"period": "1999-01", "orgUnitId": w.unit("empty")},
        *(unknown("ReviewForm", "formId"), unknown("OrgUnit", "orgUnitId")),
    ],
    "fileReviewCycle": lambda w: [unknown("ReviewCycle"), {"id": w["review cycle"]}, {"id": w["ranked cycle"]}],
    "scoreOwnReview": lambda w: [
        *(unknown("Review"), {"id": w["bob review"]}, {"id": "?"}, {"scores": []}, {"comment": LONG}, STALE),
        *_scores(),
    ],
    "scoreReview": lambda w: [
        *(
            unknown("Review"),
            {"id": w["ann review"]},
            {"id": w["cem review"]},
            {"scores": []},
            {"comment": LONG},
            STALE,
        ),
        *({"followUps": [{"text": one}]} for one in ("", LONG)),
        *({"followUps": [{"text": "x", **one}]} for one in ({"metric": "smiles"}, unknown("Objective", "objectiveId"))),
        *({"followUps": [{"text": "x", "dueOn": "1000-01-01"}]}, {"followUps": [{"text": "x"}] * 31}),
        *_scores(),
    ],
    "confirmReview": lambda w: [unknown("Review"), {"id": w["eve ranked"]}, {"comment": LONG}, STALE],
    "appealReview": lambda w: [
        *(unknown("Review"), {"id": w["cem ranked"]}, {"reason": " "}, {"reason": LONG}, STALE),
    ],
    "decideReviewAppeal": lambda w: [
        *(unknown("Review"), {"id": w["bob ranked"]}, {"reason": ""}, {"reason": LONG}, {"granted": False}, STALE),
        *_scores(),
    ],
    "calibrateReview": lambda w: [
        *(unknown("Review"), {"id": w["ann ranked"]}, {"grade": "Z"}, {"reason": ""}, {"reason": LONG}, STALE),
    ],
    "cancelReview": lambda w: [unknown("Review"), {"reason": ""}, {"reason": LONG}, STALE],
    "planReviewFollowUp": lambda w: [
        *(unknown("ReviewFollowUp"), unknown("ActionPlan", "actionPlanId"), {"id": w["follow-up"]}, STALE),
    ],
    "settleReviewFollowUp": lambda w: [unknown("ReviewFollowUp"), {"id": w["review form"]}, {"note": LONG}, STALE],
}
"""What is changed of the valid input of each, so that it is refused."""
