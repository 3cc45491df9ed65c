"""Worked example 13, fair round robin, with those very figures, through the API."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from quotaloom.platform.database import Database
from tests.acceptance.api_company import ApiCompany, api_company
from tests.acceptance.test_pool_examples import people

FIRST = date(2026, 1, 5)

HAND_OUT = "results { member { name } policy reason refusal { code } }"


@pytest.fixture
async def acme(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[ApiCompany]:
    """A, B and C sell, and nobody else."""
    async with api_company(database, database_url, tmp_path) as acme:
        await acme.units("Acme", ["Sales"], "TEAM")
        await people(acme, ["A", "B", "C"])
        yield acme


async def test_fair_round_robin(acme: ApiCompany) -> None:
    """30 leads a day for 10 days among A, B and C, C away on the first 7: A 135, B 135, C 30, and no flood."""
    pool = (
        await acme.graph.do(
            "createPool", "pool { id }", key="sea", name="Sea", kinds=["LEAD"], orgUnitIds=[acme.ids["Sales"]]
        )
    )["pool"]["id"]
    await acme.graph.do("switchPolicy", "policy { key }", policy="assignment.round_robin", active=True)
    week = {"validFrom": FIRST.isoformat(), "validTo": (FIRST + timedelta(days=7)).isoformat()}
    await acme.graph.do("noteAbsence", "member { name }", memberId=acme.ids["C"], **week)
    total: Counter[str] = Counter()
    for day in range(10):
        acme.on(FIRST + timedelta(days=day))
        for number in range(30):
            await acme.graph.do("createLead", "lead { id }", name=f"Lead {day}-{number}", poolId=pool)
        shown = (await acme.graph.do("handOutRecords", HAND_OUT, poolId=pool, trial=True))["results"]
        handed = (await acme.graph.do("handOutRecords", HAND_OUT, poolId=pool))["results"]
        assert handed == shown
        today = Counter(one["member"]["name"] for one in handed)
        assert today == ({"A": 15, "B": 15} if day < 7 else {"A": 10, "B": 10, "C": 10})
        total += today
    assert total == {"A": 135, "B": 135, "C": 30}
