"""A review from its opening to its file: who does what, in which order, and what it comes to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_head, appoint_holder
from quotaloom.organizations.membership import NewMember
from quotaloom.platform.database import Database
from quotaloom.platform.errors import AccessDenied, Conflict, InputError, NotFound
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.reviews.closing import appeal_review, cancel_review, confirm_review, decide_appeal
from quotaloom.reviews.parts import GivenScore, Scoring
from quotaloom.reviews.scoring import score_self
from tests.integration.reviews.judging import ReviewOffice, timed
from tests.integration.targets.planning import POLICIES


@pytest.fixture
async def office(database: Database) -> ReviewOffice:
    """The office with its plan."""
    return await ReviewOffice.furnish(database)


async def test_a_review_goes_from_the_member_to_his_manager_and_back_to_the_file(office: ReviewOffice) -> None:
    """0.6 × 80% of the target and 0.4 × 8 of 10 are 80 of 100, a B; each step is recorded with who took it."""
    review = await office.open()
    await office.score_self(review)
    await office.score(review)
    row = await office.review(review)
    assert (row["step"], row["score"], row["grade"], row["due_on"].isoformat()) == (
        *("confirmation", Decimal("80.00"), "B"),
        "2017-02-07",
    )
    await confirm_review(office.work("Nia", 3), review, agrees=True)
    row = await office.review(review)
    assert (row["step"], row["due_on"], row["reviewer_id"]) == ("filed", None, office.planning.members["Noa"])
    assert row["filed_at"] is not None
    parts = await office.rows(
        "SELECT achieved, target, points FROM review_score WHERE review_id = $1 ORDER BY id", review
    )
    assert [tuple(part) for part in parts] == [(20_00, 25_00, Decimal("80.00")), (None, None, Decimal("8.00"))]
    assert await office.actions(review) == [
        *(("opened", "Ada"), ("self_scored", "Nia"), ("scored", "Noa"), ("confirmed", "Nia")),
    ]


async def test_a_score_keeps_what_made_it(office: ReviewOffice) -> None:
    """The scorer's key, version and parameters, and an explanation with one item for each part."""
    review = await office.open()
    await office.filed(review)
    row = await office.review(review)
    stamp, explanation = orjson.loads(row["stamp"]), orjson.loads(row["explanation"])
    assert (stamp["policy"], stamp["parameters"]["full_at"], stamp["setting_revision"]) == (
        *("reviews.weighted_score", "1"),
        1,
    )
    assert [item["text"].partition(":")[0] for item in explanation["items"]] == ["Revenue", "Teamwork"]


async def test_whoever_heads_the_nearest_unit_above_scores(office: ReviewOffice) -> None:
    """Noa or an admin; not Wu further up, not Nia herself; nobody sees what is not his."""
    review = await office.open()
    await office.score_self(review)
    for name, error in (("Wu", AccessDenied), ("Nia", AccessDenied)):
        with pytest.raises(error):
            await office.score(review, by=name)
    await office.score(review, by="Ada")
    assert (await office.review(review))["reviewer"] == "Ada"


async def test_who_does_not_see_a_review_is_told_that_there_is_none(office: ReviewOffice) -> None:
    """A head of another branch, and any number that names nothing."""
    planning = office.planning
    planning.members["Eli"] = await create_member(planning.work, NewMember("Eli"))
    await appoint_head(planning.work, planning.units["East"], planning.members["Eli"], None)
    review = await office.open()
    for number in (review, 10**17, 2**70):
        with pytest.raises(NotFound):
            await office.score(number, by="Eli")


async def test_steps_come_in_their_order(office: ReviewOffice) -> None:
    """Nothing is scored before its time, confirmed twice, or decided on without an appeal."""
    review = await office.open()
    for early in (office.score(review), confirm_review(office.work("Nia"), review)):
        with pytest.raises(Conflict, match="at the step self"):
            await early
    await office.filed(review)
    late: tuple[Any, ...] = (
        confirm_review(office.work("Nia"), review),
        appeal_review(office.work("Nia"), review, "No"),
        cancel_review(office.work(), review, "Gone"),
    )
    for attempt in late:
        with pytest.raises(Conflict, match="at the step filed"):
            await attempt


async def test_a_draft_is_no_step(office: ReviewOffice) -> None:
    """What is kept as a draft may be incomplete, and only what is handed in goes on; then everything must be there."""
    review = await office.open()
    await score_self(office.work("Nia"), review, Scoring(submit=False))
    with pytest.raises(InputError, match="no score yet: team"):
        await score_self(office.work("Nia"), review, Scoring())
    await office.score_self(review, submit=False)
    await score_self(office.work("Nia"), review, Scoring())
    await office.score(review, submit=False)
    assert (await office.review(review))["step"] == "manager"
    await office.score(review, score=None)
    assert (await office.review(review))["score"] == Decimal("80.00")


async def test_a_score_lies_within_its_part(office: ReviewOffice) -> None:
    """0 to 10 with two decimal places, for parts that people score, each once."""
    review = await office.open()
    for code, given in (
        ("UNKNOWN_PART", [GivenScore("nothing", Decimal(1))]),
        ("DUPLICATE_PART", [GivenScore("team", Decimal(1)), GivenScore("team", Decimal(2))]),
        ("NOT_SCORED", [GivenScore("sold", Decimal(1))]),
        *(("BAD_SCORE", [GivenScore("team", Decimal(score))]) for score in ("10.01", "-1", "1.001", "nan")),
    ):
        with pytest.raises(InputError) as refused:
            await score_self(office.work("Nia"), review, Scoring(given))
        assert refused.value.code == code


