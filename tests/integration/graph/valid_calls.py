"""One call of every mutation that is not refused, in an order in which they can follow each other."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.integration.graph.lead_calls import VALID_LEADS
from tests.integration.graph.worlds import World

STAGES: Final[list[dict[str, Any]]] = [
    {"key": "open", "name": "Open", "winProbability": "0.25"},
    {"key": "won", "name": "Won", "outcome": "WON", "winProbability": "1"},
    {"key": "lost", "name": "Lost", "outcome": "LOST", "winProbability": "0"},
]


def file_of(*lines: str) -> str:
    """A CSV file in base64."""
    return b64encode("\n".join(lines).encode()).decode()


VALID: Final[Mapping[str, Callable[[World], dict[str, Any]]]] = {
    "createCompany": lambda w: {"key": "new", "name": "New", "currency": "CNY", "adminName": "Kei"},
    "updateCompany": lambda w: {"name": "ACME"},
    "setHolidays": lambda w: {"days": [{"day": "2026-10-01", "name": "国庆"}]},
    "removeHolidays": lambda w: {"days": ["2026-10-01"]},
    "createOrgUnit": lambda w: {"name": "North", "kind": "TEAM", "parentId": w.unit("acme")},
    "renameOrgUnit": lambda w: {"id": w.unit("west"), "name": "Far West"},
    "moveOrgUnit": lambda w: {"id": w.unit("eve"), "parentId": w.unit("west"), "on": "2026-07-01"},
    "closeOrgUnit": lambda w: {"id": w.unit("empty"), "on": "2026-09-01"},
    "reopenOrgUnit": lambda w: {"id": w.unit("empty")},
    "createMember": lambda w: {"name": "Zoe"},
    "updateMember": lambda w: {"id": w.member("bob"), "email": "bob@example.com"},
    "memberLeaves": lambda w: {"id": w.member("eve"), "on": "2026-09-01"},
    "memberReturns": lambda w: {"id": w.member("eve")},
    "appointHolder": lambda w: {"positionId": w.unit("empty"), "memberId": w.member("eve")},
    "endHolding": lambda w: {"id": w["holding"], "on": "2027-01-01"},
    "appointHead": lambda w: {"orgUnitId": w.unit("acme"), "memberId": w.member("cem")},
    "endHeadship": lambda w: {"id": w["headship"], "on": "2027-01-01"},
    "createPlan": lambda w: {"name": "Later", "metricId": w["metric"], "fiscalYear": 2028},
    "createObjective": lambda w: {
        "fiscalYear": 2027,
        "level": "BUSINESS",
        "name": "Win the north",
        "ownerId": w.member("hal"),
        "parentId": w["objective"],
    },
    "updateObjective": lambda w: {"id": w["business objective"], "description": "Visits come first"},
    "archiveObjective": lambda w: {"id": w["business objective"]},
    "setFocus": lambda w: {"id": w["published"], "period": "2027-Q2", "text": "New customers"},
    "attachPlan": lambda w: {"planId": w["published"], "objectiveId": None},
    "setTargetCells": lambda w: {
        "planId": w["draft"],
        "cells": [{"orgUnitId": w.unit("west"), "month": "2026-02", "target": "5"}],
    },
    "importTargets": lambda w: {
        "planId": w["draft"],
        "format": "CSV",
        "content": file_of("unit,line,month 2026-02", "west,target,6"),
        "dryRun": False,
    },
    "decomposeAlongProducts": lambda w: {
        "planId": w["whole plan"],
        "orgUnitId": w.unit("acme"),
        "parts": [{"planId": w["product plan"], "weight": "1"}],
    },
    "decomposeTarget": lambda w: {"planId": w["draft"], "orgUnitId": w.unit("acme"), "target": "120"},
    "lockTargetCells": lambda w: {"planId": w["draft"], "orgUnitIds": [w.unit("west")], "period": "2026-Q1"},
    "planByDay": lambda w: {"planId": w["draft"], "orgUnitIds": [w.unit("west")], "period": "2026-Q2"},
    "submitTargets": lambda w: {"planId": w["draft"], "orgUnitId": w.unit("west"), "comment": "As discussed"},
    "approveTargets": lambda w: {"submissionId": w["east submission"]},
    "returnTargets": lambda w: {"submissionId": w["east submission"], "reason": "Too low"},
    "withdrawTargets": lambda w: {"submissionId": w["west submission"]},
    "setWorksheet": lambda w: {"planId": w["draft"], "orgUnitId": w.unit("ann"), "customersNeeded": 12},
    "grantRelief": lambda w: {
        "positionId": w.unit("ann"),
        "validFrom": "2026-06-01",
        "validTo": "2026-07-01",
        "share": "0.5",
        "reason": "Parental leave",
    },
    "revokeRelief": lambda w: {"reliefId": w["relief"], "reason": "Back early"},
    "callForCommitments": lambda w: {"planId": w["draft"], "until": "2026-12-31"},
    "commitTargets": lambda w: {
        "planId": w["draft"],
        "orgUnitId": w.unit("west"),
        "months": [{"month": "2026-02", "amount": "7"}, {"month": "2026-03", "amount": None}],
        "comment": "If the hall is ready",
    },
    "adoptCommitments": lambda w: {"planId": w["draft"], "orgUnitId": w.unit("acme")},
    "addCellComment": lambda w: {
        "planId": w["draft"],
        "orgUnitId": w.unit("west"),
        "month": "2026-02",
        "text": "Too little for the new hall",
    },
    "noteAbsence": lambda w: {
        "memberId": w.member("ann"),
        "validFrom": "2026-07-01",
        "validTo": "2026-07-15",
        "reason": "Holidays",
    },
    "endAbsence": lambda w: {"absenceId": w["absence"], "on": "2026-06-20"},
    "setWorkingHours": lambda w: {
        "memberId": w.member("ann"),
        "hours": [{"weekday": 1, "startsAt": "09:00:00", "endsAt": "17:30:00"}],
    },
    "resolveCellComment": lambda w: {"commentId": w["comment"]},
    "publishPlan": lambda w: {"planId": w["draft"]},
    "setOwnGoal": lambda w: {
        "planId": w["draft"],
        "positionId": w.unit("ann"),
        "period": "2026-07",
        "goal": "1000",
    },
    "closePlan": lambda w: {"planId": w["published"]},
    "reopenPlan": lambda w: {"planId": w["published"], "reason": "Too early"},
    "revisePlan": lambda w: {"planId": w["published"], "reason": "A new region"},
    "addScenario": lambda w: {"planId": w["draft"], "name": "Careful", "fromVersion": 1},
    "adoptScenario": lambda w: {"planId": w["draft"], "scenario": 2, "reason": "The bank asks for it"},
    "copyPlan": lambda w: {"planId": w["published"], "name": "After next", "factor": "1.08"},
    "dropScenario": lambda w: {"planId": w["draft"], "scenario": 3},
    "defineMetric": lambda w: {"key": "churn", "name": "Churn", "kind": "COUNT"},
    "defineProductMetric": lambda w: {
        "key": "pump_revenue",
        "name": "Revenue of pumps",
        "ofMetric": "revenue",
        "productId": w["product"],
    },
    "updateMetric": lambda w: {"id": w["metric"], "name": "Tastings of wine"},
    "defineScore": lambda w: {
        "key": "balanced",
        "name": "Balanced",
        "components": [{"metric": "revenue", "weight": "3"}, {"metric": "tastings", "weight": "1", "cap": "1.5"}],
    },
    "updateScore": lambda w: {"id": w["score"], "components": [{"metric": "orders", "weight": "1"}]},
    "defineProduct": lambda w: {"key": "valve", "name": "Valve"},
    "updateProduct": lambda w: {"id": w["product"], "listPrice": "12.50"},
    "setExchangeRate": lambda w: {"currency": "USD", "kind": "PLAN", "validFrom": "2026-01-01", "rate": "7.2"},
    "postAchievements": lambda w: {"items": [w.order("second")]},
    "reverseAchievement": lambda w: {"entryId": w["entry"], "idempotencyKey": "back", "reason": "Returned"},
    "createFunnel": lambda w: {"key": "partners", "name": "Partners", "stages": STAGES},
    "createCustomer": lambda w: {"name": "Initech"},
    "updateCustomer": lambda w: {"id": w["customer"], "sector": "Energy"},
    "createOpportunity": lambda w: {"funnelId": w["funnel"], "positionId": w.unit("ann")},
    "updateOpportunity": lambda w: {"id": w["deal"], "amount": "2000"},
    "moveOpportunity": lambda w: {"id": w["deal"], "stageId": w.stage("offer")},
    "transferOpportunity": lambda w: {"id": w["deal"], "positionId": w.unit("bob")},
    "adjustForecast": lambda w: {
        "orgUnitId": w.unit("east"),
        "funnelId": w["funnel"],
        "period": "2026-Q2",
        "category": "COMMIT",
        "amount": "-12.50",
        "reason": "Two of them are on holiday",
    },
    "winOpportunity": lambda w: {"id": w["deal"]},
    "loseOpportunity": lambda w: {"id": w["vague deal"]},
    "reopenOpportunity": lambda w: {"id": w["lost deal"]},
    **VALID_LEADS,
    "planActivity": lambda w: {
        "kind": "VISIT",
        "matter": "Show the pump",
        "opportunityId": w["deal"],
        "memberId": w.member("ann"),
        "dueOn": "2026-06-03",
    },
    "logActivity": lambda w: {
        "kind": "CALL",
        "matter": "Ask for the drawings",
        "customerId": w["customer"],
        "memberId": w.member("ann"),
    },
    "changeActivity": lambda w: {"id": w["activity"], "place": "Shanghai", "dueOn": "2026-06-05"},
    "completeActivity": lambda w: {"id": w["activity"], "result": "They want two"},
    "cancelActivity": lambda w: {"id": w["activity"], "reason": "Was another customer"},
    "defineAttribute": lambda w: {
        "on": "OPPORTUNITY",
        "key": "adviser",
        "title": "Adviser",
        "kind": "REFERENCE",
        "refersTo": "MEMBER",
    },
    "setAttributes": lambda w: {"id": w["customer"], "values": [{"key": "grade", "choice": "b"}]},
    "archiveAttribute": lambda w: {"id": w["attribute"]},
    "simulatePolicy": lambda w: {
        "policy": "allocation.even",
        "planId": w["draft"],
        "orgUnitId": w.unit("acme"),
        "period": "2026-Q1",
    },
    "switchPolicy": lambda w: {"policy": "allocation.last_year", "active": False},
}
"""The input of each, by the mutation's name."""
