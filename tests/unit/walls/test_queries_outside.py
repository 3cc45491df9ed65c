"""No query outside the unit of work: the product has none, and what would be one is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.walls import queries_outside
from tests.unit.walls.queries_outside import OWNERS, offences_in, offences_of

REPOSITORY = Path(__file__).parents[3]
HERE = "core/quotaloom/leads/reads.py"

OFFENDERS = {
    "a connection of its own": ("import asyncpg\nasync def f(url):\n    await asyncpg.connect(url)", "asyncpg.connect"),
    "a connection's class": ("from asyncpg import Connection", "imports Connection"),
    "the pool": ("async def f(work):\n    async with work.database.client.acquire_connection() as c: ...", ".client"),
    "a transaction of Tortoise": ("from tortoise.transactions import in_transaction", "in_transaction"),
    "a transaction of the platform's": ("def f(client):\n    return Transaction.begin(client, 1, w, 9)", "begins"),
    "a snapshot that is made": ("def f(client):\n    return Snapshot(client, 1, 9)", "calls Snapshot itself"),
    "a model": ("from quotaloom.leads.models import Lead\nasync def f():\n    return await Lead.all()", "model Lead"),
    "a module of models": ("import quotaloom.leads.models as rows", "imports the model"),
    "anything that fetches": ("async def f(db):\n    return await db.fetch('SELECT 1')", "on db"),
    "anything that executes": ("async def f(x: Pool):\n    await x.execute('DELETE FROM lead')", "on x"),
    "an attribute that fetches": ("async def f(self):\n    await self.pool.fetchval('SELECT 1')", "on self.pool"),
    "what is only called a snapshot": ("async def f(snapshot: Pool):\n    await snapshot.fetch('')", "a snapshot"),
    "what is only called a transaction": ("class A:\n    transaction: Any", "a transaction that is a Any"),
    "a local that hides a parameter": (
        "async def f(snapshot: Snapshot):\n    async def g(snapshot: Pool):\n        await snapshot.fetch('')",
        "on snapshot",
    ),
    "the private part of a unit of work": ("async def f(t: Transaction):\n    await t._client.x()", "._client"),
}

SOUND = """
from asyncpg import Record, UniqueViolationError
from quotaloom.metrics.reads import Source

async def one(snapshot: Snapshot, either: Snapshot | Transaction, source: Source | None) -> list[Record]:
    await either.fetch("SELECT 1")
    await source.fetch_one("SELECT 1")
    return await snapshot.fetch("SELECT 1")

async def two(work: Work) -> None:
    async with work.snapshot() as reader:
        await reader.fetch("SELECT 1")
    async def apply(transaction: Transaction) -> None:
        await transaction.execute("DELETE FROM lead")
    await work.write(apply)

async def three(info: Info) -> None:
    await info.context.snapshot.fetch("SELECT 1")
"""


def test_the_product_asks_nothing_outside_a_unit_of_work() -> None:
    """Every query of core, graph, server and plugins goes through a snapshot or a transaction of one company."""
    found = offences_in(REPOSITORY)
    assert found == [], "\n".join(map(str, found))


@pytest.mark.parametrize("name", OFFENDERS)
def test_a_query_outside_is_found(name: str) -> None:
    """Each way around the unit of work is refused, with its line and what it is."""
    source, expected = OFFENDERS[name]
    found = [str(one) for one in offences_of(HERE, source)]
    assert any(expected in one for one in found), found
    assert all(one.startswith(f"{HERE}:") for one in found)


def test_what_keeps_to_the_unit_of_work_is_let_through() -> None:
    """Snapshots and transactions however they are named, records and errors of asyncpg."""
    assert offences_of(HERE, SOUND) == []


def test_every_exception_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that may use a connection still does: whoever takes it out of the code takes it out of the list."""
    for owner in OWNERS:
        others = {place: why for place, why in OWNERS.items() if place != owner}
        monkeypatch.setattr(queries_outside, "OWNERS", others)
        assert offences_of(owner[0], (REPOSITORY / owner[0]).read_text()), owner
