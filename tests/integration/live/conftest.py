"""A company on two servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quotaloom.platform.database import Database
from quotaloom_graphql.nodes import split_id
from tests.acceptance.api_company import ApiCompany
from tests.acceptance.companies import planned_company
from tests.graph_client import GraphClient, Moment
from tests.integration.live.boards import LiveServer, live_server

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)


@dataclass
class Live:
    """A company whose admin writes through `there`, while boards listen `here`."""

    here: LiveServer
    there: LiveServer
    company: ApiCompany

    @property
    def admin(self) -> GraphClient:
        """The company's admin."""
        return self.company.graph

    def member(self, name: str) -> GraphClient:
        """A member."""
        return self.here.graph.member(self.company.company_id, split_id(self.company.ids[name])[1])

    def ids(self, *names: str) -> list[str]:
        """Ids of units."""
        return [self.company.ids[name] for name in names]

    async def post(self, amount: str, key: str, position: str = "East") -> None:
        """Post an order through the other server."""
        await self.company.post(position, "2026-05-04", amount, key)


@pytest.fixture
async def live(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Live]:
    clock = Moment(NOW)
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(live_server(database_url, tmp_path, clock)) for _ in range(2)]
        company = await planned_company(database, there.graph, "acme", NOW)
        yield Live(here, there, company)
