"""No query outside the unit of work: the product has none, and what would be one is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.walls import queries_outside
from tests.unit.walls.queries_outside import OPENERS, OWNERS, offences_in, offences_of

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
    "asyncpg by another name": ("import asyncpg as pg\nasync def f(url):\n    await pg.connect(url)", "another name"),
    "a part of asyncpg": ("import asyncpg.connection", "by another name"),
    "what connects, handed on": ("import asyncpg\nmake = asyncpg.create_pool", "uses asyncpg.create_pool"),
    "another driver": ("import psycopg", "imports psycopg"),
    "a part of another driver": ("from sqlalchemy.ext.asyncio import create_async_engine", "of sqlalchemy"),
    "an import while it runs": ("from importlib import import_module\nm = import_module('asyncpg')", "while it runs"),
    "an import of whatever is named": ("def f(name):\n    return __import__(name)", "while it runs"),
    "a method by its name": ("async def f(db):\n    return await getattr(db, 'fetch')('SELECT 1')", "by its name"),
    "a method that is handed on": (
        "async def f(db):\n    ask = db.fetch\n    return await ask('SELECT 1')",
        "hands on",
    ),
    "a package's models": ("from quotaloom.leads import models\nrows = models.Lead.all()", "the model models"),
    "models of a package": ("from quotaloom import leads\nrows = leads.models.Lead.all()", "the models of leads"),
    "a snapshot that becomes something else": (
        "async def f(snapshot: Snapshot, pool):\n    snapshot = pool\n    await snapshot.fetch('')",
        "on snapshot",
    ),
    "an opened snapshot that becomes something else": (
        "async def f(work, pool):\n    async with work.snapshot() as s: ...\n    s = pool\n    await s.fetch('')",
        "on s,",
    ),
    "an attribute that nobody declared": ("def f(self, pool):\n    self.snapshot = pool", "nobody declared"),
    "another class by that name": ("class Snapshot(Pool): ...", "a class of its own Snapshot"),
    "another's class by that name": ("from elsewhere import Snapshot", "Snapshot of elsewhere"),
    "something by that name": ("from quotaloom.metrics.reads import Source as Snapshot", "Snapshot"),
    "a unit of work by another name": (
        "from quotaloom.platform.unit_of_work import Transaction as T\ndef f(client):\n    return T.begin(client)",
        "calls Transaction",
    ),
    "a unit of work of its module": (
        "from quotaloom.platform import unit_of_work\ndef f(client):\n    return unit_of_work.Snapshot(client, 1, 9)",
        "what is a Snapshot",
    ),
    "a transaction that is made": ("def f(client):\n    return Transaction(1, w, client)", "calls Transaction itself"),
    "the connection of a snapshot": ("async def f(s: Snapshot):\n    return await s._held.__aenter__()", "s._held"),
    "what is above": ("class A(Pool):\n    async def f(self):\n        await super().fetch('')", "on super()"),
    "what is only called a schema": (
        "class A:\n    async def f(self):\n        await self.schema.execute('')",
        "schema",
    ),
    "another company": ("async def f(database):\n    async with database.snapshot(7): ...", "unit of work of 7"),
    "a write to another company": ("async def f(self, w):\n    await self._database.write(7, w, work)", "of 7"),
    "a change of the company": (
        "async def f(s: Snapshot):\n    await s.fetch(\"SELECT set_config('quotaloom.company_id', '7', true)\")",
        "says quotaloom.company_id",
    ),
    "a change of the role": ("async def f(t: Transaction):\n    await t.execute('RESET ROLE')", "says RESET ROLE"),
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


@pytest.mark.parametrize("name", ["OWNERS", "OPENERS"])
def test_every_exception_is_needed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A place that may use a connection still does: whoever takes it out of the code takes it out of the list."""
    places = {"OWNERS": OWNERS, "OPENERS": OPENERS}[name]
    for place in places:
        others = {one: why for one, why in places.items() if one != place}
        monkeypatch.setattr(queries_outside, name, others)
        assert offences_of(place[0], (REPOSITORY / place[0]).read_text()), place
