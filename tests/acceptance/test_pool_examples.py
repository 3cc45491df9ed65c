"""The worked examples of public pools, with those very figures, through the API."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from quotaloom.platform.database import Database
from quotaloom_graphql.nodes import split_id
from tests.acceptance.api_company import ApiCompany, api_company
from tests.graph_client import GraphClient

OUTCOME = "results { recordId done refusal { code rule { key } used limit possibleOn } }"


@dataclass
class Sea:
    """A company with a pool of customers, of which the people of its only team are members."""

    acme: ApiCompany
    pool_id: str

    def member(self, name: str) -> GraphClient:
        """A member's client."""
        return self.acme.graph.member(self.acme.company_id, split_id(self.acme.ids[name])[1])

    async def customers(self, count: int) -> list[str]:
        """So many new customers that wait in the pool."""
        ids = []
        for _ in range(count):
            made = await self.acme.graph.do("createCustomer", "customer { id }", name="Globex")
            ids.append(made["customer"]["id"])
        await self.acme.graph.do("releaseRecords", "results { done }", recordIds=ids, reason="New", poolId=self.pool_id)
        return ids

    async def rule(self, kind: str, **parameters: Any) -> None:
        """A rule of the pool; its key is its kind."""
        await self.acme.graph.do(
            "createPoolRule",
            "poolRule { id }",
            key=kind.lower(),
            name=kind.title(),
            kind=kind,
            parameters=parameters,
            poolId=self.pool_id,
        )

    async def claim(self, who: str, *ids: str, **more: Any) -> list[dict[str, Any]]:
        """What becomes of each record that somebody claims."""
        payload = await self.member(who).do("claimRecords", OUTCOME, recordIds=list(ids), **more)
        results: list[dict[str, Any]] = payload["results"]
        return results

    async def release(self, who: str, *ids: str) -> None:
        """Give records back."""
        payload = await self.member(who).do("releaseRecords", OUTCOME, recordIds=list(ids), reason="No time")
        assert all(one["done"] for one in payload["results"])

    async def history(self, record_id: str) -> list[str]:
        """The movements of a record."""
        query = "query ($id: ID!) { explainOwnership(recordId: $id) { ownership { history { movement } } } }"
        found = (await self.acme.graph.ask(query, id=record_id))["explainOwnership"]
        return [one["movement"] for one in found["ownership"]["history"]]


