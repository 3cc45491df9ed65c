"""Whoever comes with several tokens, and on another day: each is told what is his at that moment, whatever is kept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.members import update_member
from quotaloom.organizations.commands.terms import appoint_head
from quotaloom.platform.access import Role
from quotaloom.platform.database import Database
from quotaloom.platform.tokens import Identity
from tests.graph_client import GraphClient, serving
from tests.integration.targets.planning import NOON, plan_for

TREE = {"Acme": ["East", "West"], "East": ["E 1"], "West": ["W 1"]}
HOLDERS = {"E 1": "Ann", "W 1": "Cy"}

UNITS = "{ viewer { role } company { name } orgUnits { nodes { name } } }"
CREATE = "mutation ($name: String!) { createMember(input: {name: $name}) { errors { code } } }"


async def units(client: GraphClient) -> list[str]:
    """The units that he is told of, or the codes of what he is told instead."""
    answer: dict[str, Any] = await client.send(UNITS)
    if "errors" in answer:
        return [error["extensions"]["code"] for error in answer["errors"]]
    return sorted(unit["name"] for unit in answer["data"]["orgUnits"]["nodes"])


async def test_one_subject_with_five_tokens(database: Database, database_url: str, tmp_path: Path) -> None:
    """Roles, scopes and members differ, the name does not: in turns and at once, each has his own answer."""
    plan = await plan_for(database, TREE, holders=HOLDERS)
    company = plan.work.company.id
    everything = ["Acme", "E 1", "East", "W 1", "West"]
    async with serving(database_url, tmp_path, NOON) as graph:

        def service(*scopes: str) -> GraphClient:
            return graph.signed_in(Identity(company, "one", Role.SERVICE, None, frozenset(scopes)))

        def member(role: Role, name: str) -> GraphClient:
            return graph.signed_in(Identity(company, "one", role, plan.members[name]))

        await update_member(plan.work, plan.members["Ann"], {"role": "admin"})
        asked = [
            (service("graph:read"), everything),
            (service("organization:write"), ["FORBIDDEN"]),
            (service(), ["FORBIDDEN"]),
            (member(Role.ADMIN, "Ann"), everything),
            (member(Role.MEMBER, "Cy"), ["Acme", "W 1", "West"]),
        ]
        for _ in range(3):
            for client, expected in asked:
                assert await units(client) == expected
        told = await asyncio.gather(*[units(client) for _ in range(20) for client, _ in asked])
        assert told == [expected for _ in range(20) for _, expected in asked]


async def test_the_audit_log_names_the_token(database: Database, database_url: str, tmp_path: Path) -> None:
    """Two tokens of an admin, of other lifetimes: what is kept of him is the same, the credential is not."""
    plan = await plan_for(database, TREE, holders=HOLDERS)
    company, ann = plan.work.company.id, plan.members["Ann"]
    await update_member(plan.work, ann, {"role": "admin"})
    async with serving(database_url, tmp_path, NOON) as graph:
        identity = Identity(company, "ann", Role.ADMIN, ann)
        one, other = graph.signed_in(identity), graph.signed_in(identity)
        token = graph.authority.issue(identity, datetime.now(UTC), timedelta(hours=2))
        other.headers["authorization"] = f"Bearer {token}"
        writes = [
            client.ask(CREATE, name=f"{mark}{number}")
            for number in range(10)
            for client, mark in ((one, "a"), (other, "b"))
        ]
        reads = [client.ask(UNITS) for _ in range(10) for client in (one, other)]
        await asyncio.gather(*writes, *reads)
    async with database.snapshot(company) as snapshot:
        rows = await snapshot.fetch(
            "SELECT credential, array_agg(DISTINCT left(after->>'name', 1)) AS marks FROM audit_entry"
            " WHERE action = 'member.create' AND credential IS NOT NULL GROUP BY credential"
        )
    assert sorted(row["marks"] for row in rows) == [["a"], ["b"]]


async def test_what_is_seen_changes_with_the_day(database: Database, database_url: str, tmp_path: Path) -> None:
    """Headships that begin in two and in five days: the clock goes on, back, and to both days at once."""
    plan = await plan_for(database, TREE, holders=HOLDERS)
    company, ann, today = plan.work.company.id, plan.members["Ann"], NOON.date()
    await appoint_head(plan.work, plan.units["West"], ann, today + timedelta(days=2))
    await appoint_head(plan.work, plan.units["Acme"], ann, today + timedelta(days=5))
    own, wider = ["Acme", "E 1", "East"], ["Acme", "E 1", "East", "W 1", "West"]
    async with serving(database_url, tmp_path, NOON) as graph:
        client = graph.member(company, ann)

        async def seen(day: int) -> bool:
            """Whether she sees the figures of the whole company on this day."""
            graph.clock.now = NOON + timedelta(days=day)
            answer = await client.ask('{ company { root { attainment(period: "2017") { target } } } }')
            return answer["company"]["root"]["attainment"] is not None

        for day, expected in ((0, own), (1, own), (2, wider), (4, wider), (5, wider), (0, own)):
            graph.clock.now = NOON + timedelta(days=day)
            assert await units(client) == await units(client) == expected, day
        assert [await seen(day) for day in (4, 5, 4, 5)] == [False, True, False, True]
        await update_company(plan.work, {"time_zone": "Pacific/Kiritimati"})  # 14 hours ahead: noon is the next day
        assert await seen(4)
