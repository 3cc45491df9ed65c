"""32 people claim from many records at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from quotaloom.organizations.membership import NewMember, insert_members
from quotaloom.organizations.planting import NewUnit, insert_units
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint
from quotaloom.ownership.owners import RecordName
from quotaloom.ownership.rules import RuleKind
from quotaloom.platform.access import Role, Viewer
from quotaloom.platform.database import Database
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.platform.work import Work
from quotaloom.pool.claiming import claim_next, claim_records
from tests.integration.ownership.replaying import replayed
from tests.integration.pool.seas import Sea, sea_for

CLAIMANTS = 32


async def claimants(sea: Sea, database: Database) -> list[Work]:
    """The work of new members with positions in East."""

    async def apply(transaction: Transaction) -> list[int]:
        names = [f"P{number}" for number in range(CLAIMANTS)]
        units = [NewUnit(name, "position", sea.floor.units["east"], key=name.lower()) for name in names]
        positions = await insert_units(transaction, units)
        members = await insert_members(transaction, [NewMember(name, key=name.lower()) for name in names])
        await appoint(transaction, HOLDING, [NewTerm(*both) for both in zip(positions, members, strict=True)])
        return list(members)

    company = sea.work.company.id
    viewers = [Viewer(company, f"p{number}", Role.MEMBER, number) for number in await sea.work.write(apply)]
    return [replace(sea.work, viewer=viewer, database=database) for viewer in viewers]


async def claim_until_refused(work: Work, pool: int, records: list[RecordName], random: Random) -> list[RecordName]:
    """Claim the next ones and named ones by turns until the pool looks empty or the cap is reached; what was got."""
    got: list[RecordName] = []
    while True:
        answer = await claim_records(work, random.sample(records, 5))
        got += [one.record for one in answer.outcomes if one.refusal is None]
        answer = await claim_next(work, pool, random.randint(1, 40))
        got += [one.record for one in answer.outcomes]
        if answer.stopped_by is not None:
            return got


# 32 × 313 is 10,016, and 32 × 51 is 1,632: somebody must reach the cap, and nothing is left over.
@pytest.mark.parametrize(("count", "cap"), [(1_600, 51), pytest.param(10_000, 313, marks=pytest.mark.soak)])
async def test_each_record_is_claimed_exactly_once(database: Database, database_url: str, count: int, cap: int) -> None:
    """No limit or cap is exceeded, everybody got what the ledger says, and the ledger replays to the owners."""
    sea = await sea_for(database)
    await sea.rule(RuleKind.HOLDING_CAP, {"count": cap})
    await sea.rule(RuleKind.CLAIM_LIMIT, {"count": cap + 7, "window": "DAY"})
    records = [record for _ in range(5) for record in await sea.customers(count // 5)]
    wide = Database(database_url, pool_size=CLAIMANTS)
    await wide.connect()
    try:
        works = [(work, Random(seed)) for seed, work in enumerate(await claimants(sea, wide))]
        got = await asyncio.gather(*(claim_until_refused(work, sea.pool, records, draw) for work, draw in works))
        for of_one, (work, draw) in zip(got, works, strict=True):  # what others held when the pool looked empty
            of_one += await claim_until_refused(work, sea.pool, records, draw)
    finally:
        await wide.close()
    assert sorted(record for of_one in got for record in of_one) == sorted(records)
    assert max(map(len, got)) == cap
    entries = await sea.floor.rows(
        "SELECT to_member_id, count(*), count(DISTINCT ownership_id) AS records FROM ownership_entry"
        " WHERE movement = 'claim' GROUP BY to_member_id"
    )
    mine = {work.viewer.member_id: len(of_one) for (work, _), of_one in zip(works, got, strict=True)}
    assert {row["to_member_id"]: row["records"] for row in entries} == mine
    assert all(row["count"] == row["records"] for row in entries)
    owners = await replayed(sea.work)
    assert Counter(member for _, member, _ in owners.values()) == Counter(mine)
