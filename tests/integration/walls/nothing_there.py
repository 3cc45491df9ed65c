"""Fields that nobody is answered with anything but null or an empty list, each with the reason: nothing can leak there.

The test of what is reached compares the list exactly, both ways: a field that answers with something leaves it.
"""

from __future__ import annotations

from typing import Final

_AHEAD: Final = "the published plans begin in 2027 and it is June 2026: nothing of a target has come due"
_NO_WINS: Final = "no deal is won in the period that is asked for, so there is nothing to divide by or to spread"
_BY_UNIT: Final = "the rows are of units or of everything: those of others are asked for with their own fields alone"
_UNBROKEN: Final = "it tells of a process in trouble: no plugin is left out, no policy fails or is unavailable"
_NONE_FAILED: Final = "none has failed: what is planted of runs are figures, and a failed one has none"
_FOR_ALL: Final = "it is for the whole company here: one of a unit would be closed to members whom the tests send"
_STAYS_OPEN: Final = "the mutations of the tests begin with it as it stands, and this would end or change it"
_NOT_PLANTED: Final = "nobody has entered one, and nothing is planted: it takes more rows that agree with each other"

_EMPTY: Final = "the column is empty, or the row is missing, in the company that is planted: nothing is planted yet"

_EXPLAINED: Final = {
    "ActivityReportRow": {"activitiesPerWin": _NO_WINS, "member": _BY_UNIT, "valuePerVisit": _NO_WINS},
    "Attainment": {"pace": _AHEAD},
    "AttainmentChange": {"rate": _AHEAD},
    "AttainmentReportRow": {"member": _BY_UNIT},
    "BudgetReportRow": {"budgets": _NOT_PLANTED},
    "CumulativeAttainment": dict.fromkeys(("assessment", "gap", "rate", "status", "stretch", "target"), _AHEAD),
    "DaySpread": dict.fromkeys(("mean", "median", "p90"), _NO_WINS),
    "DisputeDecision": {"member": _NOT_PLANTED},
    "Funnel": {"orgUnit": _FOR_ALL},
    "FunnelFigures": {
        **dict.fromkeys(("averageWon", "coverage", "velocity"), _NO_WINS),
        **dict.fromkeys(("product", "source"), _BY_UNIT),
    },
    "IncentiveRule": {
        **dict.fromkeys(("group", "orgUnit"), _FOR_ALL),
        **dict.fromkeys(("parameters", "validTo"), _STAYS_OPEN),
        "unavailableReason": _UNBROKEN,
    },
    "IncentiveRun": {"failure": _NONE_FAILED, "orgUnit": _FOR_ALL},
    "IncentiveSimulation": {"failure": _NONE_FAILED},
    "Metric": {"productGroup": _NOT_PLANTED},
    "Objective": {"focuses": _NOT_PLANTED},
    "OpenDeals": {"unconverted": _NOT_PLANTED},
    "Outlook": dict.fromkeys(("protectedUntil", "protection", "reminders"), _NOT_PLANTED),
    "OwnGoal": {"target": _NOT_PLANTED},
    "OwnershipEntry": {"rule": _NOT_PLANTED},
    "Plugin": dict.fromkeys(("graphLeftOut", "reason"), _UNBROKEN),
    "Policy": {"unavailableReason": _UNBROKEN},
    "PolicyHealth": dict.fromkeys(("lastFailure", "until"), _UNBROKEN),
    "PolicySetting": {"unavailableReason": _UNBROKEN, "validTo": _STAYS_OPEN},
    "PoolRecord": {"hiddenFields": _NOT_PLANTED, "product": _NOT_PLANTED},
    "PossibleDuplicate": {"customer": _NOT_PLANTED},
    "ProductMismatchValue": dict.fromkeys(("difference", "productsTarget"), _NOT_PLANTED),
    "ProductTarget": {"target": _NOT_PLANTED},
    "ProjectedAttainment": dict.fromkeys(("gap", "rate", "status"), _AHEAD),
    "RankingRow": {"member": _BY_UNIT},
    "Review": {"filedAt": _STAYS_OPEN, "previous": _NOT_PLANTED, "reviewer": _STAYS_OPEN},
    "ReviewFollowUp": dict.fromkeys(("done", "settledAt"), _STAYS_OPEN),
    "ReviewForm": {"orgUnit": _FOR_ALL},
    "ReviewFormVersion": {"scorer": _NOT_PLANTED},
    "ReviewGroup": {"orgUnit": _FOR_ALL},
    "ScoreValue": {"value": _AHEAD},
    "SimulatedRule": dict.fromkeys(("group", "ordinal", "orgUnit", "parameters", "title"), _NOT_PLANTED),
    "StageStandard": dict.fromkeys(("activity", "atLeast", "attribute", "field", "inStage"), _NOT_PLANTED),
    "TargetWarning": dict.fromkeys(("history", "potential"), _NOT_PLANTED),
}

