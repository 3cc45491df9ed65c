"""Simulations: what rules would have given in past months, beside what those in force gave."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from quotaloom.achievements.ledger import Reversal
from quotaloom.achievements.ledger import reverse as reverse_in
from quotaloom.calendars.company_calendar import fiscal_calendar
from quotaloom.incentives import simulated_batches
from quotaloom.incentives.simulated_batches import gather_batch
from quotaloom.incentives.simulated_rules import SimulatedChange, simulated_periods
from quotaloom.incentives.simulating import simulate, simulate_as_job
from quotaloom.incentives.simulations import (
    SIMULATE,
    SimulationRequest,
    fail_simulation,
    forget_simulations,
    remove_simulation,
    simulations_by_id,
    start_simulation,
)
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, InputError, NotFound
from quotaloom.platform.jobs.handlers import Job
from quotaloom.platform.unit_of_work import Transaction
from quotaloom.policies.settings import PolicyChange, switch_policy
from tests.integration.incentives.payroll import Payroll, open_payroll


async def three_months(database: Database) -> Payroll:
    """Tiers of 5 percent up to 100,000 and 8 above, floor 0; Ann sells 130,000, gives 40,000 back, sells 60,000."""
    payroll = await open_payroll(database, "pay.tiers", "pay.floor", reversal_date="own")
    await payroll.rule("tiers", "pay.tiers")
    await payroll.rule("floor", "pay.floor", ordinal=9)
    await payroll.order("march", "ann", 130_000)
    await payroll.order("bob", "bob", 40_000)
    await payroll.order("cem", "cem", 100_000)
    undoing = Reversal(payroll.entries["march"], 40_000_00, "back", "back", business_date=date(2026, 4, 10))
    await payroll.work.write(lambda transaction: reverse_in(transaction, payroll.work.company, [undoing]))
    await payroll.order("may", "ann", 60_000, "2026-05-10")
    return payroll


async def simulated(payroll: Payroll, *changes: SimulatedChange, batch: int = 250, **asked: Any) -> dict[str, Any]:
    """A simulation of March to May, as it is kept."""
    request = SimulationRequest(changes, **{"first": "2026-03", "last": "2026-05", **asked})
    simulation_id = await start_simulation(payroll.work, payroll.host, request)
    await simulate(payroll.work, payroll.host, simulation_id, batch=batch)
    return await kept(payroll, simulation_id)


async def kept(payroll: Payroll, simulation_id: int) -> dict[str, Any]:
    """A simulation as it is read."""
    async with payroll.work.snapshot() as snapshot:
        (found,) = await simulations_by_id(snapshot, [simulation_id])
    return found


def columns(result: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    """Some columns of the months."""
    return [tuple(month[name] for name in names) for month in result["months"]]


def named(payroll: Payroll, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """The differences of members, by name."""
    names = {number: name for name, number in payroll.members.items()}
    return {names[row["member_id"]]: row["then"] - row["now"] for row in rows}


async def test_a_simulation_tells_what_other_tiers_and_another_rule_in_the_west_would_cost(database: Database) -> None:
    """Ann: 7,400 + 0 + 1,000 become 8,900 + 0 + 1,300; Cem's 5,000 become 3,000; Bob's 2,000 stay; carried as well.

    April is -2,000 for Ann on both sides: the floor carries it into May, which earns 3,000 now and 3,300 then.
    """
    payroll = await three_months(database)
    march = await payroll.pay("2026-03")
    change = SimulatedChange("tiers", "pay.tiers", {"quota": 50_000_00})
    west = SimulatedChange("tiers", "pay.rate", {"percent": 3}, unit_id=payroll.units["west"])
    before = (await payroll.fetch("SELECT max(id) FROM audit_entry"))[0]["max"]
    found = await simulated(payroll, change, west)
    result = found["result"]
    assert (found["status"], found["failure"], found["done"], found["total"]) == ("done", None, 8, 8)
    assert columns(result, "period", "now", "then", "paid") == [
        ("2026-03", 14_400_00, 13_900_00, 14_400_00),
        ("2026-04", 0, 0, None),
        ("2026-05", 1_000_00, 1_300_00, None),
    ]
    assert columns(result, "carried_now", "carried_then") == [(0, 0), (-2_000_00, -2_000_00), (0, 0)]
    assert (result["members"], result["winners"], result["losers"], result["unchanged"]) == (5, 1, 1, 3)
    assert named(payroll, result["biggest_winners"]) == {"ann": 1_800_00}
    assert named(payroll, result["biggest_losers"]) == {"cem": -2_000_00}
    # -2,000, 0, 0, 0 and 1,800: of five, the first is the 10th percentile, the third the 50th, the last the 90th.
    assert result["percentiles"]["difference"] == {"p10": -2_000_00, "p50": 0, "p90": 1_800_00}
    bars = [(bar["from"], bar["to"], bar["members"]) for bar in result["histogram"]]
    assert [(start // 100, end // 100, count) for start, end, count in bars] == [
        (-2000, -1500, 1),
        *[(start, start + 500, 0) for start in (-1500, -1000, -500)],
        (0, 500, 3),
        *[(start, start + 500, 0) for start in (500, 1000)],
        (1500, 2000, 1),
    ]
    assert (await payroll.statements(march))["ann"]["total"] == 7_400_00
    # That it was asked for and computed is written to the audit, and nothing else.
    entries = await payroll.fetch("SELECT action FROM audit_entry WHERE id > $1 ORDER BY id", before)
    assert [row["action"] for row in entries] == ["incentive_simulation.start", "incentive_simulation.finish"]


async def test_a_simulation_is_the_same_in_any_batches(database: Database) -> None:
    """One by one, or all together: the same sums, winners and percentiles."""
    payroll = await three_months(database)
    change = SimulatedChange("tiers", "pay.tiers", {"quota": 50_000_00})
    one, all_ = await simulated(payroll, change, batch=1), await simulated(payroll, change)
    assert one["result"] == all_["result"]


async def test_what_was_carried_before_the_first_period_counts_on_both_sides(database: Database) -> None:
    """April was paid and carries -2,000: May comes to 1,000 by the rules in force, and to 3,000 without the floor."""
    payroll = await three_months(database)
    await payroll.pay("2026-03")
    await payroll.pay("2026-04")
    found = await simulated(payroll, SimulatedChange("floor", remove=True), first="2026-05")
    assert columns(found["result"], "now", "then", "carried_now", "carried_then") == [(1_000_00, 1_000_00, 0, 0)]
    whole = await simulated(payroll, SimulatedChange("floor", remove=True))
    # Without a floor April charges Ann the 2,000 at once, and May pays her the whole 3,000.
    assert columns(whole["result"], "now", "then") == [(14_400_00, 14_400_00), (0, -2_000_00), (1_000_00, 3_000_00)]
    assert (whole["result"]["winners"], whole["result"]["losers"]) == (0, 0)


async def test_what_was_paid_without_any_rule_is_told_too(database: Database) -> None:
    """In April only the east has a rule, but Cem's 1,000 of March are refunded: -100 was paid, and he is unchanged."""
    payroll = await open_payroll(database, "pay.rate")
    await payroll.rule("base", "pay.rate", valid_to=date(2026, 4, 1))
    await payroll.rule("east", "pay.rate", unit_id=payroll.units["east"], valid_from=date(2026, 4, 1))
    await payroll.order("cem", "cem", 1000)
    await payroll.pay("2026-03")
    await payroll.refund("cem")
    await payroll.pay("2026-04")
    east = SimulatedChange("east", remove=True, unit_id=payroll.units["east"])
    result = (await simulated(payroll, east, first="2026-04", last="2026-04"))["result"]
    assert columns(result, "members", "now", "then", "paid") == [(4, 0, 0, -100_00)]
    assert result["unchanged"] == 4


