"""What is filed stays, whatever changes; limited grades are filed together; what follows is seen in the next period."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import asyncpg
import pytest

from quotaloom.calendars.periods import Period, date_range
from quotaloom.organizations.commands.members import create_member
from quotaloom.organizations.commands.terms import appoint_holder
from quotaloom.organizations.commands.units import create_unit
from quotaloom.organizations.membership import NewMember
from quotaloom.organizations.planting import NewUnit
from quotaloom.platform.database import Database, credentials
from quotaloom.platform.errors import AccessDenied, Conflict, InputError
from quotaloom.policies.settings import PolicyChange, switch_policy
from quotaloom.reviews.closing import appeal_review, calibrate_review, cancel_review, confirm_review, decide_appeal
from quotaloom.reviews.cycles import file_cycle, open_cycle
from quotaloom.reviews.filed import filed_reviews
from quotaloom.reviews.follow_ups import NewFollowUp, settle_follow_up
from quotaloom.reviews.form_commands import Content, revise_form
from quotaloom.reviews.forms import Layout
from quotaloom.reviews.grading import Grade
from quotaloom.reviews.reads import previous_reviews
from quotaloom_sdk import ReviewFact
from tests.integration.reviews.judging import SOLD, TEAM, ReviewOffice, timed
from tests.integration.targets.planning import POLICIES

HALF = (Grade("A", Decimal(80), Decimal("0.5")), Grade("B", Decimal(0)))
SOLD_ONLY = replace(SOLD, weight=Decimal(0))
TEAM_ONLY = replace(TEAM, weight=Decimal(1))
QUICK = timed(self=0, confirmation=0, appeal=0)


@pytest.fixture
async def office(database: Database) -> ReviewOffice:
    """The office with its plan."""
    return await ReviewOffice.furnish(database)


async def test_a_filed_review_keeps_its_score_whatever_changes(office: ReviewOffice, admin_url: str) -> None:
    """Sales come late, scorer and form change; row and figures stay, and the database lets nobody change them."""
    form = await office.form()
    review = await office.open(form)
    await office.filed(review)
    sql = (
        "SELECT review.*, score.achieved, score.points FROM review JOIN review_score AS score ON review_id = review.id"
    )
    before = [dict(row) for row in await office.rows(sql)]
    await office.planning.post(office.work(day=4), "N 1", date(2017, 1, 2), 500_00, "late")
    change = PolicyChange("reviews.weighted_score", active=True, parameters={"full_at": "2"})
    await switch_policy(office.work(day=4), POLICIES, change)
    await revise_form(office.work(day=4), POLICIES.registry, form, content=Content([TEAM, SOLD], Layout()))
    await open_cycle(office.work(day=5), POLICIES.registry, form, "2017-01", office.planning.units["N 1"])
    await office.night(28)
    assert [dict(row) for row in await office.rows(sql)] == before
    connection = await asyncpg.connect(**credentials(admin_url))
    try:
        for statement in (
            "UPDATE review SET score = 100",
            "DELETE FROM review",
            "UPDATE review_score SET points = 100",
            "DELETE FROM review_score",
            "INSERT INTO review_score (company_id, review_id, part_id)"
            " SELECT company_id, review_id, part_id FROM review_score",
            "UPDATE review_step SET reason = 'no'",
        ):
            with pytest.raises(asyncpg.RestrictViolationError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_reviews_stay_on_the_version_that_they_began_on(office: ReviewOffice) -> None:
    """The form asks for teamwork alone by now; January still counts revenue, with the scorer of its first day."""
    form = await office.form(rules=QUICK)
    review = await office.open(form)
    await revise_form(office.work(), POLICIES.registry, form, content=Content([TEAM_ONLY], Layout()))
    change = PolicyChange("reviews.weighted_score", active=True, parameters={"full_at": "2"})
    await switch_policy(office.work(day=2), POLICIES, change)
    await office.score(review, day=3)
    assert (await office.review(review))["score"] == Decimal("80.00")


async def test_an_appeal_that_is_granted_counts_what_came_since(office: ReviewOffice) -> None:
    """5.00 more of January posted on the fourth: all of the target, so 60 + 32."""
    review = await office.open(rules=timed(self=0))
    await office.score(review)
    await office.planning.post(office.work(day=4), "N 1", date(2017, 1, 2), 5_00, "late")
    await appeal_review(office.work("Nia", 4), review, "An order is missing")
    await decide_appeal(office.work("Wu", 5), POLICIES, review, "It is", granted=True)
    assert (await office.review(review))["score"] == Decimal("92.00")


async def ranked(office: ReviewOffice, grades: tuple[Grade, ...] = HALF) -> dict[str, int]:
    """Two more positions' holders beside Nia; January opened on a form that makes half of them A, and of no head."""
    planning = office.planning
    for name, position in (("Max", "N 2"), ("Eve", "E 1")):
        planning.members[name] = await create_member(planning.work, NewMember(name))
        await appoint_holder(planning.work, planning.units[position], planning.members[name], None)
    await office.open(await office.form(SOLD_ONLY, TEAM_ONLY, grades=grades, rules=QUICK), "Acme")
    for name in ("Ora", "Wu", "Noa"):
        await cancel_review(office.work(), await office.review_of(name), "Heads are judged by another form")
    rows = await office.rows("SELECT review.id, name FROM review JOIN member ON member.id = member_id")
    return {row["name"]: row["id"] for row in rows}


