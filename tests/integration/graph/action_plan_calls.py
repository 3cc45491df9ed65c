"""Calls of the mutations of action plans: those that are not refused, and those that are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.integration.graph.asking import gid
from tests.integration.graph.worlds import NOTHING, World

LONG: Final = "x" * 3000
STALE: Final[dict[str, Any]] = {"expectedVersion": 99}
ITEM: Final[dict[str, Any]] = {"kind": "TASK", "matter": "Write the offer"}

VALID_ACTION_PLANS: Final[Mapping[str, Callable[[World], dict[str, Any]]]] = {
    "createActionPlan": lambda w: {
        "memberId": w.member("ann"),
        "period": "2026-07",
        "metricId": w["metric"],
        "items": [ITEM],
    },
    "updateActionPlan": lambda w: {"id": w["action plan"], "title": "Pumps"},
    "addActionItems": lambda w: {"planId": w["action plan"], "items": [ITEM]},
    "updateActionItem": lambda w: {"id": w["action item"], "place": "Shanghai"},
    "completeActionItem": lambda w: {"id": w["action item"], "result": "Sent"},
    "reopenActionItem": lambda w: {"id": w["action item"]},
    "cancelActionItem": lambda w: {"id": w["action item"], "reason": "They moved away"},
    "removeActionItem": lambda w: {"id": w["spare action item"]},
    "carryOverActionItems": lambda w: {"planId": w["action plan"], "itemIds": [w["missed action item"]]},
    "commentOnActionPlan": lambda w: {"planId": w["action plan"], "text": "And the fair?"},
    "submitActionPlan": lambda w: {"id": w["action plan"]},
    "returnActionPlan": lambda w: {"id": w["submitted action plan"], "reason": "More calls"},
    "agreeToActionPlan": lambda w: {"id": w["handed-in action plan"], "comment": "Go on"},
    "copyActionPlan": lambda w: {"id": w["action plan"], "period": "2026-W30"},
    "closeActionPlan": lambda w: {"id": w["action plan"], "result": "Two deals"},
}
"""The input of each, by the mutation's name."""


def _unknown(type_name: str, field: str = "id") -> dict[str, Any]:
    return {field: gid(type_name, NOTHING)}


def _items() -> list[dict[str, Any]]:
    wrong: list[dict[str, Any]] = [
        *({"matter": " "}, {"matter": LONG}, {"place": LONG}, {"materials": [" "]}, {"materials": ["x"] * 51}),
        *({"budget": "-1"}, {"budget": "0.001"}, {"startsOn": "1000-01-01"}, {"endsOn": "2999-01-01"}),
        *(_unknown("Lead", "leadId"), _unknown("Customer", "customerId"), _unknown("Opportunity", "opportunityId")),
        *(_unknown("Activity", "activityId"), _unknown("ActionItem", "refinesId")),
    ]
    return [{"items": [ITEM, {**ITEM, **one}]} for one in wrong]


def _in_other_hands(world: World) -> list[dict[str, Any]]:
    return [{"id": world["submitted action plan"]}, {"id": world["closed action plan"]}, _unknown("ActionPlan"), STALE]


