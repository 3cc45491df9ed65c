"""What a session makes for itself stands in for nothing: not where a function runs as the owner, nor in a trigger."""

from __future__ import annotations

import re
from typing import Final

import asyncpg
import pytest

from quotaloom.platform.database import credentials

FUNCTIONS: Final = """
SELECT proname AS name, prosrc AS text, prosecdef AS is_of_owner, proconfig AS settings FROM pg_proc
WHERE pronamespace = 'public'::regnamespace ORDER BY proname
"""

TABLE: Final = re.compile(r"(?<!DISTINCT )(?<!epoch )\b(?:FROM|JOIN|UPDATE|INTO)\s+(?!\()([a-z_.]+)", re.IGNORECASE)

OF_THE_STATEMENT: Final = {"fresh", "touched"}
"""Tables of a trigger's statement, which come before all others."""

OWNERS: Final = {
    "company_clocks": "SELECT FROM company_clocks()",
    "companies_listening": "SELECT FROM companies_listening()",
    "company_id_of": "SELECT company_id_of('anything')",
    "kept_for_operator": "SELECT FROM kept_for_operator('operator ops', 'once')",
    "outside_members": "SELECT FROM outside_members('https://id.example', 'somebody')",
}
"""Each function that runs as the owner of the tables, and how it is called."""


@pytest.fixture
async def functions(database_url: str) -> list[asyncpg.Record]:
    """The functions of the database."""
    session = await asyncpg.connect(**credentials(database_url))
    try:
        found: list[asyncpg.Record] = await session.fetch(FUNCTIONS)
        return found
    finally:
        await session.close()


async def test_each_function_names_the_schema_of_its_tables(functions: list[asyncpg.Record]) -> None:
    """And what runs as the owner looks last among what the session made for itself."""
    named = [(one["name"], table) for one in functions for table in TABLE.findall(one["text"])]
    assert len(named) > 30
    assert [one for one in named if not one[1].startswith("public.") and one[1] not in OF_THE_STATEMENT] == []
    of_owner = {one["name"]: one["settings"] for one in functions if one["is_of_owner"]}
    assert of_owner.keys() == OWNERS.keys()
    assert all(settings == ["search_path=pg_catalog, public, pg_temp"] for settings in of_owner.values())


@pytest.mark.parametrize("name", OWNERS)
async def test_no_function_of_the_owner_runs_what_a_session_made(database_url: str, name: str) -> None:
    """With a view of the session in the place of each table, and a function of its own beside them."""
    session = await asyncpg.connect(**credentials(database_url))
    try:
        async with session.transaction():
            await session.execute(
                "CREATE FUNCTION pg_temp.run_by() RETURNS bigint LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'run by %', current_user; END $$"
            )
            for table in ("company", "policy_setting", "kept_answer", "outside_subject", "member"):
                columns = await session.fetch(
                    "SELECT attname, format_type(atttypid, atttypmod) AS kind FROM pg_attribute"
                    " WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped",
                    f"public.{table}",
                )
                listed = ", ".join(f"pg_temp.run_by()::text::{one['kind']} AS {one['attname']}" for one in columns)
                await session.execute(f"CREATE TEMPORARY VIEW {table} AS SELECT {listed}")
            with pytest.raises(asyncpg.RaiseError, match="run by"):
                async with session.transaction():
                    await session.fetch("SELECT * FROM company")
            await session.execute(OWNERS[name])
    finally:
        await session.close()
