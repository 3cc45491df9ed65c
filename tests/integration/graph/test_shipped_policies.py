"""The policies that ship with the product, as an admin's client sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from quotaloom.platform.database import Database
from tests.acceptance.api_company import ApiCompany, api_company

WAITING = ("last_period", "trailing_year", "growth", "headcount", "fixed_weights", "potential", "seasonal")
"""The rules that no company has on from the beginning."""


@pytest.fixture
async def acme(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[ApiCompany]:
    """A company of nobody but its admin."""
    async with api_company(database, database_url, tmp_path) as company:
        yield company


async def test_rules_wait_to_be_switched_on(acme: ApiCompany) -> None:
    """A new company has two of them on, sees the others with all that a form needs, and switches one on."""
    query = "{ policies { key active settings { revision } parametersSchema uiHints } }"
    policies = {policy.pop("key"): policy for policy in (await acme.graph.ask(query))["policies"]}
    rules = {"allocation.even", "allocation.last_year"}
    assert {key for key, policy in policies.items() if policy["active"]} == {*rules, "reviews.weighted_score"}
    for rule in WAITING:
        policy = policies[f"allocation.{rule}"]
        assert policy["settings"] == []
        fields = policy["parametersSchema"]["properties"]
        assert all(field["description"] for field in fields.values())
        assert policy["uiHints"].keys() == fields.keys()
    switched = await acme.graph.do(
        "switchPolicy", "policy { active settings { parameters } }", policy="allocation.headcount", active=True
    )
    assert switched["policy"] == {
        "active": True,
        "settings": [{"parameters": {"months": "even", "members_of_empty_unit": "0"}}],
    }


async def test_a_policy_that_cannot_decide_tells_the_planner_why(acme: ApiCompany) -> None:
    """An error that he can mend, at the policy, in the policy's own words; nothing is stored."""
    await acme.units("Acme", ["East"], "POSITION")
    plan_id = await acme.plan(2026)
    policy = "allocation.fixed_weights"
    await acme.graph.do("switchPolicy", "policy { key }", policy=policy, active=True)
    split = {"planId": plan_id, "orgUnitId": acme.ids["Acme"], "target": "1000", "policy": policy}
    refused = await acme.graph.try_to("decomposeTarget", "stored", **split)
    assert refused == {
        "stored": None,
        "errors": [
            {
                "path": ["policy"],
                "code": "POLICY_UNDECIDED",
                "message": "policy 'allocation.fixed_weights' cannot decide: No unit below Acme has a weight. Write one"
                " down for at least one of them, by its key (east), or split Acme by another policy.",
            }
        ],
    }
