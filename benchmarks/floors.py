"""Floors: the least that the same rows cost, COPY into tables without checks and policies, most without keys."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from benchmarks.measuring import Stopwatch


async def time_copy_of(
    connection: asyncpg.Connection, table: str, watch: Stopwatch, lap: str, *, keyed: bool = False
) -> int:
    """Time the COPY of all rows of a table into a bare one like it; returns how many rows there are.

    A `keyed` one is logged and has the table's keys and indexes, but neither its checks nor its triggers and policies.
    """
    rows = [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table}")]
    kind, like = ("", "INCLUDING INDEXES") if keyed else ("UNLOGGED", "")
    await connection.execute(f"CREATE {kind} TABLE copied_rows (LIKE {table} {like})")
    try:
        with watch.lap(lap):
            await connection.copy_records_to_table("copied_rows", records=rows)
    finally:
        await connection.execute("DROP TABLE copied_rows")
    return len(rows)


async def time_bare_import(connection: asyncpg.Connection, files: Sequence[Path], watch: Stopwatch, lap: str) -> int:
    """Time the parsing of CSV files and the COPY of their rows as text; returns how many rows there are."""
    for file in files:
        columns = ", ".join(f'"{name}" text' for name in _parsed(file)[0])
        await connection.execute(f'CREATE UNLOGGED TABLE "bare_{file.stem}" ({columns})')
    count = 0
    with watch.lap(lap):
        for file in files:
            rows = _parsed(file)[1:]
            await connection.copy_records_to_table(f"bare_{file.stem}", records=rows)
            count += len(rows)
    return count


def _parsed(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.reader(lines))
