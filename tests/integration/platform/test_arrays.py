"""Array literals as PostgreSQL reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotaloom.platform.arrays import array_of, array_of_texts
from quotaloom.platform.database import credentials

texts = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"))
    | st.sampled_from(['"', "\\", '\\"', "NULL", "", "{a,b}", "a,b", " a ", "\\n"]),
    max_size=5,
)


@pytest.fixture
async def plain(admin_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection."""
    connection = await asyncpg.connect(**credentials(admin_url))
    yield connection
    await connection.close()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=texts)
async def test_texts_arrive_as_they_are(plain: asyncpg.Connection, values: list[str]) -> None:
    """Whatever they hold: quotes, backslashes, braces, commas, nothing, the word NULL."""
    assert await plain.fetchval("SELECT $1::text::text[]", array_of_texts(values)) == values


async def test_numbers_days_and_codes_arrive_as_they_are(plain: asyncpg.Connection) -> None:
    """None is null, among them or alone."""
    row = await plain.fetchrow(
        "SELECT $1::text::bigint[], $2::text::date[], $3::text::numeric[], $4::text::text[], $5::text::bigint[]",
        array_of([1, None, -(2**63)]),
        array_of([date(1900, 1, 1), None]),
        array_of([Decimal("7.2000000000"), Decimal("1E+2")]),
        array_of(["CNY", None]),
        array_of([]),
    )
    assert row is not None
    assert tuple(row) == (
        [1, None, -(2**63)],
        [date(1900, 1, 1), None],
        [Decimal("7.2000000000"), Decimal(100)],
        ["CNY", None],
        [],
    )


def test_a_text_that_cannot_be_stored_is_refused() -> None:
    """The character NUL would make two elements of one."""
    with pytest.raises(ValueError, match="NUL"):
        array_of_texts(["a\0b", "c"])
