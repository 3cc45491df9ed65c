"""Whether anything was written to the database, and how many statements were sent to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from quotaloom.platform import readers, unit_of_work
from quotaloom.platform.backups.checksums import _OF_ONE, SETTINGS, tables_of

Fingerprint = dict[str, str]
"""By table, the sum of its rows as back-ups have it."""


async def fingerprint(admin: asyncpg.Connection[Any], company_id: int | None = None) -> Fingerprint:
    """Of the whole database, or of what is a company's."""
    await admin.execute(SETTINGS)
    sums = [
        f"SELECT '{table}' AS name, checksum FROM ({_OF_ONE.format(table=rows)}) AS found"
        for table in await tables_of(admin)
        if (rows := _rows(table, company_id)) is not None
    ]
    return {row["name"]: row["checksum"] for row in await admin.fetch(" UNION ALL ".join(sums))}


def _rows(table: str, company_id: int | None) -> str | None:
    if company_id is None:
        return table
    if not table.startswith("public.") or table.endswith("tortoise_migrations"):
        return None
    own = "id" if table == "public.company" else "company_id"
    return f"(SELECT * FROM {table} WHERE {own} = {int(company_id)})"


@dataclass
class Watch:
    """Watches that nothing is written where nothing may be.

    A transaction gets its number when it writes; where no number was given, there is no need to look at the tables.
    """

    admin: asyncpg.Connection[Any]
    _number: int = -1
    _kept: Fingerprint | None = None

    async def begin(self) -> None:
        """Look at the tables, unless they are still what they were at the last look."""
        number = await self._next_number()
        if number != self._number or self._kept is None:
            self._number, self._kept = number, await fingerprint(self.admin)

    async def changed(self) -> set[str]:
        """The tables that are not what they were."""
        number = await self._next_number()
        if number == self._number:
            return set()
        assert self._kept is not None
        before, self._kept = self._kept, await fingerprint(self.admin)
        self._number = number
        return {table for table, found in self._kept.items() if found != before[table]}

    async def _next_number(self) -> int:
        number: int = await self.admin.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return number


class Statements:
    """How many statements were sent to PostgreSQL, by reads and by writes; the ends of transactions are not counted."""

    def __init__(self) -> None:
        self.number = 0
        self._counting = ContextVar("counting", default=True)

    def note(self, sql: str) -> None:
        """Count one."""
        if self._counting.get() and not sql.startswith(("ROLLBACK", "COMMIT", "BEGIN")):
            self.number += 1

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Count nothing of what the block begins, and goes on beside others."""
        before = self._counting.set(False)
        try:
            yield
        finally:
            self._counting.reset(before)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """Count the statements of all connections while the block runs."""
    statements = Statements()
    connection: Any = asyncpg.Connection
    execute, prepared = connection.execute, connection._execute

    async def noting(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        if not arguments:
            statements.note(sql)
        return await execute(self, sql, *arguments, **options)

    async def noting_prepared(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        statements.note(sql)
        return await prepared(self, sql, *arguments, **options)

    async def rows_of(one: Any, sql: str, arguments: Sequence[Any], seconds: float | None) -> Any:
        return await one.fetch(sql, *arguments, timeout=seconds)  # which comes to `noting_prepared`

    with monkeypatch.context() as patched:
        for module in (readers, unit_of_work):
            patched.setattr(module, "rows_of", rows_of)
        patched.setattr(connection, "execute", noting)
        patched.setattr(connection, "_execute", noting_prepared)
        yield statements
