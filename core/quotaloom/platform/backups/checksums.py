"""A checksum of each table: of its rows as PostgreSQL writes them, in whatever order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import asyncpg
from pydantic import BaseModel, ConfigDict

from quotaloom.platform.jobs.storage import SCHEMA as JOBS

SCHEMAS: Final = ("public", JOBS)
"""Where everything is that Quotaloom keeps."""

SETTINGS: Final = """
SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1;
SET bytea_output = 'hex'; SET xmlbinary = 'base64'; SET lc_monetary = 'C';
"""
"""What the text of a row depends on besides the row."""

_OF_ONE = """
SELECT count(*) AS rows,
    coalesce(sum(('x' || left(md5("this row"::text), 16))::bit(64)::bigint::numeric), 0)::text AS checksum
FROM {table} AS "this row"
"""
# Rows that differ have sums that differ, but for one case in 2^64; twice the same row counts twice.

_TABLES = """
SELECT format('%I.%I', nspname, relname) AS name, greatest(reltuples, 0)::bigint AS about
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = ANY($1) AND relkind IN ('r', 'p') ORDER BY 1
"""


class TableSum(BaseModel):
    """How many rows a table has, and the sum of their hashes."""

    model_config = ConfigDict(frozen=True)

    rows: int
    checksum: str


async def tables_of(connection: asyncpg.Connection[Any]) -> dict[str, int]:
    """The names of all tables, with their schemas, and about how many rows each has."""
    return {row["name"]: row["about"] for row in await connection.fetch(_TABLES, list(SCHEMAS))}


async def sum_of(connection: asyncpg.Connection[Any], table: str) -> TableSum:
    """The checksum of a table, on a connection with `SETTINGS`."""
    row = await connection.fetchrow(_OF_ONE.format(table=table))
    assert row is not None
    return TableSum(rows=row["rows"], checksum=row["checksum"])


def comparison(tables: Mapping[str, TableSum]) -> str:
    """Statements that raise an error for the first table that does not have its checksum, and name it."""
    return SETTINGS + "\n".join(_compared(tables.items()))


def _compared(tables: Iterable[tuple[str, TableSum]]) -> Iterable[str]:
    for table, wanted in tables:
        # Of a manifest that was tampered with, nothing may become SQL.
        name, checksum = table.replace("'", "''"), str(int(wanted.checksum))
        yield f"""
        DO $compare$ DECLARE found record; BEGIN
            EXECUTE format({_literal(_OF_ONE.format(table="%s"))}, '{name}'::regclass) INTO found;
            IF (found.rows, found.checksum) IS DISTINCT FROM ({int(wanted.rows)}::bigint, '{checksum}') THEN
                RAISE EXCEPTION 'the table % does not have its checksum', {_literal(table)};
            END IF;
        END $compare$;"""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''").replace("$compare$", "") + "'"