async def test_limited_grades_are_filed_together(office: ReviewOffice) -> None:
    """Two of three may be an A, for halves go to the better grade; three are refused, until an admin calibrates one."""
    reviews = await ranked(office)
    (cycle,) = [row["id"] for row in await office.rows("SELECT id FROM review_cycle")]
    for name in ("Nia", "Max"):
        await office.score(reviews[name], "9", by="Noa")
    with pytest.raises(Conflict, match="1 reviews of this cycle are under way"):
        await file_cycle(office.work(day=3), cycle)
    await office.score(reviews["Eve"], "8", by="Ora")
    with pytest.raises(InputError, match="A or better: 3 where 2 may"):
        await file_cycle(office.work(day=3), cycle)
    with pytest.raises(AccessDenied):
        await calibrate_review(office.work("Noa", 3), reviews["Nia"], "B", "No")
    await calibrate_review(office.work(day=3), reviews["Eve"], "B", "The lowest score")
    with pytest.raises(AccessDenied):
        await file_cycle(office.work("Noa", 3), cycle)
    await file_cycle(office.work(day=3), cycle)
    rows = await office.rows(
        "SELECT name, step, grade FROM review JOIN member ON member.id = member_id WHERE step <> 'cancelled'"
    )
    assert {row["name"]: (row["step"], row["grade"]) for row in rows} == {
        "Nia": ("filed", "A"),
        "Max": ("filed", "A"),
        "Eve": ("filed", "B"),
    }
    with pytest.raises(InputError) as refused:
        await file_cycle(office.work(day=3), cycle)
    assert refused.value.code == "NOTHING_TO_FILE"


