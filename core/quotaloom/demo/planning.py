"""Publishing the demo company's plans."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from quotaloom.demo.goals import set_goals
from quotaloom.demo.organizing import COMPANY_KEY
from quotaloom.demo.story import DemoPlan
from quotaloom.metrics.built_in import REVENUE
from quotaloom.platform.work import Work
from quotaloom.policies.host import PolicyHost
from quotaloom.targets.deciding import DecomposeRequest
from quotaloom.targets.decomposing import decompose_target
from quotaloom.targets.plans import create_plan, publish_plan

SHARES: Final = {"assessment": Decimal("0.8"), "stretch": Decimal("1.2")}
"""Of the target."""


async def plan_year(work: Work, policies: PolicyHost, plan: DemoPlan) -> None:
    """Create, decompose and publish a plan that serves an objective, as far as that has not happened yet."""
    async with work.snapshot() as snapshot:
        stored = await snapshot.fetch_one(
            "SELECT plan.id, EXISTS (SELECT FROM plan_version AS version WHERE version.company_id = plan.company_id"
            " AND version.plan_id = plan.id AND version.status <> 'draft') AS published FROM plan"
            " WHERE name = $1 ORDER BY id LIMIT 1",
            plan.name,
        )
        root = await snapshot.fetch_one("SELECT id FROM org_unit WHERE key = $1", COMPANY_KEY)
        metric = await snapshot.fetch_one("SELECT id FROM metric WHERE key = $1", REVENUE)
    assert root is not None
    assert metric is not None
    if stored is not None and stored["published"]:
        return
    plan_id = stored["id"] if stored else await create_plan(work, plan.name, metric["id"], plan.fiscal_year)
    request = DecomposeRequest(plan_id, root["id"], {"target": plan.target}, SHARES, plan.policy)
    await decompose_target(work, policies, request)
    await set_goals(work, plan_id, plan.fiscal_year)
    await publish_plan(work, plan_id)
