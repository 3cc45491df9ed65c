"""Amounts and days that SQL writes as the graph answers them."""

from __future__ import annotations

import asyncpg
import pytest

from quotaloom.platform.answering import Columns, amount_as_text, day_as_text
from quotaloom.platform.database import Database, credentials

FEBRUARY = "date '2017-02-28'"
THING = Columns({"id": "thing.id", "began": "thing.began_on"}, days=frozenset({"began"}))


async def test_amounts_and_days_are_exact_whatever_the_database_is_set_to(admin_url: str, database_url: str) -> None:
    """Amounts have the places of their scale, negative and large ones too; days are ISO 8601 in a German database."""
    admin = await asyncpg.connect(**credentials(admin_url))
    try:
        name = await admin.fetchval("SELECT current_database()")
        await admin.execute(f"ALTER DATABASE {name} SET DateStyle = 'German'")
    finally:
        await admin.close()
    database = Database(database_url)
    await database.connect()
    try:
        async with database.snapshot(1) as snapshot:
            row = await snapshot.fetch_one(
                f"SELECT {amount_as_text('5::bigint', 2)}, {amount_as_text('-123450::bigint', 2)},"
                f" {amount_as_text('(-7)::bigint', 0)}, {amount_as_text('9223372036854775807::bigint', 3)},"
                f" {amount_as_text('0::bigint', 1)}, {amount_as_text('NULL::bigint', 2)},"
                f" {day_as_text(FEBRUARY)}"
            )
    finally:
        await database.close()
    assert row is not None
    assert list(row.values()) == ["0.05", "-1234.50", "-7", "9223372036854775.807", "0.0", None, "2017-02-28"]


def test_columns_are_as_stored_or_as_asked_for() -> None:
    """All of them as they are stored; or those wanted with days as text; never one that is not there."""
    assert THING.select() == "thing.id AS id, thing.began_on AS began"
    assert THING.select(frozenset({"began"})) == "thing.began_on::text AS began"
    with pytest.raises(KeyError):
        THING.select(frozenset({"ended"}))
