"""Databases with the roles that an installation of its own has, and what is in them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.backups import back_up
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.embedded import EmbeddedServer
from tests.founding import NOON, found

OWNER = "backup_owner"
ROLE = "backup_application"


# A check that was restored may have its casts at other places.
_WRITTEN_OTHERWISE = re.compile(r"::(character varying|text)(\[\])?|[() ]")

STRUCTURE = """
SELECT 'policy ' || p::text AS part FROM pg_policies AS p WHERE schemaname = ANY ($1)
UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = ANY ($1)
UNION ALL SELECT 'table ' || oid::regclass::text || relrowsecurity || relforcerowsecurity || coalesce(relacl::text, '')
    FROM pg_class WHERE relkind IN ('r', 'S', 'v') AND relnamespace::regnamespace::text = ANY ($1)
UNION ALL SELECT 'key ' || conrelid::regclass::text || pg_get_constraintdef(oid) || convalidated
    FROM pg_constraint WHERE connamespace::regnamespace::text = ANY ($1)
UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace::regnamespace::text = ANY ($1)
UNION ALL SELECT 'trigger ' || pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND relnamespace::regnamespace::text = ANY ($1)
"""


@dataclass
class Shown:
    """What a progress bar would show: for each step the title, how many rows there are, and how many were done."""

    steps: list[tuple[str, int, int]] = field(default_factory=list)

    def begin(self, title: str, total: int) -> None:
        """A step begins."""
        self.steps.append((title, total, 0))

    def advance(self, rows: int) -> None:
        """So many rows more are done."""
        title, total, done = self.steps.pop()
        self.steps.append((title, total, done + rows))


@dataclass
class Place:
    """The two addresses of a database."""

    admin: str
    application: str


@dataclass(frozen=True)
class Superuser:
    """Runs statements as the server's superuser."""

    server: EmbeddedServer

    def do(self, *statements: str) -> None:
        """Run statements, each by itself."""
        asyncio.run(self._do(statements))

    @contextmanager
    def database(self, name: str) -> Iterator[Place]:
        """A database of the administrator's, as long as the block runs."""
        self.do(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 STRATEGY file_copy")
        try:
            yield Place(self.server.url(name, OWNER), self.server.url(name, ROLE))
        finally:
            self.do(f"DROP DATABASE {name} WITH (FORCE)")

    async def _do(self, statements: tuple[str, ...]) -> None:
        connection = await asyncpg.connect(**credentials(self.server.url("postgres", self.server.superuser)))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


async def fill(place: Place, company: str = "acme") -> None:
    """A company with a member, whose name has everything in it that a text can have."""
    database = Database(place.application)
    await database.connect()
    work = await found(database, key=company)
    await create_member(work, NewMember(key="ann", name="Ann \\. 'Ö' 销售 \"; DROP"))
    await database.close()


async def contents(place: Place) -> dict[str, list[str]]:
    """All rows of all tables, as text, sorted: read without anything of the product's."""
    connection = await asyncpg.connect(**credentials(place.admin))
    tables = await connection.fetch(
        "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables"
        " WHERE table_type = 'BASE TABLE' AND table_schema IN ('public', 'quotaloom_jobs')"
    )
    found_rows = {}
    for table in tables:
        rows = await connection.fetch(f"SELECT t::text AS row FROM {table['name']} AS t")
        found_rows[table["name"]] = sorted(row["row"] for row in rows)
    await connection.close()
    return found_rows


async def structure(place: Place) -> list[str]:
    """All tables with their rights and row-level security, keys, indexes, functions, triggers and policies, sorted."""
    connection = await asyncpg.connect(**credentials(place.admin))
    rows = await connection.fetch(STRUCTURE, ["public", "quotaloom_jobs"])
    await connection.close()
    return sorted(_WRITTEN_OTHERWISE.sub("", row["part"]) for row in rows)


async def take(place: Place, folder: Path) -> Path:
    """A back-up of a database."""
    path = folder / "one.backup"
    await back_up(place.admin, path, now=NOON, signing_key=folder / "signing.key", progress=Shown())
    return path
