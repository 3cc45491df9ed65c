"""Queries that come several at a time, from clients who hang up, while what was known of the company changes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from quotaloom.organizations.commands.companies import update_company
from quotaloom.organizations.commands.members import update_member
from quotaloom.platform.database import Database
from tests.database_activity import busy
from tests.graph_client import GraphClient, Moment
from tests.integration.live.boards import SECONDS, live_server
from tests.integration.targets.planning import NOON, plan_for

QUERIES = (
    "{ company { name } }",
    "{ viewer { role } company { name } auditLog(first: 3) { totalCount } }",
    'query { company { name } orgUnits { nodes { attainment(period: "2017") { target } '
    'targetCells(period: "2017") { period target } } } }',
)


def packet(asked: GraphClient, queries: list[str]) -> bytes:
    """Requests, one behind the other."""
    sent = b""
    for query in queries:
        body = json.dumps({"query": query}).encode()
        fields = {**asked.headers, "host": "here", "content-type": "application/json", "content-length": len(body)}
        head = [f"{name}: {value}" for name, value in fields.items()]
        sent += "\r\n".join(["POST /graphql HTTP/1.1", *head, "", ""]).encode() + body
    return sent


async def told(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next answer."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n"), head
    length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    answer: dict[str, Any] = json.loads(await asyncio.wait_for(reader.readexactly(length), SECONDS))
    return answer


@pytest.mark.parametrize("seed", range(2))
async def test_each_is_answered_in_its_turn_and_as_of_then(
    database: Database, database_url: str, admin_url: str, tmp_path: Path, seed: int, caplog: Any
) -> None:
    """Nobody is told of a company that was before he asked, and nothing of what an earlier answer did not know."""
    planning = await plan_for(database, {"Acme": ["East"]}, holders={"East": "Ann"})
    await planning.decompose("Acme", 1_200_000)
    await planning.publish()
    ann = planning.members["Ann"]
    await update_member(planning.work, ann, {"role": "admin"})
    names = ["Acme"]
    going = True

    async def change() -> None:
        while going:
            await update_company(planning.work, {"name": f"Acme {len(names)}"})
            names.append(f"Acme {len(names)}")

    async def ask(asked: GraphClient, port: int, random: Random) -> int:
        count = 0
        for _ in range(12):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(random.randint(1, 4)):
                last, many = len(names) - 1, random.randint(1, 4)
                writer.write(packet(asked, random.choices(QUERIES, k=many)))
                if random.random() < 0.2:
                    for _ in range(random.randint(0, 20)):
                        await asyncio.sleep(0)
                    writer.transport.abort()
                    break
                for _ in range(many):
                    answer = await told(reader)
                    assert "errors" not in answer, answer
                    number = int(answer["data"]["company"]["name"].removeprefix("Acme") or 0)
                    assert number >= last
                    last, count = number, count + 1
            writer.close()
        return count

    async with live_server(database_url, tmp_path, Moment(NOON), database_pool_size=3) as server:
        asked = server.graph.admin(planning.work.company.id, ann)
        changing = asyncio.create_task(change())
        asking = [ask(asked, server.port, Random(100 * seed + number)) for number in range(6)]
        assert sum(await asyncio.gather(*asking)) > 100
        going = False
        await changing
    assert await busy(admin_url) == 0
    assert caplog.records == []