async def test_a_simulation_below_a_unit_leaves_the_others_out(database: Database) -> None:
    """In the west there are Cem and Wu; with bounds of one's own, two ranges beside them and what is outside."""
    payroll = await three_months(database)
    change = SimulatedChange("tiers", "pay.tiers", {"quota": 50_000_00})
    bounds = (Decimal(0), Decimal(1000))
    found = await simulated(payroll, change, unit_id=payroll.units["west"], bounds=bounds)
    result = found["result"]
    assert (found["total"], result["members"], named(payroll, result["biggest_winners"])) == (2, 2, {"cem": 1_500_00})
    assert result["histogram"] == [
        {"from": 0, "to": 1_000_00, "members": 1},
        {"from": 1_000_00, "to": None, "members": 1},
    ]


async def test_a_policy_that_fails_for_a_member_is_told_with_plugin_member_and_month(database: Database) -> None:
    """The picky rule fails for Ann's April alone: she is left out of all sums, and the others are computed."""
    payroll = await three_months(database)
    found = await simulated(payroll, SimulatedChange("picky", "pay.picky"))
    (failure,) = found["result"]["failures"]
    assert (failure["member_id"], failure["period"], failure["side"]) == (payroll.members["ann"], "2026-04", "then")
    assert failure["text"].startswith("rule picky for Ann: policy 'pay.picky' ")
    assert columns(found["result"], "now", "then") == [(7_000_00, 7_000_00), (0, 0), (0, 0)]


