"""The one database that tests have in turn looks new to each of them."""

from __future__ import annotations

from tests.founding import found
from tests.kept_database import KeptDatabase

SCHEDULED = "SELECT count(*) FROM quotaloom_jobs.schedule"


async def test_the_next_one_finds_no_rows_and_the_first_numbers(kept_database: KeptDatabase) -> None:
    """The same company can be founded again and gets the same id, and what is to be done for it is forgotten."""
    async with kept_database.lend() as database:
        first = (await found(database)).company.id
        async with database.client.acquire_connection() as connection:
            await connection.execute("INSERT INTO quotaloom_jobs.schedule VALUES ($1, 'nightly', now())", first)
    async with kept_database.lend() as database:
        async with database.client.acquire_connection() as connection:
            assert await connection.fetchval(SCHEDULED) == 0
        assert (await found(database)).company.id == first


async def test_a_connection_that_is_kept_costs_the_next_one_a_new_database(kept_database: KeptDatabase) -> None:
    """Nobody meets a transaction that another test has left open."""
    async with kept_database.lend() as database:
        held = database.client.acquire_connection()
        connection = await held.__aenter__()
        name = await connection.fetchval("SELECT current_database()")
    async with kept_database.lend() as database, database.client.acquire_connection() as connection:
        assert await connection.fetchval("SELECT current_database()") != name
        assert await connection.fetchval(SCHEDULED) == 0