async def test_who_comes_after_the_filing_is_not_kept_back_by_what_is_filed(office: ReviewOffice) -> None:
    """Of three, 12 % and 43 % are one A and one B; of four, no A and two B: the fourth is filed, with a C alone."""
    grades = (
        Grade("A", Decimal(80), Decimal("0.12")),
        Grade("B", Decimal(60), Decimal("0.43")),
        Grade("C", Decimal(0)),
    )
    reviews = await ranked(office, grades)
    ((cycle, form),) = await office.rows("SELECT id, form_id FROM review_cycle")
    for name, score, by in (("Nia", "9", "Noa"), ("Max", "7", "Noa"), ("Eve", "1", "Ora")):
        await office.score(reviews[name], score, by=by)
    await file_cycle(office.work(day=3), cycle)
    planning = office.planning
    fourth = await create_unit(planning.work, NewUnit("N 3", "position", planning.units["North"]))
    planning.members["Kim"] = await create_member(planning.work, NewMember("Kim"))
    await appoint_holder(planning.work, fourth, planning.members["Kim"], None)
    await open_cycle(office.work(day=4), POLICIES.registry, form, "2017-01")
    kims = await office.review_of("Kim")
    await office.score(kims, "9", day=4)
    with pytest.raises(InputError, match="A or better: 2 where 0 may"):
        await file_cycle(office.work(day=5), cycle)
    await calibrate_review(office.work(day=5), kims, "C", "There is no place left")
    await file_cycle(office.work(day=5), cycle)
    assert ((await office.review(kims))["step"], (await office.review(kims))["grade"]) == ("filed", "C")


async def test_filed_reviews_are_told_to_incentives(office: ReviewOffice) -> None:
    """January's counts in January and in its quarter, not in February; one that is not filed counts nowhere."""
    review = await office.open()
    nia = office.planning.members["Nia"]

    async def told(period: Period) -> dict[int, tuple[ReviewFact, ...]]:
        async with office.planning.work.snapshot() as snapshot:
            return await filed_reviews(snapshot, [nia], period)

    january = date_range(date(2017, 1, 1), date(2017, 2, 1))
    assert await told(january) == {}
    await office.filed(review)
    fact = ReviewFact("monthly", Decimal("80.00"), "B")
    assert await told(january) == {nia: (fact,)}
    assert await told(date_range(date(2017, 1, 1), date(2017, 4, 1))) == {nia: (fact,)}
    assert await told(date_range(date(2017, 2, 1), date(2017, 3, 1))) == {}


async def test_what_was_agreed_on_is_settled_and_found_from_the_next_period(office: ReviewOffice) -> None:
    """Two things; Noa says after filing that one was done; Nia cannot; February's review leads back to January's."""
    form = await office.form()
    review = await office.open(form)
    await office.score_self(review)
    agreed = [NewFollowUp("Visit ten customers", date(2017, 2, 28), "revenue"), NewFollowUp("Learn the new product")]
    await office.score(review, follow_ups=agreed)
    await confirm_review(office.work("Nia", 3), review, agrees=True)
    rows = await office.rows("SELECT id, state FROM review_follow_up ORDER BY ordinal")
    with pytest.raises(AccessDenied):
        await settle_follow_up(office.work("Nia", 4), rows[0]["id"], done=True)
    await settle_follow_up(office.work("Noa", 4), rows[0]["id"], done=True, note="Twelve")
    await settle_follow_up(office.work("Wu", 4), rows[1]["id"], done=False)
    assert [row["state"] for row in await office.rows("SELECT state FROM review_follow_up ORDER BY ordinal")] == [
        *("done", "missed"),
    ]
    await open_cycle(office.work(day=1, month=3), POLICIES.registry, form, "2017-02")
    following = await office.one(
        "SELECT id FROM review WHERE period = '2017-02' AND member_id = $1", office.planning.members["Nia"]
    )
    async with office.planning.work.snapshot() as snapshot:
        assert await previous_reviews(snapshot, [review, following["id"]]) == {following["id"]: review}


async def test_a_scorer_that_is_set_for_earlier_days_later_judges_no_open_cycle(office: ReviewOffice) -> None:
    """Bands, set on the third as if since January and before all others, are not asked of what was opened before."""
    review = await office.open()
    await office.score_self(review)
    bands = PolicyChange("reviews.banded", active=True, ordinal=-1, valid_from=date(2017, 1, 1))
    await switch_policy(office.work(day=3), POLICIES, bands)
    await office.score(review, day=3)
    assert (await office.review(review))["score"] == Decimal("80.00")
