"""Which statements an operation sends: a database whose snapshots write them down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import asyncpg

from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Record, Snapshot

Statement = tuple[str, tuple[Any, ...]]


class RecordingDatabase(Database):
    """Its snapshots put every statement into `recorded`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.recorded: list[Statement] = []

    def snapshot(self, company_id: int) -> Snapshot:
        return _RecordingSnapshot(self, company_id)


class _RecordingSnapshot(Snapshot):
    def __init__(self, database: RecordingDatabase, company_id: int) -> None:
        super().__init__(database.client.readers, company_id, 10_000)
        self._recorded = database.recorded

    async def fetch(self, sql: str, *arguments: Any) -> list[Record]:
        self._recorded.append((sql, arguments))
        return await super().fetch(sql, *arguments)


@dataclass
class Replay:
    """Sends recorded statements again, one after the other in one transaction, and does nothing with the rows."""

    connection: asyncpg.Connection
    company_id: int
    statements: list[Statement] = field(default_factory=list)

    async def run(self) -> None:
        await self.connection.execute(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            f"SET LOCAL quotaloom.company_id = '{self.company_id}'; SET LOCAL statement_timeout = 10000"
        )
        for sql, arguments in self.statements:
            await self.connection.fetch(sql, *arguments)
        await self.connection.execute("ROLLBACK")
