"""Calls of the mutations of incentives: those that are not refused, and those that are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.integration.graph.asking import gid
from tests.integration.graph.paid_runs import POLICY
from tests.integration.graph.worlds import NOTHING, World

LONG: Final = "x" * 3000
STALE: Final[dict[str, Any]] = {"expectedVersion": 99}

VALID_INCENTIVES: Final[Mapping[str, Callable[[World], dict[str, Any]]]] = {
    "setIncentiveRule": lambda w: {"key": "rate", "policy": POLICY, "parameters": {"rate_percent": "5"}},
    "endIncentiveRule": lambda w: {"id": w["incentive rule"], "on": "2026-07-01"},
    "createMemberGroup": lambda w: {"key": "rookies", "name": "Rookies"},
    "updateMemberGroup": lambda w: {"id": w["group"], "name": "Great hunters"},
    "addToMemberGroup": lambda w: {"groupId": w["group"], "memberIds": [w.member("bob")]},
    "removeFromMemberGroup": lambda w: {"groupId": w["group"], "memberIds": [w.member("ann")]},
    "startIncentiveRun": lambda w: {"period": "2026-W10", "orgUnitId": w.unit("west")},
    "reviewIncentiveRun": lambda w: {"id": w["run"]},
    "returnIncentiveRun": lambda w: {"id": w["run"], "reason": "An order is missing"},
    "computeIncentiveRun": lambda w: {"id": w["run"]},
    "cancelIncentiveRun": lambda w: {"id": w["run"], "reason": "A try"},
    "approveIncentiveRun": lambda w: {"id": w["reviewed run"]},
    "payIncentiveRun": lambda w: {"id": w["approved run"]},
    "openDispute": lambda w: {
        "statementId": w["statement of paid run"],
        "line": {"rule": "rate", "key": "flat_rate"},
        "text": "It was twice as much",
        "amount": "100.00",
    },
    "commentOnDispute": lambda w: {"id": w["dispute"], "text": "Which deal do you mean?"},
    "decideDispute": lambda w: {"id": w["dispute"], "granted": True, "amount": "3.00", "reason": "You are right"},
    "withdrawDispute": lambda w: {"id": w["missing line"], "reason": "My mistake"},
    "simulateIncentives": lambda w: {"changes": [{"key": "rate", "policy": POLICY}], "first": "2026-04"},
    "removeIncentiveSimulation": lambda w: {"id": w["simulation"]},
    "setIncentiveBudget": lambda w: {"orgUnitId": w.unit("east"), "period": "2026", "amount": "90000"},
    "askWhatIf": lambda w: {"memberId": w.member("ann"), "amounts": [{"metric": "revenue", "amount": "5"}]},
}
"""The input of each, by the mutation's name."""


def _unknown(type_name: str, field: str = "id") -> dict[str, str]:
    return {field: gid(type_name, NOTHING)}


def _runs(world: World, *others: str) -> list[dict[str, Any]]:
    return [*({"id": world[name]} for name in others), _unknown("IncentiveRun"), {"id": "?"}, STALE]


