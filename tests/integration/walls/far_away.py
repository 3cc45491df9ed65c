"""A fourth company: a copy of the planted one, whose ids are nobody else's.

The twin has all that its own ids name, so that an input of it is valid but for the one id from far away.
"""

from __future__ import annotations

from typing import Any, Final

import asyncpg

from quotaloom_graphql.nodes import encode_id, split_id
from tests.integration.walls.planting import Walls, columns_of

SHIFT: Final = 10**15
"""How much larger its ids are."""

_REFERENCES: Final = """
SELECT conrelid::regclass::text AS table, attname AS column FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY(conkey)
WHERE contype = 'f' AND attname NOT IN ('company_id') AND connamespace = 'public'::regnamespace
"""


async def settle(admin: asyncpg.Connection[Any], walls: Walls) -> None:
    """Copy the planted company, canaries and all."""
    company_id = walls.stranger_id + 2
    columns = await columns_of(admin)
    references = {(row["table"], row["column"]) for row in await admin.fetch(_REFERENCES)}
    await admin.execute("SET session_replication_role = replica")
    for table, names in columns.items():
        await admin.execute(_copied(table, names, references), walls.planted_id, company_id, SHIFT)
    await admin.execute("SET session_replication_role = origin")
    await admin.execute("SELECT setval(pg_get_serial_sequence('company', 'id'), $1)", company_id)


def _copied(table: str, names: dict[str, str], references: set[tuple[str, str]]) -> str:
    own = "id" if table == "company" else "company_id"
    others = [name for name in names if name != own]

    def value(name: str) -> str:
        if (table, name) == ("company", "key"):
            return "'far'"
        return f"{name} + $3" if name == "id" or (table, name) in references else name

    values = ", ".join(map(value, others))
    return (
        f"INSERT INTO {table} ({own}, {', '.join(others)}) SELECT $2::bigint, {values} FROM {table}"
        f" WHERE {own} = $1 AND $3::bigint > 0"
    )


def far(id: str) -> str:
    """The id that the same thing has there."""
    type_name, number = split_id(id)
    return encode_id(type_name, number + SHIFT)
