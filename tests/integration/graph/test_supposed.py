"""Queries suppose whoever asks to be as he was, and tell nobody of what they found until that is certain."""

from __future__ import annotations

import asyncio
import gc
import logging
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

LOG = "{ auditLog(first: 1) { totalCount } }"

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
    reading = 6 * 50 + 20 // 2  # its 6 names and marks, and its 20 characters, the first time
    async with serving(database_url, tmp_path, NOON, token_cost_per_minute=2 * (OPERATION_COST + 2) + reading) as graph:
        asked = graph.admin(acme.work.company.id, acme.members["Ann"])
        assert await asked.ask(query) == {"company": {"name": "Acme"}}
        await update_company(acme.work, {"name": "Acme & Sons"})
        assert await asked.ask(query) == {"company": {"name": "Acme & Sons"}}
        assert (await asked.send(query))["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


async def refusals(acme: Planning) -> int:
    """How often access was refused, as the audit log has it."""
    async with acme.work.database.snapshot(acme.work.company.id) as snapshot:
        rows = await snapshot.fetch("SELECT count(*) FROM audit_entry WHERE action = 'access.refused'")
    count: int = rows[0]["count"]
    return count


async def test_refusals_are_noted_when_they_are_told(acme: Planning, database_url: str, tmp_path: Path) -> None:
    """Not those of a run of which nothing is told, and once where the second run is refused as well."""
    ann = acme.members["Ann"]
    async with serving(database_url, tmp_path, NOON) as graph:
        asked = graph.member(acme.work.company.id, ann)
        for _ in range(2):
            assert "errors" in await asked.send(LOG)
        assert await refusals(acme) == 2
        await update_member(acme.work, ann, {"role": "admin"})
        assert "errors" not in await asked.send(LOG)
        assert await refusals(acme) == 2
        await update_member(acme.work, ann, {"role": "member"})
        assert "errors" in await asked.send(LOG)
        assert await refusals(acme) == 3
        await update_company(acme.work, {"name": "Acme & Sons"})
        assert "errors" in await asked.send(LOG)
        assert await refusals(acme) == 4


async def test_whoever_may_no_more_changes_nothing(acme: Planning, database_url: str, tmp_path: Path) -> None:
    """A mutation that is known finds out who asks before it does anything."""
    ann = acme.members["Ann"]
    change = "mutation ($name: String!) { updateCompany(input: { name: $name }) { errors { code } } }"
    async with serving(database_url, tmp_path, NOON) as graph:
        asked = graph.member(acme.work.company.id, ann)
        await update_member(acme.work, ann, {"role": "admin"})
        for name in ("One", "Two"):
            answer = await asked.send(change, name=name)
            assert answer == {"data": {"updateCompany": {"errors": []}}, **rest(answer)}, answer
        await update_member(acme.work, ann, {"role": "member"})
        answer = await asked.send(change, name="Three")
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", answer
        assert (await asked.ask("{ company { name } }"))["company"]["name"] == "Two"


def rest(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "data"}


async def test_lists_of_operations_are_each_of_their_moment(acme: Planning, database_url: str, tmp_path: Path) -> None:
    """A query after a mutation sees what that did, though who asks was kept before."""
    change = "mutation ($name: String!) { updateCompany(input: { name: $name }) { errors { code } } }"
    async with serving(database_url, tmp_path, NOON, batch_operations=3) as graph:
        await update_member(acme.work, acme.members["Ann"], {"role": "admin"})
        asked = graph.admin(acme.work.company.id, acme.members["Ann"])
        names = []
        for number in range(4):
            operations = [
                {"query": "{ company { name } }"},
                {"query": change, "variables": {"name": f"No {number}"}},
                {"query": "{ company { name } }"},
            ]
            answers = (await graph.http.post("/graphql", json=operations, headers=asked.headers)).json()
            names += [answers[0]["data"]["company"]["name"], answers[2]["data"]["company"]["name"]]
        assert names == ["Acme", "No 0", "No 0", "No 1", "No 1", "No 2", "No 2", "No 3"]


async def test_many_at_once_are_told_what_is(acme: Planning, database_url: str, tmp_path: Path) -> None:
    """While the role goes back and forth: what was committed before somebody asks holds for him."""
    ann = acme.members["Ann"]
    queries = [
        "{ viewer { role } }",
        "{ viewer { role } company { name } orgUnits { nodes { id } } }",
        "query ($p: String!) { viewer { role } orgUnits { nodes { name attainment(period: $p) { target } } } }",
    ]
    async with serving(database_url, tmp_path, NOON) as graph:
        asked = graph.member(acme.work.company.id, ann)

        async def role(query: str) -> Any:
            answer = await asked.send(query, **({"p": "2017"} if "$p" in query else {}))
            assert "errors" not in answer, answer
            return answer["data"]["viewer"]["role"]

        for turn in range(12):
            now = "admin" if turn % 2 else "member"
            await update_member(acme.work, ann, {"role": now})
            told = await asyncio.gather(*(role(queries[number % 3]) for number in range(24)))
            assert set(told) == {now}
        changing = True

        async def keep_changing() -> None:
            number = 0
            while changing:
                number += 1
                await update_company(acme.work, {"name": f"Acme {number}"})

        task = asyncio.create_task(keep_changing())
        told = []
        for _ in range(10):
            told += await asyncio.gather(*(role(queries[number % 3]) for number in range(12)))
        changing = False
        await task
        assert set(told) == {"admin"}


async def test_parts_that_fall_are_not_told_of(
    acme: Planning, database_url: str, tmp_path: Path, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Targets come a few cells at a time; each time the first read finds out that the company has changed."""
    monkeypatch.setattr("quotaloom.targets.month_cells.CELLS_AT_ONCE", 12)
    query = """query { orgUnits { nodes { name attainment(period: "2017") { target }
        targetCells(period: "2017") { period target startsOn } } } metrics { key } viewer { role } }"""
    with caplog.at_level(logging.WARNING):
        async with serving(database_url, tmp_path, NOON) as graph:
            asked = graph.admin(acme.work.company.id, acme.members["Ann"])
            first = await asked.send(query)
            assert "errors" not in first, first
            for number in range(10):
                await update_company(acme.work, {"name": f"Acme {number}"})
                assert (await asked.send(query))["data"] == first["data"]
        gc.collect()  # a task whose error nobody asked for is told of when it goes
    assert caplog.records == []


async def test_the_only_connection_is_enough(acme: Planning, database_url: str, tmp_path: Path) -> None:
    """Queries that are done twice hold none while they begin again, and wait for none of their own."""
    query = 'query { viewer { role } company { name } orgUnits { nodes { attainment(period: "2017") { target } } } }'
    async with serving(database_url, tmp_path, NOON, database_pool_size=1) as graph:
        asked = graph.admin(acme.work.company.id, acme.members["Ann"])
        for number in range(5):
            await update_company(acme.work, {"name": f"Acme {number}"})
            told = await asyncio.wait_for(asyncio.gather(*(asked.ask(query) for _ in range(20))), 20)
            assert {one["company"]["name"] for one in told} == {f"Acme {number}"}


async def test_a_client_who_hangs_up_leaves_the_next_one_whole(
    acme: Planning, database_url: str, tmp_path: Path
) -> None:
    """Whenever that is, in the first run or in the second: the others are told what is."""
    query = 'query { company { name } orgUnits { nodes { attainment(period: "2017") { target } } } }'
    async with serving(database_url, tmp_path, NOON, database_pool_size=1) as graph:
        asked = graph.admin(acme.work.company.id, acme.members["Ann"])
        first = await asked.ask(query)
        for number in range(30):
            await update_company(acme.work, {"name": f"Acme {number}"})
            asking = [asyncio.create_task(asked.ask(query)) for _ in range(4)]
            for _ in range(number):
                await asyncio.sleep(0)
            asking[0].cancel()
            asking[2].cancel()
            told = await asyncio.gather(*asking, return_exceptions=True)
            for one in told[1::2]:
                assert one == {"company": {"name": f"Acme {number}"}, "orgUnits": first["orgUnits"]}
