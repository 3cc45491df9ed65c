"""What is agreed on in a review: a draft until the scores are handed in, and it names nothing that is hidden."""

from __future__ import annotations

from datetime import date

import pytest

from quotaloom.action_plans.commands import create_plan
from quotaloom.action_plans.facts import NewPlan
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom.platform.errors import Conflict, NotFound
from quotaloom.reviews.follow_ups import NewFollowUp, plan_follow_up, settle_follow_up
from quotaloom.strategy.commands import create_objective
from quotaloom.strategy.objectives import NewObjective, ObjectiveLevel
from tests.integration.graph.asking import gid
from tests.integration.graph.planned import answer
from tests.integration.reviews.judging import ReviewOffice


@pytest.fixture
async def office(database: Database) -> ReviewOffice:
    """The office with its plan."""
    return await ReviewOffice.furnish(database)


async def agreed(office: ReviewOffice) -> int:
    """What was agreed on alone."""
    return int((await office.one("SELECT id FROM review_follow_up"))["id"])


async def test_a_draft_is_not_settled_and_leaves_nothing_among_the_steps(office: ReviewOffice) -> None:
    """Noa has not handed in: neither she nor Wu says what became of it, nor plans it; Nia knows nothing of it."""
    review = await office.open()
    await office.score_self(review)
    await office.score(review, submit=False, follow_ups=[NewFollowUp("Sell more, or go")])
    draft = await agreed(office)
    for name in ("Noa", "Wu", "Ada"):
        with pytest.raises(Conflict) as refused:
            await settle_follow_up(office.work(name, 3), draft, done=False, note="She will not")
        assert refused.value.code == "WRONG_STEP"
        with pytest.raises(Conflict):
            await plan_follow_up(office.work(name, 3), draft, None)
    with pytest.raises((NotFound, Conflict)) as unknown:
        await settle_follow_up(office.work("Nia", 3), draft, done=True)
    assert isinstance(unknown.value, NotFound)
    assert [action for action, _ in await office.actions(review)] == ["opened", "self_scored"]
    await office.score(review)
    await settle_follow_up(office.work("Noa", 3), draft, done=True)


async def test_what_is_agreed_on_serves_no_objective_that_its_author_does_not_see(office: ReviewOffice) -> None:
    """Noa of North does not know of the objective of East, and learns nothing of it; the company's she may name."""
    planning = office.planning
    ada = office.work()
    owner = planning.members["Noa"]
    whole = await create_objective(ada, NewObjective(2017, ObjectiveLevel.CORPORATE, "Grow", owner))
    easts = await create_objective(
        ada, NewObjective(2017, ObjectiveLevel.BUSINESS, "Secret", owner, whole, unit_id=planning.units["East"])
    )
    review = await office.open()
    await office.score_self(review)
    messages = set()
    for hidden in (easts, 10**12):
        with pytest.raises(NotFound) as refused:
            await office.score(review, follow_ups=[NewFollowUp("Help", objective_id=hidden)])
        messages.add((refused.value.message, refused.value.path))
    assert len(messages) == 1
    await office.score(review, follow_ups=[NewFollowUp("Help", objective_id=whole)])


async def test_what_was_agreed_on_is_planned_in_no_plan_that_one_does_not_see(office: ReviewOffice) -> None:
    """Nia holds E 1 as well: Noa sees nothing of her plan there, and Nia, who sees it, names it.

    Eli, who heads the East, sees the plan and nothing of her review in the North.
    """
    planning = office.planning
    review = await office.open()
    await office.score_self(review)
    await office.score(review, follow_ups=[NewFollowUp("Visit ten customers")])
    await appoint_holder(planning.work, planning.units["E 1"], planning.members["Nia"], None)
    metric = (await office.one("SELECT id FROM metric WHERE key = 'revenue'"))["id"]
    plan = await create_plan(office.work("Nia", 3), NewPlan("2017-02", unit_id=planning.units["E 1"], metric_id=metric))
    follow_up = await agreed(office)
    for hidden in (plan, 10**12):
        with pytest.raises(NotFound) as refused:
            await plan_follow_up(office.work("Noa", 3), follow_up, hidden)
        assert refused.value.path == ("actionPlanId",)
    await plan_follow_up(office.work("Nia", 3), follow_up, plan)
    planning.members["Eli"] = await create_member(planning.work, NewMember("Eli"))
    await appoint_head(planning.work, planning.units["East"], planning.members["Eli"], None)
    query = "query ($id: ID!) { actionPlan(id: $id) { period followUps { text } } }"
    told = {}
    for name in ("Nia", "Eli"):
        found = await answer(planning, query, name, date(2017, 2, 3), id=gid("ActionPlan", plan))
        told[name] = found.data["actionPlan"]
    assert told == {
        "Nia": {"period": "2017-02", "followUps": [{"text": "Visit ten customers"}]},
        "Eli": {"period": "2017-02", "followUps": []},
    }
