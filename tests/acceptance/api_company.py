"""A company that is built and asked through the API alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from quotaloom.founding import found_company
from quotaloom.organizations.commands.companies import NewCompany
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom.policies.host import PolicyHost
from quotaloom_graphql.nodes import encode_id
from tests.graph_client import GraphClient, serving
from tests.loaded_once import built_in_plugins

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


@dataclass
class ApiCompany:
    """An admin's client, and the global ids of what was made, by name."""

    graph: GraphClient
    company_id: int
    admin_id: int
    ids: dict[str, str] = field(default_factory=dict)

    def on(self, day: date) -> None:
        """Put the clock at noon of a day."""
        self.graph.clock.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    async def units(self, parent: str, names: Sequence[str], kind: str) -> None:
        """Create units under a parent."""
        for ordinal, name in enumerate(names):
            payload = await self.graph.do(
                "createOrgUnit", "orgUnit { id }", name=name, kind=kind, parentId=self.ids[parent], ordinal=ordinal
            )
            self.ids[name] = payload["orgUnit"]["id"]

    async def members(self, names: Sequence[str]) -> None:
        """Enter members."""
        for name in names:
            self.ids[name] = (await self.graph.do("createMember", "member { id }", name=name))["member"]["id"]

    async def hold(self, position: str, member: str, **dates: str) -> None:
        """Give a position a holder."""
        await self.graph.do(
            "appointHolder", "orgUnit { id }", positionId=self.ids[position], memberId=self.ids[member], **dates
        )

    async def plan(self, year: int, metric: str = "revenue") -> str:
        """Make a plan; its id."""
        metrics = (await self.graph.ask("{ metrics { id key } }"))["metrics"]
        metric_id = next(one["id"] for one in metrics if one["key"] == metric)
        payload = await self.graph.do("createPlan", "plan { id }", name="Plan", metricId=metric_id, fiscalYear=year)
        plan_id: str = payload["plan"]["id"]
        return plan_id

    async def set_targets(self, plan_id: str, cells: Mapping[tuple[str, str], str], **facts: Any) -> None:
        """Set targets by unit and month."""
        await self.graph.do(
            "setTargetCells",
            "plan { id }",
            planId=plan_id,
            cells=[
                {"orgUnitId": self.ids[unit], "month": month, "target": target, **facts}
                for (unit, month), target in cells.items()
            ],
        )

    async def publish(self, plan_id: str) -> None:
        """Put a plan in force."""
        await self.graph.do("publishPlan", "plan { status }", planId=plan_id)

    async def post(self, position: str, day: str, amount: str, key: str, **facts: Any) -> list[dict[str, Any]]:
        """Post one order of a position's holder, today; the entries."""
        item = {
            "metric": "revenue",
            "amount": amount,
            "businessDate": day,
            "source": "ORDER",
            "sourceKey": key,
            "idempotencyKey": key,
            "credits": [{"positionId": self.ids[position], "share": "1"}],
            **facts,
        }
        payload = await self.graph.do("postAchievements", "achievements { id amount }", items=[item])
        entries: list[dict[str, Any]] = payload["achievements"]
        return entries

    async def attainment(self, name: str, arguments: str, fields: str = "target achieved rate") -> dict[str, Any]:
        """The attainment of a unit or member by name."""
        query = (
            "query ($id: ID!) { node(id: $id) {"
            f" ... on OrgUnit {{ attainment({arguments}) {{ {fields} }} }}"
            f" ... on Member {{ attainment({_of_member(arguments)}) {{ {fields} }} }} }} }}"
        )
        found: dict[str, Any] = (await self.graph.ask(query, id=self.ids[name]))["node"]["attainment"]
        return found


def _of_member(arguments: str) -> str:
    return ", ".join(part for part in arguments.split(", ") if not part.startswith(("structure", "atPlanRate")))


@asynccontextmanager
async def api_company(
    database: Database,
    database_url: str,
    folder: Path,
    now: datetime = START,
    settings: Mapping[str, Any] | None = None,
    **facts: Any,
) -> AsyncIterator[ApiCompany]:
    """Found a company, whose plans need no owners, and serve it, with these settings of the server."""
    named = {"key": "acme", "name": "Acme", "currency": "CNY", "time_zone": "Asia/Shanghai"}
    new = NewCompany(**{**named, "plans_need_owners": False, **facts})
    founded = await found_company(
        database,
        PolicyHost(built_in_plugins()),
        new,
        NewMember("Ada", role="admin", key="ada"),
        subject="tests",
        now=now,
    )
    async with serving(database_url, folder, now, **settings or {}) as graph:
        admin = graph.admin(founded.company.id, founded.admin_id)
        ids = {"Acme": encode_id("OrgUnit", founded.root_id), "Ada": encode_id("Member", founded.admin_id)}
        yield ApiCompany(admin, founded.company.id, founded.admin_id, ids)
