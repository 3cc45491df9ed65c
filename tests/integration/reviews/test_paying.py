"""A filed review feeds an incentive rule: its grade multiplies what was earned, also when it is filed late."""

from __future__ import annotations

from decimal import Decimal

from quotaloom.calendars.periods import Grain
from quotaloom.platform.database import Database
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.reviews.cycles import open_cycle
from quotaloom.reviews.form_commands import Content, NewForm, create_form
from quotaloom.reviews.forms import Layout, NewPart, PartKind
from quotaloom.reviews.grading import Grade
from quotaloom.reviews.parts import GivenScore, Scoring
from quotaloom.reviews.scoring import score_review
from tests.integration.incentives.payroll import LONG_AGO, Payroll
from tests.integration.incentives.test_shipped_rules import shipped_payroll
from tests.integration.reviews.judging import timed

TEAM = NewPart("team", "Teamwork", PartKind.QUALITATIVE, Decimal(1), Decimal(10))
GRADES = (Grade("A", Decimal(90)), Grade("B", Decimal(60)), Grade("C", Decimal(0)))
QUICK = timed(self=0, confirmation=0, appeal=0)


async def reviewed_payroll(database: Database) -> Payroll:
    """5 % of what is sold, times 1.2 for a review with an A and times 0.5 for a C; monthly reviews score teamwork."""
    payroll = await shipped_payroll(database, "flat_rate", "review_multiplier")
    await switch_policy(
        payroll.work, payroll.host, PolicyChange("reviews.weighted_score", active=True, valid_from=LONG_AGO)
    )
    await payroll.rule("rate", "incentives.flat_rate", ordinal=1)
    factors = {"factor_by_grade": {"A": "1.2", "C": "0.5"}, "steps": []}
    await payroll.rule("review", "incentives.review_multiplier", ordinal=2, parameters=factors)
    content = Content((TEAM,), Layout(grades=GRADES, rules=QUICK))
    await create_form(payroll.work, payroll.host.registry, NewForm("monthly", "Monthly", Grain.MONTH, content))
    return payroll


async def open_march(payroll: Payroll) -> dict[str, int]:
    """Open the reviews of March; their numbers by member."""
    ((form_id,),) = await payroll.fetch("SELECT id FROM review_form")
    await open_cycle(payroll.work, payroll.host.registry, form_id, "2026-03")
    names = {number: name for name, number in payroll.members.items()}
    return {names[member]: review for review, member in await payroll.fetch("SELECT id, member_id FROM review")}


async def score(payroll: Payroll, by: str, review_id: int, given: int) -> None:
    """Give a score of 10 for teamwork, which files the review."""
    scoring = Scoring([GivenScore("team", Decimal(given))])
    await score_review(payroll.as_member(by), payroll.host, review_id, scoring)


async def test_the_grade_of_a_filed_review_changes_what_is_paid(database: Database) -> None:
    """5 % of 2,000 are 100: with an A 20 more, with a C 50 less, with a draft nothing."""
    payroll = await reviewed_payroll(database)
    for name in ("ann", "bob", "cem"):
        await payroll.order(f"{name}'s", name, 2_000)
    reviews = await open_march(payroll)
    await score(payroll, "hal", reviews["ann"], 9)
    await score(payroll, "wu", reviews["cem"], 4)
    found = await payroll.statements(await payroll.draft("2026-03"))
    assert found["ann"]["lines"] == [("rate", "flat_rate", 100_00), ("review", "review", 20_00)]
    assert found["cem"]["lines"] == [("rate", "flat_rate", 100_00), ("review", "review", -50_00)]
    assert found["bob"]["lines"] == [("rate", "flat_rate", 100_00)]


async def test_a_review_filed_after_the_payment_is_corrected_once(database: Database) -> None:
    """March is paid with 100; then Ann gets an A: April has 20 for March, and May, run later, has none of it."""
    payroll = await reviewed_payroll(database)
    await payroll.order("one", "ann", 2_000)
    reviews = await open_march(payroll)
    march = await payroll.pay("2026-03")
    assert await payroll.totals(march) == {"ann": 100_00}
    await score(payroll, "hal", reviews["ann"], 9)
    april = await payroll.pay("2026-04")
    assert (await payroll.statements(april))["ann"]["lines"] == [("review", "correction:2026-03", 20_00)]
    assert await payroll.totals(await payroll.draft("2026-05")) == {}
    assert await payroll.totals(march) == {"ann": 100_00}
