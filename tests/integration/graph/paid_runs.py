"""Rules, groups and runs of the small company that the graph's tests share."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from quotaloom.incentives.canonical import canonical, packed
from quotaloom.platform.unit_of_work import Transaction
from tests.integration.funnels.floors import Floor
from tests.integration.graph.asking import do, gid

if TYPE_CHECKING:
    from tests.integration.graph.worlds import World

POLICY: Final = "incentives.flat_rate"

RUNS: Final = {
    "run": ("2026-05", "month", date(2026, 5, 1), date(2026, 6, 1), "draft", ("start",)),
    "reviewed run": ("2026-Q1", "quarter", date(2026, 1, 1), date(2026, 4, 1), "reviewed", ("start", "review")),
    "approved run": ("2025", "year", date(2025, 1, 1), date(2026, 1, 1), "approved", ("start", "review", "approve")),
    "paid run": ("2025-H2", "half", date(2025, 7, 1), date(2026, 1, 1), "paid", ("start", "review", "approve", "pay")),
}
"""Runs of Ann's by what the tests call them; somebody else took their steps."""

INPUTS: Final[dict[str, object]] = {"asked": {}, "chain": []}
"""What a statement was computed from; without rules it is not computed again."""


async def add_incentives(world: World) -> None:
    """A policy that is on, a rule of weeks, a group that Ann is in, a closed one, and a run in each of four states."""
    await world.call("switchPolicy", "policy { key }", policy=POLICY, active=True, validFrom="2026-01-01")
    rule = {"key": "weekly", "policy": POLICY, "grain": "WEEK", "validFrom": "2026-01-01"}
    made = await world.call("setIncentiveRule", "incentiveRule { id }", **rule)
    world.ids["incentive rule"] = made["incentiveRule"]["id"]
    for name, key in (("group", "hunters"), ("closed group", "farmers")):
        made = await world.call("createMemberGroup", "memberGroup { id }", key=key, name=key.title())
        world.ids[name] = made["memberGroup"]["id"]
    await world.call("addToMemberGroup", "", groupId=world["group"], memberIds=[world.member("ann")])
    await world.call("updateMemberGroup", "", id=world["closed group"], closed=True)
    change = {"key": "rate", "policy": POLICY}
    asked = await world.call("simulateIncentives", "incentiveSimulation { id }", changes=[change])
    world.ids["simulation"] = asked["incentiveSimulation"]["id"]
    budget = {"orgUnitId": world.unit("east"), "period": "2026-06", "amount": "5000"}
    made = await world.call("setIncentiveBudget", "incentiveBudget { id }", **budget)
    world.ids["budget"] = made["incentiveBudget"]["id"]
    floor = world.floor
    numbers = await floor.work.write(lambda transaction: _insert_runs(transaction, floor))
    for name, (run_id, statement_id) in numbers.items():
        world.ids[name] = gid("IncentiveRun", run_id)
        world.ids[f"statement of {name}"] = gid("Statement", statement_id)
    await _contest(world)


async def _contest(world: World) -> None:
    """Ann contests her line of the reviewed run, misses one in the paid run, and withdraws what she said of another."""
    texts = {"dispute": "reviewed run", "missing line": "paid run", "withdrawn dispute": "approved run"}
    for name, run in texts.items():
        line = None if name == "missing line" else {"rule": "rate", "key": "flat_rate"}
        given = {"statementId": world[f"statement of {run}"], "text": "This is wrong", "line": line, "amount": "5.00"}
        made = await do(world.floor, "openDispute", "dispute { id }", "ann", **given)
        world.ids[name] = made["dispute"]["id"]
    await do(world.floor, "withdrawDispute", "", "ann", id=world["withdrawn dispute"])


async def _insert_runs(transaction: Transaction, floor: Floor) -> dict[str, tuple[int, int]]:
    found = {}
    for name, (label, grain, starts_on, ends_on, status, steps) in RUNS.items():
        run = await transaction.fetch_one(
            "INSERT INTO incentive_run (company_id, label, grain, starts_on, ends_on, status, attempt, as_of, version)"
            " VALUES ($1, $2, $3, $4, $5, 'draft', 1, $6, 1) RETURNING id",
            transaction.company_id,
            label,
            grain,
            starts_on,
            ends_on,
            transaction.now,
        )
        assert run is not None
        found[name] = (run["id"], await _insert_statement(transaction, run["id"], floor.members["ann"]))
        for step in steps:
            await transaction.execute(
                "INSERT INTO incentive_run_step (company_id, run_id, step, at, actor) VALUES ($1, $2, $3, $4, $5)",
                transaction.company_id,
                run["id"],
                step,
                transaction.now,
                f"who does {step}",
            )
        await transaction.execute(
            "UPDATE incentive_run SET status = $2::text, paid_at = CASE WHEN $2::text = 'paid' THEN as_of END"
            " WHERE id = $1",
            run["id"],
            status,
        )
    return found


async def _insert_statement(transaction: Transaction, run_id: int, member_id: int) -> int:
    await transaction.execute(
        "INSERT INTO incentive_run_member (company_id, run_id, member_id, computed, structure, warnings)"
        " VALUES ($1, $2, $3, true, 0, '[]')",
        transaction.company_id,
        run_id,
        member_id,
    )
    statement = await transaction.fetch_one(
        "INSERT INTO incentive_statement (company_id, run_id, member_id, currency, total, carried_in, carried_out,"
        " advanced_before, advanced_after, outcomes, inputs, hash, of_team, structure, computed_at)"
        " VALUES ($1, $2, $3, 'CNY', 10000, 0, 0, 0, 0, '{}', $5, 'abc', false, 0, $4) RETURNING id",
        transaction.company_id,
        run_id,
        member_id,
        transaction.now,
        packed(canonical(INPUTS)),
    )
    assert statement is not None
    await transaction.execute(
        "INSERT INTO statement_line (company_id, statement_id, ordinal, rule_key, policy, line_key, title, amount,"
        " explanation, entries) VALUES ($1, $2, 0, 'rate', $3, 'flat_rate', 'Rate', 10000, '{}', '[]')",
        transaction.company_id,
        statement["id"],
        POLICY,
    )
    number: int = statement["id"]
    return number
