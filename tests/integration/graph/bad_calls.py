"""Inputs that are refused, of every mutation: each differs from a valid one in what is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.integration.graph.action_plan_calls import BAD_ACTION_PLANS
from tests.integration.graph.asking import gid
from tests.integration.graph.bad_funnels import BAD_FUNNELS, LONG, NEVER, STALE, TOMORROW, unknown
from tests.integration.graph.incentive_calls import BAD_INCENTIVES
from tests.integration.graph.lead_calls import BAD_LEADS
from tests.integration.graph.review_calls import BAD_REVIEWS
from tests.integration.graph.valid_calls import VALID, file_of
from tests.integration.graph.worlds import NOTHING, World

OLD: Final = "1000-01-01T00:00:00Z"
STEP: Final[dict[str, Any]] = {"matter": "Call again", "dueOn": "2026-06-08"}
CUSTOMER: Final[tuple[dict[str, Any], ...]] = (
    {"name": ""},
    {"sector": LONG},
    {"location": LONG},
    {"parentKey": "nobody"},
    *(
        {"phone": LONG},
        {"website": "not a site"},
        {"contractEndsOn": NEVER},
        {"levelId": gid("CustomerLevel", NOTHING)},
    ),
)
COMPONENTS: Final[tuple[list[dict[str, Any]], ...]] = (
    [],
    [{"metric": "revenue", "weight": "1"}] * 2,
    *([{"metric": "smiles", "weight": "1"}], [{"metric": "revenue", "weight": "0"}]),
    [{"metric": "revenue", "weight": "1", "cap": "1.0000001"}],
)

NO_CAPS: Final[tuple[Any, ...]] = ({}, {"count": -1}, {"count": 1, "most": 2}, [], "none")


def _hours() -> list[dict[str, Any]]:
    morning = {"weekday": 1, "startsAt": "09:00:00", "endsAt": "12:00:00"}
    return [
        {"hours": [{**morning, "weekday": 8}]},
        {"hours": [{**morning, "endsAt": "09:00:00"}]},
        *({"hours": [{**morning, "startsAt": moment}]} for moment in ("09:00:30", "09:00:00.5", "09:00:00Z")),
        {"hours": [morning, {**morning, "startsAt": "11:59:00", "endsAt": None}]},
        {"hours": [morning] * 51},
    ]


def _pools() -> list[dict[str, Any]]:
    people = (("OrgUnit", "orgUnitIds"), ("Member", "memberIds"), ("Member", "adminIds"))
    nobody = [{field: [gid(type_name, NOTHING)]} for type_name, field in people]
    return [{"name": ""}, {"name": LONG}, {"kinds": []}, {"priority": 10**7}, *nobody]


def _records(world: World) -> list[dict[str, Any]]:
    waiting, nothing = world["waiting customer"], gid("Customer", NOTHING)
    return [{"recordIds": ids} for ids in ([], ["?"], [nothing], [waiting, waiting], [waiting, world["product"]])]


def _recipients(world: World) -> list[dict[str, Any]]:
    nobody: dict[str, Any] = {"memberId": None, "positionId": None}
    return [
        nobody,
        *({**nobody, "memberId": member} for member in (gid("Member", NOTHING), world.member("hal"), "?")),
        *({**nobody, "positionId": unit} for unit in (gid("OrgUnit", NOTHING), world.unit("east"))),
        {"memberId": world.member("ann"), "positionId": world.unit("bob")},
    ]


def _cell(world: World, **values: Any) -> dict[str, Any]:
    return {"cells": [{"orgUnitId": world.unit("acme"), "month": "2026-03", "target": "1", **values}]}


def _term(world: World, unit: str, taken: str, wrong: str) -> list[dict[str, Any]]:
    free = {unit: world.unit("empty" if unit == "positionId" else "acme")}
    return [
        {unit: world.unit(wrong)},
        {unit: world.unit(taken)},
        unknown("OrgUnit", unit),
        {**free, **unknown("Member", "memberId")},
        {**free, "validFrom": NEVER},
        {**free, "validTo": NEVER},
        {**free, "validFrom": "2026-05-01", "validTo": "2026-05-01"},
    ]


def _items(world: World) -> list[dict[str, Any]]:
    bad: list[dict[str, Any]] = [
        {"metric": "smiles", "amount": "0.001"},
        {"metric": None, "source": "ACTIVITY"},
        {"businessDate": None},
        {"businessDate": NEVER, "currency": "USD"},
        {"currency": "??", "customerKey": "nobody", "productKey": "nothing", **unknown("Opportunity", "opportunityId")},
        {"credits": []},
        {"credits": [{"positionKey": "nowhere", "share": "2"}, {"positionKey": "empty", "share": "0.5"}]},
        {"sourceKey": "", "idempotencyKey": "", "source": "IMPORT", "amount": "-1"},
    ]
    return [{"items": []}, *({"items": [world.order(f"bad {place}", **one)]} for place, one in enumerate(bad))]


def _values(world: World) -> list[dict[str, Any]]:
    bad: list[list[dict[str, Any]]] = [
        *([], [{"key": "nothing", "text": "x"}], [{"key": "grade"}], [{"key": "grade", "choice": "c"}]),
        *([{"key": "grade", "choice": "z"}], [{"key": "grade", "text": "a"}], [{"key": "grade", "number": "1"}]),
        *([{"key": "grade", "day": "2026-01-01"}], [{"key": "grade", "choice": "a", "text": "a"}]),
        *([{"key": "grade", "reference": world["customer"]}], [{"key": "grade", "reference": world["product"]}]),
        *([{"key": "grade", "choice": None}] * 2, [{"key": "grade", "choice": "a"}] * 201),
        [{"key": "grade", "number": "1e999"}, {"key": "x", "text": "\0"}, {"key": "grade", "reference": "?"}],
    ]
    return [{"values": values} for values in bad]


def _definitions() -> list[dict[str, Any]]:
    choices = [{"key": "a", "label": "Great"}, {"key": "b", "label": "Good"}]
    used = {"on": "CUSTOMER", "key": "grade", "kind": "CHOICE", "refersTo": None}
    return [
        *({"key": "A B"}, {"title": ""}, {"title": LONG}, {"description": LONG}, {"ordinal": -1}, {"refersTo": None}),
        *({"kind": "TEXT"}, {"kind": "CHOICE", "refersTo": None}, {"choices": choices}, STALE),
        *({**used, "choices": [*choices, *one]} for one in ([{"key": "a", "label": "x"}], [{"key": "", "label": "x"}])),
        *({**used, "choices": [*choices, {"key": "c", "label": ""}]}, {**used, "choices": choices[1:]}),
        {**used, "kind": "NUMBER"},
    ]


def _told(world: World) -> list[dict[str, Any]]:
    return [
        *({"matter": " "}, {"matter": LONG}, {"place": LONG}, {"materials": [" "]}, {"materials": ["x"] * 51}),
        *({"cost": "-1"}, {"cost": "0.001"}, {"cost": "1", "currency": "??"}, {"currency": "USD"}, {"result": "a\0b"}),
        *(unknown("Activity"), {"id": world["deal"]}, STALE),
    ]


def _activities(world: World) -> list[dict[str, Any]]:
    told = [one for one in _told(world) if not {"id", "expectedVersion", "result"} & set(one)]
    return [
        *({"opportunityId": None, "customerId": None}, unknown("Opportunity", "opportunityId")),
        *(unknown("Customer", "customerId"), unknown("Lead", "leadId"), unknown("Member", "memberId")),
        *({"memberId": None}, unknown("OrgUnit", "positionId"), {"positionId": world.unit("bob")}),
        *({"idempotencyKey": " "}, {"idempotencyKey": LONG}, *told),
    ]


Changes = Callable[[World], list[dict[str, Any]]]

BAD: Final[Mapping[str, Changes]] = {
    "createCompany": lambda w: [
        *({"key": "A B"}, {"name": ""}, {"currency": "??"}, {"timeZone": "Mars"}, {"fiscalStartMonth": 13}),
        *({"calendarPattern": "lunar"}, {"workingWeekdays": []}, {"adminName": ""}, {"adminEmail": "kei"}),
        *({"key": "acme"}, {"key": "a\0"}),
    ],
    "updateCompany": lambda w: [
        *({"name": ""}, {"currency": "??"}, {"currency": "USD"}, {"timeZone": "Mars"}, {"fiscalStartMonth": 13}),
        *({"calendarPattern": "lunar"}, {"calendarPattern": "4-4-5"}, {"workingWeekdays": [8]}),
        *({"reversalDate": "later"}, {"name": None}, STALE),
    ],
    "setHolidays": lambda w: [
        {"days": []},
        {"days": [{"day": NEVER, "name": "x"}]},
        {"days": [{"day": "2026-10-01", "name": ""}]},
        {"days": [{"day": "2026-10-01", "name": "x"}] * 2},
    ],
    "removeHolidays": lambda w: [{"days": []}],
    "createOrgUnit": lambda w: [
        *({"name": ""}, {"kind": "COMPANY"}, {"kind": "COMPANY", "parentId": None}, {"parentId": None}),
        *({"parentId": w.unit("ann")}, unknown("OrgUnit", "parentId"), {"key": ""}, {"key": "ann"}),
        {"openedOn": NEVER},
    ],
    "renameOrgUnit": lambda w: [{"name": ""}, unknown("OrgUnit"), {"id": "?"}, STALE],
    "moveOrgUnit": lambda w: [
        *({"id": w.unit("acme")}, {"on": NEVER}, {"parentId": w.unit("ann")}, unknown("OrgUnit", "parentId")),
        *({"id": w.unit("east"), "parentId": w.unit("east")}, unknown("OrgUnit"), STALE),
    ],
    "closeOrgUnit": lambda w: [{"id": w.unit("acme")}, {"id": w.unit("east")}, {"on": NEVER}, STALE],
    "reopenOrgUnit": lambda w: [{}, unknown("OrgUnit"), STALE],
    "createMember": lambda w: [{"name": ""}, {"email": "zoe"}, {"key": ""}, {"key": "ann"}, {"joinedOn": NEVER}],
    "updateMember": lambda w: [{"name": ""}, {"email": "bob"}, {"joinedOn": NEVER}, unknown("Member"), STALE],
    "memberLeaves": lambda w: [{"on": NEVER}, unknown("Member"), STALE],
    "memberReturns": lambda w: [{}, unknown("Member"), STALE],
    "appointHolder": lambda w: _term(w, "positionId", "bob", "east"),
    "endHolding": lambda w: [{"on": NEVER}, unknown("Holding"), {"id": w["headship"]}],
    "appointHead": lambda w: _term(w, "orgUnitId", "west", "ann"),
    "endHeadship": lambda w: [{"on": NEVER}, unknown("Headship"), {"id": w["holding"]}],
    "createPlan": lambda w: [
        *({"name": ""}, {"name": "\0"}, {"name": "\ud800"}, unknown("Metric", "metricId")),
        *({"fiscalYear": 99999}, {"fiscalYear": 1}),
    ],
    "createObjective": lambda w: [
        *({"name": ""}, {"name": LONG}, {"description": LONG}, {"fiscalYear": 99}, {"fiscalYear": 2026}),
        *({"parentId": None}, {"parentId": w["business objective"]}, {"level": "CORPORATE"}),
        *(unknown("Objective", "parentId"), unknown("Member", "ownerId"), unknown("OrgUnit", "orgUnitId")),
    ],
    "updateObjective": lambda w: [
        *({"name": ""}, {"description": LONG}, {"parentId": w["business objective"]}, STALE),
        *(unknown("Objective", "parentId"), unknown("Member", "ownerId"), unknown("OrgUnit", "orgUnitId")),
        unknown("Objective"),
    ],
    "archiveObjective": lambda w: [unknown("Objective"), {"id": w["objective"]}, STALE],
    "setFocus": lambda w: [
        *({"id": "?"}, {"id": w["metric"]}, unknown("Plan"), unknown("Objective"), {"text": LONG}, {"text": "\0"}),
        *({"period": one} for one in ("x", "2026-Q2", "2027", "2027-04", "2027-Q5", "2027-04-01/2027-07-01")),
        STALE,
    ],
    "attachPlan": lambda w: [
        *(unknown("Plan", "planId"), unknown("Objective", "objectiveId")),
        *({"planId": w["draft"], "objectiveId": w["objective"]}, STALE),
    ],
    "setTargetCells": lambda w: [
        *({"cells": []}, unknown("Plan", "planId"), {"planId": w["published"]}, _cell(w, month="2027-01")),
        *(_cell(w, month="x"), _cell(w, target="-1"), _cell(w, stretch="0.5"), _cell(w, expectedVersion=9)),
        *(_cell(w, **unknown("OrgUnit", "orgUnitId")), {"cells": _cell(w)["cells"] * 2}, {"scenario": 9}),
    ],
    "importTargets": lambda w: [
        *(unknown("Plan", "planId"), {"planId": w["published"]}, {"scenario": 9}, {"content": "?"}, {"content": ""}),
        *({"format": "XLSX"}, {"content": file_of("unit,month 2026-02", "west,6")}),
        *({"content": file_of("unit,line,month 2026-02", row)} for row in ("west,target,-6", "x,target,6", "west,x,6")),
        *({"content": file_of("unit,line,month 2027-02", "west,target,6")},),
    ],
    "decomposeAlongProducts": lambda w: [
        *(unknown("Plan", "planId"), unknown("OrgUnit", "orgUnitId"), {"orgUnitId": w.unit("east")}, {"levels": -1}),
        *({"parts": []}, {"parts": [{"planId": w["whole plan"]}]}, {"parts": [{"planId": w["draft"]}]}),
        *({"parts": [unknown("Plan", "planId")]}, {"parts": [{"planId": w["product plan"], "weight": "-1"}]}),
        {"planId": w["draft"]},
    ],
    "decomposeTarget": lambda w: [
        *({"target": "-1"}, {"target": None}, {"target": "0.5"}, {"assessment": "-1"}, {"policy": "no.such"}),
        *({"levels": -1}, {"overAssignment": "0"}, {"assessmentShare": "-1"}, {"stretchShare": "99"}),
        *({"stretch": "1", "stretchShare": "1"}, unknown("Plan", "planId"), unknown("OrgUnit", "orgUnitId")),
        *({"planId": w["published"]}, {"policy": "allocation.even"}, {"target": None, "stretch": "1"}),
        {"scenario": 1},
        {"yearPins": [{"orgUnitId": w.unit("acme"), "target": "1"}]},
        {"yearPins": [{"orgUnitId": w.unit("east"), "target": "-1"}]},
        {"yearPins": [{"orgUnitId": w.unit("east"), "target": "999"}]},
        {"yearPins": [{**unknown("OrgUnit", "orgUnitId"), "target": "1"}]},
    ],
    "lockTargetCells": lambda w: [
        *({"period": "x"}, {"period": "2027-01"}, {"period": "2026-01-15"}, unknown("Plan", "planId")),
        *({"orgUnitIds": [gid("OrgUnit", NOTHING)]}, {"planId": w["published"]}, {"scenario": 9}),
    ],
    "planByDay": lambda w: [
        *({"period": "x"}, {"period": "2027-01"}, {"period": "2026-01-15"}, unknown("Plan", "planId")),
        *({"orgUnitIds": [gid("OrgUnit", NOTHING)]}, {"orgUnitIds": []}, {"planId": w["published"]}, {"scenario": 99}),
    ],
    "submitTargets": lambda w: [
        *(unknown("Plan", "planId"), {"planId": w["published"]}, unknown("OrgUnit", "orgUnitId"), {"comment": LONG}),
        *({"orgUnitId": w.unit("ann")}, {"planId": w["third"]}),
    ],
    "approveTargets": lambda w: [unknown("TargetSubmission", "submissionId"), {"submissionId": w["draft"]}],
    "returnTargets": lambda w: [unknown("TargetSubmission", "submissionId"), {"reason": " "}, {"reason": LONG}],
    "withdrawTargets": lambda w: [unknown("TargetSubmission", "submissionId")],
    "grantRelief": lambda w: [
        *(unknown("OrgUnit", "positionId"), {"positionId": w.unit("east")}, {"reason": " "}, {"reason": LONG}),
        *({"share": "0"}, {"share": "1.5"}, {"share": "0.1234567"}, {"validFrom": NEVER}, {"validTo": "2026-06-01"}),
        {"positionId": w.unit("bob"), "validTo": None},
    ],
    "revokeRelief": lambda w: [unknown("QuotaRelief", "reliefId"), {"reason": ""}, {"reason": LONG}],
    "setOwnGoal": lambda w: [
        *(unknown("Plan", "planId"), unknown("OrgUnit", "positionId"), {"planId": w["draft"]}),
        *({"planId": w["published"], **one} for one in ({"period": "2027-01"}, {"period": "2027-Q1"}, {"period": "x"})),
        {"goal": "0.5"},
    ],
    "callForCommitments": lambda w: [unknown("Plan", "planId"), {"until": NEVER}],
    "commitTargets": lambda w: [
        *(unknown("Plan", "planId"), unknown("OrgUnit", "orgUnitId"), {"comment": LONG}, {"months": []}),
        *({"months": [{"month": month, "amount": "1"}]} for month in ("x", "2027-01", "2026-Q1")),
        *({"months": [{"month": "2026-02", "amount": amount}]} for amount in ("-1", "0.5")),
        {"months": [{"month": "2026-02", "amount": "1"}] * 2},
    ],
    "adoptCommitments": lambda w: [
        *(unknown("Plan", "planId"), unknown("OrgUnit", "orgUnitId"), {"levels": -1}, {"scenario": 9}),
        *({"planId": w["published"]}, {"planId": w["third"]}),
    ],
    "addCellComment": lambda w: [
        *(unknown("Plan", "planId"), unknown("OrgUnit", "orgUnitId"), {"month": "x"}, {"month": "2027-01"}),
        *({"month": "2026-Q1"}, {"text": " "}, {"text": LONG}, {"text": "a\0b"}),
    ],
    "markNotificationsRead": lambda w: [
        {"ids": [gid("Notification", NOTHING)]},
        *({"ids": [w["notification"], w["draft"]]}, {"ids": [w["notification"]] * 501}),
    ],
    "createApiKey": lambda w: [
        {"name": ""},
        {"name": LONG},
        {"scopes": []},
        {"scopes": ["graph:write"]},
        {"expiresAt": OLD},
    ],
    "linkMember": lambda w: [
        *({"memberId": wrong["id"]} for wrong in (unknown("Member"), {"id": w["draft"]})),
        *({"subject": wrong} for wrong in ("", " ", LONG * 2, "\0", "linked")),
        *({"issuer": wrong} for wrong in ("", LONG * 2, None)),
    ],
    "unlinkMember": lambda w: [unknown("MemberLink"), {"id": w["draft"]}],
    "revokeApiKey": lambda w: [unknown("ApiKey"), {"id": w["draft"]}],
    "retryJob": lambda w: [unknown("FailedJob"), {"id": w["draft"]}],
    "dismissJob": lambda w: [unknown("FailedJob"), {"id": w["draft"]}],
    "noteAbsence": lambda w: [
        *(unknown("Member", "memberId"), {"validFrom": NEVER}, {"validTo": "2026-07-01"}, {"reason": LONG}),
        {"validFrom": "2026-06-15"},
    ],
    "endAbsence": lambda w: [unknown("Absence", "absenceId"), {"on": "2026-06-29"}],
    "setWorkingHours": lambda w: [unknown("Member", "memberId"), *_hours()],
    "resolveCellComment": lambda w: [unknown("CellComment", "commentId"), {"commentId": w["draft"]}],
    "closePlan": lambda w: [unknown("Plan", "planId"), {"planId": w["draft"]}],
    "reopenPlan": lambda w: [unknown("Plan", "planId"), {"reason": ""}, {"reason": LONG}],
    "setWorksheet": lambda w: [
        *(unknown("Plan", "planId"), unknown("OrgUnit", "orgUnitId"), {"conditions": LONG}, {"productMix": LONG}),
        *({"money": "-1"}, {"money": "0.001"}, {"customersNeeded": -1}, {"repurchaseRate": "1001"}, STALE),
        *({"repurchaseRate": "0.0000001"}, {"competitors": "\0"}),
    ],
    "publishPlan": lambda w: [unknown("Plan", "planId"), {"planId": w["published"]}],
    "revisePlan": lambda w: [unknown("Plan", "planId"), {"planId": w["draft"]}, {"reason": " "}],
    "addScenario": lambda w: [unknown("Plan", "planId"), {"name": " "}, {"name": LONG}, {"fromVersion": 9}],
    "adoptScenario": lambda w: [
        *(unknown("Plan", "planId"), {"scenario": 1}, {"scenario": 9}, {"reason": " "}, {"reason": LONG}),
    ],
    "copyPlan": lambda w: [
        *(unknown("Plan", "planId"), {"name": " "}, {"name": LONG}, {"fiscalYear": 1}, {"version": 9}),
        *({"factor": "-1"}, {"factor": "10.1"}, {"factor": "0.0000000000001"}, {"planId": w["empty plan"]}),
    ],
    "dropScenario": lambda w: [unknown("Plan", "planId"), {"scenario": 9}, {"scenario": 0}],
    "defineMetric": lambda w: [
        *({"key": "A B"}, {"key": "revenue"}, {"name": ""}, {"scale": 9}, {"kind": "MONEY", "scale": 5}),
    ],
    "defineProductMetric": lambda w: [
        *({"key": "A B"}, {"key": "revenue"}, {"name": ""}, {"description": LONG}, {"ofMetric": "smiles"}),
        *(unknown("Product", "productId"), {"productId": None}, {"productGroup": "pumps"}),
        {"productId": None, "productGroup": "nothing"},
    ],
    "updateMetric": lambda w: [
        *({"name": ""}, {"name": "\ud800"}, {"measuredBy": "\ud800"}, {"description": "\ud800"}),
        *(unknown("Metric"), STALE),
    ],
    "defineScore": lambda w: [
        *({"key": "A B"}, {"key": "loud"}, {"name": ""}, {"description": LONG}),
        *({"components": one} for one in COMPONENTS),
    ],
    "updateScore": lambda w: [
        *(unknown("Score"), {"name": ""}, {"description": LONG}, STALE),
        *({"components": one} for one in COMPONENTS),
    ],
    "defineProduct": lambda w: [
        *({"key": ""}, {"key": "pump"}, {"name": ""}, {"productGroup": LONG}, {"listPrice": "-1"}),
        {"listPrice": "0.001"},
    ],
    "updateProduct": lambda w: [
        *({"name": ""}, {"productGroup": LONG}, {"listPrice": "-1"}, {"listPrice": "0.001"}),
        *(unknown("Product"), STALE),
    ],
    "setExchangeRate": lambda w: [{"currency": "??"}, {"currency": "CNY"}, {"validFrom": NEVER}, {"rate": "0"}],
    "postAchievements": _items,
    "reverseAchievement": lambda w: [
        *({"amount": "0"}, {"amount": "999"}, {"amount": "0.001"}, {"reason": " "}, {"idempotencyKey": ""}),
        *({"sourceKey": ""}, {"businessDate": NEVER}, unknown("Achievement", "entryId")),
    ],
    **BAD_FUNNELS,
    **BAD_LEADS,
    "createCustomer": lambda w: [{"key": ""}, unknown("OrgUnit", "positionId"), {"key": "globex"}, *CUSTOMER],
    "updateCustomer": lambda w: [*CUSTOMER, {"parentKey": "globex"}, unknown("Customer"), STALE],
    "adjustForecast": lambda w: [
        *(unknown("OrgUnit", "orgUnitId"), unknown("Funnel", "funnelId"), {"period": "x"}, {"category": "OMITTED"}),
        *({"amount": amount} for amount in ("0.001", "1e40")),
        *({"reason": reason} for reason in ("", " ", LONG)),
    ],
    "planActivity": lambda w: [
        *({"dueOn": None}, {"dueOn": NEVER}, {"dueAt": "2026-06-03T08:00:00Z"}, {"dueOn": None, "dueAt": OLD}),
        *_activities(w),
    ],
    "logActivity": lambda w: [
        *({"doneOn": TOMORROW}, {"doneOn": NEVER}, {"doneAt": "2026-06-01T12:00:01Z"}, {"doneAt": OLD}),
        *({"doneOn": "2026-05-01", "doneAt": "2026-05-01T12:00:00Z"}, {"result": LONG}, *_activities(w)),
    ],
    "changeActivity": lambda w: [
        *({"dueOn": NEVER}, {"dueAt": "2026-06-03T08:00:00Z"}, unknown("Member", "memberId"), *_told(w)),
        *({"id": w["done activity"]}, {"id": w["cancelled activity"]}, {"memberId": w.member("ann"), **STALE}),
        {"id": w["done activity"], "dueOn": None, "memberId": w.member("bob")},
    ],
    "completeActivity": lambda w: [
        *({"doneOn": TOMORROW}, {"doneAt": OLD}, {"id": w["done activity"]}, {"id": w["cancelled activity"]}),
        *_told(w),
    ],
    "cancelActivity": lambda w: [
        *({"id": w["cancelled activity"]}, {"id": w["done activity"], "reason": " "}, {"reason": LONG}),
        *(unknown("Activity"), STALE),
    ],
    **BAD_ACTION_PLANS,
    **BAD_INCENTIVES,
    "reviewDeal": lambda w: [
        *(
            {"advice": " "},
            {"advice": LONG},
            {"followUpOn": "2026-05-31"},
            {"followUpOn": NEVER},
            {"steps": [STEP] * 51},
        ),
        *({"steps": [STEP, {**STEP, **one}]} for one in ({"matter": " "}, {"dueOn": None}, {"dueAt": OLD})),
        {"steps": [{**STEP, **unknown("Member", "memberId")}]},
        {"id": w["nobody's deal"], "steps": [STEP]},
        unknown("Opportunity"),
    ],
    "followUpDealReview": lambda w: [
        *({"result": " "}, {"result": LONG}, {"id": w["finished review"]}, unknown("DealReview"), STALE),
    ],
    "createPool": lambda w: [{"key": "A B"}, {"key": "sea"}, *_pools()],
    "updatePool": lambda w: [*_pools(), {"kinds": ["LEAD"]}, unknown("Pool"), STALE],
    "closePool": lambda w: [unknown("Pool"), {"id": w["pool"]}, STALE],
    "createPoolRule": lambda w: [
        *(
            {"key": "A B"},
            {"key": "idle"},
            {"name": ""},
            unknown("CustomerLevel", "levelId"),
            unknown("Pool", "poolId"),
        ),
        *({"parameters": given} for given in NO_CAPS),
        {"parameters": {"count": 1, "kinds": ["PERSON"]}},
        {"kind": "CLAIM_LIMIT", "parameters": {"count": 1, "window": "YEAR"}},
        {"kind": "COOLDOWN", "parameters": {"days": 0}},
        {"kind": "PROTECTION", "parameters": {"days": 9, "maxDays": 8}},
        {"kind": "RECYCLING", "parameters": {"when": {"any": [{"notWon": {}}]}}},
    ],
    "updatePoolRule": lambda w: [{"name": ""}, {"parameters": {"count": 1}}, unknown("PoolRule"), STALE],
    "pausePoolRule": lambda w: [unknown("PoolRule"), STALE],
    "archivePoolRule": lambda w: [unknown("PoolRule"), STALE],
    "claimRecords": lambda w: [
        *(*_records(w), {"positionId": w.unit("bob")}, unknown("OrgUnit", "positionId"), {"key": ""}, {"key": LONG}),
        {"recordIds": [w["customer"]]},
    ],
    "claimNextRecords": lambda w: [
        *(unknown("Pool", "poolId"), {"count": 0}, {"count": 101}, {"positionId": w.unit("bob")}, {"key": " "}),
    ],
    "assignRecords": lambda w: [*_records(w), *_recipients(w), {"reason": LONG}, {"override": True}],
    "transferRecords": lambda w: [*_records(w), *_recipients(w), {"reason": LONG}, {"override": True}],
    "releaseRecords": lambda w: [*_records(w), {"reason": " "}, {"reason": LONG}, unknown("Pool", "poolId")],
    "handOutRecords": lambda w: [
        *(unknown("Pool", "poolId"), {"count": 0}, {"count": 10_001}, {"recordIds": []}),
        {"recordIds": [w["deal"], gid("Member", 1)]},
    ],
    "setPoolPolicies": lambda w: [
        *(unknown("Pool", "poolId"), STALE, {"policies": []}, {"policies": ["assignment.no"]}),
        *({"policies": ["allocation.even"]}, {"policies": ["assignment.skill"] * 2}),
    ],
    "optOutOfPool": lambda w: [unknown("Pool", "poolId"), unknown("Member", "memberId")],
    "exemptRecords": lambda w: [*_records(w), {"reason": None}, {"reason": LONG}],
    "handOverRecords": lambda w: [
        *({"to": [recipient]} for recipient in _recipients(w)),
        *({"to": []}, {"poolId": w["pool"]}, {"to": [], **unknown("Pool", "poolId")}, unknown("Member", "memberId")),
        *({"override": True}, {"reason": LONG}),
    ],
    **BAD_REVIEWS,
    "defineAttribute": lambda w: _definitions(),
    "archiveAttribute": lambda w: [unknown("AttributeDefinition"), {"id": "?"}, {"id": w["customer"]}, STALE],
    "setAttributes": lambda w: [
        *(unknown("Customer"), unknown("OrgUnit"), {"id": "?"}, {"id": w["product"]}, {"id": w["deal"]}),
        *_values(w),
    ],
    "simulatePolicy": lambda w: [
        *({"policy": "no.such"}, {"parameters": {"surplus": 1}}, {"period": "soon"}, {"period": "2031"}),
        *({"planId": None}, {"orgUnitId": None}, unknown("Plan", "planId"), unknown("OrgUnit", "orgUnitId")),
        {"planId": w["published"]},
    ],
    "switchPolicy": lambda w: [
        *({"policy": "no.such"}, {"parameters": {"surplus": 1}}, {"validFrom": NEVER}, {"validTo": NEVER}),
        {"validFrom": "2026-01-01", "validTo": "2026-12-31"},
        {"policy": "allocation.even"},
    ],
}
"""What to change of the valid input of each, by the mutation's name."""


def bad_inputs(world: World, mutation: str) -> list[dict[str, Any]]:
    """The inputs of a mutation that are refused."""
    return [{**VALID[mutation](world), **change} for change in BAD[mutation](world)]
