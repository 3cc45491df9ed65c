"""Servers that are killed while sellers claim from a pool and give back, and runs are started and cancelled."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter, defaultdict
from typing import Any, Final

import pytest

from quotaloom.ownership.rules import RuleKind
from quotaloom.pool.rule_commands import NewRule, create_rule
from tests.acceptance.crashes.busy_company import BusyCompany, busy_company
from tests.acceptance.crashes.claimants import Crowd, crowd
from tests.acceptance.crashes.installation import Installation
from tests.acceptance.crashes.reckoning import assert_nothing_is_half_there
from tests.acceptance.crashes.writers import Record
from tests.database_activity import waiting_for
from tests.progress import Progress, stepwise

SELLERS: Final = 4
CAP: Final = 6
"""How many leads of the lake one may hold. There are two fewer than all may hold, so that they want the same ones."""

LEADS: Final = SELLERS * CAP - 2

TABLES: Final = ("ownership", "ownership_entry", "kept_answer", "outbox_event")
"""At which writes a server is killed, besides at any time: the last one comes once the answer is kept."""

TOGETHER: Final = 10
"""Kills between one look at everything and the next."""

_HELD: Final = """
SELECT lead_id, member_id FROM ownership WHERE pool_id = $1 AND member_id IS NOT NULL ORDER BY lead_id
"""

_MOVED: Final = """
SELECT own.lead_id, entry.movement, entry.moved_on, coalesce(entry.from_member_id, entry.to_member_id) AS member_id
FROM ownership_entry AS entry JOIN ownership AS own ON own.company_id = entry.company_id AND own.id = entry.ownership_id
WHERE own.pool_id = $1 AND entry.movement <> 'create' ORDER BY entry.id
"""

_STEPS: Final = "SELECT run_id, step FROM incentive_run_step ORDER BY id"


async def assert_as_acknowledged(company: BusyCompany, found: Crowd, limit: int) -> None:
    """Once nothing is under way: everybody has what he was told, moved what he was told, one after the other, and never
    had or claimed more than he may; each run was started and cancelled once."""
    pool = company.pools["lake"]
    async with company.work.snapshot() as snapshot:
        held = [(row["lead_id"], row["member_id"]) for row in await snapshot.fetch(_HELD, pool)]
        moved = await snapshot.fetch(_MOVED, pool)
        steps = await snapshot.fetch(_STEPS)
    assert held == sorted((lead, one.member) for one in found.claimants for lead in one.held)
    for one in found.claimants:
        mine = [row for row in moved if row["member_id"] == one.member]
        assert [(row["movement"], row["lead_id"]) for row in mine] == one.moved
        _assert_within_limits(mine, limit)
    taken = defaultdict[int, list[str]](list)
    for row in steps:
        taken[row["run_id"]].append(row["step"])
    assert taken == {run: ["start", "cancel"] for run in found.payroll.runs}


def _assert_within_limits(moved: list[Any], limit: int) -> None:
    has, claims = 0, Counter[object]()
    for row in moved:
        has += 1 if row["movement"] == "claim" else -1
        claims[row["moved_on"]] += row["movement"] == "claim"
        assert 0 <= has <= CAP
        assert claims[row["moved_on"]] <= limit


async def assert_answered_the_same(found: Crowd) -> int:
    """Whatever was acknowledged is answered in the same words once more; how many requests that were."""
    for sender in found.senders:
        for request in sender.acknowledged:
            assert await sender.repeated(request) == request.payload, request
    return found.acknowledged


@pytest.mark.parametrize("kills", [24, pytest.param(300, marks=pytest.mark.soak)])
async def test_claims_stand_as_acknowledged_where_servers_are_killed(
    installation: Installation, kills: int, record_property: Record, progress: Progress
) -> None:
    """At any time, and in the middle of each write: no record has two holders, none is lost, each has the history that
    was acknowledged, limits hold, and what was sent again was done once and is answered the same."""
    dice, limit = random.Random(kills), 4 * kills
    async with busy_company(installation, f"claims-{kills}") as (company, admin):
        rules: dict[RuleKind, dict[str, Any]] = {
            RuleKind.HOLDING_CAP: {"count": CAP},
            RuleKind.CLAIM_LIMIT: {"count": limit, "window": "DAY"},
        }
        for kind, rule in rules.items():
            await create_rule(company.work, NewRule(kind, kind.title(), kind, rule, pool_id=company.pools["lake"]))
        leads = [await company.lead("lake") for _ in range(LEADS)]
        server = await asyncio.to_thread(installation.start, "server")
        async with crowd(installation, company, SELLERS, leads) as found:
            async with found.busy():
                for number in stepwise(progress, range(kills), "a server is killed in claims"):
                    await found.until_acknowledged(dice.randrange(1, 8))
                    async with admin.transaction():
                        if number % 2:
                            table = TABLES[number // 2 % len(TABLES)]
                            await admin.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
                            await waiting_for(admin, table)
                        else:
                            await asyncio.sleep(dice.uniform(0, 0.02))
                        installation.send(server, signal.SIGKILL)
                    server = await asyncio.to_thread(installation.start, "server")
                    if number % TOGETHER == TOGETHER - 1:
                        await assert_nothing_is_half_there(company)
            await assert_nothing_is_half_there(company)
            await assert_as_acknowledged(company, found, limit)
            repeated = await assert_answered_the_same(found)
            await assert_as_acknowledged(company, found, limit)
            again = sum(sender.again for sender in found.senders)
            assert again > 0
            assert min(one.refused for one in found.claimants) > 0
        installation.send(server, signal.SIGKILL)
    record_property("servers killed in claims", kills)
    record_property("requests sent again", again)
    record_property("answered the same once more", repeated)