@pytest.fixture
async def sea(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[Sea]:
    """A company whose team sells, with Ann and Bo in it."""
    async with api_company(database, database_url, tmp_path) as acme:
        await acme.units("Acme", ["Sales"], "TEAM")
        await people(acme, ["Ann", "Bo"])
        made = await acme.graph.do(
            "createPool",
            "pool { id }",
            key="sea",
            name="Sea",
            kinds=["CUSTOMER", "OPPORTUNITY"],
            orgUnitIds=[acme.ids["Sales"]],
        )
        yield Sea(acme, made["pool"]["id"])


async def people(acme: ApiCompany, names: list[str]) -> None:
    await acme.units("Sales", [f"Seat of {name}" for name in names], "POSITION")
    await acme.members(names)
    for name in names:
        await acme.hold(f"Seat of {name}", name)


async def test_fifty_claim_one_record(sea: Sea) -> None:
    """50 people claim one record: one succeeds, 49 are told it is already claimed, one ledger row."""
    names = [f"P{number}" for number in range(50)]
    await people(sea.acme, names)
    (record,) = await sea.customers(1)
    answers = await asyncio.gather(*(sea.claim(name, record) for name in names))
    codes = Counter(one["refusal"] and one["refusal"]["code"] for (one,) in answers)
    assert codes == {None: 1, "ALREADY_CLAIMED": 49}
    assert await sea.history(record) == ["CREATE", "RELEASE", "CLAIM"]


async def test_a_daily_limit_of_claims(sea: Sea) -> None:
    """Limit 5 a day with 4 used and two claims in parallel: exactly one succeeds, the other may come tomorrow."""
    await sea.rule("CLAIM_LIMIT", count=5, window="DAY")
    records = await sea.customers(7)
    await sea.claim("Ann", *records[:4])
    answers = await asyncio.gather(sea.claim("Ann", records[4]), sea.claim("Ann", records[5]))
    assert sorted(one["done"] for (one,) in answers) == [False, True]
    (refusal,) = (one["refusal"] for (one,) in answers if not one["done"])
    told = {"code": "CLAIM_LIMIT", "rule": {"key": "claim_limit"}, "used": 5, "limit": 5, "possibleOn": "2026-01-06"}
    assert refusal == told
    sea.acme.on(date(2026, 1, 6))
    assert (await sea.claim("Ann", records[6]))[0]["done"]


async def test_the_same_request_again_uses_nothing_up(sea: Sea) -> None:
    """With the same key it returns the first answer, claims and refusals alike; the fifth claim is still free."""
    await sea.rule("CLAIM_LIMIT", count=5, window="DAY")
    records = await sea.customers(6)
    await sea.claim("Bo", records[4])
    first = await sea.claim("Ann", *records[:5], key="monday")
    assert [one["done"] for one in first] == [True, True, True, True, False]
    await sea.release("Ann", *records[:2])
    assert await sea.claim("Ann", *records[:5], key="monday") == first
    assert await sea.history(records[0]) == ["CREATE", "RELEASE", "CLAIM", "RELEASE"]
    assert (await sea.claim("Ann", records[5]))[0]["done"]
    assert (await sea.claim("Ann", records[0]))[0]["refusal"]["code"] == "CLAIM_LIMIT"
    other = await sea.member("Ann").try_to("claimRecords", OUTCOME, recordIds=records[:1], key="monday")
    assert [error["code"] for error in other["errors"]] == ["KEY_REUSED"]


async def test_a_limit_counts_what_was_taken(sea: Sea) -> None:
    """Claim 5, release 5, claim one more the same day: refused."""
    await sea.rule("CLAIM_LIMIT", count=5, window="DAY")
    records = await sea.customers(6)
    assert all(one["done"] for one in await sea.claim("Ann", *records[:5]))
    await sea.release("Ann", *records[:5])
    (last,) = await sea.claim("Ann", records[5])
    assert (last["done"], last["refusal"]["code"], last["refusal"]["used"]) == (False, "CLAIM_LIMIT", 5)


async def test_protection_ends_on_a_day_that_is_told(sea: Sea) -> None:
    """Default 10 days, at most 20, claimed 2019-03-25: the last protected day is 04-04."""
    sea.acme.on(date(2019, 3, 25))
    await sea.rule("PROTECTION", days=10, activityDays=3, maxDays=20)
    await sea.rule("RECYCLING", when={"noFollowUp": {"days": 5}}, remindDays=[2])
    (record,) = await sea.customers(1)
    await sea.claim("Ann", record)
    query = """query ($id: ID!) { explainOwnership(recordId: $id) {
        outlook { protectedUntil recycledOn circumstance reminders protection { key } recycling { key } } } }"""
    found = (await sea.member("Ann").ask(query, id=record))["explainOwnership"]["outlook"]
    assert found == {
        "protectedUntil": "2019-04-04",
        "recycledOn": "2019-04-05",
        "circumstance": "NO_FOLLOW_UP",
        "reminders": ["2019-04-03"],
        "protection": {"key": "protection"},
        "recycling": {"key": "recycling"},
    }


async def test_activities_protect_up_to_a_last_day(sea: Sea) -> None:
    """An activity protects for 3 days. On 03-28: still 04-04. On 04-02: 04-05. On 04-05: 04-08. Never past 04-14."""
    sea.acme.on(date(2019, 3, 25))
    await sea.rule("PROTECTION", days=10, activityDays=3, maxDays=20)
    (record,) = await sea.customers(1)
    await sea.claim("Ann", record)
    query = "query ($id: ID!) { explainOwnership(recordId: $id) { outlook { protectedUntil } } }"
    found = {}
    for day in (date(2019, 3, 28), date(2019, 4, 2), date(2019, 4, 5), date(2019, 4, 8), date(2019, 4, 11)):
        sea.acme.on(day)
        call = {"kind": "CALL", "matter": "How are you?", "customerId": record}
        await sea.member("Ann").do("logActivity", "activity { id }", **call)
        outlook = (await sea.member("Ann").ask(query, id=record))["explainOwnership"]["outlook"]
        found[day.isoformat()] = outlook["protectedUntil"]
    assert found == {
        "2019-03-28": "2019-04-04",
        "2019-04-02": "2019-04-05",
        "2019-04-05": "2019-04-08",
        "2019-04-08": "2019-04-11",
        "2019-04-11": "2019-04-14",
    }
    sea.acme.on(date(2019, 4, 13))
    await sea.member("Ann").do("logActivity", "activity { id }", **call)
    outlook = (await sea.member("Ann").ask(query, id=record))["explainOwnership"]["outlook"]
    assert outlook["protectedUntil"] == "2019-04-14"


async def test_cooldown_of_every_earlier_holder(sea: Sea) -> None:
    """7 days. A releases on day 0, B claims and releases on day 1, A tries on day 2: refused; on day 7: allowed."""
    await sea.rule("COOLDOWN", days=7)
    (record,) = await sea.customers(1)
    start = date(2026, 1, 5)
    await sea.claim("Ann", record)
    await sea.release("Ann", record)
    sea.acme.on(start + timedelta(1))
    await sea.claim("Bo", record)
    await sea.release("Bo", record)
    sea.acme.on(start + timedelta(2))
    (refused,) = await sea.claim("Ann", record)
    told = {"code": "COOLDOWN", "rule": {"key": "cooldown"}, "used": 2, "limit": 7, "possibleOn": "2026-01-12"}
    assert refused["refusal"] == told
    query = "query ($id: ID!) { explainOwnership(recordId: $id) { cooldowns { member { name } freeOn } claimable } }"
    found = (await sea.member("Ann").ask(query, id=record))["explainOwnership"]
    waits = [{"member": {"name": "Ann"}, "freeOn": "2026-01-12"}, {"member": {"name": "Bo"}, "freeOn": "2026-01-13"}]
    assert found == {"cooldowns": waits, "claimable": False}
    sea.acme.on(start + timedelta(7))
    assert (await sea.claim("Ann", record))[0]["done"]
