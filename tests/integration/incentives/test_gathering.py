"""What incentive policies are told of members: exactly what they need, as it was."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from quotaloom.achievements.ledger import Credit, CreditKind
from quotaloom.achievements.ledger import append as append_to
from quotaloom.calendars.company_calendar import load_calendar
from quotaloom.calendars.periods import Grain, Period
from quotaloom.incentives.gathering import gather_requests
from quotaloom.organizations.terms import HOLDING, NewTerm, appoint, end_term
from quotaloom.platform.database import Database
from quotaloom_sdk import EntryFact, IncentiveRequest, LineFact, Need
from tests.integration.funnels.floors import Floor
from tests.integration.graph.asking import ask, do, gid
from tests.integration.incentives.paying_rules import HOST
from tests.integration.incentives.payroll import Payroll, open_payroll

MARCH = Period("2026-03", Grain.MONTH, date(2026, 3, 1), date(2026, 4, 1))
ALL = frozenset({Need.HISTORY, Need.PLAN, Need.CALENDAR, Need.TEAM, Need.ATTRIBUTES, Need.REVIEWS})


async def told(payroll: Payroll, needs: frozenset[Need], *names: str) -> list[IncentiveRequest[Any]]:
    """What is asked about the members of these names in March."""
    ids = [payroll.members[name] for name in names]
    async with payroll.work.snapshot() as snapshot:
        calendar = await load_calendar(snapshot, payroll.work.company)
        found = await gather_requests(snapshot, payroll.work.company, calendar, MARCH, dict.fromkeys(ids, needs))
    return [found[number] for number in ids]


def revenue(lines: tuple[LineFact, ...]) -> LineFact:
    """The line of revenue."""
    return next(line for line in lines if line.metric_key == "revenue")


async def plan_march(payroll: Payroll) -> None:
    """A published target of 310 for Ann's position in March."""
    floor = Floor(payroll.work, payroll.units, payroll.members, 0, {}, HOST)
    metrics = (await ask(floor, "{ metrics { id key } }"))["metrics"]
    metric = next(one["id"] for one in metrics if one["key"] == "revenue")
    made = await do(floor, "createPlan", "plan { id }", name="Plan", metricId=metric, fiscalYear=2026)
    cell = {"orgUnitId": gid("OrgUnit", payroll.units["ann"]), "month": "2026-03", "target": "310", "assessment": "155"}
    for name, values in (("setTargetCells", {"cells": [cell]}), ("publishPlan", {})):
        assert (await do(floor, name, "", planId=made["plan"]["id"], **values))["errors"] == []


async def test_members_are_told_of_as_they_were(database: Database) -> None:
    """Bob takes Ann's position over on 17 March: each has his days' share of 310, his own entries, and Hal has both."""
    payroll = await open_payroll(database, plans_need_owners=False)
    await plan_march(payroll)
    term = NewTerm(payroll.units["ann"], payroll.members["bob"], date(2026, 3, 17))
    await payroll.work.write(lambda transaction: appoint(transaction, HOLDING, [term], replace=True))
    first = await payroll.order("first", "ann", 100, "2026-03-16")
    second = await payroll.order("second", "ann", 200, "2026-03-17")
    undone = await payroll.refund("first", 40)
    await payroll.order("february", "ann", 7000, "2026-02-28")
    ann, bob, hal = await told(payroll, ALL, "ann", "bob", "hal")
    assert revenue(ann.lines) == LineFact("revenue", 60_00, 160_00, 80_00)
    assert revenue(bob.lines) == LineFact("revenue", 200_00, 150_00, 75_00)
    assert [line.metric_key for line in ann.lines] == sorted(payroll.metrics)
    assert ann.member.positions == (str(payroll.units["ann"]),)
    assert bob.member.positions == (str(payroll.units["ann"]), str(payroll.units["bob"]))
    assert ann.entries == (
        EntryFact(str(first), "revenue", 100_00, date(2026, 3, 16), "order"),
        EntryFact(str(undone), "revenue", -40_00, date(2026, 3, 16), "refund", reverses=str(first)),
    )
    assert [entry.id for entry in bob.entries] == [str(second)]
    assert (ann.period.workdays, ann.team) == (22, ())
    assert [(one.name, one.levels_below, revenue(one.lines)) for one in hal.team] == [
        ("Ann", 1, revenue(ann.lines)),
        ("Bob", 1, revenue(bob.lines)),
    ]


async def test_what_is_not_needed_is_not_told(database: Database) -> None:
    """Without needs there are achieved figures alone, whoever else is asked about with more."""
    payroll = await open_payroll(database)
    await payroll.order("ann", "ann", 100)
    ids = {payroll.members["ann"]: frozenset[Need](), payroll.members["hal"]: ALL}
    async with payroll.work.snapshot() as snapshot:
        calendar = await load_calendar(snapshot, payroll.work.company)
        found = await gather_requests(snapshot, payroll.work.company, calendar, MARCH, ids)
    ann = found[payroll.members["ann"]]
    assert (ann.entries, ann.team, ann.period.workdays) == ((), (), None)
    assert revenue(ann.lines) == LineFact("revenue", 100_00)


async def test_overlay_counts_for_the_member_wherever_he_was_credited(database: Database) -> None:
    """Cem held his position until March, and has overlay there of half of Bob's order: figures and entries tell it."""
    payroll = await open_payroll(database)
    (held,) = await payroll.fetch("SELECT id FROM holding WHERE member_id = $1", payroll.members["cem"])
    await payroll.work.write(lambda transaction: end_term(transaction, HOLDING, held["id"], date(2026, 3, 1)))
    direct = Credit(payroll.units["bob"], Fraction(1))
    overlay = Credit(payroll.units["cem"], Fraction(1, 2), CreditKind.OVERLAY, payroll.members["cem"])
    shared = payroll.posting("shared", 100, [direct, overlay])
    await payroll.work.write(lambda transaction: append_to(transaction, payroll.work.company, [shared]))
    (cem,) = await told(payroll, ALL, "cem")
    assert (cem.member.positions, revenue(cem.lines).achieved) == ((), 50_00)
    assert [(entry.amount, entry.overlay) for entry in cem.entries] == [(50_00, True)]