_UNPLANTED: Final = {
    "Achievement": dict.fromkeys(
        (
            "reversals",
            "reverses",
        ),
        _EMPTY,
    ),
    "ActionItem": dict.fromkeys(
        (
            "activity",
            "carriedFrom",
            "carriedTo",
            "customer",
            "doneOn",
            "lead",
            "onTime",
            "opportunity",
            "refinedBy",
            "refines",
        ),
        _EMPTY,
    ),
    "ActionPlan": dict.fromkeys(
        (
            "agreedAt",
            "followUps",
            "follows",
            "nextPlans",
            "objective",
            "partOf",
            "parts",
            "plan",
            "review",
        ),
        _EMPTY,
    ),
    "ActionPlanComment": dict.fromkeys(("member",), _EMPTY),
    "ActionPlanEntry": dict.fromkeys(
        (
            "item",
            "member",
        ),
        _EMPTY,
    ),
    "Activity": dict.fromkeys(
        (
            "actionItem",
            "cost",
            "currency",
            "dueAt",
            "lead",
        ),
        _EMPTY,
    ),
    "ApiKey": dict.fromkeys(
        (
            "expiresAt",
            "lastUsedAt",
            "revokedAt",
        ),
        _EMPTY,
    ),
    "AttributeDefinition": dict.fromkeys(("refersTo",), _EMPTY),
    "AttributeValue": dict.fromkeys(
        (
            "day",
            "number",
            "reference",
            "text",
        ),
        _EMPTY,
    ),
    "AuditEntry": dict.fromkeys(("credential",), _EMPTY),
    "CellComment": dict.fromkeys(
        (
            "member",
            "resolvedAt",
            "resolvedBy",
        ),
        _EMPTY,
    ),
    "Commitment": dict.fromkeys(
        (
            "member",
            "supersededAt",
        ),
        _EMPTY,
    ),
    "Crediting": dict.fromkeys(("settingRevision",), _EMPTY),
    "Customer": dict.fromkeys(
        (
            "domain",
            "leads",
            "merged",
            "mergedInto",
            "parent",
        ),
        _EMPTY,
    ),
    "DealReview": dict.fromkeys(("steps",), _EMPTY),
    "Decomposition": dict.fromkeys(("settingRevision",), _EMPTY),
    "DisputeComment": dict.fromkeys(("member",), _EMPTY),
    "ForecastAdjustment": dict.fromkeys(("member",), _EMPTY),
    "GroupMembership": dict.fromkeys(("validTo",), _EMPTY),
    "Headship": dict.fromkeys(
        (
            "validFrom",
            "validTo",
        ),
        _EMPTY,
    ),
    "Holding": dict.fromkeys(
        (
            "validFrom",
            "validTo",
        ),
        _EMPTY,
    ),
    "IncentiveSimulation": dict.fromkeys(("orgUnit",), _EMPTY),
    "Lead": dict.fromkeys(
        (
            "attributes",
            "customer",
            "domain",
            "level",
            "merged",
            "mergedInto",
            "opportunity",
            "product",
            "source",
        ),
        _EMPTY,
    ),
    "Member": dict.fromkeys(
        (
            "attributes",
            "joinedOn",
            "leftOn",
        ),
        _EMPTY,
    ),
    "Notification": dict.fromkeys(("readAt",), _EMPTY),
    "Opportunity": dict.fromkeys(
        (
            "attributes",
            "closeReason",
            "leads",
            "openedOn",
            "source",
        ),
        _EMPTY,
    ),
    "OrgUnit": dict.fromkeys(
        (
            "attributes",
            "closedOn",
            "openedOn",
        ),
        _EMPTY,
    ),
    "Ownership": dict.fromkeys(
        (
            "outlook",
            "pool",
        ),
        _EMPTY,
    ),
    "OwnershipEntry": dict.fromkeys(
        (
            "fromMember",
            "fromPool",
            "fromPosition",
            "toPool",
        ),
        _EMPTY,
    ),
    "Plan": dict.fromkeys(
        (
            "closedAt",
            "commitmentsUntil",
        ),
        _EMPTY,
    ),
    "Pool": dict.fromkeys(
        (
            "hiddenFields",
            "policies",
        ),
        _EMPTY,
    ),
    "PoolMember": dict.fromkeys(("member",), _EMPTY),
    "PoolRecord": dict.fromkeys(
        (
            "domain",
            "source",
        ),
        _EMPTY,
    ),
    "Product": dict.fromkeys(
        (
            "grossMarginRate",
            "productGroup",
        ),
        _EMPTY,
    ),
    "QuotaRelief": dict.fromkeys(
        (
            "revokeReason",
            "revokedAt",
            "revokedBy",
            "validTo",
        ),
        _EMPTY,
    ),
    "Review": dict.fromkeys(
        (
            "escalatedOn",
            "nextPlans",
        ),
        _EMPTY,
    ),
    "ReviewFollowUp": dict.fromkeys(
        (
            "actionPlan",
            "objective",
        ),
        _EMPTY,
    ),
    "ReviewStepRecord": dict.fromkeys(("before",), _EMPTY),
    "ScoreComponent": dict.fromkeys(("cap",), _EMPTY),
    "ScoreComponentValue": dict.fromkeys(("cap",), _EMPTY),
    "Stage": dict.fromkeys(("ageLimitDays",), _EMPTY),
    "StageAgeing": dict.fromkeys(("limitDays",), _EMPTY),
    "StageDecision": dict.fromkeys(("member",), _EMPTY),
    "StageMove": dict.fromkeys(("member",), _EMPTY),
    "StatementLine": dict.fromkeys(
        (
            "base",
            "entries",
            "rate",
        ),
        _EMPTY,
    ),
    "TargetSubmission": dict.fromkeys(("decidedAt",), _EMPTY),
    "Worksheet": dict.fromkeys(
        (
            "customersNeeded",
            "repurchaseRate",
        ),
        _EMPTY,
    ),
}

NOTHING_THERE: Final = {
    kind: {**_UNPLANTED.get(kind, {}), **_EXPLAINED.get(kind, {})} for kind in _UNPLANTED.keys() | _EXPLAINED.keys()
}
"""By type and field: why."""
