"""Calls of the mutations of leads and customer levels: those that are not refused, and those that are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.integration.graph.asking import gid
from tests.integration.graph.worlds import NOTHING, World

LONG: Final = "x" * 3000
STALE: Final[dict[str, Any]] = {"expectedVersion": 99}

VALID_LEADS: Final[Mapping[str, Callable[[World], dict[str, Any]]]] = {
    "orderCustomerLevels": lambda w: {"ids": [w["lower level"], w["level"]]},
    "defineCustomerLevel": lambda w: {"key": "b", "name": "B"},
    "updateCustomerLevel": lambda w: {"id": w["level"], "name": "A 重点"},
    "createLead": lambda w: {"name": "Li Wei", "positionId": w.unit("ann"), "phone": "138 0013 8000"},
    "updateLead": lambda w: {"id": w["lead"], "organization": "Initech", "levelId": w["level"]},
    "markLeadInvalid": lambda w: {"id": w["lead"], "reason": "Wrong number"},
    "reopenLead": lambda w: {"id": w["invalid lead"]},
    "mergeLeads": lambda w: {"keptId": w["lead to keep"], "mergedIds": [w["third lead"]], "reason": "The same person"},
    "mergeCustomers": lambda w: {"keptId": w["second customer"], "mergedIds": [w["third customer"]]},
    "setDuplicateRule": lambda w: {"subject": "LEAD", "compared": ["PHONE"], "action": "TELL", "freeMail": ["qq.com"]},
    "convertLead": lambda w: {"id": w["second lead"], "opportunity": {"funnelId": w["funnel"], "amount": "10"}},
}
"""The input of each, by the mutation's name."""

_LEAD: Final[tuple[dict[str, Any], ...]] = (
    *({"name": ""}, {"name": LONG}, {"organization": LONG}, {"phone": LONG}, {"source": LONG}, {"note": LONG}),
    *({"email": "ann"}, {"website": "not a site"}, {"productId": gid("Product", NOTHING)}),
    {"levelId": gid("CustomerLevel", NOTHING)},
)

BAD_LEADS: Final[Mapping[str, Callable[[World], list[dict[str, Any]]]]] = {
    "defineCustomerLevel": lambda w: [{"key": ""}, {"key": "a"}, {"key": "Ä"}, {"name": ""}, {"name": LONG}],
    "updateCustomerLevel": lambda w: [{"id": gid("CustomerLevel", NOTHING)}, {"name": ""}, STALE],
    "orderCustomerLevels": lambda w: [{"ids": []}, {"ids": [w["level"]] * 2}, {"ids": [gid("CustomerLevel", NOTHING)]}],
    "createLead": lambda w: [
        *(*_LEAD, {"key": ""}, {"key": "first"}, {"positionId": None}, {"positionId": w.unit("east")}),
        *({"positionId": gid("OrgUnit", NOTHING)}, {"poolId": gid("Pool", NOTHING)}),
    ],
    "updateLead": lambda w: [*_LEAD, {"id": gid("Lead", NOTHING)}, {"id": w["invalid lead"]}, STALE],
    "markLeadInvalid": lambda w: [
        *({"id": gid("Lead", NOTHING)}, {"id": w["invalid lead"]}, {"reason": ""}, {"reason": LONG}, STALE),
    ],
    "reopenLead": lambda w: [{"id": gid("Lead", NOTHING)}, {"id": w["lead"]}, {"reason": LONG}, STALE],
    "mergeLeads": lambda w: [
        *({"keptId": gid("Lead", NOTHING)}, {"mergedIds": [gid("Lead", NOTHING)]}, {"mergedIds": []}, STALE),
        *({"mergedIds": [w["lead to keep"]]}, {"mergedIds": [w["third lead"]] * 2}, {"reason": LONG}),
        {"keptId": w["invalid lead"]},
    ],
    "mergeCustomers": lambda w: [
        *({"keptId": gid("Customer", NOTHING)}, {"mergedIds": [gid("Customer", NOTHING)]}, {"mergedIds": []}, STALE),
        *({"mergedIds": [w["second customer"]]}, {"mergedIds": [w["third customer"]] * 2}, {"reason": LONG}),
    ],
    "setDuplicateRule": lambda w: [{"freeMail": ["no domain"]}, {"freeMail": ["x.com"] * 1001}],
    "convertLead": lambda w: [
        *({"id": gid("Lead", NOTHING)}, {"id": w["invalid lead"]}, {"opportunity": None}, STALE),
        *({"customerId": gid("Customer", NOTHING)}, {"customerId": w["customer"], "customer": {"name": "Initech"}}),
        *({"customer": {"name": LONG}}, {"customer": {"key": "globex"}}, {"opportunityId": w["deal"]}),
        {"opportunity": None, "opportunityId": gid("Opportunity", NOTHING)},
        *(
            {"opportunity": {"funnelId": gid("Funnel", NOTHING)}},
            {"opportunity": {"funnelId": w["funnel"], "name": ""}},
        ),
        {"opportunity": {"funnelId": w["funnel"], "stageId": w.stage("won")}},
        {"opportunity": {"funnelId": w["funnel"], "amount": "-1"}},
    ],
}
"""What is changed of the valid input of each, so that it is refused."""
