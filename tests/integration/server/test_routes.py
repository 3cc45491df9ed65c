"""What every route tells to those who may not be told: strangers, other companies, and services that may not read."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from quotaloom.incentives.statement_files import StatementFormat
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.settings import Settings
from quotaloom.platform.spreadsheets import FileFormat
from quotaloom.platform.tokens import Identity
from quotaloom_graphql.nodes import encode_id
from quotaloom_server.application import create_application
from quotaloom_server.reports import EXPORTERS
from tests.founding import found
from tests.graph_client import GraphClient, serving
from tests.integration.incentives.disputing import paid_month
from tests.integration.incentives.payroll import NOON
from tests.integration.incentives.test_statement_files import statement_id

REPORTS = {f"/reports/{name}.{format}" for name in EXPORTERS for format in FileFormat}
FILES = {
    *(f"/statements/{{id}}/statement.{format}" for format in StatementFormat),
    *(f"/incentive-runs/{{id}}/statements.{format}" for format in FileFormat),
    *(f"/plans/{{plan_id}}/template.{format}" for format in FileFormat),
}
OPEN = {"/", "/health", "/alive"}
"""What anybody may know."""

GRAPH = {"/graphql"}


@pytest.fixture
async def production(tmp_path: Path) -> AsyncIterator[tuple[dict[str, set[str]], httpx.AsyncClient]]:
    """The paths and methods of a server in production, and a client without a token; its database is never asked."""
    url = "postgresql://nobody@127.0.0.1:1/none"
    settings = Settings(profile="production", database_url=url, admin_database_url=url, data_dir=tmp_path)
    application = create_application(settings, url)
    paths = {one.path: one.methods or set() for one in application.routes if isinstance(one, Route)}
    transport = httpx.ASGITransport(app=application)
    async with httpx.AsyncClient(transport=transport, base_url="http://quotaloom.test") as http:
        yield paths, http


async def test_every_route_is_known(production: tuple[dict[str, set[str]], httpx.AsyncClient]) -> None:
    """Whoever adds one says here who is told what; in production nothing lets anybody in without a provider."""
    paths, _ = production
    assert paths.keys() == REPORTS | FILES | OPEN | GRAPH
    assert {frozenset(paths[path]) for path in REPORTS | FILES} == {frozenset({"GET", "HEAD"})}


async def test_no_path_sends_anybody_elsewhere(
    production: tuple[dict[str, set[str]], httpx.AsyncClient],
) -> None:
    """A slash too many is another path; nobody is sent to the host that he names."""
    for path in ("/graphql/", "/health/"):
        answer = await production[1].get(path, headers={"host": "evil.example"})
        assert (answer.status_code, answer.headers.get("location")) == (404, None), path


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x.y.z"}, {"authorization": "Bearer ql_1_a_b"}])
async def test_a_stranger_is_told_nothing(
    production: tuple[dict[str, set[str]], httpx.AsyncClient], headers: dict[str, str]
) -> None:
    """Of every file 401, and of pages for development none."""
    paths, http = production
    for path in REPORTS | FILES:
        for method in paths[path]:
            answer = await http.request(method, re.sub(r"{\w+}", encode_id("Statement", 1), path), headers=headers)
            assert answer.status_code == 401, (method, path)
    for path in ("/graphql", "/sign-in", "/sign-in/development", "/sign-in/token", "/docs", "/openapi.json"):
        answer = await http.get(path, headers={**headers, "accept": "text/html"})
        assert answer.status_code in {401, 404, 405}, path


async def test_health_tells_no_more_than_that(
    production: tuple[dict[str, set[str]], httpx.AsyncClient],
) -> None:
    """Neither where the database is nor what is wrong with it; and `/` leads to the graph."""
    _, http = production
    alive, health, root = [await http.get(path) for path in ("/alive", "/health", "/")]
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (health.status_code, health.json()) == (503, {"status": "the database does not answer"})
    assert (root.status_code, root.headers["location"]) == (307, "/graphql")


async def statuses(client: GraphClient, paths: list[str]) -> dict[str, int]:
    """What asking for each comes to."""
    return {path: (await client.http.get(path, headers=client.headers)).status_code for path in paths}


async def test_files_are_their_companys_and_for_those_who_may_read(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """An admin has each; another company's admin, a service that may not read, and the operator have none of them."""
    payroll = await paid_month(database)
    run_id = await payroll.pay("2026-04")
    number = await statement_id(payroll, run_id, "ann")
    ids: dict[str, Any] = {"statements": ("Statement", number), "incentive-runs": ("IncentiveRun", run_id)}
    paths = [re.sub(r"{\w+}", encode_id(*ids[kind]), path) for path in FILES if (kind := path.split("/")[1]) in ids]
    reports = [f"{path}?period=2026-04&metric=revenue" for path in REPORTS]
    other = await found(database, NOON, key="other")
    eve = await create_member(other, NewMember("Eve", role="admin"))
    async with serving(database_url, tmp_path, NOON) as graph:
        company_id = payroll.work.company.id
        admin = graph.admin(company_id, payroll.members["ada"])
        assert await statuses(admin, [*paths, *reports]) == dict.fromkeys([*paths, *reports], 200)
        stranger = graph.admin(other.company.id, eve)
        assert await statuses(stranger, paths) == dict.fromkeys(paths, 404)
        for scope in ("organization:write", "incentives:write", "targets:write"):
            service = graph.signed_in(Identity(company_id, "crm", Role.SERVICE, scopes=frozenset({scope})))
            assert await statuses(service, paths) == dict.fromkeys(paths, 404)
            assert await statuses(service, reports) == dict.fromkeys(reports, 403)
        operator = graph.signed_in(Identity(0, "operator", Role.OPERATOR))
        assert await statuses(operator, paths) == dict.fromkeys(paths, 404)
        assert await statuses(operator, reports) == dict.fromkeys(reports, 400)  # he has no company that has metrics