async def test_an_appeal_is_decided_above_whoever_scored(office: ReviewOffice) -> None:
    """Noa scored: neither she nor Nia decides, Wu does; with 10 for teamwork the review is at 88 and filed."""
    review = await office.open()
    await office.score_self(review)
    await office.score(review)
    await appeal_review(office.work("Nia", 3), review, "I trained two newcomers")
    for name in ("Noa", "Nia"):
        with pytest.raises(AccessDenied):
            await decide_appeal(office.work(name, 4), POLICIES, review, "No", granted=False)
    better = [GivenScore("team", Decimal(10))]
    await decide_appeal(office.work("Wu", 4), POLICIES, review, "True", granted=True, scores=better)
    row = await office.review(review)
    assert (row["step"], row["score"], row["grade"]) == ("filed", Decimal("88.00"), "B")
    step = await office.one("SELECT * FROM review_step WHERE action = 'appeal_granted'")
    assert (step["actor"], step["reason"], orjson.loads(step["before"])["score"]) == ("Wu", "True", "80.00")
    assert orjson.loads(step["after"]) == {"scores": {"team": "10"}, "score": "88.00", "grade": "B"}


async def test_an_admin_who_scored_does_not_decide(office: ReviewOffice) -> None:
    """Kei scored, so Kei does not; another admin does, and the scores stand where he rejects it."""
    review = await office.open()
    await office.score_self(review)
    await office.score(review, by="Kei")
    await confirm_review(office.work("Nia", 3), review)
    assert (await office.review(review))["step"] == "appeal"
    await appeal_review(office.work("Nia", 3), review, "Not fair")
    with pytest.raises(AccessDenied):
        await decide_appeal(office.work("Kei", 4), POLICIES, review, "No", granted=False)
    await decide_appeal(office.work("Ada", 4), POLICIES, review, "It is", granted=False)
    row = await office.review(review)
    assert (row["step"], row["score"]) == ("filed", Decimal("80.00"))


async def test_an_admin_who_is_reviewed_is_no_judge_of_himself(office: ReviewOffice) -> None:
    """Kei holds N 2: Kei scores himself, and neither as his manager nor cancels his own review."""
    planning = office.planning
    await appoint_holder(planning.work, planning.units["N 2"], planning.members["Kei"], None)
    await office.open(unit="Acme")
    review = await office.review_of("Kei")
    await score_self(office.work("Kei"), review, Scoring([GivenScore("team", Decimal(10))]))
    with pytest.raises(AccessDenied):
        await office.score(review, by="Kei")
    with pytest.raises(AccessDenied):
        await cancel_review(office.work("Kei"), review, "Not me")


async def test_a_form_may_leave_steps_out(office: ReviewOffice) -> None:
    """Without self score, confirmation and appeal a review is filed with the manager's score."""
    review = await office.open(rules=timed(self=0, confirmation=0, appeal=0))
    await office.score(review)
    assert await office.actions(review) == [("opened", "Ada"), ("scored", "Noa")]
    assert (await office.review(review))["step"] == "filed"


async def test_a_form_without_appeals_knows_none(office: ReviewOffice) -> None:
    """Its reviews are confirmed, and filed with that."""
    review = await office.open(rules=timed(self=0, appeal=0))
    await office.score(review)
    with pytest.raises(InputError) as refused:
        await appeal_review(office.work("Nia", 3), review, "Not fair")
    assert refused.value.code == "NO_APPEAL"
    await confirm_review(office.work("Nia", 3), review)
    assert (await office.review(review))["step"] == "filed"


async def test_a_review_may_be_cancelled_with_a_reason(office: ReviewOffice) -> None:
    """An admin ends it, and only then; nobody else does."""
    review = await office.open()
    with pytest.raises(AccessDenied):
        await cancel_review(office.work("Noa"), review, "She left")
    await cancel_review(office.work(), review, "She left")
    assert (await office.review(review))["step"] == "cancelled"


async def test_whoever_comes_with_an_old_version_is_refused(office: ReviewOffice) -> None:
    """Noa read version 1; Nia's score made it 2."""
    review = await office.open()
    await office.score_self(review)
    with pytest.raises(Conflict) as refused:
        await office.score(review, expected_version=1)
    assert refused.value.code == "STALE"


async def test_a_form_may_name_its_scorer(office: ReviewOffice) -> None:
    """80% of the target reaches the band of 60%: 36 + 32; no cycle is opened before that scorer is switched on."""
    form = await office.form(scorer="reviews.banded", rules=timed(self=0))
    with pytest.raises(InputError) as refused:
        await office.open(form)
    assert (refused.value.code, refused.value.path) == ("POLICY_OFF", ("formId",))
    await switch_policy(office.work(), POLICIES, PolicyChange("reviews.banded", active=True))
    review = await office.open(form)
    await office.score(review)
    assert (await office.review(review))["score"] == Decimal("68.00")


async def test_a_scorer_that_is_switched_off_again_on_the_first_day_is_looked_for_later(office: ReviewOffice) -> None:
    """Off on the day of opening, nobody scores; on again from the third, that setting decides."""
    form = await office.form(scorer="reviews.banded", rules=timed(self=0))
    await switch_policy(office.work(), POLICIES, PolicyChange("reviews.banded", active=True))
    review = await office.open(form)
    await switch_policy(office.work(), POLICIES, PolicyChange("reviews.banded", active=False))
    with pytest.raises(InputError, match="switched off"):
        await office.score(review)
    await switch_policy(office.work(day=3), POLICIES, PolicyChange("reviews.banded", active=True))
    await office.score(review, day=3)
    assert (await office.review(review))["score"] == Decimal("68.00")
