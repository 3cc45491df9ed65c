"""Which objects a row is of, by its references: what it names itself, and what that is a part of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import asyncpg

Contents = Mapping[str, frozenset[str]]
"""The rows of every table, as JSON."""

Row = Mapping[str, Any]
Named = set[tuple[str, int]]
"""Objects, as the audit log names them: by type and number."""

_REFERENCES: Final = """
SELECT conrelid::regclass::text AS table, attname AS column, confrelid::regclass::text AS named FROM pg_constraint
JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY(conkey)
WHERE contype = 'f' AND attname <> 'company_id' AND connamespace = 'public'::regnamespace
"""

_CHECKED: Final = {"target_cell": {"plan_version_id": "plan_version", "unit_id": "org_unit"}}
"""References that are checked once a statement, and not declared."""

_STEPS: Final = 2
"""How far a row is from what it is a part of: a cell is of a version, which is of a plan."""


def object_type(table: str) -> str:
    """What the audit log calls the rows of a table."""
    return "".join(part.title() for part in table.split("_"))


class Wholes:
    """The references of all tables."""

    def __init__(self, references: Mapping[str, Mapping[str, str]]) -> None:
        self._references = references

    @classmethod
    async def read(cls, connection: asyncpg.Connection[Any]) -> Wholes:
        """Those of a database."""
        found = {table: dict(columns) for table, columns in _CHECKED.items()}
        for row in await connection.fetch(_REFERENCES):
            found.setdefault(row["table"], {})[row["column"]] = row["named"]
        return cls(found)

    def told(self, table: str, row: Row, contents: Contents) -> Named:
        """The row itself, and what it names."""
        own = {(object_type(table), row["id"])} if "id" in row else set()
        return own | self.of(table, row, contents)

    def of(self, table: str, row: Row, contents: Contents, steps: int = _STEPS) -> Named:
        """What a row of the table names, and what that names; the company besides."""
        found: Named = {("Company", row["company_id"])} if "company_id" in row else set()
        for column, named in self._references.get(table, {}).items():
            number = row.get(column)
            if number is None:
                continue
            found.add((object_type(named), number))
            if steps > 1:
                for one in _rows(contents, named, number):
                    found |= self.of(named, one, contents, steps - 1)
        return found


def _rows(contents: Contents, table: str, number: int) -> list[Row]:
    found = (json.loads(text) for text in contents[table] if f'"id": {number},' in text)
    return [row for row in found if row["id"] == number]
