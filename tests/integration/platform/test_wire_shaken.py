"""Readers whose first statement goes out ahead of any answer, while everything that can go wrong does."""

from __future__ import annotations

import asyncio
from random import Random

import asyncpg
import pytest

from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import InputError, Unavailable
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.unit_of_work import PremiseFell
from tests.database_activity import busy
from tests.founding import found

FALLS = "DO $$ BEGIN RAISE EXCEPTION 'no more' USING ERRCODE = 'serialization_failure'; END $$"
STANDS = "SELECT 1"

SEEN = """SELECT $1::int AS number, current_setting('quotaloom.company_id', true) AS company,
current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS reads,
current_setting('statement_timeout') AS most, (SELECT array_agg(id) FROM company) AS companies"""

EXPECTED = (
    PremiseFell,
    Unavailable,
    InputError,
    LimitExceeded,
    asyncpg.DivisionByZeroError,
    asyncpg.DataError,
    asyncpg.PostgresSyntaxError,
)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_goes_wrong_readers_get_their_own(database_url: str, admin_url: str, seed: int) -> None:
    """Rows of his company, of one transaction that only reads; or an error that is his own."""
    random = Random(seed)
    database = Database(database_url, pool_size=1 + seed % 3)
    await database.connect()
    companies = [(await found(database, key=key)).company.id for key in ("acme", "beta", "ceta")]
    admin = await asyncpg.connect(**credentials(admin_url))
    outcomes: dict[str, int] = {}

    async def read(number: int) -> None:
        company = random.choice(companies)
        async with database.snapshot(company) as snapshot:
            if random.random() < 0.3:
                snapshot.allowance = Allowance(Limits(operation_seconds=random.choice([0.005, 0.02, 0.2, 5])))
            premise = random.choice([None, STANDS, STANDS, FALLS, "SELEKT", "SELECT pg_sleep(0.01)"])
            if premise is not None:
                snapshot.suppose(premise)
            for turn in range(random.randint(1, 4)):
                what = random.choice(["seen"] * 6 + ["zero", "object", "sleep", "surrogate", "new"])
                try:
                    if what == "zero":
                        await snapshot.fetch("SELECT 1 / $1::int", 0)
                    elif what == "object":
                        await snapshot.fetch("SELECT $1::int", object())
                    elif what == "surrogate":
                        await snapshot.fetch("SELECT $1::text", "\ud800")
                    elif what == "sleep":
                        await snapshot.fetch("SELECT pg_sleep($1)", random.choice([0, 0.01, 0.03]))
                    else:
                        sql = SEEN if what == "seen" else f"{SEEN}, {number} AS again"
                        rows = await snapshot.fetch(sql, number + turn)
                        assert tuple(rows[0])[:6] == (
                            number + turn, str(company), "repeatable read", "on", "10s", [company]
                        )  # fmt: skip
                        assert premise not in (FALLS, "SELEKT")
                    outcomes[what] = outcomes.get(what, 0) + 1
                except EXPECTED as error:
                    name = type(error).__name__
                    outcomes[name] = outcomes.get(name, 0) + 1
                except asyncpg.InFailedSQLTransactionError:
                    assert turn, "a first statement says why it failed"

    async def disturb() -> None:
        while True:
            await asyncio.sleep(random.random() / 10)
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'quotaloom'"
                " AND datname = current_database() ORDER BY random() LIMIT 1"
            )

    disturbing = asyncio.create_task(disturb())
    for number in range(60):
        reading = [asyncio.create_task(read(1000 * number + 10 * one)) for one in range(8)]
        for _ in range(random.randint(0, 15)):
            await asyncio.sleep(0)
        for task in reading:
            if random.random() < 0.2:
                task.cancel()
        for error in await asyncio.gather(*reading, return_exceptions=True):
            if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
                raise error
    disturbing.cancel()
    await asyncio.gather(disturbing, return_exceptions=True)
    assert all(outcomes.get(one, 0) > 0 for one in ("seen", "new", "PremiseFell", "LimitExceeded", "DataError"))
    for company in companies:
        async with database.snapshot(company) as snapshot:
            rows = await snapshot.fetch(SEEN, 1)
        assert rows[0]["companies"] == [company]
    assert await busy(admin_url) == 0
    await admin.close()
    await asyncio.wait_for(database.close(), 10)