async def test_many_failures_end_a_simulation(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is failed where as many members fail as say that a rule is wrong, here one; the first is told."""
    monkeypatch.setattr(simulated_batches, "MOST_FAILURES", 1)
    payroll = await three_months(database)
    found = await simulated(payroll, SimulatedChange("picky", "pay.picky"))
    assert (found["status"], found["result"]) == ("failed", None)
    assert found["failure"].startswith(
        "policies failed for 1 members; the first of them, in 2026-04: rule picky for Ann: "
    )
    ((reason,),) = await payroll.fetch("SELECT reason FROM audit_entry WHERE action = 'incentive_simulation.fail'")
    assert reason == found["failure"]


async def test_a_killed_simulation_begins_anew(database: Database) -> None:
    """One that stands at three of eight members comes to the same as another; once done it is left alone."""
    payroll = await three_months(database)
    change = SimulatedChange("tiers", "pay.tiers", {"quota": 50_000_00})
    request = SimulationRequest((change,), first="2026-03", last="2026-05")
    simulation_id = await start_simulation(payroll.work, payroll.host, request)
    await payroll.work.write(
        lambda transaction: transaction.execute(
            "UPDATE incentive_simulation SET status = 'computing', done = 3, total = 8 WHERE id = $1", simulation_id
        )
    )
    await simulate(payroll.work, payroll.host, simulation_id)
    found = await kept(payroll, simulation_id)
    assert (found["status"], found["done"]) == ("done", 8)
    assert found["result"] == (await simulated(payroll, change))["result"]
    await payroll.order("late", "ann", 1000, "2026-05-11")
    await simulate(payroll.work, payroll.host, simulation_id)
    assert await kept(payroll, simulation_id) == found


async def test_a_simulation_that_breaks_off_in_every_attempt_is_failed(database: Database) -> None:
    """Its plugins cannot be reached: after the third attempt it is still computed, after the fourth it has failed."""
    payroll = await three_months(database)
    request = SimulationRequest((SimulatedChange("floor", remove=True),))
    simulation_id = await start_simulation(payroll.work, payroll.host, request)
    company, statuses = payroll.work.company.id, []
    for attempt in (3, 4):
        payload = {"simulation": simulation_id}
        job = Job(SIMULATE, company, payload, attempt, payroll.work.database, payroll.work.now)
        with pytest.raises(AttributeError):
            await simulate_as_job(job, None)  # type: ignore[arg-type]  # whatever breaks a job
        statuses.append((await kept(payroll, simulation_id))["status"])
    assert statuses == ["waiting", "failed"]


async def test_rules_that_cannot_be_asked_are_told_with_the_period(database: Database) -> None:
    """The rule in force names a policy that is off in January; from February on it can be simulated."""
    payroll = await open_payroll(database)
    await payroll.rule("tiers", "pay.tiers")
    since = date(2026, 2, 1)
    await switch_policy(payroll.work, payroll.host, PolicyChange("pay.tiers", active=True, valid_from=since))
    request = SimulationRequest((SimulatedChange("x", "pay.rate"),), first="2026-01")
    with pytest.raises(InputError, match=r"^2026-01: rule tiers names pay\.tiers") as refused:
        await start_simulation(payroll.work, payroll.host, request)
    assert (refused.value.code, refused.value.path) == ("POLICY_OFF", ("first",))
    await start_simulation(payroll.work, payroll.host, replace(request, first="2026-02"))


async def test_a_simulation_that_was_removed_is_not_stored_any_more(database: Database) -> None:
    """A job that comes later finds nothing to do."""
    payroll = await three_months(database)
    request = SimulationRequest((SimulatedChange("floor", remove=True),))
    simulation_id = await start_simulation(payroll.work, payroll.host, request)
    assert (await kept(payroll, simulation_id))["title"] == "2025-06 to 2026-05"
    await remove_simulation(payroll.work, simulation_id)
    await simulate(payroll.work, payroll.host, simulation_id)
    assert await payroll.fetch("SELECT 1 FROM incentive_simulation") == []
    with pytest.raises(NotFound):
        await remove_simulation(payroll.work, simulation_id)


async def test_simulations_are_forgotten_after_ninety_days(database: Database) -> None:
    """One of 91 days ago is gone in the morning, and one of 89 is there."""
    payroll = await three_months(database)
    request = SimulationRequest((SimulatedChange("x", "pay.rate"),), first="2026-02", last="2026-02")
    ids = []
    for days in (91, 89):
        earlier = replace(payroll.work, now=payroll.work.now - timedelta(days=days))
        ids.append(await start_simulation(earlier, payroll.host, request))
    company = payroll.work.company.id
    await forget_simulations(Job("forget", company, {}, 1, payroll.work.database, payroll.work.now))
    assert [row["id"] for row in await payroll.fetch("SELECT id FROM incentive_simulation")] == ids[1:]
    noted = await payroll.fetch("SELECT before FROM audit_entry WHERE action = 'incentive_simulation.forget'")
    assert [json.loads(row["before"]) for row in noted] == [{"ids": ids[:1]}]


RATE = SimulatedChange("x", "pay.rate")

REFUSED: list[tuple[dict[str, Any], str, tuple[str | int, ...]]] = [
    ({"changes": ()}, "NO_CHANGES", ("changes",)),
    ({"changes": (RATE,) * 51}, "TOO_MANY", ("changes",)),
    ({"first": "2026-Q1"}, "BAD_PERIOD", ("first",)),
    ({"last": "2026-07"}, "BAD_PERIOD", ("last",)),
    ({"first": "2026-06", "last": "2026-05"}, "BAD_PERIOD", ("first",)),
    ({"first": "2023-01"}, "TOO_MANY_PERIODS", ("first",)),
    ({"bounds": (Decimal(2), Decimal(1))}, "BAD_BOUNDS", ("bounds",)),
    ({"title": ""}, "BAD_NAME", ("title",)),
    ({"unit_id": 99}, "NOT_FOUND", ("orgUnitId",)),
    ({"changes": (SimulatedChange("x"),)}, "POLICY_MISSING", ("changes", 0, "policy")),
    ({"changes": (replace(RATE, policy="no.such"),)}, "UNKNOWN_POLICY", ("changes", 0, "policy")),
    ({"changes": (replace(RATE, parameters={"x": 1}),)}, "INVALID_PARAMETERS", ("changes", 0, "parameters", "x")),
    ({"changes": (SimulatedChange("x", remove=True),)}, "NOT_IN_FORCE", ("changes", 0, "key")),
    ({"changes": (RATE, RATE)}, "SAME_RULE", ("changes", 1, "key")),
    ({"changes": (replace(RATE, unit_id=99),)}, "NOT_FOUND", ("changes", 0, "orgUnitId")),
    ({"changes": (replace(RATE, group_id=99),)}, "NOT_FOUND", ("changes", 0, "groupId")),
]


async def test_what_cannot_be_simulated_is_refused_at_its_place(database: Database) -> None:
    """Each with its code, and nothing is stored of it."""
    payroll = await open_payroll(database)
    for asked, code, path in REFUSED:
        request = SimulationRequest(**{"changes": (RATE,), **asked})
        with pytest.raises(InputError) as refused:
            await start_simulation(payroll.work, payroll.host, request)
        assert (refused.value.code, refused.value.path) == (code, path), asked
    assert await payroll.fetch("SELECT 1 FROM incentive_simulation") == []


async def test_three_simulations_are_under_way_at_once_and_only_admins_ask_for_them(database: Database) -> None:
    """A fourth is told to wait; a head is refused."""
    payroll = await open_payroll(database)
    request = SimulationRequest((SimulatedChange("x", "pay.rate"),))
    for _ in range(3):
        await start_simulation(payroll.work, payroll.host, request)
    with pytest.raises(InputError) as refused:
        await start_simulation(payroll.work, payroll.host, request)
    assert refused.value.code == "TOO_MANY"
    with pytest.raises(AccessDenied):
        await start_simulation(payroll.as_member("hal"), payroll.host, request)


async def test_simulations_whose_worker_was_killed_each_time_make_room(database: Database) -> None:
    """Two of three jobs are given up, as after the fourth kill: the next simulation begins, and the two have failed."""
    payroll = await open_payroll(database)
    request = SimulationRequest((SimulatedChange("x", "pay.rate"),))
    ids = [await start_simulation(payroll.work, payroll.host, request) for _ in range(3)]

    async def give_up(transaction: Transaction) -> None:
        await transaction.execute("UPDATE incentive_simulation SET status = 'computing'")
        await transaction.execute(
            "UPDATE quotaloom_jobs.job SET status = 'failed' WHERE dedupe_key = ANY ($1::text[])",
            [f"{SIMULATE}:{transaction.company_id}:{number}" for number in ids[:2]],
        )

    await payroll.work.write(give_up)
    ids.append(await start_simulation(payroll.work, payroll.host, request))
    found = [await kept(payroll, number) for number in ids]
    assert [one["status"] for one in found] == ["failed", "failed", "computing", "waiting"]
    assert found[0]["failure"] == "its worker was lost each time; the failed jobs tell more"
    entries = await payroll.fetch("SELECT object_id FROM audit_entry WHERE action = 'incentive_simulation.fail'")
    assert sorted(row["object_id"] for row in entries) == ids[:2]


async def test_each_failure_is_told_of_alike_and_once(database: Database) -> None:
    """One that breaks off and one whose worker is lost: an entry and an event each; failing one again tells nothing."""
    payroll = await open_payroll(database)
    request = SimulationRequest((SimulatedChange("x", "pay.rate"),))
    ids = [await start_simulation(payroll.work, payroll.host, request) for _ in range(2)]

    async def fail(transaction: Transaction) -> None:
        await fail_simulation(transaction, simulation_id=ids[0], reason="it broke off")

    async def lose(transaction: Transaction) -> None:
        await transaction.execute("UPDATE quotaloom_jobs.job SET status = 'failed'")

    for write in (fail, fail, lose):
        await payroll.work.write(write)
    for _ in range(2):
        await forget_simulations(Job("night", payroll.work.company.id, {}, 1, payroll.work.database, payroll.work.now))
    entries = await payroll.fetch(
        "SELECT object_id, object_type, after, reason FROM audit_entry WHERE action = 'incentive_simulation.fail'"
        " ORDER BY id"
    )
    told = {"object_type": "IncentiveSimulation", "after": '{"status": "failed"}'}
    lost = "its worker was lost each time; the failed jobs tell more"
    assert [dict(row) for row in entries] == [
        {"object_id": number, **told, "reason": reason}
        for number, reason in zip(ids, ("it broke off", lost), strict=True)
    ]
    events = await payroll.fetch(
        "SELECT payload FROM outbox_event WHERE topic = 'incentive_simulation.finished' ORDER BY id"
    )
    assert [json.loads(row["payload"])["id"] for row in events] == ids
    assert [(await kept(payroll, number))["failure"] for number in ids] == ["it broke off", lost]


async def test_a_batch_takes_as_many_statements_for_two_members_as_for_eight(database: Database) -> None:
    """Whoever is read with others costs no statement of his own, and each more month costs the same."""
    payroll = await three_months(database)
    host, company = payroll.host, payroll.work.company
    changes = [SimulatedChange("tiers", "pay.tiers", {"quota": 50_000_00}, unit_id=payroll.units["east"])]

    async def statements(people: int, months: int) -> int:
        labels = [f"2026-0{month}" for month in range(6 - months, 6)]
        async with payroll.work.snapshot() as snapshot:
            periods = [fiscal_calendar(company).period(label) for label in labels]
            asked = await simulated_periods(snapshot, host.registry, periods, changes)
            before = snapshot.statements
            ids = sorted(payroll.members.values())[:people]
            await gather_batch(snapshot, company, host, asked, payroll.units["acme"], ids)
            return snapshot.statements - before

    one, two, three = [await statements(8, months) for months in (1, 2, 3)]
    assert await statements(2, 3) == three
    assert three - two == two - one
    # Of a month: who is below the unit, both chains, names, places, sums, metrics, plans and entries.
    assert three - two <= 20
