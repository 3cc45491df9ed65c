"""Inputs of mutations of funnels and their stages that are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.integration.graph.asking import gid
from tests.integration.graph.valid_calls import STAGES
from tests.integration.graph.worlds import NOTHING, World

LONG: Final = "x" * 3000
NEVER: Final = "1000-01-01"
TOMORROW: Final = "2026-06-02"
STALE: Final[dict[str, Any]] = {"expectedVersion": 99}
DEAL: Final[tuple[dict[str, Any], ...]] = (
    *({"amount": "1.001"}, {"amount": "-1"}, {"amount": "1", "currency": "??"}, {"amountEstimated": True}),
    *({"openedOn": NEVER}, {"expectedCloseOn": NEVER}, {"openedOn": "2026-05-02", "expectedCloseOn": "2026-05-01"}),
    *({"name": ""}, {"name": LONG}, {"source": LONG}, {"competitors": [" "]}, {"competitors": ["x"] * 51}),
    *({"nextStep": LONG}, {"nextStepOn": "2026-07-01"}, {"nextStep": "Call", "nextStepOn": NEVER}),
)


def unknown(type_name: str, field: str = "id") -> dict[str, str]:
    """An id that names nothing."""
    return {field: gid(type_name, NOTHING)}


def _stages(world: World) -> list[dict[str, Any]]:
    broken = ({"key": "A B"}, {"name": ""}, {"winProbability": "2"}, {"key": "won"})
    return [{"stages": []}, *({"stages": [{**STAGES[0], **one}, *STAGES[1:]]} for one in broken)]


def _standards() -> list[dict[str, Any]]:
    standards: list[dict[str, Any]] = [
        *({"kind": "FIELD"}, {"kind": "FIELD", "field": "AMOUNT", "attribute": "grade"}, {"kind": "DOCUMENT"}),
        *({"kind": "FIELD", "attribute": "nothing"}, {"kind": "FIELD", "attribute": "A B"}),
        *({"kind": "APPROVAL", "field": "AMOUNT"}, {"kind": "APPROVAL", "atLeast": 2}),
        *({"kind": "ACTIVITY", "atLeast": 0}, {"kind": "ACTIVITY", "atLeast": 101}),
        *({"kind": "ACTIVITY", "document": "x"}, {"kind": "DOCUMENT", "document": LONG}),
    ]
    lists = [*([one] for one in standards), [{"kind": "APPROVAL"}] * 2, [{"kind": "APPROVAL"}] * 21]
    stages: list[dict[str, Any]] = [*({"standards": one} for one in lists), {"ageLimitDays": 0}]
    closed: list[dict[str, Any]] = [{"ageLimitDays": 5}, {"forward": "HEAD"}, {"backward": "NOBODY"}]
    closed += [{"skipping": False}, {"standards": [{"kind": "APPROVAL"}]}]
    return [
        *({"stages": [{**STAGES[0], **one}, *STAGES[1:]]} for one in stages),
        *({"stages": [STAGES[0], {**STAGES[1], **one}, *STAGES[2:]]} for one in closed),
    ]


def _units(world: World) -> list[dict[str, Any]]:
    return [unknown("OrgUnit", "orgUnitId"), {"orgUnitId": world.unit("ann")}]


def _splits(world: World) -> list[dict[str, Any]]:
    ann, half = world.unit("ann"), {"positionId": world.unit("bob"), "share": "0.5"}
    return [
        {"splits": [{"positionId": ann, "share": "0"}]},
        {"splits": [half]},
        {"splits": [half, half]},
        {"splits": [half, {"positionId": world.unit("east"), "share": "0.5"}]},
        {"splits": [half, {"positionId": world.unit("empty"), "share": "0.5"}]},
        {"splits": [half, {"positionId": ann, "share": "0.5", **unknown("Member", "memberId")}]},
    ]


def _lines(world: World) -> list[dict[str, Any]]:
    pump = {"productId": world["product"], "amount": "10"}
    return [
        *({"lines": [{**pump, **one}]} for one in ({"quantity": "0"}, {"quantity": "1.00001"}, {"amount": "0.001"})),
        *({"lines": [pump, {**pump, **one}]} for one in ({"amount": None}, {"amount": "-1"})),
        *({"lines": [unknown("Product", "productId")]}, {"lines": [pump] * 201}),
        {"lines": [pump], "amount": "11"},
        {"lines": [pump], "currency": "??"},
    ]


def _closings(world: World) -> list[dict[str, Any]]:
    return [
        {"on": TOMORROW},
        {"on": NEVER},
        {"id": world["nobody's deal"]},
        {"id": world["vague deal"]},
        {"id": world["foreign deal"]},
        {"id": world["lost deal"]},
        {"reason": LONG},
        unknown("Opportunity"),
        STALE,
    ]


BAD_FUNNELS: Final[Mapping[str, Callable[[World], list[dict[str, Any]]]]] = {
    "createFunnel": lambda w: [{"key": "A B"}, {"key": "sales"}, {"name": ""}, *_stages(w), *_standards(), *_units(w)],
    "reviseFunnel": lambda w: [unknown("Funnel"), STALE, {"reason": LONG}, *_stages(w), *_standards()],
    "moveDealsToLatest": lambda w: [
        *(unknown("Funnel"), STALE, {"reason": LONG}, {"stages": []}),
        *({"stages": [{"of": "talk", "to": one}]} for one in ("nowhere", "won")),
        {"stages": [{"of": "nowhere", "to": "open"}]},
        {"stages": [{"of": "talk", "to": "open"}] * 2},
    ],
    "setCloseReasons": lambda w: [
        *(unknown("Funnel"), STALE, {"outcome": "OPEN"}),
        *({"reasons": [one]} for one in ({"key": "A B", "name": "x"}, {"key": "a", "name": ""})),
        *({"reasons": [{"key": f"k{n % many}", "name": "x"} for n in range(51)]} for many in (1, 51)),
    ],
    "decideStage": lambda w: [
        *({"approved": False}, {"note": LONG}, {"id": w["lost deal"]}, unknown("Opportunity"), STALE),
    ],
    "addOpportunityDocument": lambda w: [
        *({"name": ""}, {"name": LONG}, {"url": LONG}, {"url": "nowhere"}, unknown("Opportunity"), STALE),
    ],
    "removeOpportunityDocument": lambda w: [unknown("OpportunityDocument"), {"id": w["deal"]}, STALE],
    "invalidateOpportunity": lambda w: [
        *(unknown("Stage", "stageId"), {"on": TOMORROW}, {"on": NEVER}, {"reasonKey": "none"}),
        *({"reason": LONG}, {"id": w["deal"]}, {"id": w["lost deal"]}, unknown("Opportunity"), STALE),
    ],
    "createOpportunity": lambda w: [
        *({"key": ""}, {"stageId": w.stage("won")}, {"positionId": w.unit("east")}),
        *(unknown("Funnel", "funnelId"), unknown("OrgUnit", "positionId"), unknown("Stage", "stageId")),
        *(unknown("Customer", "customerId"), unknown("Product", "productId"), *DEAL, *_splits(w), *_lines(w)),
    ],
    "updateOpportunity": lambda w: [
        *(unknown("Customer", "customerId"), unknown("Product", "productId"), {"amount": None, "currency": "??"}),
        *(unknown("Opportunity"), STALE, *_splits(w), *_lines(w)),
        *(one for one in DEAL if one != {"amountEstimated": True}),
    ],
    "moveOpportunity": lambda w: [
        *({"stageId": w.stage("won"), **one} for one in _closings(w)),
        *({"stageId": w.stage("lead")}, unknown("Stage", "stageId")),
    ],
    "transferOpportunity": lambda w: [
        *({"positionId": w.unit("ann")}, {"positionId": w.unit("east")}, unknown("OrgUnit", "positionId")),
        *({"id": w["lost deal"]}, unknown("Opportunity"), STALE),
    ],
    "winOpportunity": lambda w: [
        *_closings(w),
        *({"amount": "-1"}, {"amount": "0.001"}, {"currency": "EUR"}, {"amount": "1", "currency": "??"}),
        {"amount": "1", "currency": "USD"},
    ],
    "loseOpportunity": lambda w: [
        *({"stageId": w.stage("won")}, unknown("Stage", "stageId"), {"on": TOMORROW}, {"on": NEVER}),
        *({"reason": LONG}, {"id": w["lost deal"]}, unknown("Opportunity"), STALE),
    ],
    "reopenOpportunity": lambda w: [
        *({"stageId": w.stage("won")}, unknown("Stage", "stageId"), {"on": TOMORROW}, {"on": "2026-05-01"}),
        *({"reason": LONG}, {"id": w["deal"]}, unknown("Opportunity"), STALE),
    ],
}
"""What to change of the valid input of each, by the mutation's name."""
