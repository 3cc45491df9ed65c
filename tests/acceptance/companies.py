"""Companies that are ready to be planned and sold in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from quotaloom.founding import found_company
from quotaloom.funnels.stages import NewFunnel, NewStage, Outcome
from quotaloom.organizations.commands.companies import NewCompany
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom.policies.host import PolicyHost
from quotaloom_graphql.nodes import encode_id
from tests.acceptance.api_company import ApiCompany
from tests.graph_client import GraphClient
from tests.loaded_once import built_in_plugins

FUNNEL = NewFunnel(
    "sales",
    "Sales",
    [
        NewStage("lead", "Lead", Outcome.OPEN, Decimal("0.5")),
        NewStage("won", "Won", Outcome.WON, Decimal(1)),
        NewStage("lost", "Lost", Outcome.LOST, Decimal(0)),
    ],
)


async def planned_company(database: Database, graph: GraphClient, key: str, now: datetime) -> ApiCompany:
    """A company of that key with a funnel, a plan for 2026, and two positions with holders below its root.

    The root's id is the first in `ids`, under the key; the plan's is under `plan`.
    """
    new = NewCompany(key=key, name=key.title(), currency="CNY", time_zone="Asia/Shanghai")
    admin = NewMember("Ada", role="admin", key="ada")
    host = PolicyHost(built_in_plugins())
    founded = await found_company(database, host, new, admin, subject="tests", now=now, funnel=FUNNEL)
    ids = {key: encode_id("OrgUnit", founded.root_id)}
    made = ApiCompany(graph.admin(founded.company.id, founded.admin_id), founded.company.id, founded.admin_id, ids)
    await made.units(key, ["East", "West"], "POSITION")
    await made.members(["Ann", "Bob"])
    await made.hold("East", "Ann")
    await made.hold("West", "Bob")
    made.ids["plan"] = await made.plan(2026)
    return made
