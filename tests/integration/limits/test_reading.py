"""How much one operation may read and answer with, and how long it may take."""

from __future__ import annotations

from typing import Any

import pytest

from quotaloom.platform.database import Database
from quotaloom.platform.limits import Allowance, LimitExceeded, Limits
from quotaloom.platform.unit_of_work import Snapshot
from quotaloom_server.pieces import dumped

SIXTY = "SELECT generate_series(1, 60)"


def snapshot(database: Database, **limits: Any) -> Snapshot:
    """A snapshot of an operation with these limits."""
    made = database.snapshot(1)
    made.allowance = Allowance(Limits(**limits))
    return made


async def test_an_operation_reads_so_many_rows_and_no_more(database: Database) -> None:
    """60 rows of 100 are read; the next 60 are too many."""
    async with snapshot(database, operation_rows=100) as rows:
        assert len(await rows.fetch(SIXTY)) == 60
        with pytest.raises(LimitExceeded) as caught:
            await rows.fetch(SIXTY)
    assert caught.value.extensions == {
        "code": "TOO_MANY_ROWS",
        "limit": "operation_rows",
        "allowed": 100,
        "found": 120,
    }


async def test_an_operation_reads_nothing_once_its_time_is_over(database: Database) -> None:
    """A statement that is under way is cut off; the next one is not sent."""
    async with snapshot(database, operation_seconds=0.05) as rows:
        for sql in ("SELECT pg_sleep(60)", SIXTY):
            with pytest.raises(LimitExceeded) as caught:
                await rows.fetch(sql)
        assert rows.statements == 1
    told = caught.value.extensions
    assert (told["code"], told["limit"], told["allowed"]) == ("TOO_SLOW", "operation_seconds", 0.05)
    assert told["found"] >= 0.05


@pytest.mark.parametrize("values", [3, 200_000])
async def test_an_answer_that_is_too_large_is_given_up(values: int) -> None:
    """Written at a stretch or in pieces: as soon as it has more bytes than it may."""
    with pytest.raises(LimitExceeded) as caught:
        await dumped([["abcdef"] for _ in range(values)], 30)
    assert caught.value.code == "ANSWER_TOO_LARGE"
    assert 30 < caught.value.found < 100_000
    assert await dumped([["abcdef"]], 12) == [b'[["abcdef"]]']