BAD_INCENTIVES: Final[Mapping[str, Callable[[World], list[dict[str, Any]]]]] = {
    "setIncentiveRule": lambda w: [
        *({"key": "A B"}, {"policy": "no.such"}, {"policy": "allocation.even"}, {"parameters": {"surplus": 1}}),
        *({"parameters": [1]}, {"title": " "}, {"ordinal": 2_000_000}, _unknown("OrgUnit", "orgUnitId")),
        *(_unknown("MemberGroup", "groupId"), {"orgUnitId": w.unit("east"), "groupId": w["group"]}),
        *({"validFrom": "1000-01-01"}, {"validTo": "1000-01-01"}, {"validTo": "2026-05-01"}),
        *({"grain": "HALF", "validFrom": "2025-12-31"}, {"key": "weekly", "grain": "WEEK", "validTo": "2026-07-01"}),
        {"key": "weekly", "grain": "WEEK", "validFrom": "2025-12-01"},
    ],
    "endIncentiveRule": lambda w: [{"on": "1000-01-01"}, _unknown("IncentiveRule"), {"id": w["rule"]}],
    "createMemberGroup": lambda w: [{"key": "A B"}, {"key": "hunters"}, {"name": " "}],
    "updateMemberGroup": lambda w: [{"name": " "}, _unknown("MemberGroup"), STALE],
    "addToMemberGroup": lambda w: [
        *({"memberIds": []}, {"memberIds": [w.member("bob")] * 2}, {"memberIds": [w.member("ann")]}),
        *({"memberIds": [gid("Member", NOTHING)]}, {"memberIds": ["?"]}, {"memberIds": [w.member("bob")] * 1001}),
        *(_unknown("MemberGroup", "groupId"), {"groupId": w["closed group"]}, {"validFrom": "1000-01-01"}),
        *({"validFrom": "2025-12-31"}, {"validTo": "1000-01-01"}, {"validTo": "2026-06-01"}),
    ],
    "removeFromMemberGroup": lambda w: [
        *({"memberIds": []}, {"memberIds": [w.member("bob")]}, {"memberIds": [gid("Member", NOTHING)]}),
        *(_unknown("MemberGroup", "groupId"), {"on": "1000-01-01"}, {"on": "2025-12-31"}),
    ],
    "startIncentiveRun": lambda w: [
        *({"period": "soon"}, {"period": "2026-W40"}, {"period": "2026-06-01/2026-06-03"}, {"period": "2026-06"}),
        *(_unknown("OrgUnit", "orgUnitId"), {"orgUnitId": w.unit("empty")}, {"period": "2025-W40"}),
    ],
    "reviewIncentiveRun": lambda w: _runs(w, "reviewed run", "paid run"),
    "returnIncentiveRun": lambda w: [
        *_runs(w, "run", "paid run"),
        *({"id": w["reviewed run"], "reason": " "}, {"id": w["reviewed run"], "reason": LONG}),
    ],
    "computeIncentiveRun": lambda w: _runs(w, "approved run", "paid run"),
    "cancelIncentiveRun": lambda w: [*_runs(w, "approved run", "paid run"), {"reason": LONG}],
    "approveIncentiveRun": lambda w: _runs(w, "run", "approved run", "paid run"),
    "payIncentiveRun": lambda w: _runs(w, "run", "reviewed run", "paid run"),
    "openDispute": lambda w: [
        *({"text": " "}, {"text": LONG}, {"line": {"rule": "rate", "key": "other"}}, {"amount": "0"}),
        *({"amount": "0.001"}, {"amount": "1e30"}, {"line": None}, _unknown("Statement", "statementId")),
        {"statementId": w["statement of reviewed run"]},
    ],
    "commentOnDispute": lambda w: [{"text": " "}, {"text": LONG}, _unknown("Dispute"), {"id": "?"}],
    "decideDispute": lambda w: [
        *({"reason": " "}, {"reason": LONG}, {"amount": "-1"}, {"amount": "0.001"}, {"granted": False}),
        *({"id": w["withdrawn dispute"]}, _unknown("Dispute"), {"id": "?"}, STALE),
    ],
    "withdrawDispute": lambda w: [
        *({"reason": LONG}, {"id": w["withdrawn dispute"]}, _unknown("Dispute"), {"id": "?"}, STALE)
    ],
    "simulateIncentives": lambda w: [
        *({"first": "2026"}, {"last": "2026-07"}, {"first": "2020-01"}, {"grain": "DAY", "last": "x"}),
        *({"bounds": []}, {"bounds": ["0.001"]}, {"title": " "}, {"changes": []}, _unknown("OrgUnit", "orgUnitId")),
        *(
            {"changes": [{"key": "rate", "policy": POLICY, **change}]}
            for change in (
                *({"key": "A B"}, {"policy": None}, {"policy": "no.such"}, {"parameters": {"surplus": 1}}),
                *({"parameters": [1]}, {"title": " "}, {"ordinal": 2_000_000}, {"remove": True}),
                *(_unknown("OrgUnit", "orgUnitId"), _unknown("MemberGroup", "groupId")),
                {"orgUnitId": w.unit("east"), "groupId": w["group"]},
            )
        ),
    ],
    "removeIncentiveSimulation": lambda w: [_unknown("IncentiveSimulation"), {"id": "?"}, {"id": w["rule"]}],
    "setIncentiveBudget": lambda w: [
        *({"period": "soon"}, {"period": "2026-06-01/2026-06-03"}, {"amount": "-1"}, {"amount": "0.001"}),
        *({"amount": None}, {"expectedVersion": 99}, _unknown("OrgUnit", "orgUnitId"), {"orgUnitId": "?"}),
    ],
    "askWhatIf": lambda w: [
        *(_unknown("Member", "memberId"), {"memberId": None}, {"amounts": [{"metric": "luck", "amount": "1"}]}),
        *({"amounts": [{"metric": "revenue", "amount": "0.001"}]}, {"deals": [{"opportunityId": w["deal"]}] * 51}),
        *(
            {"deals": [{"opportunityId": w["deal"], **deal}]}
            for deal in (
                *({"amount": "-1"}, {"amount": "0.001"}, {"closedOn": "2026-07-01"}, {"closedOn": "1000-01-01"}),
                *(_unknown("Opportunity", "opportunityId"), {"opportunityId": "?"}),
            )
        ),
    ],
}
"""What differs from a valid input, by the mutation's name."""
