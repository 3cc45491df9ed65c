"""What happens in the nights when the time of a step has passed, and before."""

from __future__ import annotations

import asyncio

import pytest

from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.reviews.closing import appeal_review
from quotaloom.reviews.steps import DEFAULT_RULES, Overdue, Step, StepRule
from tests.integration.reviews.judging import ReviewOffice, timed
from tests.integration.targets.planning import POLICIES


@pytest.fixture
async def office(database: Database) -> ReviewOffice:
    """The office with its plan."""
    return await ReviewOffice.furnish(database)


async def test_whoever_forgets_is_reminded_and_passed_over(office: ReviewOffice) -> None:
    """Opened on the first with seven days: reminded once from the sixth on, skipped on the ninth, not on the eighth."""
    review = await office.open()
    for day, told in ((5, ["waiting"]), (6, ["waiting", "due_soon"]), (8, ["waiting", "due_soon"])):
        await office.night(day)
        await office.night(day)
        assert await office.told("Nia") == [f"review.{topic}" for topic in told]
        assert (await office.review(review))["step"] == "self"
    await office.night(9)
    await office.night(9)
    row = await office.review(review)
    assert (row["step"], row["due_on"].isoformat()) == ("manager", "2017-02-16")
    assert await office.actions(review) == [("opened", "Ada"), ("self_skipped", "quotaloom")]
    assert await office.told("Noa") == ["review.waiting"]


async def test_a_draft_that_was_not_handed_in_counts_for_nothing(office: ReviewOffice) -> None:
    """Nia drafts a 10 and is skipped; where half of her own score counts, 8 of 10 by Noa are 8 all the same."""
    change = PolicyChange("reviews.weighted_score", active=True, parameters={"self_weight": "0.5"})
    await switch_policy(office.work(), POLICIES, change)
    review = await office.open()
    await office.score_self(review, "10", submit=False)
    await office.night(9)
    await office.score(review, day=9)
    assert str((await office.review(review))["score"]) == "80.00"


async def test_heads_above_may_score_once_the_managers_time_has_passed(office: ReviewOffice) -> None:
    """Wu may not on the last day, and may in the night after; Noa, who is told that she is late, still may."""
    review = await office.open(rules=timed(self=0))
    with pytest.raises(AccessDenied):
        await office.score(review, by="Wu", day=8)
    await office.night(8)
    with pytest.raises(AccessDenied):
        await office.score(review, by="Wu", day=8)
    await office.night(9)
    await office.night(10)
    assert await office.actions(review) == [("opened", "Ada"), ("escalated", "quotaloom")]
    assert await office.told("Noa") == ["review.waiting", "review.due_soon", "review.overdue"]
    assert await office.told("Wu") == ["review.overdue"]
    await office.score(review, by="Wu", day=10)
    assert (await office.review(review))["reviewer_id"] == office.planning.members["Wu"]


async def test_silence_counts_as_confirmation_and_the_appeal_window_closes(office: ReviewOffice) -> None:
    """Scored on the second: five days to confirm, five to appeal from the eighth on, filed on the fourteenth."""
    review = await office.open(rules=timed(self=0))
    await office.score(review)
    await office.night(7)
    assert (await office.review(review))["step"] == "confirmation"
    await office.night(8)
    row = await office.review(review)
    assert (row["step"], row["due_on"].isoformat()) == ("appeal", "2017-02-13")
    await office.night(13)
    assert (await office.review(review))["step"] == "appeal"
    await office.night(14)
    assert (await office.review(review))["step"] == "filed"
    assert [action for action, _ in await office.actions(review)] == [
        *("opened", "scored", "confirmation_presumed", "appeal_closed"),
    ]
    with pytest.raises(Conflict):
        await appeal_review(office.work("Nia", 15), review, "Too late")


async def test_scores_stand_that_nobody_decides_on_in_time(office: ReviewOffice) -> None:
    """Appealed on the third with ten days: filed in the night of the fourteenth as it was scored."""
    review = await office.open(rules=timed(self=0))
    await office.score(review)
    await appeal_review(office.work("Nia", 3), review, "Not fair")
    assert await office.told("Wu") == ["review.waiting"]
    await office.night(13)
    assert (await office.review(review))["step"] == "decision"
    await office.night(14)
    assert (await office.actions(review))[-1] == ("appeal_lapsed", "quotaloom")
    assert str((await office.review(review))["score"]) == "80.00"


async def test_a_form_may_let_a_step_wait(office: ReviewOffice) -> None:
    """Nobody is passed over, however late it is; who is late is told so once."""
    rules = {**DEFAULT_RULES, Step.SELF: StepRule(7, Overdue.WAIT, 0)}
    review = await office.open(rules=rules)
    for day in (9, 10, 20):
        await office.night(day)
    assert (await office.review(review))["step"] == "self"
    assert await office.told("Nia") == ["review.waiting", "review.overdue"]


async def test_a_manager_who_hands_in_while_the_night_comes_ends_in_one_result(office: ReviewOffice) -> None:
    """Twice each at once: one score counts, the other comes too late, and nothing is escalated after it."""
    review = await office.open(rules=timed(self=0, confirmation=0))
    results = await asyncio.gather(
        office.score(review, day=9),
        office.night(9),
        office.night(9),
        office.score(review, day=9),
        return_exceptions=True,
    )
    assert [type(one) for one in results if one is not None] == [Conflict]
    actions = [action for action, _ in await office.actions(review)]
    assert actions.count("scored") == 1
    assert actions in (["opened", "scored"], ["opened", "escalated", "scored"])
    row = await office.review(review)
    assert (row["step"], row["escalated_on"], str(row["score"])) == ("appeal", None, "80.00")
