"""A filed review feeds the incentive rules of its period."""

from __future__ import annotations

from decimal import Decimal

from quotaloom.calendars.periods import Grain
from quotaloom.platform.database import Database
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.reviews.cycles import open_cycle
from quotaloom.reviews.form_commands import Content, NewForm, create_form
from quotaloom.reviews.forms import Layout, NewPart, PartKind
from quotaloom.reviews.parts import GivenScore, Scoring
from quotaloom.reviews.scoring import score_review
from quotaloom.reviews.steps import DEFAULT_RULES, Step, StepRule
from tests.integration.funnels.floors import HOST
from tests.integration.incentives.payroll import LONG_AGO, open_payroll

AT_ONCE = {**DEFAULT_RULES, **{step: StepRule(0) for step in (Step.SELF, Step.CONFIRMATION, Step.APPEAL)}}


async def test_a_filed_review_multiplies_what_its_month_earned(database: Database) -> None:
    """5% of 10,000 for Ann and Bob; Ann's March was judged with 95, which pays 1.2 times; Bob's is not filed."""
    payroll = await open_payroll(database)
    payroll.host = HOST
    for policy in ("reviews.weighted_score", "incentives.flat_rate", "incentives.review_multiplier"):
        await switch_policy(payroll.work, HOST, PolicyChange(policy, active=True, valid_from=LONG_AGO))
    await payroll.rule("rate", "incentives.flat_rate", ordinal=1)
    await payroll.rule("judged", "incentives.review_multiplier", ordinal=2)
    for name in ("ann", "bob"):
        await payroll.order(name, name, 10_000)
    part = NewPart("team", "Teamwork", PartKind.QUALITATIVE, Decimal(1))
    form = NewForm("monthly", "Monthly", Grain.MONTH, Content([part], Layout(rules=AT_ONCE)))
    await open_cycle(payroll.work, HOST.registry, await create_form(payroll.work, HOST.registry, form), "2026-03")
    ((review,),) = await payroll.fetch("SELECT id FROM review WHERE member_id = $1", payroll.members["ann"])
    scoring = Scoring([GivenScore("team", Decimal(95))])
    await score_review(payroll.as_member("hal"), HOST, review, scoring)
    run = await payroll.draft("2026-03")
    assert await payroll.status(run) == ("draft", None)
    assert await payroll.totals(run) == {"ann": 600_00, "bob": 500_00}
