"""Queries suppose whoever asks to be as he was, and tell nobody of what they found until that is certain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.members import leave, update_member
from quotaloom.organizations.commands.terms import appoint_head, end_headship
from quotaloom.platform.database import Database
from quotaloom.platform.rates import OPERATION_COST
from quotaloom_graphql.nodes import encode_id
from tests.graph_client import serving
from tests.integration.targets.planning import NOON, Planning, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1"]}
HOLDERS = {"E 1": "Ann", "W 1": "Cy"}

WEST = 'query ($id: ID!) { orgUnit(id: $id) { name assigned: attainment(period: "2017") { target } } }'


@pytest.fixture
async def acme(database: Database) -> Planning:
    """Ann is in East, Cy in West; targets everywhere."""
    planning = await plan_for(database, TREE, holders=HOLDERS)
    await planning.decompose("Acme", 1_200_000)
    await planning.publish()
    return planning


async def test_what_needs_no_read_is_of_this_moment(acme: Planning, database_url: str, tmp_path: Path) -> None:
    """What is kept says role and company, and nothing is told of it before PostgreSQL says that it stands."""
    ann = acme.members["Ann"]
    async with serving(database_url, tmp_path, NOON) as graph:
        asked = graph.member(acme.work.company.id, ann)
        query = "{ viewer { role } company { name } }"
        for _ in range(3):
            assert await asked.ask(query) == {"viewer": {"role": "member"}, "company": {"name": "Acme"}}
        await update_member(acme.work, ann, {"role": "admin"})
        assert (await asked.ask(query))["viewer"] == {"role": "admin"}
        await update_company(acme.work, {"name": "Acme & Sons"})
        assert (await asked.ask(query))["company"] == {"name": "Acme & Sons"}
        await leave(acme.work, ann, NOON.date())
        answer = await asked.send(query)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


async def test_what_one_may_see_is_of_this_moment(acme: Planning, database_url: str, tmp_path: Path) -> None:
    """Ann heads West from now on, and then no more; each of her requests sees just what she may see by then."""
    ann, west = acme.members["Ann"], acme.units["West"]
    async with serving(database_url, tmp_path, NOON) as graph:
        asked = graph.member(acme.work.company.id, ann)

        async def seen() -> Any:
            return (await asked.ask(WEST, id=encode_id("OrgUnit", west)))["orgUnit"]

        assert [await seen(), await seen()] == [None, None]
        headship = await appoint_head(acme.work, west, ann, None)
        assert await seen() == {"name": "West", "assigned": {"target": "6000.00"}}
        assert await seen() == {"name": "West", "assigned": {"target": "6000.00"}}
        await end_headship(acme.work, headship, NOON.date())
        assert [await seen(), await seen()] == [None, None]


async def test_a_refusal_is_of_this_moment_and_noted_once(acme: Planning, database_url: str, tmp_path: Path) -> None:
    """Whoever was no admin and is one now is not refused; one who is none any more is, and is noted once."""
    ann = acme.members["Ann"]
    async with serving(database_url, tmp_path, NOON) as graph:
        asked = graph.member(acme.work.company.id, ann)
        query = "{ auditLog(first: 1) { totalCount } }"
        for _ in range(2):
            assert "errors" in await asked.send(query)
        await update_member(acme.work, ann, {"role": "admin"})
        assert "errors" not in await asked.send(query)
        await update_member(acme.work, ann, {"role": "member"})
        answer = await asked.send(query)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]


async def test_what_is_done_twice_is_charged_once(acme: Planning, database_url: str, tmp_path: Path) -> None:
    """A token has just enough left for one more: what is supposed falls, and the query is answered all the same."""
    query = "{ company { name } }"
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=2 * (OPERATION_COST + 2)) as graph:
        asked = graph.admin(acme.work.company.id, acme.members["Ann"])
        assert await asked.ask(query) == {"company": {"name": "Acme"}}
        await update_company(acme.work, {"name": "Acme & Sons"})
        assert await asked.ask(query) == {"company": {"name": "Acme & Sons"}}
        assert (await asked.send(query))["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
