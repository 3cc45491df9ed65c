"""Companies that are founded under an idempotency key."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg

from quotaloom.platform.access import Role
from quotaloom.platform.database import credentials
from quotaloom.platform.tokens import Identity
from tests.graph_client import GraphClient, serving
from tests.integration.targets.planning import NOON

OPERATOR = Identity(0, "ops", Role.OPERATOR)


async def found(operator: GraphClient, idempotency_key: str, key: str, alias: str = "createCompany") -> Any:
    """The data of the answer, or the code of the error."""
    query = f"""mutation ($key: String!) {{ {alias}: createCompany(
        input: {{ key: $key, name: "Acme", currency: "CNY", adminName: "Ada" }}) {{ key errors {{ code }} }} }}"""
    headers = {**operator.headers, "idempotency-key": idempotency_key}
    sent = {"query": query, "variables": {"key": key}}
    answer = (await operator.http.post("/graphql", json=sent, headers=headers)).json()
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]


async def companies(admin_url: str) -> list[str]:
    """The keys of all companies."""
    admin = await asyncpg.connect(**credentials(admin_url))
    try:
        return [row["key"] for row in await admin.fetch("SELECT key FROM company ORDER BY key")]
    finally:
        await admin.close()


async def test_a_company_is_founded_once_however_often_it_is_sent(
    database_url: str, admin_url: str, tmp_path: Path
) -> None:
    """Forty times at once, to two servers: one company, and one answer; then once more."""
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(serving(database_url, tmp_path, NOON)) for _ in range(2)]
        operators = [server.signed_in(OPERATOR) for server in servers]
        answers = await asyncio.gather(*(found(operators[number % 2], "k", "acme") for number in range(40)))
        answers.append(await found(operators[0], "k", "acme"))
    assert answers == [{"createCompany": {"key": "acme", "errors": []}}] * 41
    assert await companies(admin_url) == ["acme"]


async def test_a_founders_key_stands_for_one_company(database_url: str, admin_url: str, tmp_path: Path) -> None:
    """Another company under the same key is refused, at once or later; another operator's same key is another one.

    What was refused may be sent again under its key, and a key that others have taken is still told of.
    """
    async with serving(database_url, tmp_path, NOON) as graph:
        ops, other = graph.signed_in(OPERATOR), graph.signed_in(Identity(0, "other", Role.OPERATOR))
        twins = await asyncio.gather(found(ops, "k", "acme"), found(ops, "k", "bolt"))
        assert twins.count("IDEMPOTENCY_KEY_REUSED") == 1
        (founded,) = await companies(admin_url)
        assert await found(ops, "k", "corp") == "IDEMPOTENCY_KEY_REUSED"
        taken = {"createCompany": {"key": None, "errors": [{"code": "KEY_TAKEN"}]}}
        assert await found(other, "k", founded) == taken
        assert await found(other, "k", "dune") == {"createCompany": {"key": "dune", "errors": []}}
        assert await found(other, "k", founded) == "IDEMPOTENCY_KEY_REUSED"
    assert await companies(admin_url) == sorted([founded, "dune"])