BAD_ACTION_PLANS: Final[Mapping[str, Callable[[World], list[dict[str, Any]]]]] = {
    "createActionPlan": lambda w: [
        *({"period": "x"}, {"period": "2026"}, {"memberId": None}, _unknown("Member", "memberId"), {"metricId": None}),
        *(_unknown("OrgUnit", "orgUnitId"), {"orgUnitId": w.unit("bob")}, _unknown("Metric", "metricId")),
        *(
            {"targetPeriod": "x"},
            {"targetPeriod": "2026-06"},
            _unknown("Plan", "planId"),
            {"planId": w["product plan"]},
        ),
        *(_unknown("Objective", "objectiveId"), {"objectiveId": w["objective"]}, {"title": LONG}, {"aim": LONG}),
        *(_unknown("ActionPlan", "partOfId"), {"partOfId": w["action plan"]}, {"partOfId": w["closed action plan"]}),
        *(_unknown("ActionPlan", "followsId"), {"followsId": w["late action plan"]}, {"idempotencyKey": " "}),
        *(_unknown("Review", "reviewId"), {"reviewId": w["bob review"]}),
        *({"items": [ITEM] * 201}, *_items()),
    ],
    "updateActionPlan": lambda w: [
        *({"title": LONG}, {"aim": LONG}, {"targetPeriod": "2026-Q3"}, _unknown("Metric", "metricId")),
        *(_unknown("Plan", "planId"), _unknown("Objective", "objectiveId"), _unknown("ActionPlan", "partOfId")),
        *({"followsId": w["late action plan"]}, {"reviewId": w["bob review"]}, *_in_other_hands(w)),
    ],
    "addActionItems": lambda w: [
        *({"items": items} for items in ([], [ITEM] * 200)),
        *(*_items(), STALE),
        *(
            {"planId": w["submitted action plan"]},
            {"planId": w["closed action plan"]},
            _unknown("ActionPlan", "planId"),
        ),
    ],
    "updateActionItem": lambda w: [
        *({"matter": " "}, {"matter": LONG}, {"place": LONG}, {"materials": [" "]}, {"budget": "-1"}, {"spent": "-1"}),
        *({"startsOn": "2026-06-09"}, {"endsOn": "2026-07-01"}, {"result": LONG}, {"budget": "0.001"}, STALE),
        *(_unknown("Lead", "leadId"), _unknown("Customer", "customerId"), _unknown("Opportunity", "opportunityId")),
        *(_unknown("Activity", "activityId"), _unknown("ActionItem", "refinesId"), _unknown("ActionItem")),
        *({"activityId": w["activity"]}, {"id": w["missed action item"]}, {"id": w["submitted action item"]}),
    ],
    "completeActionItem": lambda w: [
        *({"doneOn": "2026-06-02"}, {"doneOn": "1000-01-01"}, {"spent": "-1"}, {"spent": "0.001"}, {"result": LONG}),
        *({"activityId": w["activity"]}, {"activityId": w["activity"], "doneOn": "2026-06-01"}, _unknown("ActionItem")),
        *(_unknown("Activity", "activityId"), {"id": w["missed action item"]}, STALE),
    ],
    "reopenActionItem": lambda w: [{"id": w["action item"]}, _unknown("ActionItem"), STALE],
    "cancelActionItem": lambda w: [
        *({"reason": " "}, {"reason": LONG}, _unknown("ActionItem"), STALE),
        *({"id": w["missed action item"]}, {"id": w["submitted action item"]}),
    ],
    "removeActionItem": lambda w: [
        *(_unknown("ActionItem"), STALE, {"id": w["missed action item"]}, {"id": w["submitted action item"]}),
    ],
    "carryOverActionItems": lambda w: [
        *({"itemIds": []}, {"itemIds": [w["missed action item"]] * 2}, {"itemIds": [gid("ActionItem", NOTHING)]}),
        *({"itemIds": [w["action item"]]}, {"itemIds": ["?"]}, _unknown("ActionPlan", "planId")),
        *({"planId": w["closed action plan"]}, {"planId": w["submitted action plan"]}),
        {"itemIds": [w["missed action item"], w["submitted action item"]]},
    ],
    "commentOnActionPlan": lambda w: [{"text": " "}, {"text": LONG}, _unknown("ActionPlan", "planId")],
    "submitActionPlan": lambda w: [*_in_other_hands(w), {"id": w["late action plan"]}],
    "returnActionPlan": lambda w: [
        *({"reason": " "}, {"reason": LONG}, {"id": w["action plan"]}, {"id": w["closed action plan"]}),
        *(_unknown("ActionPlan"), STALE),
    ],
    "agreeToActionPlan": lambda w: [
        *({"comment": LONG}, {"id": w["action plan"]}, {"id": w["closed action plan"]}, _unknown("ActionPlan"), STALE),
    ],
    "copyActionPlan": lambda w: [
        *({"period": "x"}, {"period": "2026-07"}, {"period": "2026-W23"}, {"period": "2026"}, _unknown("ActionPlan")),
        *(_unknown("ActionPlan", "partOfId"), {"idempotencyKey": " "}, {"partOfId": w["closed action plan"]}),
        {"id": w["submitted action plan"], "carryOver": True},
    ],
    "closeActionPlan": lambda w: [
        *({"result": " "}, {"result": LONG}, {"id": w["closed action plan"]}, _unknown("ActionPlan"), STALE),
    ],
}
"""What differs from a valid input, by the mutation's name."""
